-- name: lock_procedures
SELECT code, version_number, content_hash, retired_at FROM procedures WHERE code = ANY(:codes::text[])
ORDER BY code FOR UPDATE;

-- name: save_procedures!
WITH seen AS (
    -- An array of arrays would have to be rectangular, so the obligations come as one text each.
    SELECT code, name, version_number, content_hash, is_public, list_digest, decision_id,
        string_to_array(obligations, ',') AS obligations
    FROM unnest(:s1::text[], :s2::text[], :s3::int[], :s4::text[], :s5::bool[], :s6::text[], :s7::text[], :s8::text[])
        AS s (code, name, version_number, content_hash, is_public, list_digest, decision_id, obligations)
)
INSERT INTO procedures AS p (code, name, version_number, content_hash, is_public, list_digest, decision_id,
    missing_obligations, checked_at)
SELECT seen.*, :now FROM seen
ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, version_number = EXCLUDED.version_number,
    content_hash = EXCLUDED.content_hash, is_public = EXCLUDED.is_public, checked_at = EXCLUDED.checked_at,
    list_digest = EXCLUDED.list_digest, decision_id = EXCLUDED.decision_id,
    missing_obligations = EXCLUDED.missing_obligations, retired_at = NULL;

-- name: save_versions!
INSERT INTO procedure_versions (code, version_number, content_hash, seen_at, document)
SELECT v.a, v.b, v.c, :now, v.d::jsonb FROM unnest(:v1::text[], :v2::int[], :v3::text[], :v4::text[]) AS v (a, b, c, d);

-- name: present_documents
SELECT v.code, v.document FROM procedure_versions v JOIN procedures p USING (code, version_number)
WHERE p.code = ANY(:codes::text[]);

-- name: known_procedures
SELECT code, list_digest, checked_at, missing_obligations IS NOT NULL AS is_judged
FROM procedures WHERE retired_at IS NULL;

-- name: live_codes
SELECT code FROM procedures WHERE retired_at IS NULL;

-- name: retire_procedures
UPDATE procedures SET retired_at = :now WHERE code = ANY(:codes::text[]) AND retired_at IS NULL
RETURNING code, version_number;

-- name: present_versions
SELECT p.code, p.version_number, v.document
FROM procedures p JOIN procedure_versions v USING (code, version_number)
WHERE p.code = ANY(:codes::text[]) AND p.retired_at IS NULL;

-- name: synced_at$
SELECT procedures_synced_at FROM system_states WHERE system = :system;
