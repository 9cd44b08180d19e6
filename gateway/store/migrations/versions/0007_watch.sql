-- What operators say about a system: a pause, and the bucket that keeps its rate. Apart from system_states, so that
-- taking a call's token never waits for the circuit.
CREATE TABLE system_gates (
    system        text PRIMARY KEY,
    paused_at     timestamptz,
    paused_by     text NOT NULL DEFAULT '',
    pause_reason  text NOT NULL DEFAULT '',
    resumed_at    timestamptz,
    bucket_tokens double precision NOT NULL DEFAULT 0,
    bucket_at     timestamptz,
    CHECK (paused_at IS NULL OR paused_by <> '')
);

-- Announced outages. One that is taken back while it lasts ends then; the line stays.
CREATE TABLE outages (
    outage_id    bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system       text NOT NULL,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    note         text NOT NULL DEFAULT '',
    announced_by text NOT NULL,
    announced_at timestamptz NOT NULL,
    removed_by   text NOT NULL DEFAULT '',
    removed_at   timestamptz,
    CHECK (starts_at < ends_at)
);
CREATE UNIQUE INDEX outages_once ON outages (system, starts_at, ends_at) WHERE removed_at IS NULL;
CREATE INDEX outages_by_end ON outages (system, ends_at);

-- Differences between live replies and what is known of a system's contract, once each. Examples are redacted.
CREATE TABLE contract_drift (
    drift_id        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system          text NOT NULL,
    operation       text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('new_field', 'missing_field', 'changed_type', 'new_code')),
    place           text NOT NULL,
    detail          text NOT NULL,
    example         text NOT NULL,
    sightings_count bigint NOT NULL CHECK (sightings_count >= 1),
    first_seen_at   timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text NOT NULL DEFAULT '',
    UNIQUE (system, operation, kind, place)
);
