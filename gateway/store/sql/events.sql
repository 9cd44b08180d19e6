-- name: read_events
-- One snapshot for both: when fewer than :wanted events fit, everything up to `newest` has been looked at.
WITH newest AS MATERIALIZED (
    SELECT COALESCE(max(event_id), 0) AS event_id FROM events
), fitting AS (
    SELECT e.event_id, e.occurred_at, e.type, e.subject, e.agency_code, e.revision, e.data::text AS data
    FROM events e
    WHERE e.event_id > :after::bigint
      AND (:types::text[] IS NULL OR e.type = ANY(:types::text[]))
      AND (:prefixes::text[] IS NULL OR e.agency_code = '' OR EXISTS (
           SELECT FROM unnest(:prefixes::text[]) AS p (code)
           WHERE e.agency_code = p.code OR starts_with(e.agency_code, p.code || '.')))
    ORDER BY e.event_id LIMIT :wanted::int
)
SELECT newest.event_id AS newest, fitting.* FROM newest LEFT JOIN fitting ON true ORDER BY fitting.event_id;

-- name: newest_event_id$
SELECT COALESCE(max(event_id), 0) FROM events;
