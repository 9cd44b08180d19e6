-- Which processes hold which keys, by marks that tell keys apart and show none. A rotation waits for them.
CREATE TABLE key_ring_readers (
    reader_id uuid PRIMARY KEY,
    host text NOT NULL,
    process_id integer NOT NULL,
    role text NOT NULL,
    -- "k1:0f3a…": the key's id and its mark.
    key_marks text[] NOT NULL,
    active text NOT NULL,
    digest_mark text NOT NULL,
    seen_at timestamptz NOT NULL
);

-- By which digest key this database is written: a ring with another one would find nobody and trust no audit line.
CREATE TABLE key_ring_digest (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    proof bytea NOT NULL
);

-- Whose dossiers these are, by keyed digests of the numbers that they state. A number that a later revision does not state
-- any more keeps its line: the earlier revision is kept, too.
CREATE TABLE dossier_parties (
    number_digest bytea NOT NULL,
    dossier_id bigint NOT NULL,
    role smallint NOT NULL CHECK (role BETWEEN 1 AND 3),  -- 1 applicant, 2 submitter, 3 delegate
    PRIMARY KEY (number_digest, dossier_id, role)
);

-- Dossiers up to here were accepted before there was such an index; `gateway subjects index` goes through them.
CREATE TABLE dossier_parties_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    wanted_to bigint NOT NULL,
    indexed_to bigint NOT NULL
);
INSERT INTO dossier_parties_state (wanted_to, indexed_to) SELECT COALESCE(max(dossier_id), 0), 0 FROM dossiers;

ALTER TABLE dossiers ADD COLUMN erased_at timestamptz;
ALTER TABLE dossiers ADD CONSTRAINT dossiers_erased CHECK ((erased_at IS NULL) = (wrapped_key <> ''));
CREATE INDEX dossiers_ended ON dossiers (updated_at) WHERE erased_at IS NULL
    AND status IN ('refused', 'withdrawn', 'stopped', 'returned');
CREATE INDEX sign_in_evidence_by_number ON sign_in_evidence USING gin (number_digests);
CREATE INDEX share_consents_by_subject ON share_consents (subject_digest);
CREATE INDEX statements_over ON statements (changed_at) WHERE state IN ('delivered', 'skipped') AND wrapped_key <> '';
