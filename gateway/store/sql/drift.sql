-- name: record_drift
-- A system that makes up a new field in every reply must not fill the table: beyond the bound only known ones count on.
WITH seen AS (
    SELECT * FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::text[], :s5::text[], :s6::text[], :s7::bigint[],
        :s8::timestamptz[], :s9::timestamptz[])
        AS s (system, operation, kind, place, detail, example, sightings_count, first_seen_at, last_seen_at)
), room AS (
    SELECT s.system, :bound::bigint - (SELECT count(*) FROM contract_drift c WHERE c.system = s.system) AS left_count
    FROM (SELECT DISTINCT system FROM seen) AS s
), numbered AS (
    SELECT seen.*, EXISTS (SELECT FROM contract_drift c WHERE c.system = seen.system
            AND c.operation = seen.operation AND c.kind = seen.kind AND c.place = seen.place) AS is_known
    FROM seen
), fitting AS (
    SELECT n.*, row_number() OVER (PARTITION BY n.system, n.is_known ORDER BY n.operation, n.kind, n.place) AS place_in_line
    FROM numbered n
)
INSERT INTO contract_drift AS present (system, operation, kind, place, detail, example, sightings_count, first_seen_at,
    last_seen_at)
SELECT f.system, f.operation, f.kind, f.place, f.detail, f.example, f.sightings_count, f.first_seen_at, f.last_seen_at
FROM fitting f JOIN room USING (system)
WHERE f.is_known OR f.place_in_line <= room.left_count
ORDER BY f.system, f.operation, f.kind, f.place  -- Rivals meet in one order.
ON CONFLICT (system, operation, kind, place) DO UPDATE
SET sightings_count = present.sightings_count + EXCLUDED.sightings_count,
    first_seen_at = LEAST(present.first_seen_at, EXCLUDED.first_seen_at),
    last_seen_at = GREATEST(present.last_seen_at, EXCLUDED.last_seen_at)
RETURNING system, operation, kind, place, detail, example, drift_id, (xmax = 0) AS is_new;

-- name: list_drift
SELECT drift_id, system, operation, kind, place, detail, example, sightings_count, first_seen_at, last_seen_at,
    acknowledged_at, acknowledged_by
FROM contract_drift
WHERE system = :system
  AND (:is_acknowledged::bool IS NULL OR (acknowledged_at IS NOT NULL) = :is_acknowledged::bool)
ORDER BY acknowledged_at IS NOT NULL, first_seen_at DESC, drift_id DESC LIMIT :wanted::int;

-- name: acknowledge_drift^
UPDATE contract_drift SET acknowledged_at = COALESCE(acknowledged_at, :now::timestamptz),
    acknowledged_by = CASE WHEN acknowledged_at IS NULL THEN :who ELSE acknowledged_by END
WHERE system = :system AND drift_id = :drift_id::bigint
RETURNING drift_id, system, operation, kind, place, detail, example, sightings_count, first_seen_at, last_seen_at,
    acknowledged_at, acknowledged_by;

-- name: open_drift_counts
SELECT system, kind, count(*) AS open_count FROM contract_drift WHERE acknowledged_at IS NULL GROUP BY 1, 2;
