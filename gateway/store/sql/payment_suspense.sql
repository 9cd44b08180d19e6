-- name: lock_dossiers_open_payments
-- In the order in which everybody locks several requests.
SELECT * FROM payment_requests WHERE dossier_code = :dossier_code ORDER BY request_id LIMIT 500 FOR UPDATE;

-- name: hold_money$
INSERT INTO payment_suspense (
    provider, fact_key, transaction, amount_vnd, reference, dossier_code, source, reason, recorded_at
) VALUES (
    :provider, :fact_key, :transaction, :amount_vnd, :reference, :dossier_code, :source, :reason, :now
)
ON CONFLICT (provider, fact_key) DO NOTHING
RETURNING suspense_id;

-- name: held_money
SELECT suspense_id, provider, transaction, amount_vnd, reference, dossier_code, source, reason, recorded_at, settled_at,
    settlement, settled_by, document_number
FROM payment_suspense
WHERE suspense_id > :after AND (settled_at IS NULL OR :with_settled::boolean)
ORDER BY suspense_id LIMIT :wanted;

-- name: find_held_money^
SELECT suspense_id, provider, transaction, amount_vnd, reference, dossier_code, source, reason, recorded_at, settled_at,
    settlement, settled_by, document_number
FROM payment_suspense WHERE suspense_id = :suspense_id;

-- name: settle_held_money^
-- Once: a second word finds it settled.
UPDATE payment_suspense
SET settled_at = :now, settlement = :settlement, settled_by = :settled_by, document_number = :document_number
WHERE suspense_id = :suspense_id AND settled_at IS NULL
RETURNING suspense_id;

-- name: count_held_money^
SELECT count(*) AS held_count, coalesce(sum(amount_vnd), 0)::bigint AS amount_vnd, min(recorded_at) AS oldest_at
FROM payment_suspense WHERE settled_at IS NULL;
