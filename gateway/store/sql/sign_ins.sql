-- name: add_flight!
INSERT INTO sign_in_flights (flight_id, client_id, provider, ticket_digest, wrapped_key, sealed, created_at, expires_at)
VALUES (:flight_id, :client_id, :provider, :ticket_digest, :wrapped_key, :sealed, :created_at, :expires_at);

-- name: find_by_ticket^
SELECT flight_id, client_id, provider, created_at, expires_at, started_at, consumed_at, browser_digest, wrapped_key, sealed
FROM sign_in_flights WHERE ticket_digest = :ticket_digest;

-- name: start^
-- One turn on the wire where everything is right, as with `consume`.
UPDATE sign_in_flights SET started_at = :now, state_digest = :state_digest, browser_digest = :browser_digest
WHERE ticket_digest = :ticket_digest AND provider = ANY(:providers::text[]) AND started_at IS NULL AND expires_at > :now
RETURNING flight_id, client_id, provider, created_at, expires_at, started_at, consumed_at, browser_digest, wrapped_key, sealed;

-- name: find_by_state^
SELECT flight_id, client_id, provider, created_at, expires_at, started_at, consumed_at, browser_digest, wrapped_key, sealed
FROM sign_in_flights WHERE state_digest = :state_digest;

-- name: consume^
-- One turn on the wire where everything is right; what is wrong is looked up and judged.
UPDATE sign_in_flights SET consumed_at = :now
WHERE state_digest = :state_digest AND provider = :provider AND browser_digest = :browser_digest
  AND consumed_at IS NULL AND expires_at > :now
RETURNING flight_id, client_id, provider, created_at, expires_at, started_at, consumed_at, browser_digest, wrapped_key, sealed;

-- name: conclude!
-- All of it in one statement: it is stored as a whole, and takes one turn on the wire. `sign_in_id` is null for a refusal.
WITH concluded AS (
    UPDATE sign_in_flights SET outcome = :outcome WHERE flight_id = :flight_id::uuid
), proof AS (
    INSERT INTO sign_in_evidence (evidence_id, flight_id, client_id, provider, issuer, agreement_id, outcome, reason,
        subject_digest, account_kind, identity_level, level_source, authentication_level, assurance, acr, amr,
        authenticated_at, upstream_idp, is_vneid, number_digests, binding, id_token_sha256, access_token_sha256, key_id,
        address_prefix, agent_digest, occurred_at)
    VALUES (:evidence_id, :flight_id, :client_id, :provider, :issuer, :agreement_id, :outcome, :reason,
        :subject_digest, :account_kind, :identity_level, :level_source, :authentication_level, :assurance, :acr, :amr,
        :authenticated_at, :upstream_idp, :is_vneid, :number_digests, :binding, :id_token_sha256, :access_token_sha256,
        :key_id, :address_prefix, :agent_digest, :now)
), noted AS (
    -- What is known stays; what is not known is asked for again when somebody signs in a day later.
    INSERT INTO technical_ids AS t (number_digest, wrapped_key, sealed, is_known, seen_at, due_at)
    SELECT :number_digest::bytea, :number_wrapped_key::bytea, :number_sealed::bytea, :is_known::bool, :now,
           CASE WHEN :is_known::bool THEN NULL ELSE :now END
    WHERE :number_digest::bytea IS NOT NULL
    ON CONFLICT (number_digest) DO UPDATE SET seen_at = excluded.seen_at,
        wrapped_key = CASE WHEN excluded.is_known OR NOT t.is_known THEN excluded.wrapped_key ELSE t.wrapped_key END,
        sealed = CASE WHEN excluded.is_known OR NOT t.is_known THEN excluded.sealed ELSE t.sealed END,
        is_known = t.is_known OR excluded.is_known,
        due_at = CASE WHEN t.is_known OR excluded.is_known THEN NULL
                      WHEN t.due_at IS NULL AND t.asked_at < excluded.seen_at - interval '1 day' THEN excluded.seen_at
                      ELSE t.due_at END,
        attempts_count = CASE WHEN t.due_at IS NULL THEN 0 ELSE t.attempts_count END
)
INSERT INTO sign_ins (sign_in_id, client_id, provider, evidence_id, subject_digest, session_digest, account_kind,
    identity_level, authentication_level, assurance, binding, authenticated_at, code_digest, code_expires_at,
    wrapped_key, sealed, created_at, seen_at, expires_at)
SELECT :sign_in_id::uuid, :client_id, :provider, :evidence_id, :subject_digest, :session_digest::bytea, :account_kind,
    :identity_level, :authentication_level, :assurance, :binding, :signed_in_at::timestamptz, :code_digest::bytea,
    :code_expires_at::timestamptz, :wrapped_key::bytea, :sealed::bytea, :now, :now, :expires_at::timestamptz
WHERE :sign_in_id::uuid IS NOT NULL;

