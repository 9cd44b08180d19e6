-- name: count_question^
-- The row that is counted up is not yet seen by the sums beside it, hence the one that is added to each.
WITH counted AS (
    INSERT INTO citizen_usage (client_id, officer, bucket, asked_count) VALUES (:client_id, :officer, :bucket, 1)
    ON CONFLICT (client_id, officer, bucket) DO UPDATE SET asked_count = citizen_usage.asked_count + 1
    RETURNING 1
)
SELECT 1 + coalesce(sum(asked_count) FILTER (WHERE officer = :officer AND bucket > :short), 0) AS by_officer,
    1 + coalesce(sum(asked_count) FILTER (WHERE officer = :officer), 0) AS by_officer_long,
    1 + coalesce(sum(asked_count) FILTER (WHERE bucket > :short), 0) AS by_client
FROM citizen_usage
WHERE client_id = :client_id AND bucket > :long;

-- name: find_citizen_reply^
SELECT key_digest, correlation_id, wrapped_key, sealed, expires_at FROM citizen_replies
WHERE key_digest = :key_digest AND expires_at > :now;

-- name: keep_citizen_reply!
INSERT INTO citizen_replies (key_digest, correlation_id, wrapped_key, sealed, expires_at)
VALUES (:key_digest, :correlation_id, :wrapped_key, :sealed, :expires_at)
ON CONFLICT (key_digest) DO UPDATE SET correlation_id = excluded.correlation_id,
    wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, expires_at = excluded.expires_at;

-- name: sweep_citizen_replies!
DELETE FROM citizen_replies WHERE expires_at <= :replies_before;

-- name: sweep_citizen_usage!
DELETE FROM citizen_usage WHERE bucket <= :usage_before;
