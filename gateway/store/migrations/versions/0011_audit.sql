-- The audit chain: every look at personal data, each line bound to all before it.

CREATE TABLE audit_lines (
    position bigint PRIMARY KEY CHECK (position > 0),
    format smallint NOT NULL,
    line_id uuid NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL,
    stage text NOT NULL,
    correlation_id uuid NOT NULL,
    client_id text NOT NULL,
    officer text NOT NULL,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    dossier_code text NOT NULL,
    purpose text NOT NULL,
    legal_basis text NOT NULL,
    consent_ref text NOT NULL,
    -- A keyed digest: nobody without the key ring can guess whose number it is.
    subject_digest bytea,
    fields_requested text[] NOT NULL,
    fields_released text[] NOT NULL,
    outcome text NOT NULL,
    upstream_code text NOT NULL,
    request_id text NOT NULL,
    edge text NOT NULL,
    latency_ms integer,
    client_address text NOT NULL,
    gateway_version text NOT NULL,
    digest bytea NOT NULL
);
CREATE INDEX audit_lines_by_subject ON audit_lines (subject_digest, at) WHERE subject_digest IS NOT NULL;
CREATE INDEX audit_lines_by_dossier ON audit_lines (dossier_code, position) WHERE dossier_code <> '';
CREATE INDEX audit_lines_by_officer ON audit_lines (officer, position) WHERE officer <> '';
CREATE INDEX audit_lines_by_client ON audit_lines (client_id, position);
-- Lines come nearly in the order of their instants, which is all that this kind of index needs.
CREATE INDEX audit_lines_by_time ON audit_lines USING brin (at) WITH (pages_per_range = 32, autosummarize = on);

-- The chain's end. Whoever appends holds this row; without the key ring nobody can write one that holds.
CREATE TABLE audit_head (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    chain_id uuid NOT NULL,
    position bigint NOT NULL,
    digest bytea NOT NULL,
    mac bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE audit_checkpoints (
    position bigint PRIMARY KEY,
    chain_id uuid NOT NULL,
    digest bytea NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    key_id text NOT NULL,
    signature text NOT NULL,
    mac bytea NOT NULL
);

-- A first fence, against mistakes; against those who take it down stands the chain.
CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'restrict_violation'; END
$$;
CREATE TRIGGER audit_lines_stay BEFORE UPDATE OR DELETE ON audit_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_lines_are_not_emptied BEFORE TRUNCATE ON audit_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_checkpoints_stay BEFORE UPDATE OR DELETE ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_checkpoints_are_not_emptied BEFORE TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_head_is_not_removed BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_audit();
