-- name: current_version$
SELECT max(version) FROM mapping_versions;

-- name: lock_loading!
SELECT pg_advisory_xact_lock(:lock::bigint);

-- name: add_version$
INSERT INTO mapping_versions (digest, loaded_at, loaded_by) VALUES (:digest, :now, :loaded_by) RETURNING version;

-- name: add_set!
INSERT INTO mapping_sets (version, name, set_version, kind, direction, status, valid_from, valid_to, unmapped, digest,
    rows_count, stem, header, rows, names)
VALUES (:version::bigint, :name, :set_version, :kind, :direction, :status, :valid_from, :valid_to::date, :unmapped,
    :digest, :rows_count, :stem, :header, :rows, :names::text);

-- name: current_digest$
SELECT digest FROM mapping_versions ORDER BY version DESC LIMIT 1;

-- name: texts_of
SELECT stem, header, rows, names FROM mapping_sets WHERE version = :version::bigint ORDER BY name;

-- name: list_sets
SELECT name, set_version, kind, direction, status, valid_from, valid_to, unmapped, digest, rows_count
FROM mapping_sets WHERE version = :version::bigint ORDER BY name;

-- name: list_versions
SELECT version, digest, loaded_at, loaded_by FROM mapping_versions ORDER BY version DESC LIMIT :wanted::int;

-- name: held_deliveries
-- Snapshots only: a step carries no code, and one that is parked in doubt is for a person to send again.
SELECT p.delivery_id, p.reason, d.submitted_at
FROM deliveries p JOIN dossiers d USING (dossier_id)
WHERE p.state = 'parked' AND p.kind = 'snapshot' AND starts_with(p.reason, :prefix)
ORDER BY p.delivery_id LIMIT :wanted::int;

-- name: held_reasons
SELECT p.reason, count(*) AS deliveries_count
FROM deliveries p
WHERE p.state = 'parked' AND p.kind = 'snapshot' AND starts_with(p.reason, :prefix) GROUP BY p.reason;

-- name: note_seen!
INSERT INTO mapping_codes_seen AS s (kind, code, first_seen, last_seen, seen_count, is_mapped)
SELECT x.* FROM unnest(:s1::text[], :s2::text[], :s3::date[], :s4::date[], :s5::bigint[], :s6::bool[]) AS x
ON CONFLICT (kind, code) DO UPDATE SET first_seen = LEAST(s.first_seen, EXCLUDED.first_seen),
    last_seen = GREATEST(s.last_seen, EXCLUDED.last_seen), seen_count = s.seen_count + EXCLUDED.seen_count,
    is_mapped = EXCLUDED.is_mapped;

-- name: list_seen
SELECT kind, code, first_seen, last_seen, seen_count, is_mapped FROM mapping_codes_seen ORDER BY kind, code;

-- name: procedure_names
SELECT code, name FROM procedures WHERE retired_at IS NULL;
