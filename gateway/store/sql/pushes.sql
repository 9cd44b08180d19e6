-- name: next_push^
SELECT s.position, s.snapshot_id, s.manifest, s.signature, f.packed, COALESCE(r.failures_count, 0) AS failures_count
FROM monitoring_snapshots s
JOIN monitoring_files f ON f.position = s.position AND f.name = 'data.json'
LEFT JOIN monitoring_receivers r ON r.receiver = :receiver
WHERE s.position > COALESCE(r.position, 0) AND (r.next_at IS NULL OR r.next_at <= :now)
ORDER BY s.position LIMIT 1;

-- name: note_push_failed!
INSERT INTO monitoring_receivers AS r (receiver, position, failures_count, reason, next_at)
VALUES (:receiver, 0, 1, :reason, :next_at)
ON CONFLICT (receiver) DO UPDATE
SET failures_count = r.failures_count + 1, reason = excluded.reason, next_at = excluded.next_at;

-- name: note_push_taken!
INSERT INTO monitoring_receivers AS r (receiver, position, failures_count, reason, next_at)
VALUES (:receiver, :position, 0, '', NULL)
ON CONFLICT (receiver) DO UPDATE
SET position = GREATEST(r.position, excluded.position), failures_count = 0, reason = '', next_at = NULL;

-- name: add_push_receipt!
INSERT INTO monitoring_receipts (receiver, position, status, sha256, answer, taken_at)
VALUES (:receiver, :position, :status, :sha256, :answer, :now)
ON CONFLICT (receiver, position) DO NOTHING;

-- name: standing_of_receivers
SELECT n.receiver, COALESCE(r.position, 0) AS position, COALESCE(r.failures_count, 0) AS failures_count,
    COALESCE(r.reason, '') AS reason, r.next_at, w.waiting_count, w.waiting_since
FROM unnest(:receivers::text[]) AS n (receiver)
LEFT JOIN monitoring_receivers r USING (receiver)
CROSS JOIN LATERAL (
    SELECT count(*) AS waiting_count, min(s.as_of) AS waiting_since FROM monitoring_snapshots s
    WHERE s.position > COALESCE(r.position, 0)) w
ORDER BY n.receiver;

-- name: receipts_of_snapshot
SELECT p.receiver, p.status, p.sha256, p.answer, p.taken_at FROM monitoring_receipts p
JOIN monitoring_snapshots s USING (position) WHERE s.snapshot_id = :snapshot_id ORDER BY p.receiver;
