-- name: read_state^
SELECT event_id, rules, revalued_to, published_at, counted_at, is_complete, changes_count FROM indicator_state FOR UPDATE;

-- name: see_state^
SELECT event_id, rules, revalued_to, published_at, counted_at, is_complete, changes_count FROM indicator_state;

-- name: read_events^
-- Which dossiers the next events speak of, and which procedures changed.
WITH next AS (
    SELECT event_id, type, subject, dossier_id FROM events WHERE event_id > :after::bigint ORDER BY event_id LIMIT :wanted::int
)
SELECT COALESCE(max(event_id), :after::bigint) AS event_id, count(*) AS seen,
    COALESCE(array_agg(DISTINCT dossier_id) FILTER (WHERE dossier_id IS NOT NULL), '{}') AS dossier_ids,
    COALESCE(array_agg(DISTINCT subject) FILTER (WHERE type LIKE 'procedure.%'), '{}') AS procedure_codes
FROM next;

-- name: wish_for_procedures!
INSERT INTO indicator_wishes (dossier_id)
SELECT dossier_id FROM indicator_facts WHERE procedure_code = ANY(:codes::text[]) ON CONFLICT DO NOTHING;

-- name: wish_for!
INSERT INTO indicator_wishes (dossier_id) SELECT unnest(:dossier_ids::bigint[]) ON CONFLICT DO NOTHING;

-- name: wish_for_code!
INSERT INTO indicator_wishes (dossier_id) SELECT dossier_id FROM dossiers WHERE code = ANY(:codes::text[]) ON CONFLICT DO NOTHING;

-- name: take_wishes
DELETE FROM indicator_wishes WHERE dossier_id IN (
    SELECT dossier_id FROM indicator_wishes ORDER BY dossier_id LIMIT :wanted::int)
RETURNING dossier_id;

-- name: at_their_turn
SELECT dossier_id FROM indicator_facts WHERE turns_at <= :now::timestamptz ORDER BY turns_at LIMIT :wanted::int;

-- name: next_dossiers
SELECT dossier_id FROM dossiers WHERE dossier_id > :after::bigint ORDER BY dossier_id LIMIT :wanted::int;

-- name: facts_of
SELECT dossier_id, agency_code, procedure_code, is_group, received_on, received, submitted_on, submitted, time_amount,
    lag_seconds, applicant_key, account_key, content_key, result_key, holds_from, turns_at, recorded_at, record
FROM indicator_facts WHERE dossier_id = ANY(:dossier_ids::bigint[]) ORDER BY dossier_id FOR UPDATE;

-- name: of_period
-- Facts of a period that may have been others at its end. Whoever was filed in it may have waited for acceptance then.
SELECT dossier_id, agency_code, procedure_code, is_group, received_on, received, submitted_on, submitted, time_amount,
    lag_seconds, applicant_key, account_key, content_key, result_key, holds_from, turns_at, recorded_at, record
FROM indicator_facts
WHERE (holds_from IS NULL OR holds_from >= :ended_at::timestamptz)
  AND ((received_on >= :first_on::date AND received_on < :after_on::date)
    OR (filed_on >= :first_on::date AND filed_on < :after_on::date))
ORDER BY dossier_id;

-- name: some_of_period
-- The same of some dossiers.
SELECT dossier_id, agency_code, procedure_code, is_group, received_on, received, submitted_on, submitted, time_amount,
    lag_seconds, applicant_key, account_key, content_key, result_key, holds_from, turns_at, recorded_at, record
FROM indicator_facts
WHERE dossier_id = ANY(:dossier_ids::bigint[]) AND (holds_from IS NULL OR holds_from >= :ended_at::timestamptz)
  AND ((received_on >= :first_on::date AND received_on < :after_on::date)
    OR (filed_on >= :first_on::date AND filed_on < :after_on::date))
ORDER BY dossier_id;

-- name: note_judged!
INSERT INTO indicator_judged (changes_count, dossier_id)
SELECT s.changes_count, j FROM indicator_state s, unnest(:dossier_ids::bigint[]) AS j;

-- name: forget_judged!
DELETE FROM indicator_judged j USING indicator_state s WHERE j.changes_count <= s.changes_count - :kept::bigint;

