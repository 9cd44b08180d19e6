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
