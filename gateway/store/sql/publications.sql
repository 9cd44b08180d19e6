-- name: last_of_period^
SELECT s.position, s.snapshot_id, s.version, s.standing, s.as_of, s.head FROM monitoring_snapshots s
WHERE s.period_type = :period_type AND s.calendar = :calendar AND s.label = :label AND s.state_at = :state_at
ORDER BY s.version DESC LIMIT 1;

-- name: newest^
SELECT position, manifest_sha256, as_of FROM monitoring_snapshots ORDER BY position DESC LIMIT 1;

-- name: add_snapshot!
INSERT INTO monitoring_snapshots (position, snapshot_id, period_type, calendar, label, state_at, version, standing, starts_on,
    as_of, head, manifest, manifest_sha256, signature, approver)
VALUES (:position, :snapshot_id, :period_type, :calendar, :label, :state_at, :version, :standing, :starts_on, :as_of,
    :head::jsonb, :manifest, :manifest_sha256, :signature, :approver);

-- name: add_files!
INSERT INTO monitoring_files (position, name, media_type, sha256, packed)
SELECT :position::bigint, s.a, s.b, s.c, s.d FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::bytea[]) AS s (a, b, c, d);

-- name: add_restatements!
INSERT INTO monitoring_restatements (position, document) SELECT :position::bigint, d::jsonb FROM unnest(:documents::text[]) AS d;

-- name: completed_at$
SELECT counted_at FROM indicator_state WHERE is_complete AND rules = :rules;

-- name: note_published!
UPDATE indicator_state SET published_at = GREATEST(published_at, :as_of::timestamptz);

-- name: note_owed!
INSERT INTO monitoring_owed AS o (period_type, calendar, label, state_at, changes_count, noticed_at)
VALUES (:period_type, :calendar, :label, :state_at, :changes_count, :now)
ON CONFLICT (period_type, calendar, label, state_at) DO UPDATE SET changes_count = excluded.changes_count;

-- name: clear_owed!
DELETE FROM monitoring_owed
WHERE period_type = :period_type AND calendar = :calendar AND label = :label AND state_at = :state_at;

-- name: list_owed
SELECT period_type, calendar, label, state_at, changes_count, noticed_at FROM monitoring_owed
ORDER BY noticed_at, label, state_at;

-- name: find_snapshot^
SELECT position, snapshot_id, head, manifest, manifest_sha256, signature, approver FROM monitoring_snapshots
WHERE snapshot_id = :snapshot_id;

-- name: list_snapshots
SELECT position, snapshot_id, head, manifest_sha256 FROM monitoring_snapshots
WHERE position > :after::bigint AND (:period_type::text IS NULL OR period_type = :period_type::text)
  AND (:state_at::text IS NULL OR state_at = :state_at::text)
ORDER BY position LIMIT :wanted::int;

-- name: find_file^
SELECT f.media_type, f.sha256, f.packed FROM monitoring_files f JOIN monitoring_snapshots s USING (position)
WHERE s.snapshot_id = :snapshot_id AND f.name = :name;

-- name: find_version^
SELECT f.packed FROM monitoring_files f JOIN monitoring_snapshots s USING (position)
WHERE s.period_type = :period_type AND s.calendar = :calendar AND s.label = :label AND f.name = 'data.json'
  AND s.state_at = :state_at AND s.version = :version::int;

-- name: list_restatements
SELECT r.restatement_id, r.document FROM monitoring_restatements r
WHERE r.restatement_id > :after::bigint AND r.position > :since::bigint
ORDER BY r.restatement_id LIMIT :wanted::int;

-- name: changed_facts
-- Facts of the period that are not what they were at an instant, each with what it was then.
SELECT f.code, o.dossier_id IS NOT NULL AS was_there,
    f.agency_code, f.procedure_code, f.is_group, f.received_on, f.received, f.submitted_on, f.submitted, f.time_amount,
    o.agency_code AS o_agency_code, o.procedure_code AS o_procedure_code, o.is_group AS o_is_group,
    o.received_on AS o_received_on, o.received AS o_received, o.submitted_on AS o_submitted_on,
    o.submitted AS o_submitted, o.time_amount AS o_time_amount
FROM indicator_facts f
LEFT JOIN indicator_former_facts o ON o.dossier_id = f.dossier_id AND o.recorded_at <= :since::timestamptz
    AND o.superseded_at > :since::timestamptz
WHERE f.recorded_at > :since::timestamptz
  AND ((f.received_on >= :first_on::date AND f.received_on < :after_on::date)
    OR (f.submitted_on >= :first_on::date AND f.submitted_on < :after_on::date)
    OR (o.received_on >= :first_on::date AND o.received_on < :after_on::date)
    OR (o.submitted_on >= :first_on::date AND o.submitted_on < :after_on::date)
    OR (f.filed_on >= :first_on::date AND f.filed_on < :after_on::date));

-- name: cut_facts
-- What the newest publication of a period's end held of these dossiers, and what their facts are now.
SELECT c.code, c.agency_code IS NOT NULL AS was_there,
    f.agency_code, f.procedure_code, f.is_group, f.received_on, f.received, f.submitted_on, f.submitted, f.time_amount,
    c.agency_code AS o_agency_code, c.procedure_code AS o_procedure_code, c.is_group AS o_is_group,
    c.received_on AS o_received_on, c.received AS o_received, c.submitted_on AS o_submitted_on,
    c.submitted AS o_submitted, c.time_amount AS o_time_amount
FROM monitoring_cut_facts c JOIN indicator_facts f USING (code)
WHERE c.period_type = :period_type AND c.calendar = :calendar AND c.label = :label;

-- name: clear_cut_facts!
DELETE FROM monitoring_cut_facts WHERE period_type = :period_type AND calendar = :calendar AND label = :label;

-- name: forget_cut_facts!
DELETE FROM monitoring_cut_facts WHERE after_on < :before::date;

-- name: add_cut_facts!
INSERT INTO monitoring_cut_facts (period_type, calendar, label, after_on, code, agency_code, procedure_code, is_group, received_on,
    received, submitted_on, submitted, time_amount)
SELECT :period_type, :calendar, :label, :after_on::date, a, b, c, d, e, g::smallint[], h, i::smallint[], j
FROM unnest(:s1::text[], :s2::text[], :s3::text[], :s4::bool[], :s5::date[], :s6::text[], :s7::date[], :s8::text[],
    :s9::bigint[]) AS s (a, b, c, d, e, g, h, i, j);

-- name: note_pull!
INSERT INTO monitoring_pulls (client_id, resource, status, size_bytes, sha256, at)
VALUES (:client_id, :resource, :status, :size_bytes, :sha256, :now);