-- name: judged_since
SELECT DISTINCT dossier_id FROM indicator_judged WHERE changes_count > :changes_count::bigint ORDER BY dossier_id;

-- name: neighbours
-- Of each kind of group its own index is read, from the dossier backwards and forwards.
SELECT w.place, f.dossier_id, f.agency_code, f.procedure_code, f.is_group, f.received_on, f.received,
    f.submitted_on, f.submitted, f.time_amount, f.lag_seconds, f.applicant_key, f.account_key, f.content_key, f.result_key,
    f.holds_from, f.turns_at, f.recorded_at, f.record
FROM unnest(:s1::int[], :s2::bigint[], :s3::text[], :s4::bytea[], :s5::text[])
    AS w (place, dossier_id, kin, key, procedure_code)
CROSS JOIN LATERAL (
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'applicant' AND b.applicant_key = w.key AND b.procedure_code = w.procedure_code AND b.dossier_id < w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id DESC LIMIT :near_applicant::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'applicant' AND b.applicant_key = w.key AND b.procedure_code = w.procedure_code AND b.dossier_id > w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id LIMIT :near_applicant::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'account' AND b.account_key = w.key AND b.dossier_id < w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id DESC LIMIT :near_account::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'account' AND b.account_key = w.key AND b.dossier_id > w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id LIMIT :near_account::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'content' AND b.content_key = w.key AND b.dossier_id < w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id DESC LIMIT :near_content::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'content' AND b.content_key = w.key AND b.dossier_id > w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id LIMIT :near_content::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'result' AND b.result_key = w.key AND b.dossier_id < w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id DESC LIMIT :near_result::int)
    UNION ALL
    (SELECT * FROM indicator_facts b
     WHERE w.kin = 'result' AND b.result_key = w.key AND b.dossier_id > w.dossier_id
       AND b.dossier_id <> ALL(:without::bigint[])
     ORDER BY b.dossier_id LIMIT :near_result::int)
) f;

-- name: accepted_dossiers
SELECT d.dossier_id, d.code, d.wrapped_key, r.rating, r.rated_at,
    CASE WHEN d.origin = 'national_portal' THEN d.created_at ELSE
        (SELECT min(v.changed_at) FROM deliveries v WHERE v.dossier_id = d.dossier_id AND v.system = :system AND v.state = 'delivered')
    END AS synced_at
FROM dossiers d LEFT JOIN dossier_ratings r USING (dossier_id)
WHERE d.dossier_id = ANY(:dossier_ids::bigint[]) ORDER BY d.dossier_id;

-- name: revisions_after
SELECT r.dossier_id, r.revision, r.kind, r.status, r.accepted_at, r.sealed
FROM unnest(:s1::bigint[], :s2::int[]) AS k (dossier_id, revision)
JOIN dossier_revisions r ON r.dossier_id = k.dossier_id AND r.revision > k.revision
ORDER BY r.dossier_id, r.revision;

-- name: versions_of
SELECT v.code, v.version_number, v.content_hash, v.seen_at, v.document, p.retired_at, p.version_number AS newest
FROM procedure_versions v JOIN procedures p USING (code)
WHERE v.code = ANY(:codes::text[]) ORDER BY v.code, v.version_number;

-- name: petitioned
SELECT dossier_code, min(received_at) AS received_at FROM petitions WHERE dossier_code = ANY(:codes::text[])
GROUP BY dossier_code;

-- name: confirmed
SELECT key FROM indicator_registers WHERE kind = 'confirmed_bulk' AND key = ANY(:codes::text[]);

-- name: keep_former
-- What a publication held is kept; what was made since the last one nobody was told of.
INSERT INTO indicator_former_facts (dossier_id, recorded_at, superseded_at, code, agency_code, procedure_code, is_group,
    received_on, received, submitted_on, submitted, time_amount, lag_seconds)
SELECT dossier_id, recorded_at, :now::timestamptz, code, agency_code, procedure_code, is_group, received_on, received,
    submitted_on, submitted, time_amount, lag_seconds
FROM indicator_facts WHERE dossier_id = ANY(:dossier_ids::bigint[]) AND recorded_at <= :published_at::timestamptz;

