-- name: lock_codes^
-- Locks codes that no row may exist for yet; in one order, so that two messages never wait for each other.
SELECT count(pg_advisory_xact_lock(:lock::int, hashtext(c.code)))
FROM (SELECT DISTINCT code FROM unnest(:codes::text[]) AS w (code) ORDER BY code) AS c;

-- name: find_outcome$
SELECT outcome FROM inbox WHERE system = :system AND message_id = :message_id;

-- name: kept
SELECT line, message_id, kind, outcome, wrapped_key, sealed
FROM inbox WHERE system = :system AND dossier_code = :code AND handled_at IS NULL ORDER BY line;

-- name: kept_codes
SELECT DISTINCT i.dossier_code AS code FROM inbox i JOIN dossiers d ON d.code = i.dossier_code
WHERE i.system = :system AND i.handled_at IS NULL AND i.dossier_code > :after ORDER BY 1 LIMIT 100;

-- name: insert_messages
INSERT INTO inbox (system, message_id, received_at, kind, dossier_code, wrapped_key, sealed, handled_at, outcome)
SELECT * FROM unnest(:n1::text[], :n2::text[], :n3::timestamptz[], :n4::text[], :n5::text[], :n6::bytea[],
    :n7::bytea[], :n8::timestamptz[], :n9::text[])
ON CONFLICT (system, message_id) DO NOTHING RETURNING 1 AS stored;

-- name: handle_messages!
UPDATE inbox SET handled_at = :now, outcome = h.outcome
FROM unnest(:h1::bigint[], :h2::text[]) AS h (line, outcome) WHERE inbox.line = h.line;

-- name: find_documents
SELECT d.dossier_id, d.document_revision, r.sealed
FROM dossiers d JOIN dossier_revisions r ON r.dossier_id = d.dossier_id AND r.revision = d.document_revision
WHERE d.dossier_id = ANY(:dossier_ids::bigint[]);

-- name: mark_waiting!
UPDATE dossiers SET waiting_since = COALESCE(waiting_since, :now) WHERE dossier_id = ANY(:dossier_ids::bigint[]);

-- name: mark_answered!
UPDATE dossiers SET waiting_since = NULL WHERE dossier_id = ANY(:dossier_ids::bigint[]);

-- name: record_conflicts!
INSERT INTO conflicts (system, dossier_id, field, revision, detected_at)
SELECT c.a, c.b, c.c, c.d, :now FROM unnest(:n1::text[], :n2::bigint[], :n3::text[], :n4::int[]) AS c (a, b, c, d)
ON CONFLICT (system, dossier_id, field) WHERE resolved_at IS NULL DO NOTHING;

-- name: list_applications
SELECT code, procedure_code, receiving_agency_code, handling_agency_code, status, submitted_at, revision, waiting_since,
       created_at, dossier_id
FROM dossiers
WHERE origin = 'national_portal' AND dossier_id > :after::bigint
  AND (:is_waiting::boolean IS NULL OR :is_waiting::boolean = (waiting_since IS NOT NULL))
  AND (:prefixes::text[] IS NULL OR EXISTS (
       SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE handling_agency_code = p.code OR starts_with(handling_agency_code, p.code || '.')
          OR receiving_agency_code = p.code OR starts_with(receiving_agency_code, p.code || '.')))
ORDER BY dossier_id LIMIT :wanted::int;

-- name: kept_facts^
SELECT count(*) AS messages_count, min(received_at) AS oldest_at FROM inbox WHERE handled_at IS NULL;

-- name: list_messages
SELECT line, message_id, received_at, kind, outcome
FROM inbox WHERE dossier_code = :code ORDER BY line LIMIT :wanted::int;

-- name: find_message^
SELECT line, system, message_id, received_at, kind, wrapped_key, sealed, outcome
FROM inbox WHERE dossier_code = :code AND message_id = :message_id AND wrapped_key <> '';
