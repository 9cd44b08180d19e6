-- name: ensure_system!
INSERT INTO system_states (system) VALUES (:system) ON CONFLICT DO NOTHING;

-- name: read_system^
SELECT * FROM system_states WHERE system = :system;

-- name: lock_system^
SELECT * FROM system_states WHERE system = :system FOR UPDATE;

-- name: read_systems
SELECT * FROM system_states ORDER BY system;

-- name: save_circuit!
UPDATE system_states SET circuit_state = :state, circuit_failures = :failures, circuit_opened = :opened,
    circuit_retry_at = :retry_at WHERE system = :system;

-- name: note_success!
UPDATE system_states SET last_success_at = :now WHERE system = :system;

-- name: note_failure!
UPDATE system_states SET last_failure_at = :now, last_failure = :failure WHERE system = :system;

-- name: save_session!
UPDATE system_states SET session_wrapped_key = :wrapped_key, session_sealed = :sealed,
    session_expires_at = :expires_at, session_renewals = session_renewals + 1 WHERE system = :system;

-- name: note_procedures_synced!
UPDATE system_states SET procedures_synced_at = :now WHERE system = :system;