-- name: save_facts
INSERT INTO indicator_facts (dossier_id, code, agency_code, procedure_code, is_group, received_on, received,
    submitted_on, submitted, time_amount, lag_seconds, applicant_key, account_key, content_key, result_key, holds_from,
    turns_at, recorded_at, filed_on, record)
SELECT a, b, c, d, e, g, h::smallint[], i, j::smallint[], k, l, m, n, o, p, q, r, s, t, u
FROM unnest(:s1::bigint[], :s2::text[], :s3::text[], :s4::text[], :s5::bool[], :s6::date[], :s7::text[], :s8::date[],
    :s9::text[], :s10::bigint[], :s11::bigint[], :s12::bytea[], :s13::bytea[], :s14::bytea[], :s15::bytea[],
    :s16::timestamptz[], :s17::timestamptz[], :s18::timestamptz[], :s19::date[], :s20::text[])
    AS f (a, b, c, d, e, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)
ON CONFLICT (dossier_id) DO UPDATE SET agency_code = excluded.agency_code, procedure_code = excluded.procedure_code,
    is_group = excluded.is_group, received_on = excluded.received_on, received = excluded.received,
    submitted_on = excluded.submitted_on, submitted = excluded.submitted, time_amount = excluded.time_amount,
    lag_seconds = excluded.lag_seconds, applicant_key = excluded.applicant_key,
    account_key = excluded.account_key, content_key = excluded.content_key, result_key = excluded.result_key,
    holds_from = excluded.holds_from,
    turns_at = excluded.turns_at, recorded_at = excluded.recorded_at, filed_on = excluded.filed_on, record = excluded.record;

-- name: add_to_cells
INSERT INTO indicator_cells AS c (agency_code, procedure_code, grain, begins_on, is_group, counts, time_gateway, time_national)
SELECT a, b, g, d, e, f::integer[], h, i
FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::date[], :s5::bool[], :s6::text[], :s7::bigint[], :s8::bigint[])
    AS s (a, b, g, d, e, f, h, i)
ORDER BY a, b, g, d, e
ON CONFLICT (agency_code, procedure_code, grain, begins_on, is_group) DO UPDATE
SET counts = indicator_sum(c.counts, excluded.counts), time_gateway = c.time_gateway + excluded.time_gateway,
    time_national = c.time_national + excluded.time_national;

-- name: finish!
UPDATE indicator_state SET event_id = :event_id, rules = :rules, revalued_to = :revalued_to, counted_at = :now,
    is_complete = :is_complete, changes_count = changes_count + :judged_count::int;

-- name: standing^
SELECT s.counted_at, (SELECT count(*) FROM events e WHERE e.event_id > s.event_id) AS backlog_count,
    (SELECT count(*) FROM monitoring_owed) AS owed_count, (SELECT max(as_of) FROM monitoring_snapshots) AS published_at
FROM indicator_state s;

-- name: counted_at$
SELECT counted_at FROM indicator_state;

-- name: agency_codes
-- A loose scan: one step of the index per agency, however many cells it has.
WITH RECURSIVE found AS (
    (SELECT agency_code FROM indicator_cells WHERE agency_code > '' ORDER BY agency_code LIMIT 1)
    UNION ALL
    SELECT (SELECT c.agency_code FROM indicator_cells c WHERE c.agency_code > found.agency_code ORDER BY c.agency_code LIMIT 1)
    FROM found WHERE found.agency_code IS NOT NULL
)
SELECT agency_code FROM found WHERE agency_code IS NOT NULL;

