-- Who was told of for having looked at unusually many citizens within an hour, so that it is told once.
CREATE TABLE audit_warnings (
    -- "officer" or "client".
    kind text NOT NULL,
    -- As the lines name them: a code, or the digest of an officer's own number.
    who text NOT NULL,
    hour timestamptz NOT NULL,
    subjects_count integer NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (kind, who, hour)
);
