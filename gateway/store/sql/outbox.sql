-- name: lease_lanes
WITH due AS (
    SELECT system, dossier_id FROM lanes
    WHERE system = :system AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
    ORDER BY due_at LIMIT :wanted FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE lanes AS l
    SET lease_token = nextval('lease_tokens'), lease_holder = :holder,
        lease_until = now() + :seconds * interval '1 second'
    FROM due WHERE l.system = due.system AND l.dossier_id = due.dossier_id
    RETURNING l.dossier_id, l.presence, l.due_at, l.failures_count, l.changes_count, l.lease_token
)
SELECT leased.*, d.code, d.handling_agency_code, d.procedure_code, d.wrapped_key
FROM leased JOIN dossiers d USING (dossier_id);

-- name: open_deliveries
SELECT delivery_id, dossier_id, revision, ordinal, kind, state, attempts_count, reason
FROM deliveries
WHERE system = :system AND dossier_id = ANY(:dossier_ids::bigint[])
  AND state IN ('waiting', 'in_flight', 'unknown', 'parked')
ORDER BY dossier_id, revision, ordinal;

-- name: contents
SELECT w.kind, r.dossier_id, r.revision, r.status, c.revision AS content_revision, c.sealed, r.accepted_at,
       CASE WHEN w.kind = 'national_status' AND r.kind = 'progress' THEN r.sealed END AS step_sealed
FROM unnest(:dossier_ids::bigint[], :revisions::int[], :kinds::text[]) AS w (dossier_id, revision, kind)
JOIN dossier_revisions r USING (dossier_id, revision)
JOIN dossier_revisions c ON c.dossier_id = r.dossier_id
    AND c.revision = CASE w.kind WHEN 'step' THEN r.revision ELSE r.document_revision END;

-- name: move_deliveries!
UPDATE deliveries AS d
SET state = x.state, attempts_count = x.attempts_count, reason = x.reason, changed_at = :now,
    -- Only what is sent now, and carries codes, was translated now.
    mapping_version = CASE WHEN x.state = 'in_flight' AND d.kind = 'snapshot' THEN :mapping_version::bigint
                           ELSE d.mapping_version END
FROM unnest(:d1::bigint[], :d2::text[], :d3::int[], :d4::text[]) AS x (delivery_id, state, attempts_count, reason)
WHERE d.delivery_id = x.delivery_id;

-- name: add_to_ledger!
INSERT INTO delivery_ledger (system, delivered, skipped) VALUES (:system, :delivered, :skipped);

-- name: extend_leases
-- Called just before a call is made: whoever waited too long for its turn learns here that the lane is another's.
WITH mine AS (
    SELECT l.system, l.dossier_id
    FROM lanes l JOIN unnest(:n1::bigint[], :n2::bigint[]) AS x (dossier_id, token)
        ON l.dossier_id = x.dossier_id AND l.lease_token = x.token
    WHERE l.system = :system AND l.lease_until > now() ORDER BY l.dossier_id FOR UPDATE OF l
)
UPDATE lanes AS l SET lease_until = now() + :seconds * interval '1 second', lease_holder = :holder
FROM mine WHERE l.system = mine.system AND l.dossier_id = mine.dossier_id
RETURNING l.dossier_id;

