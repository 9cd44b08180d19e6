-- Local accounts of clients, as far as linking needs them, and their links to national identities. Digests are keyed.

CREATE TABLE local_accounts (
    account_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text NOT NULL REFERENCES clients,
    account_ref text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('citizen', 'enterprise', 'organisation', 'staff')),
    origin text NOT NULL CHECK (origin IN ('national', 'self_registered', 'imported')),
    state text NOT NULL CHECK (state IN ('active', 'locked', 'closed')),
    number_digest bytea,
    name_digest bytea,
    birth_digest bytea,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (client_id, account_ref)
);
CREATE INDEX local_accounts_by_number ON local_accounts (client_id, number_digest) WHERE number_digest IS NOT NULL;

CREATE TABLE account_links (
    link_id uuid PRIMARY KEY,
    client_id text NOT NULL REFERENCES clients,
    account_id bigint NOT NULL REFERENCES local_accounts,
    provider text NOT NULL,
    subject_digest bytea NOT NULL,
    number_digest bytea,
    technical_digest bytea,
    state text NOT NULL CHECK (state IN ('active', 'quarantined', 'ended')),
    source text NOT NULL,
    evidence_id uuid NOT NULL REFERENCES sign_in_evidence,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    end_reason text,
    ended_by text,
    CHECK ((state = 'ended') = (end_reason IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_by IS NOT NULL))
);
CREATE UNIQUE INDEX account_links_by_subject ON account_links (client_id, subject_digest) WHERE state <> 'ended';
CREATE INDEX account_links_by_account ON account_links (account_id);
