-- One row per comparison of the two sides. `cursor` and `list_cursor` say where it goes on after an interruption.
CREATE TABLE reconciliation_runs (
    run_id       bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system       text NOT NULL,
    mode         text NOT NULL CHECK (mode IN ('full', 'incremental')),
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'cancelled')),
    phase        text NOT NULL CHECK (phase IN ('listing', 'comparing', 'verifying', 'done')),
    is_dry       boolean NOT NULL,
    since        timestamptz,
    cursor       bigint NOT NULL DEFAULT 0,
    list_cursor  text NOT NULL DEFAULT '',
    requested_by text NOT NULL,
    started_at   timestamptz NOT NULL,
    progressed_at timestamptz NOT NULL,
    finished_at  timestamptz
);
CREATE UNIQUE INDEX reconciliation_runs_one ON reconciliation_runs (system) WHERE state = 'running';

CREATE TABLE reconciliation_counts (
    run_id bigint NOT NULL REFERENCES reconciliation_runs ON DELETE CASCADE,
    name   text NOT NULL,
    total  bigint NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- Differences. `sealed` holds both values of every field; a difference that is found again is the same row.
CREATE TABLE reconciliation_findings (
    finding_id   bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system       text NOT NULL,
    dossier_code text NOT NULL,
    dossier_id   bigint REFERENCES dossiers,
    kind         text NOT NULL,
    fields       text[] NOT NULL,
    state        text NOT NULL CHECK (state IN ('parked', 'repairing', 'repaired', 'settled')),
    run_id       bigint NOT NULL REFERENCES reconciliation_runs,
    wrapped_key  bytea,
    sealed       bytea,
    found_at     timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX reconciliation_findings_open ON reconciliation_findings (system, dossier_code, kind)
    WHERE state IN ('parked', 'repairing');
CREATE INDEX reconciliation_findings_repairing ON reconciliation_findings (run_id, finding_id) WHERE state = 'repairing';