-- name: settle_lanes
WITH mine AS (
    -- Locked in one order everywhere, so that settling and accepting can never wait for each other.
    SELECT l.dossier_id FROM lanes l
    WHERE l.system = :system AND l.dossier_id = ANY(:n1::bigint[]) ORDER BY l.dossier_id FOR UPDATE
), held AS (
    UPDATE lanes AS l
    SET presence = x.presence, failures_count = x.failures_count, lease_token = NULL, lease_until = NULL,
        lease_holder = NULL,
        -- Something accepted since the lease must not be forgotten; a lane that backs off keeps its time.
        -- Waits are handed over as spans: when a lane is due is told by one clock only, the database's.
        due_at = CASE WHEN l.changes_count = x.changes_count THEN now() + (x.due_at - :now::timestamptz)
                      ELSE COALESCE(now() + (x.due_at - :now::timestamptz), now()) END
    FROM unnest(:n1::bigint[], :n2::bigint[], :n3::text[], :n4::timestamptz[], :n5::int[], :n6::int[])
        AS x (dossier_id, token, presence, due_at, failures_count, changes_count)
    JOIN mine USING (dossier_id)
    WHERE l.system = :system AND l.dossier_id = x.dossier_id AND l.lease_token = x.token
    RETURNING l.dossier_id
), moved AS (
    UPDATE deliveries AS d
    SET state = x.state, attempts_count = x.attempts_count, reason = x.reason, changed_at = :now
    FROM unnest(:d1::bigint[], :d2::text[], :d3::int[], :d4::text[], :d5::bigint[])
        AS x (delivery_id, state, attempts_count, reason, dossier_id)
    JOIN held USING (dossier_id)
    WHERE d.delivery_id = x.delivery_id
)
SELECT dossier_id FROM held;

-- name: record_conflicts!
INSERT INTO conflicts (system, dossier_id, field, revision, detected_at)
SELECT :system, x.*, :now FROM unnest(:dossier_ids::bigint[], :fields::text[], :revisions::int[]) AS x
ON CONFLICT (system, dossier_id, field) WHERE resolved_at IS NULL DO NOTHING;

