-- Where the counting stands. `event_id`: the newest event of the feed that was followed. `rules` names what facts were
-- made by; facts up to `revalued_to` were made by these rules already. `published_at`: what holds at that instant is
-- part of a publication, and is kept when it changes. `is_complete`: at `counted_at` nothing was left to be counted.
CREATE TABLE indicator_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    event_id bigint NOT NULL DEFAULT 0,
    rules text NOT NULL DEFAULT '',
    revalued_to bigint NOT NULL DEFAULT 0,
    published_at timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00+00',
    counted_at timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00+00',
    is_complete boolean NOT NULL DEFAULT false
);
INSERT INTO indicator_state DEFAULT VALUES;

-- What one dossier adds to the cells. `received` and `submitted` are places of measures, on the days beside them.
-- `record` holds times, codes and counts, nothing of a person; `applicant_key` is a keyed digest and goes with the dossier.
-- `lag_seconds` stands where the dossier's lag is counted.
CREATE TABLE indicator_facts (
    dossier_id bigint PRIMARY KEY REFERENCES dossiers,
    code text NOT NULL UNIQUE,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    is_group boolean NOT NULL,
    received_on date,
    received smallint[] NOT NULL,
    submitted_on date,
    submitted smallint[] NOT NULL,
    time_amount bigint NOT NULL,
    lag_seconds bigint,
    applicant_key bytea,
    turns_at timestamptz,
    recorded_at timestamptz NOT NULL,
    record text NOT NULL,
    CHECK ((received_on IS NULL) <= (received = '{}') AND (submitted_on IS NULL) <= (submitted = '{}'))
);
CREATE INDEX indicator_facts_received ON indicator_facts (received_on, agency_code);
CREATE INDEX indicator_facts_submitted ON indicator_facts (submitted_on, agency_code);
CREATE INDEX indicator_facts_by_procedure ON indicator_facts (procedure_code);
CREATE INDEX indicator_facts_by_applicant ON indicator_facts (applicant_key, procedure_code, dossier_id)
    WHERE applicant_key IS NOT NULL;
CREATE INDEX indicator_facts_turns ON indicator_facts (turns_at) WHERE turns_at IS NOT NULL;
CREATE INDEX indicator_facts_lags ON indicator_facts (received_on, agency_code) INCLUDE (procedure_code, is_group, lag_seconds)
    WHERE lag_seconds IS NOT NULL;
CREATE INDEX indicator_facts_recorded ON indicator_facts (recorded_at);

-- What facts were when something was published, where they have changed since.
CREATE TABLE indicator_former_facts (
    dossier_id bigint NOT NULL REFERENCES dossiers,
    recorded_at timestamptz NOT NULL,
    superseded_at timestamptz NOT NULL,
    code text NOT NULL,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    is_group boolean NOT NULL,
    received_on date,
    received smallint[] NOT NULL,
    submitted_on date,
    submitted smallint[] NOT NULL,
    time_amount bigint NOT NULL,
    lag_seconds bigint,
    PRIMARY KEY (dossier_id, recorded_at),
    CHECK (recorded_at < superseded_at)
);
CREATE INDEX indicator_former_facts_superseded ON indicator_former_facts (superseded_at);

-- Sums of what dossiers add, by the place of the measure (an array begins at 1, places at 0; behind its end is 0). An empty
-- code: all.
CREATE TABLE indicator_cells (
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    grain text NOT NULL CHECK (grain IN ('day', 'month')),
    begins_on date NOT NULL,
    is_group boolean NOT NULL,
    counts integer[] NOT NULL,
    time_gateway bigint NOT NULL,
    time_national bigint NOT NULL,
    PRIMARY KEY (agency_code, procedure_code, grain, begins_on, is_group)
);
CREATE INDEX indicator_cells_by_time ON indicator_cells (agency_code, grain, begins_on) WHERE procedure_code <> '';

CREATE FUNCTION indicator_sum(integer[], integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT array_agg(COALESCE(a, 0) + COALESCE(b, 0) ORDER BY place) FROM unnest($1, $2) WITH ORDINALITY AS t (a, b, place));

-- Dossiers whose facts are to be made again although nothing was accepted for them. A changed catalogue wishes for all of
-- them in one statement: no row is looked up for it.
CREATE TABLE indicator_wishes (
    dossier_id bigint PRIMARY KEY
);

-- What is known beside dossiers and the catalogue: agencies with their days, services, decisions, counts of others.
CREATE TABLE indicator_registers (
    kind text NOT NULL,
    key text NOT NULL,
    document jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE TABLE petitions (
    petition_id text PRIMARY KEY,
    agency_code text NOT NULL,
    procedure_code text NOT NULL,
    dossier_code text NOT NULL,
    kind text NOT NULL,
    received_at timestamptz NOT NULL,
    answered_at timestamptz,
    answer text NOT NULL,
    likes_count integer NOT NULL CHECK (likes_count >= 0),
    dislikes_count integer NOT NULL CHECK (dislikes_count >= 0),
    is_repeated boolean NOT NULL,
    known_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE INDEX petitions_received ON petitions (received_at);
CREATE INDEX petitions_by_dossier ON petitions (dossier_code) WHERE dossier_code <> '';

CREATE TABLE dossier_ratings (
    dossier_id bigint PRIMARY KEY REFERENCES dossiers,
    rating text NOT NULL CHECK (rating IN ('very_satisfied', 'satisfied', 'unsatisfied')),
    rated_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);

-- What was published, in its order, never changed. `manifest` is what was signed.
CREATE TABLE monitoring_snapshots (
    position bigint PRIMARY KEY CHECK (position > 0),
    snapshot_id text NOT NULL UNIQUE,
    period_type text NOT NULL,
    calendar text NOT NULL,
    label text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    standing text NOT NULL,
    starts_on date NOT NULL,
    as_of timestamptz NOT NULL,
    head jsonb NOT NULL,
    manifest bytea NOT NULL,
    manifest_sha256 text NOT NULL,
    signature text NOT NULL,
    approver text NOT NULL DEFAULT '',
    UNIQUE (period_type, calendar, label, version)
);

CREATE TABLE monitoring_files (
    position bigint NOT NULL REFERENCES monitoring_snapshots,
    name text NOT NULL,
    media_type text NOT NULL,
    sha256 text NOT NULL,
    packed bytea NOT NULL,
    PRIMARY KEY (position, name)
);

CREATE TABLE monitoring_restatements (
    restatement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position bigint NOT NULL REFERENCES monitoring_snapshots,
    document jsonb NOT NULL
);

-- Final figures that have changed and wait for a person.
CREATE TABLE monitoring_owed (
    period_type text NOT NULL,
    calendar text NOT NULL,
    label text NOT NULL,
    changes_count integer NOT NULL,
    noticed_at timestamptz NOT NULL,
    PRIMARY KEY (period_type, calendar, label)
);

CREATE TABLE monitoring_pulls (
    pull_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text NOT NULL,
    resource text NOT NULL,
    status smallint NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX monitoring_pulls_at ON monitoring_pulls (at);
