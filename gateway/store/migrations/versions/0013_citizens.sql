-- Questions about citizens: how many were asked, and replies for a few minutes.

CREATE TABLE citizen_usage (
    client_id text NOT NULL,
    -- A code, or the digest of a citizen's number.
    officer text NOT NULL,
    bucket timestamptz NOT NULL,
    asked_count integer NOT NULL,
    PRIMARY KEY (client_id, officer, bucket)
);
CREATE INDEX citizen_usage_by_bucket ON citizen_usage (bucket);

CREATE TABLE citizen_replies (
    key_digest bytea PRIMARY KEY,
    correlation_id uuid NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX citizen_replies_by_end ON citizen_replies (expires_at);
