-- How far each receiver of publications is that does not pull, and its word for each publication that it has.
CREATE TABLE monitoring_receivers (
    receiver text PRIMARY KEY,
    -- Of the last publication that it has; it has all before.
    position bigint NOT NULL,
    -- In a row, of the next one.
    failures_count integer NOT NULL,
    -- Why the last try failed: a word.
    reason text NOT NULL,
    next_at timestamptz
);
CREATE TABLE monitoring_receipts (
    receiver text NOT NULL,
    position bigint NOT NULL REFERENCES monitoring_snapshots,
    status smallint NOT NULL,
    -- Of the body that was sent.
    sha256 text NOT NULL,
    answer text NOT NULL,
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (receiver, position)
);
