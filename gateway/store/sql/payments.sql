-- name: add_payment_request$
-- The same key of the same client gives the request that is there.
INSERT INTO payment_requests (
    request_id, client_id, key_digest, wish_digest, dossier_code, agency_code, procedure_code, state, is_disputed,
    amount_vnd, record, created_at, changed_at, wrapped_key, sealed
) VALUES (
    :request_id, :client_id, :key_digest, :wish_digest, :dossier_code, :agency_code, :procedure_code, :state,
    :is_disputed, :amount_vnd, :record, :now, :now, :wrapped_key, :sealed
)
ON CONFLICT (client_id, key_digest) DO NOTHING
RETURNING request_id;

-- name: lock_dossiers_payments$
SELECT true FROM (SELECT pg_advisory_xact_lock(:lock::int, hashtext(:dossier_code))) AS locked;

-- name: find_payment_by_key^
SELECT request_id, wish_digest FROM payment_requests WHERE client_id = :client_id AND key_digest = :key_digest;

-- name: find_payment^
SELECT * FROM payment_requests WHERE request_id = :request_id;

-- name: lock_payment^
SELECT * FROM payment_requests WHERE request_id = :request_id FOR UPDATE;

-- name: payments_of_dossier
SELECT * FROM payment_requests WHERE dossier_code = :dossier_code ORDER BY created_at, request_id LIMIT 500;

-- name: attempts_of
SELECT * FROM payment_attempts WHERE request_id = ANY(:request_ids::uuid[]) ORDER BY ordinal;

-- name: find_reference^
SELECT request_id FROM payment_attempts WHERE provider = :provider AND reference = :reference;

-- name: save_payment_request!
UPDATE payment_requests SET state = :state, is_disputed = :is_disputed, amount_vnd = :amount_vnd, record = :record,
    changed_at = :now
WHERE request_id = :request_id;

-- name: add_attempt!
INSERT INTO payment_attempts (
    attempt_id, request_id, provider, reference, state, amount_vnd, record, return_to, return_state, opened_at,
    next_poll_at, paid_on
) VALUES (
    :attempt_id, :request_id, :provider, :reference, :state, :amount_vnd, :record, :return_to, :return_state,
    :opened_at, :next_poll_at, :paid_on
);

-- name: save_attempt!
UPDATE payment_attempts SET state = :state, record = :record, next_poll_at = :next_poll_at, paid_on = :paid_on,
    claimed_until = NULL
WHERE attempt_id = :attempt_id;

-- name: note_payment!
INSERT INTO payment_history (request_id, attempt_id, at, state, reason, source)
VALUES (:request_id, :attempt_id, :now, :state, :reason, :source);

-- name: payment_history_of
SELECT attempt_id, at, state, reason, source FROM payment_history WHERE request_id = :request_id ORDER BY entry_id;

-- name: ruling_of$
SELECT ruling FROM payment_facts WHERE provider = :provider AND fact_key = :fact_key;

-- name: rule_fact!
INSERT INTO payment_facts (provider, fact_key, ruling, ruled_at) VALUES (:provider, :fact_key, :ruling, :now)
ON CONFLICT (provider, fact_key) DO UPDATE SET ruling = excluded.ruling;

-- name: keep_payment_message!
INSERT INTO payment_messages (provider, received_at, request_id, verdict, reason, wrapped_key, sealed)
VALUES (:provider, :now, :request_id, :verdict, :reason, :wrapped_key, :sealed);

-- name: owe_effects
-- All of a decision at once; gives the keys of those that were not owed before. What is told at once is never due.
INSERT INTO payment_effects (request_id, effect_key, record, provider, made_at, due_at)
SELECT :request_id, e.effect_key, e.record, e.provider, :now::timestamptz,
    CASE WHEN e.is_told THEN NULL ELSE :now::timestamptz END
FROM unnest(:keys::text[], :records::text[], :providers::text[], :told::boolean[])
    AS e (effect_key, record, provider, is_told)
ON CONFLICT (request_id, effect_key) DO NOTHING
RETURNING effect_key;

-- name: claim_polls
UPDATE payment_attempts SET claimed_until = :until
WHERE attempt_id IN (
    SELECT attempt_id FROM payment_attempts
    WHERE next_poll_at <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
        AND (provider = ANY(:providers::text[])) = :is_among
    ORDER BY next_poll_at LIMIT :wanted FOR UPDATE SKIP LOCKED
)
RETURNING request_id, attempt_id;

-- name: claim_effects
UPDATE payment_effects SET due_at = :until, tries_count = tries_count + 1
WHERE effect_id IN (
    SELECT effect_id FROM payment_effects
    WHERE due_at <= :now AND (provider = ANY(:providers::text[])) = :is_among
    ORDER BY due_at, effect_id LIMIT :wanted FOR UPDATE SKIP LOCKED
)
RETURNING effect_id, request_id, record, tries_count;

-- name: end_effect!
UPDATE payment_effects SET due_at = NULL, done_at = :now, outcome = :outcome WHERE effect_id = :effect_id;

-- name: put_off_effect!
UPDATE payment_effects SET due_at = :due_at, outcome = :outcome WHERE effect_id = :effect_id AND done_at IS NULL;

-- name: count_unsettled
SELECT provider, state, count(*) AS attempts_count, min(opened_at) AS oldest_at FROM payment_attempts
WHERE state = ANY(:states::text[]) GROUP BY provider, state;
