-- name: add_receipt_order!
-- What was dropped is ordered anew; anything else that is there stays as it is.
INSERT INTO receipt_orders AS o (
    key, kind, request_id, fee_kind, supplier, supplier_key, amount_vnd, state, made_at, changed_at, officer,
    document_number, replaces, wrapped_key, sealed
) VALUES (
    :key, :kind, :request_id, :fee_kind, :supplier, :supplier_key, :amount_vnd, 'owed', :now, :now, :officer,
    :document_number, :replaces, :wrapped_key, :sealed
)
ON CONFLICT (key, kind) DO UPDATE SET
    supplier = excluded.supplier, supplier_key = excluded.supplier_key, amount_vnd = excluded.amount_vnd,
    state = 'owed', reason = '', made_at = excluded.made_at, sent_at = NULL, changed_at = excluded.changed_at,
    tries_count = 0, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed
WHERE o.state = 'dropped';

-- name: find_receipt_order^
SELECT * FROM receipt_orders WHERE key = :key AND kind = :kind;

-- name: receipt_orders_of
SELECT * FROM receipt_orders WHERE request_id = :request_id ORDER BY made_at, key, kind;

-- name: send_receipt_order$
UPDATE receipt_orders SET state = 'sent', reason = '', sent_at = :now, changed_at = :now, tries_count = tries_count + 1
WHERE key = :key AND kind = :kind AND state = 'owed'
RETURNING key;

-- name: move_receipt_order$
-- From one state to another, unless somebody else moved it in between. What is dropped needs no content any more.
UPDATE receipt_orders SET state = :state, reason = :reason, changed_at = :now,
    wrapped_key = CASE WHEN :state = 'dropped' THEN NULL ELSE wrapped_key END,
    sealed = CASE WHEN :state = 'dropped' THEN NULL ELSE sealed END
WHERE key = :key AND kind = :kind AND state = :before
RETURNING key;

-- name: end_receipt_order!
UPDATE receipt_orders SET state = 'done', reason = '', changed_at = :now, wrapped_key = NULL, sealed = NULL
WHERE key = :key AND kind = :kind;

-- name: find_number_holder$
SELECT key FROM receipt_numbers WHERE series_id = :series_id AND number = :number;

-- name: note_supplied_number!
-- Whoever numbers in this series later goes on behind it.
UPDATE receipt_series SET last_number = GREATEST(last_number, :number),
    last_given_on = GREATEST(last_given_on, :given_on)
WHERE series_id = :series_id;

-- name: count_receipt_orders
SELECT supplier, state, count(*) AS orders_count, min(made_at) AS oldest_at FROM receipt_orders
WHERE state NOT IN ('done', 'dropped') GROUP BY supplier, state;
