-- name: lock_subject$
SELECT pg_advisory_xact_lock(:lock::int, hashtext(:system || '/' || :kind || '/' || :subject));

-- name: latest^
SELECT statement_id, kind, subject, agency_code, state, attempts_count, reason, due_at, created_at, changed_at, digest
FROM statements
WHERE system = :system AND kind = :kind AND subject = :subject ORDER BY statement_id DESC LIMIT 1;

-- name: supersede
UPDATE statements SET state = 'skipped', reason = 'superseded', due_at = NULL, changed_at = :now::timestamptz
WHERE system = :system AND kind = :kind AND subject = :subject AND state IN ('waiting', 'parked')
RETURNING statement_id;

-- name: add_statement^
INSERT INTO statements (system, kind, subject, agency_code, client_id, digest, wrapped_key, sealed, due_at, created_at,
    changed_at)
VALUES (:system, :kind, :subject, :agency_code, :client_id, :digest, :wrapped_key, :sealed, clock_timestamp(),
    :now::timestamptz, :now::timestamptz)
RETURNING statement_id, kind, subject, agency_code, state, attempts_count, reason, due_at, created_at, changed_at;

-- name: has_due$
SELECT EXISTS (SELECT FROM statements WHERE system = :system
    AND ((state = 'waiting' AND due_at <= clock_timestamp()) OR (state = 'in_flight' AND lease_until <= clock_timestamp())));

-- name: lease_statements
-- What a dead worker left behind is due again: every statement may be repeated.
WITH due AS (
    SELECT s.statement_id FROM statements s
    WHERE s.system = :system AND s.kind = :kind
      AND ((s.state = 'waiting' AND s.due_at <= clock_timestamp()
            AND NOT EXISTS (SELECT FROM statements o WHERE o.system = s.system AND o.kind = s.kind
                            AND o.subject = s.subject AND o.state = 'in_flight'))
           OR (s.state = 'in_flight' AND s.lease_until <= clock_timestamp()))
    ORDER BY s.statement_id LIMIT :wanted::int FOR UPDATE SKIP LOCKED
)
UPDATE statements s SET state = 'in_flight', attempts_count = s.attempts_count + 1, due_at = NULL,
    lease_until = clock_timestamp() + make_interval(secs => :seconds::double precision)
FROM due WHERE s.statement_id = due.statement_id
RETURNING s.statement_id, s.system, s.kind, s.subject, s.agency_code, s.attempts_count, s.reason, s.wrapped_key,
    s.sealed, s.lease_until;

-- name: settle_statement^
-- A statement that was overtaken while it was under way need not be tried again: the newer one says it all.
UPDATE statements s SET lease_until = NULL, changed_at = :now::timestamptz,
    attempts_count = GREATEST(0, s.attempts_count - :taken_back::int),
    state = CASE WHEN :state::text <> 'delivered' AND n.is_overtaken THEN 'skipped' ELSE :state::text END,
    reason = CASE WHEN :state::text <> 'delivered' AND n.is_overtaken THEN 'superseded' ELSE :reason::text END,
    due_at = CASE WHEN :state::text = 'waiting' AND NOT n.is_overtaken
                  THEN clock_timestamp() + make_interval(secs => :delay::double precision) END
FROM (SELECT EXISTS (SELECT FROM statements o JOIN statements m ON m.statement_id = :statement_id::bigint
      WHERE o.system = m.system AND o.kind = m.kind AND o.subject = m.subject AND o.statement_id > m.statement_id)
      AS is_overtaken) AS n
WHERE s.statement_id = :statement_id::bigint AND s.state = 'in_flight' AND s.lease_until = :lease_until::timestamptz
RETURNING s.state, s.reason;

-- name: list_statements
SELECT statement_id, kind, subject, agency_code, state, attempts_count, reason, due_at, created_at, changed_at
FROM statements
WHERE statement_id > :after::bigint
  AND (:kinds::text[] IS NULL OR kind = ANY(:kinds::text[]))
  AND (:states::text[] IS NULL OR state = ANY(:states::text[]))
  AND (:prefixes::text[] IS NULL OR EXISTS (SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE agency_code = p.code OR starts_with(agency_code, p.code || '.')))
ORDER BY statement_id LIMIT :wanted::int;

-- name: retry_statement^
UPDATE statements SET state = 'waiting', reason = '', attempts_count = 0, due_at = clock_timestamp(),
    changed_at = :now::timestamptz
WHERE statement_id = :statement_id::bigint AND state = 'parked'
  AND (:prefixes::text[] IS NULL OR EXISTS (SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE agency_code = p.code OR starts_with(agency_code, p.code || '.')))
RETURNING statement_id, kind, subject, agency_code, state, attempts_count, reason, due_at, created_at, changed_at;

-- name: known_questions
SELECT question_id, digest, is_answered FROM questions WHERE system = :system AND source = :source;

-- name: save_questions
INSERT INTO questions AS q (system, source, question_id, sector_code, procedure_code, agency_code, is_answered, digest,
    wrapped_key, sealed, first_seen_at, changed_at)
SELECT :system, :source, s.a, s.b, s.c, s.d, s.e, s.f, s.g, s.h, :now::timestamptz, :now::timestamptz
FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::text[], :s5::bool[], :s6::bytea[], :s7::bytea[], :s8::bytea[])
    AS s (a, b, c, d, e, f, g, h)
ON CONFLICT (system, source, question_id) DO UPDATE SET sector_code = EXCLUDED.sector_code,
    procedure_code = EXCLUDED.procedure_code, agency_code = EXCLUDED.agency_code, is_answered = EXCLUDED.is_answered,
    digest = EXCLUDED.digest, wrapped_key = EXCLUDED.wrapped_key, sealed = EXCLUDED.sealed,
    changed_at = EXCLUDED.changed_at
RETURNING question_id, (xmax = 0) AS is_new;

-- name: note_questions_read!
UPDATE system_states SET questions_read_at = :now::timestamptz WHERE system = :system;

-- name: questions_read_at$
SELECT questions_read_at FROM system_states WHERE system = :system;

-- name: list_questions
SELECT source, question_id, sector_code, procedure_code, agency_code, is_answered, first_seen_at, changed_at
FROM questions
WHERE (source, question_id) > (:after_source::text, :after_id::text)
  AND (:source::text IS NULL OR source = :source::text)
  -- What is not known to be answered must not be hidden from whoever looks for open questions.
  AND (:is_answered::bool IS NULL OR COALESCE(is_answered, false) = :is_answered::bool)
  AND (:prefixes::text[] IS NULL OR EXISTS (SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE agency_code = p.code OR starts_with(agency_code, p.code || '.')))
ORDER BY source, question_id LIMIT :wanted::int;

-- name: find_question^
SELECT source, question_id, sector_code, procedure_code, agency_code, is_answered, first_seen_at, changed_at,
    wrapped_key, sealed
FROM questions WHERE system = :system AND source = :source AND question_id = :question_id;
