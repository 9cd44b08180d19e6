-- Sign-ins with a national identity: on their way, made, and what is kept as evidence of each.

CREATE TABLE sign_in_flights (
    flight_id uuid PRIMARY KEY,
    client_id text NOT NULL REFERENCES clients,
    provider text NOT NULL,
    ticket_digest bytea NOT NULL UNIQUE,
    state_digest bytea UNIQUE,
    browser_digest bytea,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    started_at timestamptz,
    consumed_at timestamptz,
    refusals_count integer NOT NULL DEFAULT 0,
    outcome text,
    CHECK ((started_at IS NULL) = (state_digest IS NULL)),
    CHECK ((started_at IS NULL) = (browser_digest IS NULL)),
    CHECK (consumed_at IS NULL OR started_at IS NOT NULL)
);
CREATE INDEX sign_in_flights_by_end ON sign_in_flights (expires_at);

CREATE TABLE sign_in_evidence (
    evidence_id uuid PRIMARY KEY,
    flight_id uuid,
    client_id text,
    provider text NOT NULL,
    issuer text NOT NULL,
    agreement_id text NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    subject_digest bytea,
    account_kind text,
    identity_level text,
    level_source text,
    authentication_level smallint,
    assurance smallint,
    acr text,
    amr text[],
    authenticated_at timestamptz,
    upstream_idp text,
    is_vneid boolean NOT NULL,
    -- Keyed digests of the numbers that the provider vouches for.
    number_digests bytea[] NOT NULL,
    binding text,
    id_token_sha256 bytea,
    access_token_sha256 bytea,
    key_id text,
    address_prefix text,
    agent_digest bytea,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX sign_in_evidence_by_time ON sign_in_evidence (occurred_at);
CREATE INDEX sign_in_evidence_by_subject ON sign_in_evidence (subject_digest, occurred_at) WHERE subject_digest IS NOT NULL;

-- Evidence is added to and never changed.
CREATE FUNCTION refuse_change_of_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'evidence is never changed' USING ERRCODE = 'restrict_violation'; END
$$;
CREATE TRIGGER sign_in_evidence_stays BEFORE UPDATE ON sign_in_evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_evidence();

CREATE TABLE sign_ins (
    sign_in_id uuid PRIMARY KEY,
    client_id text NOT NULL REFERENCES clients,
    provider text NOT NULL,
    evidence_id uuid NOT NULL UNIQUE REFERENCES sign_in_evidence,
    subject_digest bytea NOT NULL,
    session_digest bytea,
    account_kind text NOT NULL,
    identity_level text NOT NULL,
    authentication_level smallint NOT NULL CHECK (authentication_level BETWEEN 0 AND 4),
    assurance smallint NOT NULL CHECK (assurance BETWEEN 0 AND 3),
    binding text NOT NULL,
    authenticated_at timestamptz,
    code_digest bytea NOT NULL UNIQUE,
    code_expires_at timestamptz NOT NULL,
    code_used_at timestamptz,
    wrapped_key bytea,
    sealed bytea,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text,
    logout_digest bytea UNIQUE,
    logout_return text,
    logout_state text,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK ((wrapped_key IS NULL) = (sealed IS NULL))
);
CREATE INDEX sign_ins_by_subject ON sign_ins (provider, subject_digest) WHERE ended_at IS NULL;
CREATE INDEX sign_ins_by_session ON sign_ins (provider, session_digest) WHERE ended_at IS NULL AND session_digest IS NOT NULL;
CREATE INDEX sign_ins_by_rest ON sign_ins (ended_at)
    WHERE ended_at IS NOT NULL AND (logout_digest IS NOT NULL OR sealed IS NOT NULL);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at) WHERE ended_at IS NULL;

-- The portal's own id of whoever has a number, from sign-ins and look-ups. While it is not known, the number to ask for
-- is sealed in its place.
CREATE TABLE technical_ids (
    number_digest bytea PRIMARY KEY,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    is_known boolean NOT NULL,
    seen_at timestamptz NOT NULL,
    asked_at timestamptz,
    due_at timestamptz,
    attempts_count integer NOT NULL DEFAULT 0
);
CREATE INDEX technical_ids_due ON technical_ids (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX technical_ids_by_age ON technical_ids (seen_at);

CREATE TABLE logout_tokens_seen (
    provider text NOT NULL,
    token_digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (provider, token_digest)
);