-- name: sums
-- Up to so many places at once, counted from 1; 0 is none. Each stretch of the index is read for itself.
SELECT c.is_group, sum(c.time_gateway)::bigint AS time_gateway, sum(c.time_national)::bigint AS time_national, ARRAY[
    sum(c.counts[:p1::int]), sum(c.counts[:p2::int]), sum(c.counts[:p3::int]), sum(c.counts[:p4::int]),
    sum(c.counts[:p5::int]), sum(c.counts[:p6::int]), sum(c.counts[:p7::int]), sum(c.counts[:p8::int]),
    sum(c.counts[:p9::int]), sum(c.counts[:p10::int]), sum(c.counts[:p11::int]), sum(c.counts[:p12::int]),
    sum(c.counts[:p13::int]), sum(c.counts[:p14::int]), sum(c.counts[:p15::int]), sum(c.counts[:p16::int]),
    sum(c.counts[:p17::int]), sum(c.counts[:p18::int]), sum(c.counts[:p19::int]), sum(c.counts[:p20::int]),
    sum(c.counts[:p21::int]), sum(c.counts[:p22::int]), sum(c.counts[:p23::int]), sum(c.counts[:p24::int]),
    sum(c.counts[:p25::int]), sum(c.counts[:p26::int]), sum(c.counts[:p27::int]), sum(c.counts[:p28::int]),
    sum(c.counts[:p29::int]), sum(c.counts[:p30::int]), sum(c.counts[:p31::int]), sum(c.counts[:p32::int]),
    sum(c.counts[:p33::int]), sum(c.counts[:p34::int]), sum(c.counts[:p35::int]), sum(c.counts[:p36::int]),
    sum(c.counts[:p37::int]), sum(c.counts[:p38::int]), sum(c.counts[:p39::int]), sum(c.counts[:p40::int])] AS totals
FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::date[], :s5::date[]) AS w (agency, procedure, grain, first_on, after_on)
CROSS JOIN LATERAL (
    SELECT is_group, counts, time_gateway, time_national FROM indicator_cells
    WHERE agency_code = w.agency AND procedure_code = w.procedure AND grain = w.grain
      AND begins_on >= w.first_on AND begins_on < w.after_on OFFSET 0) c
GROUP BY c.is_group;

-- name: sums_by_procedure
-- Up to so many places at once, counted from 1; 0 is none. Of each agency its own stretch of the index is read.
SELECT c.procedure_code, c.is_group, ARRAY[
    sum(c.counts[:p1::int]), sum(c.counts[:p2::int]), sum(c.counts[:p3::int]), sum(c.counts[:p4::int]),
    sum(c.counts[:p5::int]), sum(c.counts[:p6::int]), sum(c.counts[:p7::int]), sum(c.counts[:p8::int])] AS totals
FROM unnest(:s1::text[], :s2::text[], :s3::date[], :s4::date[]) AS w (agency, grain, first_on, after_on)
CROSS JOIN LATERAL (
    SELECT procedure_code, is_group, counts FROM indicator_cells
    WHERE agency_code = w.agency AND grain = w.grain AND begins_on >= w.first_on AND begins_on < w.after_on
      AND procedure_code <> '' OFFSET 0) c
GROUP BY c.procedure_code, c.is_group;

-- name: sums_of_procedures
SELECT c.procedure_code, c.is_group, ARRAY[
    sum(c.counts[:p1::int]), sum(c.counts[:p2::int]), sum(c.counts[:p3::int]), sum(c.counts[:p4::int]),
    sum(c.counts[:p5::int]), sum(c.counts[:p6::int]), sum(c.counts[:p7::int]), sum(c.counts[:p8::int])] AS totals
FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::date[], :s5::date[]) AS w (agency, procedure, grain, first_on, after_on)
JOIN indicator_cells c ON c.agency_code = w.agency AND c.procedure_code = w.procedure AND c.grain = w.grain
    AND c.begins_on >= w.first_on AND c.begins_on < w.after_on
GROUP BY c.procedure_code, c.is_group;

-- name: days_by_procedure
-- Of an agency's procedures there are no cells of days: its dossiers of those days are gone through. Places that are not
-- asked for are told by their 0, which costs less than looking through a dossier's.
SELECT f.procedure_code, f.is_group, ARRAY[
    count(*) FILTER (WHERE :p1::int > 0 AND :p1::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p2::int > 0 AND :p2::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p3::int > 0 AND :p3::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p4::int > 0 AND :p4::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p5::int > 0 AND :p5::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p6::int > 0 AND :p6::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p7::int > 0 AND :p7::int - 1 = ANY(f.places)),
    count(*) FILTER (WHERE :p8::int > 0 AND :p8::int - 1 = ANY(f.places))] AS totals
FROM (
    SELECT procedure_code, is_group, received AS places FROM indicator_facts
    WHERE agency_code = ANY(:agencies::text[]) AND received_on >= :first_on::date AND received_on < :after_on::date
    UNION ALL
    SELECT procedure_code, is_group, submitted FROM indicator_facts
    WHERE agency_code = ANY(:agencies::text[]) AND submitted_on >= :first_on::date AND submitted_on < :after_on::date
) f
GROUP BY f.procedure_code, f.is_group;

