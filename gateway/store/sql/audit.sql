-- name: hold_head^
-- Whoever comes second waits here, and then sees what the first one wrote.
SELECT chain_id, position, digest, mac FROM audit_head FOR UPDATE;

-- name: find_head^
SELECT chain_id, position, digest, mac FROM audit_head;

-- name: find_end^
-- In one look, so that lines that come meanwhile are not taken for lines behind the end.
SELECT h.chain_id, h.position, h.digest, h.mac, l.position AS last_position
FROM (SELECT max(position) AS position FROM audit_lines) l LEFT JOIN audit_head h ON true;

-- name: replace_head!
INSERT INTO audit_head (chain_id, position, digest, mac) VALUES (:chain_id, :position, :digest, :mac)
ON CONFLICT (is_only) DO UPDATE
SET chain_id = EXCLUDED.chain_id, position = EXCLUDED.position, digest = EXCLUDED.digest, mac = EXCLUDED.mac;

-- name: has_lines$
SELECT EXISTS (SELECT FROM audit_lines);

-- name: begin_chain!
INSERT INTO audit_head (chain_id, position, digest, mac) VALUES (:chain_id, :position, :digest, :mac)
ON CONFLICT DO NOTHING;

-- name: append_lines!
WITH moved AS (
    UPDATE audit_head SET position = :position, digest = :digest, mac = :mac
)
INSERT INTO audit_lines (position, format, line_id, at, action, stage, correlation_id, client_id, officer, agency_code,
    procedure_code, dossier_code, purpose, legal_basis, consent_ref, subject_digest, fields_requested, fields_released,
    outcome, upstream_code, request_id, edge, latency_ms, client_address, gateway_version, digest)
SELECT position, format, line_id, at, action, stage, correlation_id, client_id, officer, agency_code,
    procedure_code, dossier_code, purpose, legal_basis, consent_ref, subject_digest,
    -- Names of fields hold no comma.
    string_to_array(fields_requested, ','), string_to_array(fields_released, ','),
    outcome, upstream_code, request_id, edge, latency_ms, client_address, gateway_version, digest
FROM unnest(:l1::bigint[], :l2::smallint[], :l3::uuid[], :l4::timestamptz[], :l5::text[], :l6::text[], :l7::uuid[],
    :l8::text[], :l9::text[], :l10::text[], :l11::text[], :l12::text[], :l13::text[], :l14::text[], :l15::text[],
    :l16::bytea[], :l17::text[], :l18::text[], :l19::text[], :l20::text[], :l21::text[], :l22::text[], :l23::integer[],
    :l24::text[], :l25::text[], :l26::bytea[])
    AS line (position, format, line_id, at, action, stage, correlation_id, client_id, officer, agency_code,
    procedure_code, dossier_code, purpose, legal_basis, consent_ref, subject_digest, fields_requested, fields_released,
    outcome, upstream_code, request_id, edge, latency_ms, client_address, gateway_version, digest);

-- name: list_lines
SELECT * FROM audit_lines
WHERE position < :before::bigint
  AND (:dossier_code::text IS NULL OR (dossier_code = :dossier_code::text AND dossier_code <> ''))
  AND (:officer::text IS NULL OR (officer = :officer::text AND officer <> ''))
  AND (:client_id::text IS NULL OR client_id = :client_id::text)
  AND (:action::text IS NULL OR action = :action::text)
  AND (:since::timestamptz IS NULL OR at >= :since::timestamptz)
  AND (:until::timestamptz IS NULL OR at < :until::timestamptz)
  AND (:prefixes::text[] IS NULL OR EXISTS (
       SELECT FROM unnest(:prefixes::text[]) AS p (code)
       WHERE agency_code = p.code OR starts_with(agency_code, p.code || '.')))
ORDER BY position DESC LIMIT :wanted::int;

-- name: accesses_of
-- A look stands where its first line stands; all its lines are given with it.
WITH own AS (
    SELECT position, correlation_id, at FROM audit_lines WHERE subject_digest = ANY(:subject_digests::bytea[])
), looks AS (
    SELECT correlation_id, min(position) AS place, array_agg(position) AS positions FROM own
    GROUP BY correlation_id
    HAVING min(position) < :before::bigint
       AND (:since::timestamptz IS NULL OR min(at) >= :since::timestamptz)
       AND (:until::timestamptz IS NULL OR min(at) < :until::timestamptz)
    ORDER BY place DESC LIMIT :wanted::int
)
SELECT l.* FROM looks, unnest(looks.positions) AS one (position) JOIN audit_lines l ON l.position = one.position
ORDER BY looks.place DESC, l.position;

-- name: list_chain
SELECT * FROM audit_lines WHERE position > :after::bigint AND position <= :until::bigint
ORDER BY position LIMIT :wanted::int;

-- name: list_checkpoints
SELECT * FROM audit_checkpoints WHERE position >= :after::bigint ORDER BY position;

-- name: newest_checkpoint^
SELECT * FROM audit_checkpoints ORDER BY position DESC LIMIT 1;

-- name: add_checkpoint$
INSERT INTO audit_checkpoints (position, chain_id, digest, at, kind, key_id, signature, mac)
VALUES (:position, :chain_id, :digest, :at, :kind, :key_id, :signature, :mac)
ON CONFLICT (position) DO NOTHING
RETURNING true;

-- name: range_of^
-- The stretch of the chain that holds every line of an interval.
SELECT min(position) AS first, max(position) AS last FROM audit_lines
WHERE at >= :since::timestamptz AND at < :until::timestamptz;

-- name: subjects_by_hour
WITH looks AS (
    SELECT officer, client_id, date_trunc('hour', at, 'UTC') AS hour, subject_digest FROM audit_lines
    WHERE at >= :since::timestamptz AND subject_digest IS NOT NULL AND NOT action = ANY(:left_out::text[])
)
SELECT 'officer' AS kind, officer AS who, hour, count(DISTINCT subject_digest) AS subjects_count
FROM looks WHERE officer <> '' GROUP BY officer, hour
UNION ALL
SELECT 'client', client_id, hour, count(DISTINCT subject_digest) FROM looks GROUP BY client_id, hour;

-- name: claim_warning$
WITH old AS (DELETE FROM audit_warnings WHERE told_at < :old_before::timestamptz)
INSERT INTO audit_warnings (kind, who, hour, subjects_count, told_at)
VALUES (:kind, :who, :hour, :subjects_count, :now)
ON CONFLICT DO NOTHING RETURNING true;

-- name: digest_at$
SELECT digest FROM audit_lines WHERE position = :position;
