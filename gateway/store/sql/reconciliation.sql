-- name: begin_run^
-- A run of today that is under way is given instead of a second one.
INSERT INTO reconciliation_runs (system, mode, phase, is_dry, since, requested_by, started_at, progressed_at)
VALUES (:system, :mode, :phase, :is_dry, CASE WHEN :mode = 'full' THEN NULL ELSE
    (SELECT max(started_at) FROM reconciliation_runs WHERE system = :system AND state = 'finished' AND NOT is_dry) END,
    :requested_by, :now::timestamptz, :now::timestamptz)
ON CONFLICT (system) WHERE state = 'running' DO NOTHING
RETURNING run_id;

-- name: plan_run^
WITH last AS (
    SELECT CASE WHEN :mode = 'full' THEN NULL ELSE
        (SELECT max(started_at) FROM reconciliation_runs WHERE system = :system AND state = 'finished' AND NOT is_dry)
        END AS since
)
SELECT count(*) AS dossiers_count,
       EXISTS (SELECT FROM reconciliation_runs WHERE system = :system AND state = 'running') AS is_under_way
FROM dossiers d, last
WHERE last.since IS NULL OR d.updated_at >= last.since OR EXISTS (
    SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id AND o.changed_at >= last.since);

-- name: running^
SELECT run_id, system, mode, phase, is_dry, since, cursor, list_cursor, started_at
FROM reconciliation_runs WHERE system = :system AND state = 'running';

-- name: last_begun^
SELECT max(started_at) FILTER (WHERE mode = 'full') AS full_at, max(started_at) AS any_at
FROM reconciliation_runs WHERE system = :system AND state <> 'cancelled' AND NOT is_dry;

-- name: cancel_run!
UPDATE reconciliation_runs SET state = 'cancelled', finished_at = :now::timestamptz
WHERE run_id = :run_id AND state = 'running';

-- name: candidates
SELECT d.dossier_id, d.code, d.origin, d.revision, d.document_revision AS content_revision, d.status, d.procedure_code,
       d.wrapped_key, r.sealed,
       NOT EXISTS (SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id
                   AND o.state IN ('waiting', 'in_flight', 'unknown', 'parked')) AS is_settled,
       EXISTS (SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id
               AND o.state = 'delivered') AS is_expected
FROM dossiers d
JOIN dossier_revisions r ON r.dossier_id = d.dossier_id AND r.revision = d.document_revision
WHERE d.dossier_id > :cursor::bigint AND d.erased_at IS NULL
  AND (:since::timestamptz IS NULL OR d.updated_at >= :since::timestamptz OR EXISTS (
       SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id
       AND o.changed_at >= :since::timestamptz))
ORDER BY d.dossier_id LIMIT :wanted::int;

-- name: unknown_codes
SELECT w.code FROM unnest(:codes::text[]) AS w (code)
WHERE NOT EXISTS (SELECT FROM dossiers d WHERE d.code = w.code);

-- name: delivered_repairs
SELECT f.finding_id, f.kind, d.dossier_id, d.code, d.origin, d.revision, d.document_revision AS content_revision,
       d.status, d.procedure_code, d.wrapped_key, r.sealed
FROM reconciliation_findings f
JOIN dossiers d USING (dossier_id)
JOIN dossier_revisions r ON r.dossier_id = d.dossier_id AND r.revision = d.document_revision
WHERE f.run_id = :run_id AND f.state = 'repairing' AND f.finding_id > :after::bigint AND d.erased_at IS NULL
  -- What waits behind a parked snapshot goes nowhere before a person comes, and a run does not wait for people.
  AND (EXISTS (SELECT FROM deliveries o WHERE o.system = f.system AND o.dossier_id = d.dossier_id
               AND o.state = 'parked' AND o.kind = 'snapshot')
       OR NOT EXISTS (SELECT FROM deliveries o WHERE o.system = f.system AND o.dossier_id = d.dossier_id
                      AND o.state IN ('waiting', 'in_flight', 'unknown')))
