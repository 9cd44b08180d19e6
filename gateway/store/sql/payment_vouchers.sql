-- name: add_voucher!
INSERT INTO payment_vouchers (
    voucher_id, request_id, provider, transaction, amount_vnd, paid_at, evidence_sha256, evidence_type, recorded_by,
    recorded_at, state, wrapped_key, sealed
) VALUES (
    :voucher_id, :request_id, :provider, :transaction, :amount_vnd, :paid_at, :evidence_sha256, :evidence_type,
    :recorded_by, :now, 'recorded', :wrapped_key, :sealed
);

-- name: find_voucher^
SELECT * FROM payment_vouchers WHERE voucher_id = :voucher_id AND request_id = :request_id;

-- name: vouchers_of
SELECT * FROM payment_vouchers WHERE request_id = :request_id ORDER BY ordinal;

-- name: decide_voucher!
UPDATE payment_vouchers SET state = :state, decided_by = :officer, decided_at = :now WHERE voucher_id = :voucher_id;

-- name: shred_vouchers!
UPDATE payment_vouchers SET wrapped_key = NULL, sealed = NULL
WHERE request_id IN (SELECT request_id FROM payment_requests WHERE dossier_code = :code);
