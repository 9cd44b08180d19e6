-- Money that a provider verifiably took and that belongs to no request: held here until a person says where it went.

CREATE TABLE payment_suspense (
    suspense_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    -- Of the money, not of the message: the same money told twice is held once.
    fact_key text NOT NULL,
    transaction text NOT NULL,
    amount_vnd bigint NOT NULL,
    -- As they were told; '' for none, or for one that is no code.
    reference text NOT NULL,
    dossier_code text NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    settled_at timestamptz,
    -- What became of it, who said so, and the document that it follows from.
    settlement text NOT NULL DEFAULT '',
    settled_by text NOT NULL DEFAULT '',
    document_number text NOT NULL DEFAULT '',
    UNIQUE (provider, fact_key),
    CHECK ((settled_at IS NULL) = (settlement = ''))
);
CREATE INDEX payment_suspense_open ON payment_suspense (recorded_at) WHERE settled_at IS NULL;
