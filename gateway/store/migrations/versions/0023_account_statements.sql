-- Credits of account statements, by which the money of providers' daily files is found.
CREATE TABLE account_statements (
    statement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    first_on date NOT NULL,
    -- The last day on which it is complete, for these accounts.
    until_on date NOT NULL,
    accounts text[] NOT NULL,
    credits_count integer NOT NULL,
    imported_at timestamptz NOT NULL,
    -- Texts of credits may name payers.
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL
);
CREATE INDEX account_statements_by_day ON account_statements (until_on);
