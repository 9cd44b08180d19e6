-- Providers' daily files, what comparing them with the payments gave, and what persons said of it.

-- The day (in Viet Nam) on which a provider took the money of an attempt; NULL where it took none.
ALTER TABLE payment_attempts ADD COLUMN paid_on date;
UPDATE payment_attempts
SET paid_on = (
    coalesce(
        -- Of the debit that pays the request, else of the first.
        coalesce(
            jsonb_path_query_first(record::jsonb, '$.debits[*] ? (@.standing == "counts" || @.standing == "doubted")'),
            record::jsonb #> '{debits,0}'
        ) ->> 'paid_at',
        record::jsonb ->> 'decided_at'
    )::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh'
)::date
WHERE jsonb_array_length(record::jsonb -> 'debits') > 0;
CREATE INDEX payment_attempts_by_day ON payment_attempts (provider, paid_on) WHERE paid_on IS NOT NULL;
CREATE INDEX payment_attempts_by_opening ON payment_attempts (provider, opened_at);

CREATE TABLE settlement_files (
    file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    day date NOT NULL,
    sha256 text NOT NULL,
    name text NOT NULL,
    imported_at timestamptz NOT NULL,
    -- An officer, or '' when it was fetched.
    imported_by text NOT NULL,
    rows_count integer NOT NULL,
    wrapped_key bytea,
    sealed bytea,
    UNIQUE (provider, day, sha256)
);
CREATE INDEX settlement_files_by_day ON settlement_files (provider, day, file_id);

CREATE TABLE settlement_days (
    provider text NOT NULL,
    day date NOT NULL,
    matched_at timestamptz NOT NULL,
    unexplained_count integer NOT NULL,
    -- The whole comparison as the core knows it; no person stands in it.
    record text NOT NULL,
    closed_at timestamptz,
    closed_by text NOT NULL DEFAULT '',
    PRIMARY KEY (provider, day),
    CHECK ((closed_at IS NULL) = (closed_by = ''))
);
CREATE INDEX settlement_days_open ON settlement_days (provider, day) WHERE closed_at IS NULL;

-- A finding by its key, which is the same in every run as long as it says the same.
CREATE TABLE settlement_decisions (
    provider text NOT NULL,
    day date NOT NULL,
    finding_key text NOT NULL,
    decided_by text NOT NULL,
    document_number text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (provider, day, finding_key)
);

CREATE TABLE settlement_corrections (
    provider text NOT NULL,
    day date NOT NULL,
    finding_key text NOT NULL,
    finding_class text NOT NULL,
    -- What came of it; '' while it is not known to be done.
    outcome text NOT NULL DEFAULT '',
    begun_at timestamptz NOT NULL,
    done_at timestamptz,
    PRIMARY KEY (provider, day, finding_key)
);
