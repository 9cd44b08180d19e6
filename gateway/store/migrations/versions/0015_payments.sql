-- What is owed for dossiers, every try to pay it, what providers said of it, and what is to be done because of that.

CREATE TABLE payment_requests (
    request_id uuid PRIMARY KEY,
    client_id text NOT NULL,
    -- Of the caller's Idempotency-Key, and of the whole wish: the same key with another wish is refused.
    key_digest bytea NOT NULL,
    wish_digest bytea NOT NULL,
    dossier_code text NOT NULL,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    state text NOT NULL,
    is_disputed boolean NOT NULL,
    amount_vnd bigint NOT NULL CHECK (amount_vnd > 0),
    -- The whole record as the payment core knows it; no person stands in it.
    record text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- Who pays.
    wrapped_key bytea,
    sealed bytea,
    UNIQUE (client_id, key_digest)
);
CREATE INDEX payment_requests_by_dossier ON payment_requests (dossier_code, created_at);

CREATE TABLE payment_attempts (
    attempt_id uuid PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    provider text NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    amount_vnd bigint NOT NULL,
    record text NOT NULL,
    return_to text NOT NULL,
    return_state text NOT NULL,
    opened_at timestamptz NOT NULL,
    next_poll_at timestamptz,
    -- A worker that asks holds it until then.
    claimed_until timestamptz
);
-- A reference is used once, for ever. Vouchers that officers accept have none.
CREATE UNIQUE INDEX payment_attempts_reference ON payment_attempts (provider, reference) WHERE reference <> '';
CREATE INDEX payment_attempts_by_request ON payment_attempts (request_id);
-- What is not settled, for the gauges.
CREATE INDEX payment_attempts_unsettled ON payment_attempts (provider, state)
WHERE state IN ('created', 'init_sent', 'pending', 'unknown', 'late_paid', 'duplicate_paid', 'mismatch', 'disputed');
CREATE INDEX payment_attempts_by_poll ON payment_attempts (next_poll_at) WHERE next_poll_at IS NOT NULL;
-- At most one attempt pays a request, whatever any process believes.
CREATE UNIQUE INDEX payment_attempts_paid ON payment_attempts (request_id) WHERE state = 'paid';

CREATE TABLE payment_facts (
    provider text NOT NULL,
    fact_key text NOT NULL,
    ruling text NOT NULL,
    ruled_at timestamptz NOT NULL,
    PRIMARY KEY (provider, fact_key)
);

CREATE TABLE payment_messages (
    message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    received_at timestamptz NOT NULL,
    request_id uuid REFERENCES payment_requests,
    verdict text NOT NULL,
    reason text NOT NULL,
    wrapped_key bytea,
    sealed bytea
);
CREATE INDEX payment_messages_by_time ON payment_messages (received_at);

CREATE TABLE payment_history (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    attempt_id uuid,
    at timestamptz NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL
);
CREATE INDEX payment_history_by_request ON payment_history (request_id, entry_id);

-- The outbox of payments: each effect of a decision once.
CREATE TABLE payment_effects (
    effect_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    effect_key text NOT NULL,
    record text NOT NULL,
    -- Who is called for it; '' for nobody.
    provider text NOT NULL,
    made_at timestamptz NOT NULL,
    due_at timestamptz,
    tries_count integer NOT NULL DEFAULT 0,
    done_at timestamptz,
    outcome text NOT NULL DEFAULT '',
    UNIQUE (request_id, effect_key)
);
CREATE INDEX payment_effects_due ON payment_effects (due_at) WHERE due_at IS NOT NULL;
