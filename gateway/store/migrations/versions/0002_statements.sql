-- What the province states to a national system beside dossiers: answers, its own questions, ratings, statistics. A later
-- statement about the same subject takes the place of one that still waits; the partial index keeps at most one on its way.
CREATE TABLE statements (
    statement_id   bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    system         text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('answer', 'local_question', 'rating', 'statistics')),
    subject        text NOT NULL,
    agency_code    text NOT NULL,
    client_id      text NOT NULL,
    digest         bytea NOT NULL,
    wrapped_key    bytea NOT NULL,
    sealed         bytea NOT NULL,
    state          text NOT NULL DEFAULT 'waiting'
                   CHECK (state IN ('waiting', 'in_flight', 'delivered', 'parked', 'skipped')),
    attempts_count integer NOT NULL DEFAULT 0,
    reason         text NOT NULL DEFAULT '',
    due_at         timestamptz,
    lease_until    timestamptz,
    created_at     timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    CHECK (state NOT IN ('parked', 'skipped') OR reason <> ''),
    CHECK ((state = 'in_flight') = (lease_until IS NOT NULL)),
    CHECK ((state = 'waiting') = (due_at IS NOT NULL))
);
CREATE UNIQUE INDEX statements_under_way ON statements (system, kind, subject) WHERE state = 'in_flight';
CREATE UNIQUE INDEX statements_next ON statements (system, kind, subject) WHERE state IN ('waiting', 'parked');
CREATE INDEX statements_due ON statements (system, due_at) WHERE state = 'waiting';
CREATE INDEX statements_latest ON statements (system, kind, subject, statement_id);

-- Questions that a national system holds for the province. Asker and texts are sealed.
CREATE TABLE questions (
    system         text NOT NULL,
    source         text NOT NULL CHECK (source IN ('citizens', 'agencies')),
    question_id    text NOT NULL,
    sector_code    text NOT NULL,
    procedure_code text NOT NULL,
    agency_code    text NOT NULL,
    is_answered    boolean,  -- NULL: the portal could not be asked yet
    digest         bytea NOT NULL,
    wrapped_key    bytea NOT NULL,
    sealed         bytea NOT NULL,
    first_seen_at  timestamptz NOT NULL,
    changed_at     timestamptz NOT NULL,
    PRIMARY KEY (system, source, question_id)
);
CREATE INDEX questions_by_agency ON questions (agency_code, question_id);
ALTER TABLE system_states ADD COLUMN questions_read_at timestamptz;
