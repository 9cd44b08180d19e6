-- Both are known once a fact is made anew; until then it counts as one that may have been another.
ALTER TABLE indicator_facts ADD COLUMN holds_from timestamptz, ADD COLUMN filed_on date;
CREATE INDEX indicator_facts_filed ON indicator_facts (filed_on);
-- Tells whether any fact is another one than when it was looked at.
ALTER TABLE indicator_state ADD COLUMN changes_count bigint NOT NULL DEFAULT 0;