ORDER BY f.finding_id LIMIT :wanted::int;

-- name: has_open_repairs$
SELECT EXISTS (SELECT FROM reconciliation_findings WHERE run_id = :run_id AND state = 'repairing');

-- name: advance_run$
UPDATE reconciliation_runs SET phase = :next_phase, cursor = :next_cursor::bigint, list_cursor = :next_list_cursor,
    progressed_at = :now::timestamptz,
    state = CASE WHEN :next_phase = 'done' THEN 'finished' ELSE state END,
    finished_at = CASE WHEN :next_phase = 'done' THEN :now::timestamptz END
WHERE run_id = :run_id AND state = 'running' AND phase = :phase AND cursor = :cursor::bigint
  AND list_cursor = :list_cursor
RETURNING run_id;

-- name: add_counts!
INSERT INTO reconciliation_counts (run_id, name, total)
SELECT :run_id, x.* FROM unnest(:n1::text[], :n2::bigint[]) AS x
ON CONFLICT (run_id, name) DO UPDATE SET total = reconciliation_counts.total + excluded.total;

-- name: write_findings
-- What was sent again since it was found, and is found all the same, is left to a person: sending does not mend it.
INSERT INTO reconciliation_findings
    (system, dossier_code, dossier_id, kind, fields, state, wrapped_key, sealed, run_id, found_at, changed_at)
SELECT :system, x.code, x.dossier_id, x.kind, string_to_array(x.fields, '|'), x.state, x.wrapped_key, x.sealed, :run_id,
       :now::timestamptz, :now::timestamptz
FROM unnest(:f1::text[], :f2::bigint[], :f3::text[], :f4::text[], :f5::text[], :f6::bytea[], :f7::bytea[])
    AS x (code, dossier_id, kind, fields, state, wrapped_key, sealed)
ON CONFLICT (system, dossier_code, kind) WHERE state IN ('parked', 'repairing') DO UPDATE
SET fields = excluded.fields, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed,
    state = CASE WHEN reconciliation_findings.state = 'parked' AND reconciliation_findings.fields = excluded.fields
        AND EXISTS (SELECT FROM deliveries o JOIN dossiers d USING (dossier_id)
                    WHERE o.system = excluded.system AND o.dossier_id = excluded.dossier_id AND o.state = 'delivered'
                      AND o.kind = 'snapshot' AND o.revision = d.revision
                      AND o.changed_at >= reconciliation_findings.found_at)
        THEN 'parked' ELSE excluded.state END,
    run_id = excluded.run_id, changed_at = excluded.changed_at
RETURNING dossier_id, state;

-- name: settle_compared!
-- What was looked at and not found again is no difference any more; repairs of a run that was cancelled included.
UPDATE reconciliation_findings SET state = 'settled', changed_at = :now::timestamptz
WHERE system = :system AND dossier_code = ANY(:codes::text[]) AND state IN ('parked', 'repairing') AND run_id <> :run_id
  AND kind NOT IN ('missing_here', 'duplicated');

-- name: settle_listed!
UPDATE reconciliation_findings SET state = 'settled', changed_at = :now::timestamptz
WHERE system = :system AND state = 'parked' AND run_id <> :run_id AND kind IN ('missing_here', 'duplicated');

-- name: settle_findings!
UPDATE reconciliation_findings AS f SET state = x.state, changed_at = :now::timestamptz
FROM unnest(:n1::bigint[], :n2::text[]) AS x (finding_id, state)
WHERE f.finding_id = x.finding_id AND f.state = 'repairing';

-- name: lock_lanes
-- Only lanes to which nothing is owed: what is under way repairs by itself. In the order of code, as acceptance locks.
SELECT d.dossier_id, d.code, d.handling_agency_code FROM dossiers d
LEFT JOIN lanes l ON l.system = :system AND l.dossier_id = d.dossier_id
WHERE d.dossier_id = ANY(:dossier_ids::bigint[]) AND l.lease_token IS NULL
  AND NOT EXISTS (SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id
                  AND o.state IN ('waiting', 'in_flight', 'unknown', 'parked'))
  AND d.erased_at IS NULL
