-- name: add_receipt_series!
INSERT INTO receipt_series (unit_code, form_symbol, receipt_symbol, year)
VALUES (:unit_code, :form_symbol, :receipt_symbol, :year)
ON CONFLICT (unit_code, form_symbol, receipt_symbol, year) DO NOTHING;

-- name: lock_receipt_series^
SELECT series_id, last_number, last_given_on FROM receipt_series
WHERE unit_code = :unit_code AND form_symbol = :form_symbol AND receipt_symbol = :receipt_symbol AND year = :year
FOR UPDATE;

-- name: find_receipt_number^
SELECT s.unit_code, s.form_symbol, s.receipt_symbol, s.year, n.key, n.request_id, n.number, n.given_on, n.issued_at,
    n.verification_code, n.cancelled_at, n.cancelled_by, n.cancel_reason, n.cancel_document_number
FROM receipt_numbers n JOIN receipt_series s USING (series_id) WHERE n.key = :key;

-- name: find_receipt_number_by_code^
SELECT s.unit_code, s.form_symbol, s.receipt_symbol, s.year, n.key, n.request_id, n.number, n.given_on, n.issued_at,
    n.verification_code, n.cancelled_at, n.cancelled_by, n.cancel_reason, n.cancel_document_number
FROM receipt_numbers n JOIN receipt_series s USING (series_id) WHERE n.verification_code = :verification_code;

-- name: add_receipt_number!
INSERT INTO receipt_numbers (series_id, number, key, request_id, given_on, issued_at, verification_code)
VALUES (:series_id, :number, :key, :request_id, :given_on, :issued_at, :verification_code);

-- name: advance_receipt_series!
UPDATE receipt_series SET last_number = :number, last_given_on = :given_on WHERE series_id = :series_id;

-- name: add_receipt_content!
INSERT INTO receipt_contents (key, wrapped_key, sealed) VALUES (:key, :wrapped_key, :sealed);

-- name: find_receipt_content^
SELECT wrapped_key, sealed FROM receipt_contents WHERE key = :key;

-- name: receipt_numbers_of
SELECT s.unit_code, s.form_symbol, s.receipt_symbol, s.year, n.key, n.request_id, n.number, n.given_on, n.issued_at,
    n.verification_code, n.cancelled_at, n.cancelled_by, n.cancel_reason, n.cancel_document_number
FROM receipt_numbers n JOIN receipt_series s USING (series_id) WHERE n.request_id = :request_id
ORDER BY n.issued_at, n.series_id, n.number;

-- name: cancel_receipt_number$
UPDATE receipt_numbers SET cancelled_at = :now, cancelled_by = :cancelled_by, cancel_reason = :reason,
    cancel_document_number = :document_number
WHERE key = :key AND cancelled_at IS NULL RETURNING key;
