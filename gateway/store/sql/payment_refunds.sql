-- name: add_refund$
INSERT INTO payment_refunds (
    refund_id, request_id, attempt_id, state, amount_vnd, record, asked_at, changed_at, wrapped_key, sealed
) VALUES (
    :refund_id, :request_id, :attempt_id, :state, :amount_vnd, :record, :now, :now, :wrapped_key, :sealed
)
ON CONFLICT (refund_id) DO NOTHING
RETURNING refund_id;

-- name: save_refund!
-- The payer's account goes when the refund is over: nobody needs it any more.
UPDATE payment_refunds SET state = :state, record = :record, done_on = :done_on, changed_at = :now,
    wrapped_key = CASE WHEN :is_over::boolean THEN NULL ELSE wrapped_key END,
    sealed = CASE WHEN :is_over::boolean THEN NULL ELSE sealed END
WHERE refund_id = :refund_id;

-- name: find_refund^
SELECT record FROM payment_refunds WHERE refund_id = :refund_id AND request_id = :request_id;

-- name: find_refund_account^
SELECT wrapped_key, sealed FROM payment_refunds WHERE refund_id = :refund_id AND sealed IS NOT NULL;

-- name: refunds_of
SELECT record FROM payment_refunds WHERE request_id = :request_id ORDER BY ordinal;

-- name: refunds_of_requests
SELECT request_id, record FROM payment_refunds WHERE request_id = ANY(:request_ids::uuid[]) ORDER BY ordinal;

-- name: count_open_refunds
SELECT state, count(*) AS refunds_count, min(asked_at) AS oldest_at FROM payment_refunds
WHERE state NOT IN ('done', 'failed', 'declined') GROUP BY state;

-- name: open_case!
INSERT INTO payment_cases (
    request_id, effect_key, kind, attempt_id, refund_id, transaction, amount_vnd, opened_at, reason
) VALUES (
    :request_id, :effect_key, :kind, :attempt_id, :refund_id, :transaction, :amount_vnd, :now, :reason
)
ON CONFLICT (request_id, effect_key) DO NOTHING;

-- name: payment_cases
SELECT c.*, r.dossier_code, r.agency_code FROM payment_cases c JOIN payment_requests r USING (request_id)
WHERE c.case_id > :after AND (c.closed_at IS NULL OR :with_closed::boolean)
    AND (:prefixes::text[] IS NULL OR EXISTS (
        SELECT FROM unnest(:prefixes::text[]) AS p (code)
        WHERE r.agency_code = p.code OR starts_with(r.agency_code, p.code || '.')
    ))
ORDER BY c.case_id LIMIT :wanted;

-- name: find_payment_case^
SELECT c.*, r.dossier_code, r.agency_code FROM payment_cases c JOIN payment_requests r USING (request_id)
WHERE c.case_id = :case_id;

-- name: close_payment_case$
UPDATE payment_cases SET closed_at = :now, outcome = :outcome, closed_by = :closed_by,
    document_number = :document_number
WHERE case_id = :case_id AND closed_at IS NULL
RETURNING case_id;

-- name: count_open_cases
SELECT kind, count(*) AS cases_count, min(opened_at) AS oldest_at FROM payment_cases
WHERE closed_at IS NULL GROUP BY kind;
