-- Consents of citizens to share named data. What was decided and what became of the data stand in columns; who it is
-- about, the hub's codes and the data itself are sealed, and gone when the record says so.
CREATE TABLE share_consents (
    transaction_id uuid PRIMARY KEY,
    client_id text NOT NULL REFERENCES clients,
    hub text NOT NULL,
    agreement_id text NOT NULL,
    purpose text NOT NULL,
    agency_code text NOT NULL,
    dossier_code text,
    evidence_id uuid NOT NULL REFERENCES sign_in_evidence,
    return_to text NOT NULL,
    return_state text NOT NULL,
    state text NOT NULL CHECK (state IN ('created', 'initiated', 'linked', 'approved', 'declined', 'expired', 'failed')),
    data text NOT NULL CHECK (data IN ('none', 'wanted', 'held', 'delivered', 'refused', 'purged')),
    code text,
    subject_digest bytea NOT NULL,
    session_digest bytea NOT NULL,
    wish_digest bytea NOT NULL,
    code_digest bytea,
    txn_digest bytea,
    event_ids text[] NOT NULL,
    created_at timestamptz NOT NULL,
    deadline_at timestamptz NOT NULL,
    decided_at timestamptz,
    data_due_at timestamptz,
    work_at timestamptz,
    next_at timestamptz,
    failures_count integer NOT NULL DEFAULT 0,
    wrapped_key bytea,
    sealed bytea,
    CHECK ((wrapped_key IS NULL) = (sealed IS NULL)),
    CHECK (state <> 'approved' OR decided_at IS NOT NULL)
);
CREATE UNIQUE INDEX share_consents_by_code ON share_consents (hub, code_digest) WHERE code_digest IS NOT NULL;
CREATE UNIQUE INDEX share_consents_by_txn ON share_consents (hub, txn_digest) WHERE txn_digest IS NOT NULL;
-- One telephone rings once for one wish, however often it is made while nothing has come of it.
CREATE UNIQUE INDEX share_consents_open ON share_consents (wish_digest)
    WHERE state IN ('created', 'initiated', 'linked') OR data = 'wanted';
CREATE INDEX share_consents_due ON share_consents (next_at) WHERE next_at IS NOT NULL;

-- Webhooks about a code that nobody knows yet: the answer to the first call may be stored a moment later.
CREATE TABLE early_consent_notices (
    notice_id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    hub text NOT NULL,
    code_digest bytea NOT NULL,
    received_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX early_consent_notices_by_code ON early_consent_notices (hub, code_digest);
CREATE INDEX early_consent_notices_by_age ON early_consent_notices (received_at);