ORDER BY d.code FOR UPDATE OF d;

-- name: owe_again$
-- Whole: the first state, every step in order, the newest state. Else the newest state alone.
WITH wanted AS (
    SELECT r.dossier_id, r.revision, 1 AS place, 'snapshot' AS kind
    FROM dossier_revisions r WHERE r.dossier_id = ANY(:whole::bigint[]) AND r.revision = 1
    UNION ALL
    SELECT r.dossier_id, r.revision, 2, 'step'
    FROM dossier_revisions r WHERE r.dossier_id = ANY(:whole::bigint[]) AND r.kind = 'progress'
    UNION ALL
    SELECT d.dossier_id, d.revision, 3, 'snapshot' FROM dossiers d
    WHERE (d.dossier_id = ANY(:whole::bigint[]) AND d.revision > 1) OR d.dossier_id = ANY(:newest::bigint[])
), placed AS (
    SELECT w.dossier_id, w.revision, w.kind,
           (SELECT COALESCE(max(o.ordinal), -1) FROM deliveries o WHERE o.system = :system
            AND o.dossier_id = w.dossier_id AND o.revision = w.revision)
           + row_number() OVER (PARTITION BY w.dossier_id, w.revision ORDER BY w.place) AS ordinal
    FROM wanted w
), added AS (
    INSERT INTO deliveries (system, dossier_id, revision, ordinal, kind, state, created_at, changed_at)
    SELECT :system, dossier_id, revision, ordinal, kind, 'waiting', :now::timestamptz, :now::timestamptz FROM placed
    RETURNING dossier_id
), woken AS (
    -- Asked before anything is sent: what is over there is what is in question.
    INSERT INTO lanes (system, dossier_id, presence, due_at)
    SELECT DISTINCT :system, dossier_id, 'unknown', now() FROM added
    ON CONFLICT (system, dossier_id) DO UPDATE
    SET presence = 'unknown', due_at = now(), failures_count = 0, changes_count = lanes.changes_count + 1
)
SELECT count(*) FROM added;

-- name: list_runs
SELECT run_id, system, mode, state, phase, is_dry, since, requested_by, started_at, progressed_at, finished_at,
       (SELECT COALESCE(jsonb_object_agg(c.name, c.total), '{}') FROM reconciliation_counts c
        WHERE c.run_id = r.run_id) AS counts
FROM reconciliation_runs r
WHERE run_id < :before::bigint AND (:run_id::bigint IS NULL OR run_id = :run_id::bigint)
ORDER BY run_id DESC LIMIT :wanted::int;

-- name: list_findings
SELECT f.finding_id, f.system, f.dossier_code, f.kind, f.fields, f.state, f.run_id, f.found_at, f.changed_at,
       f.wrapped_key, f.sealed, d.handling_agency_code, d.receiving_agency_code
FROM reconciliation_findings f LEFT JOIN dossiers d USING (dossier_id)
WHERE f.finding_id > :after::bigint
  AND (:state::text IS NULL OR f.state = :state::text) AND (:kind::text IS NULL OR f.kind = :kind::text)
  AND (:run_id::bigint IS NULL OR f.run_id = :run_id::bigint)
  AND (:prefixes::text[] IS NULL OR EXISTS (
       SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE d.handling_agency_code = p.code OR starts_with(d.handling_agency_code, p.code || '.')
          OR d.receiving_agency_code = p.code OR starts_with(d.receiving_agency_code, p.code || '.')))
ORDER BY f.finding_id LIMIT :wanted::int;

-- name: parked_counts
SELECT system, kind, count(*) AS findings_count FROM reconciliation_findings WHERE state = 'parked' GROUP BY 1, 2;

-- name: dismiss_finding$
UPDATE reconciliation_findings SET state = 'settled', changed_at = :now::timestamptz
WHERE finding_id = :finding_id::bigint AND state = 'parked' RETURNING finding_id;