-- name: lags
-- How many dossiers have each lag. An index holds all that is asked here, and is read once, however many agencies there are.
SELECT lag_seconds, count(*) AS total
FROM (
    SELECT agency_code, procedure_code, lag_seconds FROM indicator_facts
    WHERE received_on >= :first_on::date AND received_on < :after_on::date AND lag_seconds IS NOT NULL
      AND (NOT is_group OR :takes_groups::bool) OFFSET 0) f
WHERE (:agencies::text[] IS NULL OR agency_code IN (SELECT unnest(:agencies::text[])))
  AND (:procedures::text[] IS NULL OR procedure_code IN (SELECT unnest(:procedures::text[])))
GROUP BY lag_seconds;

-- name: list_dossiers
SELECT DISTINCT f.dossier_id, f.code
FROM unnest(:s1::text[], :s2::text[], :s3::date[], :s4::date[]) AS w (agency, procedure, first_on, after_on)
CROSS JOIN LATERAL (
    SELECT dossier_id, code, agency_code, procedure_code, is_group, received AS places FROM indicator_facts
    WHERE received_on >= w.first_on AND received_on < w.after_on
    UNION ALL
    SELECT dossier_id, code, agency_code, procedure_code, is_group, submitted FROM indicator_facts
    WHERE submitted_on >= w.first_on AND submitted_on < w.after_on
) f
WHERE :place::int = ANY(f.places) AND (:without::int IS NULL OR :without::int <> ALL(f.places))
  AND (w.agency = '' OR f.agency_code = w.agency) AND (w.procedure = '' OR f.procedure_code = w.procedure)
  AND (NOT f.is_group OR :takes_groups::bool) AND f.dossier_id > :after::bigint
  AND (:procedures::text[] IS NULL OR f.procedure_code = ANY(:procedures::text[]))
ORDER BY f.dossier_id LIMIT :wanted::int;

-- name: fact_by_code^
SELECT dossier_id, agency_code, procedure_code, is_group, received_on, received, submitted_on, submitted, time_amount,
    lag_seconds, applicant_key, account_key, content_key, result_key, holds_from, turns_at, recorded_at, record
FROM indicator_facts WHERE code = :code;

-- name: clear_cells!
DELETE FROM indicator_cells;

-- name: clear_facts$
-- So many at a time: a million in one statement outlast its time limit. Gives the last one; null when none is left.
WITH next AS (
    SELECT dossier_id FROM indicator_facts WHERE dossier_id > :after::bigint ORDER BY dossier_id LIMIT :wanted::int
), cleared AS (
    UPDATE indicator_facts f SET received_on = NULL, received = '{}', submitted_on = NULL, submitted = '{}',
        lag_seconds = NULL
    FROM next WHERE f.dossier_id = next.dossier_id
)
SELECT max(dossier_id) FROM next;

-- name: counted_days^
SELECT min(day) AS first_on, max(day) AS last_on FROM (
    SELECT min(received_on) AS day FROM indicator_facts UNION ALL SELECT max(received_on) FROM indicator_facts
    UNION ALL SELECT min(submitted_on) FROM indicator_facts UNION ALL SELECT max(submitted_on) FROM indicator_facts
    UNION ALL SELECT min(begins_on) FROM indicator_cells UNION ALL SELECT max(begins_on) FROM indicator_cells) d;

-- name: counted_between
SELECT agency_code, procedure_code, is_group, received_on, received, submitted_on, submitted, time_amount
FROM indicator_facts
WHERE (received_on >= :first_on::date AND received_on < :after_on::date)
   OR (submitted_on >= :first_on::date AND submitted_on < :after_on::date);

-- name: cells_between
SELECT agency_code, procedure_code, grain, begins_on, is_group, counts, time_gateway, time_national
FROM indicator_cells WHERE begins_on >= :first_on::date AND begins_on < :after_on::date;

-- name: clear_cells_between!
DELETE FROM indicator_cells WHERE begins_on >= :first_on::date AND begins_on < :after_on::date;