-- name: expire_leases_of_the_dead!
-- A worker holds an advisory lock on its own number for as long as its connection lives. A lease whose holder's lock is
-- gone belongs to nobody: after a moment of grace, in which a call that is still under way may arrive, the next worker
-- may take the lane, and will treat what was in flight as unknown.
WITH dead AS (
    SELECT system, dossier_id FROM lanes
    WHERE lease_token IS NOT NULL AND lease_until > now() + :grace * interval '1 second' AND lease_holder NOT IN (
        SELECT objid::bigint::integer FROM pg_locks
        WHERE locktype = 'advisory' AND classid = :lock_class AND objsubid = 2 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY dossier_id FOR UPDATE
)
UPDATE lanes AS l SET lease_until = now() + :grace * interval '1 second'
FROM dead WHERE l.system = dead.system AND l.dossier_id = dead.dossier_id;

-- name: parked_deliveries
SELECT p.delivery_id, p.system, d.code AS dossier_code, p.revision, p.kind, p.reason, p.attempts_count, p.changed_at
FROM deliveries p JOIN dossiers d USING (dossier_id)
WHERE p.state = 'parked' AND (:reason::text IS NULL OR starts_with(p.reason, :reason))
  AND (:delivery_ids::bigint[] IS NULL OR p.delivery_id = ANY(:delivery_ids::bigint[]))
  AND (:prefixes::text[] IS NULL OR EXISTS (SELECT FROM unnest(:prefixes::text[]) AS a (code)
       WHERE d.handling_agency_code = a.code OR starts_with(d.handling_agency_code, a.code || '.')))
ORDER BY p.delivery_id LIMIT :wanted;

-- name: lane_of_delivery^
SELECT l.system, l.dossier_id, l.presence, l.due_at, l.failures_count, l.lease_token, d.code AS dossier_code,
    d.handling_agency_code
FROM deliveries p JOIN lanes l USING (system, dossier_id) JOIN dossiers d USING (dossier_id)
WHERE p.delivery_id = :delivery_id FOR UPDATE OF l;

-- name: wake_lane!
UPDATE lanes SET due_at = now() + (:due_at::timestamptz - :now::timestamptz), failures_count = :failures_count, changes_count = changes_count + 1
WHERE system = :system AND dossier_id = :dossier_id;

-- name: find_replayable
-- By code, or by when something of the dossier was delivered. What a caller may not touch is not found.
SELECT d.dossier_id, d.code, d.revision, EXISTS (
    SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id AND o.revision = d.revision
      AND o.kind <> 'step' AND o.state IN ('waiting', 'in_flight', 'unknown')) AS is_under_way,
    -- A dossier that was filed over there and never answered holds nothing that could be told again.
    d.origin <> 'national_portal' OR EXISTS (
        SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id) AS has_content
FROM dossiers d
WHERE d.erased_at IS NULL AND (:codes::text[] IS NULL OR d.code = ANY(:codes::text[]))
  AND (:since::timestamptz IS NULL OR d.dossier_id IN (
       SELECT o.dossier_id FROM deliveries o WHERE o.system = :system AND o.state = 'delivered'
         AND o.changed_at >= :since::timestamptz AND o.changed_at < :until::timestamptz))
  AND (:prefixes::text[] IS NULL OR EXISTS (SELECT FROM unnest(:prefixes::text[]) AS a (code)
       WHERE d.handling_agency_code = a.code OR starts_with(d.handling_agency_code, a.code || '.')))
ORDER BY d.code LIMIT :wanted::int;

-- name: lock_for_replay
-- In the order of code, as acceptance locks them.
SELECT dossier_id FROM dossiers WHERE dossier_id = ANY(:dossier_ids::bigint[]) ORDER BY code FOR UPDATE;

-- name: enqueue_replays
-- Behind everything that is owed of the same revision. Read after the dossiers are locked.
WITH added AS (
    INSERT INTO deliveries (system, dossier_id, revision, ordinal, kind, state, created_at, changed_at)
    SELECT :system, d.dossier_id, d.revision,
        (SELECT COALESCE(max(o.ordinal), -1) + 1 FROM deliveries o
         WHERE o.system = :system AND o.dossier_id = d.dossier_id AND o.revision = d.revision),
        CASE d.origin WHEN 'national_portal' THEN 'national_status' ELSE 'snapshot' END, 'waiting',
        :now::timestamptz, :now::timestamptz
    FROM dossiers d
    WHERE d.dossier_id = ANY(:dossier_ids::bigint[]) AND d.erased_at IS NULL AND NOT EXISTS (
        SELECT FROM deliveries o WHERE o.system = :system AND o.dossier_id = d.dossier_id AND o.revision = d.revision
          AND o.kind <> 'step' AND o.state IN ('waiting', 'in_flight', 'unknown'))
    RETURNING dossier_id, revision, kind
), laned AS (
    INSERT INTO lanes AS present (system, dossier_id, due_at)
    SELECT :system, a.dossier_id, now() FROM added a ORDER BY a.dossier_id
    ON CONFLICT (system, dossier_id) DO UPDATE
    SET changes_count = present.changes_count + 1, due_at = COALESCE(present.due_at, EXCLUDED.due_at)
)
SELECT a.dossier_id, a.revision, a.kind, d.code, d.handling_agency_code FROM added a JOIN dossiers d USING (dossier_id);

-- name: queue_facts
SELECT d.system, d.state, count(*) AS deliveries_count, min(d.created_at) AS oldest_at
FROM deliveries d WHERE d.state IN ('waiting', 'in_flight', 'unknown', 'parked') GROUP BY 1, 2
UNION ALL
-- Statements stand in the ledger under a name of their own, and are weighed apart.
SELECT s.system || '.statements', s.state, count(*), min(s.created_at)
FROM statements s WHERE s.state IN ('waiting', 'in_flight', 'parked') GROUP BY 1, 2;

-- name: ledger_facts
SELECT system, sum(accepted)::bigint AS accepted, sum(delivered)::bigint AS delivered, sum(skipped)::bigint AS skipped
FROM delivery_ledger GROUP BY 1;

-- name: compact_ledger!
-- Many lines become one per system; the sums stay. Lines of transactions still open are not seen and stay as they are.
WITH many AS (
    SELECT ledger_id FROM delivery_ledger WHERE (SELECT count(*) FROM delivery_ledger) > 1000 LIMIT 50000
    FOR UPDATE SKIP LOCKED
), old AS (
    DELETE FROM delivery_ledger USING many WHERE delivery_ledger.ledger_id = many.ledger_id
    RETURNING system, accepted, delivered, skipped
)
INSERT INTO delivery_ledger (system, accepted, delivered, skipped)
SELECT system, sum(accepted), sum(delivered), sum(skipped) FROM old GROUP BY 1;

-- name: forget_old_records!
DELETE FROM idempotency_records WHERE created_at < now() - :days * interval '1 day';
