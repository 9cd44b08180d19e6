-- name: lock_dossiers
-- Locked in the order of code, so that two batches can never wait for each other.
SELECT dossier_id, code, revision, document_revision, status, status_at, digest, procedure_code,
       receiving_agency_code, handling_agency_code, origin, wrapped_key
FROM dossiers WHERE code = ANY(:codes::text[]) ORDER BY code FOR UPDATE;

-- name: find_records
-- Read after the dossiers are locked: the snapshot is then newer than any batch that waited for the same dossiers.
SELECT r.client_id, r.key, r.request_digest, r.response
FROM unnest(:clients::text[], :keys::text[]) AS wanted (client_id, key)
JOIN idempotency_records r USING (client_id, key);

-- name: fresh_ids
SELECT nextval('dossier_ids') AS id FROM generate_series(1, :wanted::int);

-- name: write_rows^
WITH created AS (
    INSERT INTO dossiers (dossier_id, code, procedure_code, receiving_agency_code, handling_agency_code, channel,
        origin, status, status_at, submitted_at, received_at, due_at, finished_at, returned_at, fees_total_vnd,
        revision, document_revision, digest, wrapped_key, created_at, updated_at)
    SELECT *, c.at FROM unnest(:c1::bigint[], :c2::text[], :c3::text[], :c4::text[], :c5::text[], :c6::text[],
        :c7::text[], :c8::text[], :c9::timestamptz[], :c10::timestamptz[], :c11::timestamptz[], :c12::timestamptz[],
        :c13::timestamptz[], :c14::timestamptz[], :c15::bigint[], :c16::int[], :c17::int[], :c18::bytea[],
        :c19::bytea[], :c20::timestamptz[])
        AS c (a, b, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, at)
    ORDER BY c.b  -- Rivals that create the same dossiers meet in one order and wait, never for each other.
    ON CONFLICT (code) DO NOTHING
    RETURNING 1
), changed AS (
    UPDATE dossiers SET procedure_code = c.procedure_code, receiving_agency_code = c.receiving, channel = c.channel,
        handling_agency_code = c.handling, status = c.status, status_at = c.status_at, submitted_at = c.submitted_at,
        received_at = c.received_at, due_at = c.due_at, finished_at = c.finished_at, returned_at = c.returned_at,
        fees_total_vnd = c.fees, revision = c.revision, document_revision = c.document_revision, digest = c.digest,
        updated_at = c.at
    FROM unnest(:u1::bigint[], :u3::text[], :u4::text[], :u5::text[], :u6::text[], :u8::text[], :u9::timestamptz[],
        :u10::timestamptz[], :u11::timestamptz[], :u12::timestamptz[], :u13::timestamptz[], :u14::timestamptz[],
        :u15::bigint[], :u16::int[], :u17::int[], :u18::bytea[], :u20::timestamptz[])
        AS c (dossier_id, procedure_code, receiving, handling, channel, status, status_at, submitted_at, received_at,
              due_at, finished_at, returned_at, fees, revision, document_revision, digest, at)
    WHERE dossiers.dossier_id = c.dossier_id
), progressed AS (
    UPDATE dossiers SET status = p.status, status_at = p.status_at, revision = p.revision, updated_at = p.at
    FROM unnest(:p1::bigint[], :p2::text[], :p3::timestamptz[], :p4::int[], :p5::timestamptz[])
        AS p (dossier_id, status, status_at, revision, at)
    WHERE dossiers.dossier_id = p.dossier_id
), history AS (
    INSERT INTO dossier_revisions (dossier_id, revision, document_revision, kind, status, is_irregular, is_late,
        client_id, accepted_at, sealed)
    SELECT * FROM unnest(:r1::bigint[], :r2::int[], :r3::int[], :r4::text[], :r5::text[], :r6::bool[], :r7::bool[],
        :r8::text[], :r9::timestamptz[], :r10::bytea[])
), outbox AS (
    INSERT INTO deliveries (system, dossier_id, revision, ordinal, kind, state, created_at, changed_at)
    SELECT o.*, 'waiting', :now::timestamptz, :now::timestamptz
    FROM unnest(:o1::text[], :o2::bigint[], :o3::int[], :o4::smallint[], :o5::text[]) AS o
), laned AS (
    -- A lane that waits after a failure keeps its time; an idle or blocked one starts now. The counter tells a worker
    -- that holds the lane that something came in meanwhile.
    INSERT INTO lanes AS present (system, dossier_id, due_at)
    SELECT l.a, l.b, now() FROM unnest(:l1::text[], :l2::bigint[]) AS l (a, b)
    ORDER BY l.b, l.a
    ON CONFLICT (system, dossier_id) DO UPDATE
    SET changes_count = present.changes_count + 1, due_at = COALESCE(present.due_at, EXCLUDED.due_at)
), found_by AS (
    INSERT INTO dossier_parties (number_digest, dossier_id, role)
    SELECT * FROM unnest(:d1::bytea[], :d2::bigint[], :d3::smallint[]) AS d (a, b, c) ORDER BY d.a, d.b, d.c
    ON CONFLICT DO NOTHING
), remembered AS (
    INSERT INTO idempotency_records (client_id, key, request_digest, response, created_at)
    SELECT i.a, i.b, i.c, i.d::jsonb, :now::timestamptz
    FROM unnest(:i1::text[], :i2::text[], :i3::bytea[], :i4::text[]) AS i (a, b, c, d)
    ORDER BY i.a, i.b
    ON CONFLICT (client_id, key) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM created) AS created_count, (SELECT count(*) FROM remembered) AS remembered_count;

-- name: append_events^
-- The lock is taken before the ids are drawn and is held until the commit: ids become visible in their order.
WITH turn AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(:lock::bigint) AS taken
), appended AS (
    INSERT INTO events (occurred_at, type, subject, agency_code, dossier_id, revision, data)
    SELECT :now::timestamptz, e.a, e.b, e.c, e.d, e.e, e.f::jsonb
    FROM turn, unnest(:e1::text[], :e2::text[], :e3::text[], :e4::bigint[], :e5::int[], :e6::text[])
        WITH ORDINALITY AS e (a, b, c, d, e, f, line)
    ORDER BY e.line
), ledger AS (
    INSERT INTO delivery_ledger (system, accepted, delivered, skipped)
    SELECT * FROM unnest(:g1::text[], :g2::bigint[], :g3::bigint[], :g4::bigint[])
)
SELECT pg_notify('gateway_events', '');
