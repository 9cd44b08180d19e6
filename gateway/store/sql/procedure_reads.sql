-- name: list_procedures
SELECT code, name, version_number, content_hash, is_public, missing_obligations, checked_at, retired_at
FROM procedures
WHERE code > :after
  AND (:is_public::bool IS NULL OR is_public = :is_public::bool)
  AND (:with_retired::bool OR retired_at IS NULL)
  AND (:missing::text[] IS NULL OR missing_obligations && :missing::text[])
ORDER BY code LIMIT :wanted::int;

-- name: find_procedure^
SELECT p.code, p.name, v.version_number, v.content_hash, v.seen_at, p.checked_at, p.retired_at,
       v.document::text AS document
FROM procedures p
JOIN procedure_versions v ON v.code = p.code AND v.version_number = COALESCE(:version::int, p.version_number)
WHERE p.code = :code;

-- name: list_versions
SELECT version_number, content_hash, seen_at
FROM procedure_versions WHERE code = :code ORDER BY version_number;
