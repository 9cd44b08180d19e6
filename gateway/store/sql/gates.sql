-- name: read_gate^
SELECT paused_at, paused_by, pause_reason, resumed_at FROM system_gates WHERE system = :system;

-- name: read_outage_spans
-- One that was taken back ended then, or never began.
SELECT starts_at, LEAST(ends_at, removed_at) AS ends_at FROM outages
WHERE system = :system AND ends_at > :since::timestamptz AND (removed_at IS NULL OR removed_at > starts_at);

-- name: ensure_gate!
INSERT INTO system_gates (system) VALUES (:system) ON CONFLICT DO NOTHING;

-- name: lock_gate^
SELECT paused_at, paused_by, pause_reason, resumed_at, bucket_tokens, bucket_at FROM system_gates
WHERE system = :system FOR UPDATE;

-- name: save_bucket!
UPDATE system_gates SET bucket_tokens = :tokens, bucket_at = :at::timestamptz WHERE system = :system;

-- name: pause!
UPDATE system_gates SET paused_at = :now::timestamptz, paused_by = :who, pause_reason = :reason WHERE system = :system;

-- name: resume!
UPDATE system_gates SET paused_at = NULL, paused_by = '', pause_reason = '', resumed_at = :now::timestamptz
WHERE system = :system;

-- name: list_outages
SELECT outage_id, system, starts_at, ends_at, note, announced_by, announced_at FROM outages
WHERE removed_at IS NULL AND ends_at > :since::timestamptz AND (:system::text IS NULL OR system = :system::text)
ORDER BY starts_at, outage_id LIMIT 1000;

-- name: find_outage^
SELECT outage_id, system, starts_at, ends_at, note, announced_by, announced_at FROM outages
WHERE removed_at IS NULL AND system = :system AND outage_id = :outage_id::bigint FOR UPDATE;

-- name: same_outage^
SELECT outage_id, system, starts_at, ends_at, note, announced_by, announced_at FROM outages
WHERE removed_at IS NULL AND system = :system AND starts_at = :starts_at::timestamptz AND ends_at = :ends_at::timestamptz;

-- name: add_outage^
INSERT INTO outages (system, starts_at, ends_at, note, announced_by, announced_at)
VALUES (:system, :starts_at::timestamptz, :ends_at::timestamptz, :note, :who, :now::timestamptz)
ON CONFLICT (system, starts_at, ends_at) WHERE removed_at IS NULL DO NOTHING
RETURNING outage_id, system, starts_at, ends_at, note, announced_by, announced_at;

-- name: remove_outage!
UPDATE outages SET removed_at = :now::timestamptz, removed_by = :who WHERE outage_id = :outage_id::bigint;

-- name: knows_system$
SELECT EXISTS (SELECT FROM system_states WHERE system = :system);

-- name: waiting_count$
SELECT count(*) FROM deliveries WHERE system = :system AND state = 'waiting';
