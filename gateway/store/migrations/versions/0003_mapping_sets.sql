-- Every load of mapping sets is kept whole; the newest is in force. Texts are the files as they were linted: a code
-- says nothing about a person.
CREATE TABLE mapping_versions (
    version   bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    digest    text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    loaded_at timestamptz NOT NULL,
    loaded_by text NOT NULL CHECK (loaded_by <> '')
);
CREATE TABLE mapping_sets (
    version     bigint NOT NULL REFERENCES mapping_versions,
    name        text NOT NULL,
    set_version text NOT NULL,
    kind        text NOT NULL,
    direction   text NOT NULL CHECK (direction IN ('outbound', 'inbound', 'both')),
    status      text NOT NULL CHECK (status IN ('draft', 'active', 'retired')),
    valid_from  date NOT NULL,
    valid_to    date,
    unmapped    text NOT NULL,
    digest      text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    rows_count  integer NOT NULL CHECK (rows_count >= 1),
    stem        text NOT NULL,
    header      text NOT NULL,
    rows        text NOT NULL,
    names       text,
    PRIMARY KEY (version, name),
    UNIQUE (version, stem),
    CHECK (valid_to > valid_from)
);

-- Codes that dossiers carried, for coverage and for trying out candidates. The dates are those of the dossiers.
CREATE TABLE mapping_codes_seen (
    kind       text NOT NULL,
    code       text NOT NULL,
    first_seen date NOT NULL,
    last_seen  date NOT NULL,
    seen_count bigint NOT NULL CHECK (seen_count >= 1),
    is_mapped  boolean,  -- NULL: no set of the kind was loaded
    PRIMARY KEY (kind, code),
    CHECK (first_seen <= last_seen)
);

-- Which load translated what was sent; NULL when none was loaded, and for steps, which carry no code.
ALTER TABLE deliveries ADD COLUMN mapping_version bigint;
