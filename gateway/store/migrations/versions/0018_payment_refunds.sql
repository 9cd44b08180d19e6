-- Money given back, and what persons have to do about payments.

CREATE TABLE payment_refunds (
    refund_id uuid PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    attempt_id uuid NOT NULL REFERENCES payment_attempts,
    state text NOT NULL,
    amount_vnd bigint NOT NULL CHECK (amount_vnd > 0),
    -- Day in Viet Nam on which it was booked.
    done_on date,
    -- The whole refund as the payment core knows it: officers' signs, no payer.
    record text NOT NULL,
    asked_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- The payer's account, where money does not go back the way it came.
    wrapped_key bytea,
    sealed bytea
);
CREATE INDEX payment_refunds_by_request ON payment_refunds (request_id, ordinal);
CREATE INDEX payment_refunds_by_day ON payment_refunds (done_on) WHERE done_on IS NOT NULL;
CREATE INDEX payment_refunds_open ON payment_refunds (state) WHERE state NOT IN ('done', 'failed', 'declined');

CREATE TABLE payment_cases (
    case_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    effect_key text NOT NULL,
    kind text NOT NULL,
    attempt_id uuid,
    refund_id uuid,
    transaction text NOT NULL,
    amount_vnd bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    outcome text NOT NULL DEFAULT '',
    closed_by text NOT NULL DEFAULT '',
    document_number text NOT NULL DEFAULT '',
    UNIQUE (request_id, effect_key),
    CHECK ((closed_at IS NULL) = (outcome = ''))
);
CREATE INDEX payment_cases_open ON payment_cases (opened_at) WHERE closed_at IS NULL;

-- What was owed before anybody could do it.
UPDATE payment_effects SET due_at = now(), done_at = NULL, outcome = ''
WHERE outcome = 'not_offered' AND split_part(effect_key, '|', 1) IN (
    'open_refund_case', 'pay_back_by_hand', 'reconcile_next_day', 'tell_dossier_unpaid', 'hold_dossier',
    'release_dossier', 'notify_payer', 'record_suspense'
);

-- Payment vouchers that citizens hand in, as officers record them; another officer accepts or declines.
CREATE TABLE payment_vouchers (
    voucher_id uuid PRIMARY KEY,
    ordinal bigint GENERATED ALWAYS AS IDENTITY,
    request_id uuid NOT NULL REFERENCES payment_requests,
    provider text NOT NULL,
    transaction text NOT NULL,
    amount_vnd bigint NOT NULL,
    paid_at timestamptz NOT NULL,
    evidence_sha256 text NOT NULL,
    evidence_type text NOT NULL,
    recorded_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text NOT NULL DEFAULT '',
    decided_at timestamptz,
    wrapped_key bytea,
    sealed bytea
);
CREATE INDEX payment_vouchers_by_request ON payment_vouchers (request_id, ordinal);
