-- name: add_consent$
-- A wish that is made again finds the consent that it led to, while that is not settled.
INSERT INTO share_consents (transaction_id, client_id, hub, agreement_id, purpose, agency_code, dossier_code, evidence_id,
    return_to, return_state, state, data, subject_digest, session_digest, event_ids, created_at, deadline_at, next_at,
    wrapped_key, sealed, wish_digest)
VALUES (:transaction_id, :client_id, :hub, :agreement_id, :purpose, :agency_code, :dossier_code, :evidence_id,
    :return_to, :return_state, :state, :data, :subject_digest, :session_digest, '{}', :created_at, :deadline_at, :next_at,
    :wrapped_key, :sealed, :wish_digest)
ON CONFLICT (wish_digest) WHERE state IN ('created', 'initiated', 'linked') OR data = 'wanted'
DO UPDATE SET return_to = excluded.return_to, return_state = excluded.return_state
RETURNING transaction_id;

-- name: find_consent^
SELECT * FROM share_consents WHERE transaction_id = :transaction_id;

-- name: find_by_txn^
SELECT transaction_id, return_to, return_state FROM share_consents WHERE hub = :hub AND txn_digest = :txn_digest;

-- name: lock_consent^
SELECT * FROM share_consents WHERE transaction_id = :transaction_id FOR UPDATE;

-- name: lock_by_code^
SELECT * FROM share_consents WHERE hub = :hub AND code_digest = :code_digest FOR UPDATE;

-- name: save_consent!
UPDATE share_consents SET state = :state, data = :data, code = :code, code_digest = :code_digest, txn_digest = :txn_digest,
    event_ids = :event_ids, decided_at = :decided_at, data_due_at = :data_due_at, work_at = :work_at, next_at = :next_at,
    failures_count = :failures_count, wrapped_key = :wrapped_key, sealed = :sealed
WHERE transaction_id = :transaction_id;

-- name: claim_due
-- Whoever claims has it for a while; when they die, the next one comes after that.
WITH due AS (
    SELECT transaction_id FROM share_consents WHERE next_at <= :now
        AND (hub = ANY(CAST(:hubs AS text[]))) = CAST(:is_of_them AS boolean)
    ORDER BY next_at LIMIT :wanted FOR UPDATE SKIP LOCKED
)
UPDATE share_consents c SET next_at = :until FROM due WHERE c.transaction_id = due.transaction_id
RETURNING c.transaction_id;

-- name: lock_code!
SELECT pg_advisory_xact_lock(:lock_class, hashtext(encode(:code_digest, 'hex')));

-- name: keep_notice$
INSERT INTO early_consent_notices (hub, code_digest, received_at, wrapped_key, sealed)
SELECT CAST(:hub AS text), CAST(:code_digest AS bytea), CAST(:now AS timestamptz), CAST(:wrapped_key AS bytea),
    CAST(:sealed AS bytea)
WHERE NOT EXISTS (SELECT FROM share_consents WHERE hub = :hub AND code_digest = :code_digest)
RETURNING true;

-- name: take_notices
DELETE FROM early_consent_notices WHERE hub = :hub AND code_digest = :code_digest
RETURNING notice_id, wrapped_key, sealed;

-- name: forget_notices!
DELETE FROM early_consent_notices WHERE received_at < :before;

-- name: agency_of_dossier^
SELECT receiving_agency_code, handling_agency_code FROM dossiers WHERE code = :code;
