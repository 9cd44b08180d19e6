-- What suppliers of electronic receipts are asked to write, adjust or cancel, and how far each of it is.
CREATE TABLE receipt_orders (
    -- Of the receipt that is written, or cancelled.
    key text NOT NULL,
    kind text NOT NULL,
    request_id text NOT NULL,
    fee_kind text NOT NULL,
    supplier text NOT NULL,
    -- The key as the supplier takes it.
    supplier_key text NOT NULL,
    amount_vnd bigint NOT NULL CHECK (amount_vnd > 0),
    state text NOT NULL CHECK (state IN ('owed', 'sent', 'done', 'refused', 'dropped')),
    -- Why it was put back, refused, or is asked about: a word.
    reason text NOT NULL DEFAULT '',
    -- Its day in Viet Nam is the day that the receipt shows.
    made_at timestamptz NOT NULL,
    sent_at timestamptz,
    changed_at timestamptz NOT NULL,
    tries_count integer NOT NULL DEFAULT 0,
    -- Of cancelling by an officer.
    officer text NOT NULL DEFAULT '',
    document_number text NOT NULL DEFAULT '',
    replaces boolean NOT NULL DEFAULT false,
    -- What is to be written, until it is: who paid, and the items.
    wrapped_key bytea,
    sealed bytea,
    PRIMARY KEY (key, kind),
    CHECK (state <> 'sent' OR sent_at IS NOT NULL)
);
CREATE INDEX receipt_orders_by_request ON receipt_orders (request_id, made_at);
CREATE INDEX receipt_orders_open ON receipt_orders (supplier, state, made_at) WHERE state NOT IN ('done', 'dropped');

-- Payers' vouchers as providers give them: the document, or where the provider shows it. One for each attempt.
CREATE TABLE payment_bills (
    attempt_id uuid PRIMARY KEY REFERENCES payment_attempts,
    request_id uuid NOT NULL REFERENCES payment_requests,
    media_type text NOT NULL,
    sha256 text NOT NULL,
    fetched_at timestamptz NOT NULL,
    wrapped_key bytea,
    sealed bytea
);
CREATE INDEX payment_bills_by_request ON payment_bills (request_id);

-- A word: why a person has to do it, where the kind of the case does not say it all.
ALTER TABLE payment_cases ADD COLUMN reason text NOT NULL DEFAULT '';

-- Receipts have a turn of their own from here on: a supplier that is slow keeps nothing else waiting.
UPDATE payment_effects SET provider = ':receipts'
WHERE done_at IS NULL AND split_part(effect_key, '|', 1) IN ('issue_receipt', 'adjust_receipt', 'cancel_receipt');
