-- name: lock_client
-- Subscriptions of one client are made one after the other, so that the count below is right.
SELECT pg_advisory_xact_lock(:lock::int, hashtext(:client_id));

-- name: count_subscriptions$
SELECT count(*) FROM subscriptions WHERE client_id = :client_id AND deleted_at IS NULL;

-- name: find_record^
SELECT request_digest, response FROM idempotency_records WHERE client_id = :client_id AND key = :key;

-- name: add_record!
INSERT INTO idempotency_records (client_id, key, request_digest, response, created_at)
VALUES (:client_id, :key, :request_digest, :response::jsonb, :now::timestamptz);

-- name: add_subscription^
INSERT INTO subscriptions (subscription_id, client_id, url, event_types, wrapped_key, sealed_secret, after_event_id,
    due_at, created_at)
VALUES (:subscription_id, :client_id, :url, :event_types::text[], :wrapped_key, :sealed_secret,
    COALESCE(:after::bigint, (SELECT COALESCE(max(event_id), 0) FROM events)), clock_timestamp(), :now::timestamptz)
RETURNING subscription_id, url, event_types, wrapped_key, sealed_secret, after_event_id, failures_count, due_at,
    last_failure, created_at;

-- name: list_subscriptions
SELECT subscription_id, url, event_types, wrapped_key, sealed_secret, after_event_id, failures_count, due_at,
    last_failure, created_at
FROM subscriptions WHERE client_id = :client_id AND deleted_at IS NULL ORDER BY created_at, subscription_id;

-- name: find_subscription^
SELECT subscription_id, url, event_types, wrapped_key, sealed_secret, after_event_id, failures_count, due_at,
    last_failure, created_at
FROM subscriptions
WHERE client_id = :client_id AND subscription_id = :subscription_id AND deleted_at IS NULL;

-- name: delete_subscription^
-- The key goes with the subscription: nobody can sign in its name afterwards.
UPDATE subscriptions
SET deleted_at = :now::timestamptz, wrapped_key = '', sealed_secret = '', lease_token = NULL, lease_until = NULL
WHERE client_id = :client_id AND subscription_id = :subscription_id AND deleted_at IS NULL
RETURNING subscription_id;

-- name: lease_subscriptions
-- The database's clock alone decides about leases and due times, so hosts whose clocks differ cannot steal from each
-- other.
UPDATE subscriptions AS s
SET lease_token = nextval('lease_tokens'), lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
FROM (
    SELECT f.subscription_id, c.agency_prefixes
    FROM subscriptions f
    JOIN clients c USING (client_id)
    WHERE f.deleted_at IS NULL AND c.revoked_at IS NULL
      AND f.due_at <= clock_timestamp()
      AND (f.lease_until IS NULL OR f.lease_until < clock_timestamp())
      AND f.after_event_id < (SELECT COALESCE(max(event_id), 0) FROM events)
    ORDER BY f.due_at
    LIMIT :wanted::int
    FOR UPDATE OF f SKIP LOCKED
) AS free
WHERE s.subscription_id = free.subscription_id
RETURNING s.subscription_id, s.url, s.event_types, s.wrapped_key, s.sealed_secret, s.after_event_id, s.failures_count,
    s.lease_token, free.agency_prefixes;

-- name: advance_subscription^
UPDATE subscriptions
SET after_event_id = :after::bigint, failures_count = 0, last_failure = '',
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
WHERE subscription_id = :subscription_id AND lease_token = :token::bigint
RETURNING subscription_id;

-- name: release_subscription^
UPDATE subscriptions
SET lease_token = NULL, lease_until = NULL, failures_count = :failures_count::int, last_failure = :last_failure,
    due_at = clock_timestamp() + make_interval(secs => :delay_seconds)
WHERE subscription_id = :subscription_id AND lease_token = :token::bigint
RETURNING subscription_id;
