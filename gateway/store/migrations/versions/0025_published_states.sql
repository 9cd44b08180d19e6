-- Each state of a period (as of now, at its end) has versions of its own, in the one chain.
ALTER TABLE monitoring_snapshots ADD COLUMN state_at text NOT NULL DEFAULT 'as_of';
ALTER TABLE monitoring_snapshots DROP CONSTRAINT monitoring_snapshots_period_type_calendar_label_version_key;
ALTER TABLE monitoring_snapshots ADD UNIQUE (period_type, calendar, label, state_at, version);
ALTER TABLE monitoring_owed ADD COLUMN state_at text NOT NULL DEFAULT 'as_of';
ALTER TABLE monitoring_owed DROP CONSTRAINT monitoring_owed_pkey, ADD PRIMARY KEY (period_type, calendar, label, state_at);

-- The dossiers that the newest publication of a period's end held otherwise than the facts of its instant did. By them the
-- next one says which dossiers moved its numbers. NULL agency: the dossier was not there.
CREATE TABLE monitoring_cut_facts (
    period_type text NOT NULL,
    calendar text NOT NULL,
    label text NOT NULL,
    after_on date NOT NULL,
    code text NOT NULL,
    agency_code text,
    procedure_code text NOT NULL,
    is_group boolean NOT NULL,
    received_on date,
    received smallint[] NOT NULL,
    submitted_on date,
    submitted smallint[] NOT NULL,
    time_amount bigint NOT NULL,
    PRIMARY KEY (period_type, calendar, label, code)
);