-- name: count_refusal$
UPDATE sign_in_flights SET refusals_count = refusals_count + 1
WHERE flight_id = :flight_id AND refusals_count < :most RETURNING refusals_count;

-- name: find_by_code^
SELECT s.*, e.level_source FROM sign_ins s JOIN sign_in_evidence e USING (evidence_id)
WHERE s.code_digest = :code_digest AND s.client_id = :client_id;

-- name: use_code^
UPDATE sign_ins s SET code_used_at = :now, seen_at = :now
FROM sign_in_evidence e
WHERE s.code_digest = :code_digest AND s.client_id = :client_id AND s.code_used_at IS NULL AND s.ended_at IS NULL
  AND e.evidence_id = s.evidence_id
RETURNING s.*, e.level_source;

-- name: find^
SELECT s.*, e.level_source FROM sign_ins s JOIN sign_in_evidence e USING (evidence_id)
WHERE s.sign_in_id = :sign_in_id AND s.client_id = :client_id;

-- name: touch!
UPDATE sign_ins SET seen_at = GREATEST(seen_at, :now::timestamptz) WHERE sign_in_id = :sign_in_id AND ended_at IS NULL;

-- name: end!
UPDATE sign_ins SET ended_at = :now, end_reason = :reason,
    wrapped_key = CASE WHEN :keeps_secrets::bool THEN wrapped_key END,
    sealed = CASE WHEN :keeps_secrets::bool THEN sealed END
WHERE sign_in_id = :sign_in_id AND ended_at IS NULL;

-- name: prepare_logout!
UPDATE sign_ins SET logout_digest = :ticket_digest, logout_return = :return_to, logout_state = :state
WHERE sign_in_id = :sign_in_id;

-- name: reseal!
UPDATE sign_ins SET sealed = :sealed WHERE sign_in_id = :sign_in_id AND wrapped_key IS NOT NULL;

-- name: find_logout^
SELECT s.*, e.level_source FROM sign_ins s JOIN sign_in_evidence e USING (evidence_id)
WHERE s.logout_digest = :ticket_digest;

-- name: take_logout^
WITH taken AS (
    UPDATE sign_ins SET logout_digest = NULL, wrapped_key = NULL, sealed = NULL
    WHERE logout_digest = :ticket_digest RETURNING *
)
SELECT t.*, e.level_source FROM taken t JOIN sign_in_evidence e USING (evidence_id);

-- name: note_token^
INSERT INTO logout_tokens_seen (provider, token_digest, expires_at) VALUES (:provider, :token_digest, :expires_at)
ON CONFLICT DO NOTHING RETURNING provider;

-- name: end_at_provider
UPDATE sign_ins SET ended_at = :now, end_reason = :reason, wrapped_key = NULL, sealed = NULL
WHERE provider = :provider AND ended_at IS NULL
  AND (session_digest = :session_digest OR (:session_digest::bytea IS NULL AND subject_digest = :subject_digest))
RETURNING sign_in_id;

-- name: sweep_sign_ins
UPDATE sign_ins SET ended_at = :now, wrapped_key = NULL, sealed = NULL,
    end_reason = CASE WHEN expires_at <= :now THEN 'age' WHEN code_used_at IS NULL THEN 'code_expired' ELSE 'idle' END
WHERE ended_at IS NULL
  AND (expires_at <= :now OR seen_at <= :idle_before OR (code_used_at IS NULL AND code_expires_at <= :now))
RETURNING end_reason;

-- name: sweep_logouts!
-- A browser that was given a way out and did not take it.
UPDATE sign_ins SET logout_digest = NULL, wrapped_key = NULL, sealed = NULL
WHERE ended_at <= :idle_before AND (logout_digest IS NOT NULL OR sealed IS NOT NULL);

-- name: sweep_flights!
DELETE FROM sign_in_flights WHERE expires_at <= :flights_before;

-- name: sweep_tokens!
DELETE FROM logout_tokens_seen WHERE expires_at <= :flights_before;

-- name: due_technical_ids
SELECT number_digest, wrapped_key, sealed, attempts_count FROM technical_ids
WHERE due_at <= :now ORDER BY due_at LIMIT :wanted;

-- name: settle_technical_id!
-- An id that a sign-in told meanwhile stays.
UPDATE technical_ids SET wrapped_key = :wrapped_key, sealed = :sealed, is_known = :is_known, asked_at = :now,
    due_at = :due_at, attempts_count = attempts_count + 1
WHERE number_digest = :number_digest AND NOT is_known;

-- name: known_technical_ids
SELECT number_digest, wrapped_key, sealed FROM technical_ids
WHERE is_known AND number_digest = ANY(:number_digests::bytea[]);

-- name: forget_technical_ids!
DELETE FROM technical_ids WHERE seen_at < :before;

-- name: find_proofs
SELECT evidence_id, outcome, is_vneid, number_digests, occurred_at FROM sign_in_evidence
WHERE evidence_id = ANY(:evidence_ids::uuid[]);
