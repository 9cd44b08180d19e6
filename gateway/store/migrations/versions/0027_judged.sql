-- Which dossiers were judged lately, so that what was judged of them for another instant is judged again, and nothing else.
-- A number is that of indicator_state.changes_count behind the turn.
CREATE TABLE indicator_judged (
    changes_count bigint NOT NULL,
    dossier_id    bigint NOT NULL
);
CREATE INDEX indicator_judged_by_count ON indicator_judged (changes_count, dossier_id);
