-- name: ensure_catalogues!
INSERT INTO catalogues (system, name) SELECT :system, unnest(:names::text[]) ON CONFLICT DO NOTHING;

-- name: due_catalogues
-- A wish comes first; after a failure the next try has a while, and what is not offered is asked for like the rest.
SELECT name, requested_at, accepts_short FROM catalogues
WHERE system = :system AND name = ANY(:names::text[]) AND (
    requested_at IS NOT NULL
    OR ((COALESCE(CASE WHEN is_offered THEN read_at ELSE attempted_at END, '-infinity') <= :read_before::timestamptz
         OR (failure <> '' AND read_at IS NULL))
        AND COALESCE(attempted_at, '-infinity') <= :attempted_before::timestamptz))
ORDER BY requested_at NULLS LAST, name;

-- name: request_catalogue!
INSERT INTO catalogues (system, name, requested_at, accepts_short)
VALUES (:system, :name, :now::timestamptz, :accepts_short)
ON CONFLICT (system, name) DO UPDATE SET requested_at = COALESCE(catalogues.requested_at, EXCLUDED.requested_at),
    accepts_short = catalogues.accepts_short OR EXCLUDED.accepts_short;

-- name: lock_catalogue^
SELECT version_number, content_hash FROM catalogues WHERE system = :system AND name = :name FOR UPDATE;

-- name: open_items
SELECT code, digest FROM catalogue_items WHERE system = :system AND catalogue = :name AND valid_to IS NULL;

-- name: close_items!
UPDATE catalogue_items SET valid_to = GREATEST(:now::timestamptz, valid_from)
WHERE system = :system AND catalogue = :name AND code = ANY(:codes::text[]) AND valid_to IS NULL;

-- name: add_items!
INSERT INTO catalogue_items (system, catalogue, code, name, content, digest, valid_from)
SELECT :system, :name, i.a, i.b, i.c::jsonb, i.d, :now::timestamptz
FROM unnest(:i1::text[], :i2::text[], :i3::text[], :i4::text[]) AS i (a, b, c, d);

-- name: add_version!
INSERT INTO catalogue_versions (system, name, version_number, content_hash, items_count, seen_at)
VALUES (:system, :name, :number, :content_hash, :items_count, :now::timestamptz);

-- name: note_read!
UPDATE catalogues SET is_offered = true, version_number = :number, content_hash = :content_hash,
    items_count = :items_count, attempted_at = :now::timestamptz, read_at = :now::timestamptz, failure = '',
    findings_count = :findings_count, findings = :findings::jsonb,
    accepts_short = accepts_short AND requested_at IS DISTINCT FROM :requested_at::timestamptz,
    requested_at = CASE WHEN requested_at IS DISTINCT FROM :requested_at::timestamptz THEN requested_at END
WHERE system = :system AND name = :name;

-- name: note_failed!
UPDATE catalogues SET is_offered = COALESCE(:is_offered::bool, is_offered), attempted_at = :now::timestamptz,
    failure = :failure,
    accepts_short = accepts_short AND requested_at IS DISTINCT FROM :requested_at::timestamptz,
    requested_at = CASE WHEN requested_at IS DISTINCT FROM :requested_at::timestamptz THEN requested_at END
WHERE system = :system AND name = :name;

-- name: list_catalogues
SELECT c.name, c.is_offered, c.version_number, c.content_hash, c.items_count, c.requested_at, c.attempted_at, c.read_at,
    c.failure, c.findings_count, c.findings, h.system IS NOT NULL AS is_held
FROM catalogues c LEFT JOIN held_lists h ON h.system = c.system AND h.name = c.name
WHERE c.system = :system AND (:name::text IS NULL OR c.name = :name::text)
ORDER BY c.name;

-- name: version_at^
SELECT version_number, content_hash, items_count, seen_at FROM catalogue_versions
WHERE system = :system AND name = :name AND (:before::timestamptz IS NULL OR seen_at < :before::timestamptz)
ORDER BY version_number DESC LIMIT 1;

-- name: list_items
SELECT item_id, code, name, content, valid_from, valid_to FROM catalogue_items
WHERE system = :system AND catalogue = :name
  AND code > COALESCE((SELECT code FROM catalogue_items WHERE item_id = :after::bigint), '')
  AND CASE WHEN :before::timestamptz IS NULL THEN valid_to IS NULL
           ELSE valid_from < :before::timestamptz AND (valid_to IS NULL OR valid_to >= :before::timestamptz) END
  AND (:code::text IS NULL OR code = :code::text)
ORDER BY code LIMIT :wanted::int;

-- name: services_of
SELECT code, name, content FROM catalogue_items
WHERE system = :system AND catalogue = 'online-services' AND valid_to IS NULL
  AND content->>'procedure_code' = :procedure_code
ORDER BY code;

-- name: due_decisions
SELECT DISTINCT p.decision_id FROM procedures p
LEFT JOIN publication_decisions d ON d.system = :system AND d.decision_id = p.decision_id
WHERE p.retired_at IS NULL AND p.decision_id <> '' AND (d.decision_id IS NULL OR d.checked_at <= :before::timestamptz)
ORDER BY p.decision_id LIMIT :wanted::int;

-- name: save_decision!
INSERT INTO publication_decisions AS d (system, decision_id, is_known, fields, changed_at, checked_at)
VALUES (:system, :decision_id, :is_known, :fields::jsonb, :now::timestamptz, :now::timestamptz)
ON CONFLICT (system, decision_id) DO UPDATE SET checked_at = EXCLUDED.checked_at,
    changed_at = CASE WHEN (d.is_known, d.fields) = (EXCLUDED.is_known, EXCLUDED.fields) THEN d.changed_at
                      ELSE EXCLUDED.changed_at END,
    is_known = EXCLUDED.is_known, fields = EXCLUDED.fields;

-- name: find_decision^
SELECT is_known, fields, changed_at, checked_at FROM publication_decisions
WHERE system = :system AND decision_id = :decision_id;
