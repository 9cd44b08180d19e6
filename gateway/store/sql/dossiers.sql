-- name: find_dossier^
SELECT d.dossier_id, d.code, d.receiving_agency_code, d.handling_agency_code, d.status, d.revision,
       d.document_revision, d.updated_at, d.wrapped_key, r.sealed
FROM dossiers d
JOIN dossier_revisions r ON r.dossier_id = d.dossier_id AND r.revision = d.document_revision
WHERE d.code = :code;

-- name: find_standing^
SELECT dossier_id, code, procedure_code, receiving_agency_code, handling_agency_code, channel, origin, status, status_at,
       submitted_at, received_at, due_at, finished_at, returned_at, fees_total_vnd, revision, document_revision,
       created_at, updated_at
FROM dossiers WHERE code = :code;

-- name: list_dossiers
-- Ordered by dossier_id: whatever was there when the first page was read is on exactly one page.
SELECT dossier_id, code, procedure_code, receiving_agency_code, handling_agency_code, channel, origin, status, status_at,
       submitted_at, received_at, due_at, finished_at, returned_at, fees_total_vnd, revision, document_revision,
       created_at, updated_at
FROM dossiers
WHERE dossier_id > :after::bigint
  AND (:statuses::text[] IS NULL OR status = ANY(:statuses::text[]))
  AND (:procedure_code::text IS NULL OR procedure_code = :procedure_code::text)
  AND (:channel::text IS NULL OR channel = :channel::text)
  AND (:changed_after::timestamptz IS NULL OR updated_at > :changed_after::timestamptz)
  AND (:agency::text IS NULL
       OR handling_agency_code = :agency::text OR starts_with(handling_agency_code, :agency::text || '.')
       OR receiving_agency_code = :agency::text OR starts_with(receiving_agency_code, :agency::text || '.'))
  AND (:prefixes::text[] IS NULL OR EXISTS (
       SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE handling_agency_code = p.code OR starts_with(handling_agency_code, p.code || '.')
          OR receiving_agency_code = p.code OR starts_with(receiving_agency_code, p.code || '.')))
ORDER BY dossier_id LIMIT :wanted::int;

-- name: list_revisions
SELECT revision, kind, status, is_irregular, is_late, client_id, accepted_at
FROM dossier_revisions WHERE dossier_id = :dossier_id::bigint ORDER BY revision DESC LIMIT :wanted::int;

-- name: list_deliveries
SELECT delivery_id, system, revision, ordinal, kind, state, attempts_count, reason, mapping_version,
    created_at, changed_at
FROM deliveries
WHERE dossier_id = :dossier_id::bigint AND delivery_id > :after::bigint
  AND (:system::text IS NULL OR system = :system::text)
ORDER BY delivery_id LIMIT :wanted::int;

-- name: list_open_deliveries
SELECT delivery_id, system, revision, ordinal, kind, state, attempts_count, reason, mapping_version,
    created_at, changed_at
FROM deliveries
WHERE dossier_id = :dossier_id::bigint AND state IN ('waiting', 'in_flight', 'unknown', 'parked')
ORDER BY system, revision, ordinal;

-- name: list_lanes
SELECT system, presence, due_at, failures_count, lease_token IS NOT NULL AS is_leased
FROM lanes WHERE dossier_id = :dossier_id::bigint ORDER BY system;

-- name: list_dossier_events
SELECT event_id, occurred_at, type, revision, data
FROM events WHERE dossier_id = :dossier_id::bigint ORDER BY event_id DESC LIMIT :wanted::int;

-- name: list_open_conflicts
SELECT system, field, revision, detected_at
FROM conflicts WHERE dossier_id = :dossier_id::bigint AND resolved_at IS NULL ORDER BY conflict_id;

-- name: find_document^
SELECT d.dossier_id, d.code, d.handling_agency_code AS agency_code, d.wrapped_key, r.sealed
FROM dossiers d JOIN dossier_revisions r USING (dossier_id)
WHERE d.dossier_id = :dossier_id::bigint AND r.revision = :revision::int AND r.kind = 'replacement'
  AND d.erased_at IS NULL;
