-- Receipts that are numbered together. The row is locked while a number is given, so that numbers come without a gap.
CREATE TABLE receipt_series (
    series_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit_code text NOT NULL,
    form_symbol text NOT NULL,
    receipt_symbol text NOT NULL,
    year integer NOT NULL,
    last_number integer NOT NULL DEFAULT 0 CHECK (last_number >= 0),
    last_given_on date,
    UNIQUE (unit_code, form_symbol, receipt_symbol, year)
);

-- Numbers that were given: no personal data. They outlive the payment, so nothing refers to it.
CREATE TABLE receipt_numbers (
    series_id bigint NOT NULL REFERENCES receipt_series,
    number integer NOT NULL CHECK (number BETWEEN 1 AND 9999999),
    key text NOT NULL UNIQUE,
    request_id text NOT NULL,
    given_on date NOT NULL,
    issued_at timestamptz NOT NULL,
    verification_code text NOT NULL UNIQUE,
    cancelled_at timestamptz,
    cancelled_by text NOT NULL DEFAULT '',
    cancel_reason text NOT NULL DEFAULT '',
    cancel_document_number text NOT NULL DEFAULT '',
    PRIMARY KEY (series_id, number),
    CHECK ((cancelled_at IS NULL) = (cancelled_by = '') AND (cancelled_at IS NULL) = (cancel_reason = ''))
);
CREATE INDEX receipt_numbers_by_request ON receipt_numbers (request_id, series_id, number);

-- What a receipt says, who paid included. Stored with its number or not at all.
CREATE TABLE receipt_contents (
    key text PRIMARY KEY REFERENCES receipt_numbers (key),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL
);
