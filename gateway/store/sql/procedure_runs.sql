-- name: lock_requests$
SELECT pg_advisory_xact_lock(:lock::int, hashtext(:system));

-- name: same_waiting_run$
SELECT run_id FROM procedure_runs
WHERE system = :system AND state = 'waiting' AND codes IS NOT DISTINCT FROM :codes::text[]
  AND accepts_short_list = :accepts_short_list
ORDER BY run_id LIMIT 1;

-- name: waiting_count$
SELECT count(*) FROM procedure_runs WHERE system = :system AND state = 'waiting';

-- name: add_run$
INSERT INTO procedure_runs (system, origin, codes, accepts_short_list, state, requested_at)
VALUES (:system, :origin, :codes::text[], :accepts_short_list, 'waiting', :now::timestamptz) RETURNING run_id;

-- name: open_run^
SELECT * FROM procedure_runs WHERE system = :system AND state IN ('running', 'waiting')
ORDER BY state = 'waiting', run_id LIMIT 1;

-- name: last_whole_end$
SELECT max(finished_at) FROM procedure_runs WHERE system = :system AND codes IS NULL;

-- name: start_run^
-- Records that failed before an interruption are tried again, so they are counted again.
UPDATE procedure_runs SET state = 'running', started_at = COALESCE(started_at, :now::timestamptz), failed_count = 0,
    absent_count = 0
WHERE run_id = :run_id RETURNING *;

-- name: note_plan!
UPDATE procedure_runs SET listed_count = :listed, to_read_count = :to_read, read_count = :done,
    skipped_count = :skipped, is_held = :is_held, findings_count = :findings_count, findings = :findings::jsonb
WHERE run_id = :run_id;

-- name: add_progress!
UPDATE procedure_runs SET read_count = read_count + :read, created_count = created_count + :created,
    changed_count = changed_count + :changed, restored_count = restored_count + :restored,
    unchanged_count = unchanged_count + :unchanged, retired_count = retired_count + :retired,
    absent_count = absent_count + :absent, failed_count = failed_count + :failed
WHERE run_id = :run_id;

-- name: add_findings!
UPDATE procedure_runs SET findings_count = findings_count + :count, findings = findings || :findings::jsonb
WHERE run_id = :run_id;

-- name: end_run!
UPDATE procedure_runs SET state = :state, failure = :failure, finished_at = :now::timestamptz WHERE run_id = :run_id;

-- name: find_run^
SELECT * FROM procedure_runs WHERE system = :system AND (:run_id::bigint IS NULL OR run_id = :run_id::bigint)
ORDER BY state = 'running' DESC, state = 'waiting' DESC, run_id DESC LIMIT 1;

-- name: read_held^
SELECT digest, seen_count, known_count, missing_count, first_seen_at, counted_at FROM held_lists
WHERE system = :system AND name = :name;

-- name: save_held!
INSERT INTO held_lists (system, name, digest, seen_count, known_count, missing_count, first_seen_at, counted_at)
VALUES (:system, :name, :digest, :seen_count, :known_count, :missing_count, :first_seen_at::timestamptz,
    :counted_at::timestamptz)
ON CONFLICT (system, name) DO UPDATE SET digest = EXCLUDED.digest, seen_count = EXCLUDED.seen_count,
    known_count = EXCLUDED.known_count, missing_count = EXCLUDED.missing_count,
    first_seen_at = EXCLUDED.first_seen_at, counted_at = EXCLUDED.counted_at;

-- name: drop_held!
DELETE FROM held_lists WHERE system = :system AND name = :name;
