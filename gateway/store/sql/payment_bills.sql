-- name: keep_bill!
-- The first one stays: a provider that draws it anew each time says the same in other bytes.
INSERT INTO payment_bills (attempt_id, request_id, media_type, sha256, fetched_at, wrapped_key, sealed)
VALUES (:attempt_id, :request_id, :media_type, :sha256, :now, :wrapped_key, :sealed)
ON CONFLICT (attempt_id) DO NOTHING;

-- name: find_bill^
SELECT media_type, wrapped_key, sealed FROM payment_bills WHERE attempt_id = :attempt_id;

-- name: has_bill$
SELECT true FROM payment_bills WHERE attempt_id = :attempt_id;

-- name: shred_bills!
UPDATE payment_bills SET wrapped_key = NULL, sealed = NULL
WHERE request_id IN (SELECT request_id FROM payment_requests WHERE dossier_code = :code);
