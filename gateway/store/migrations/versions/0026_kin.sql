-- Keyed digests, which go with the dossier as that of its applicant does: of whoever submitted it, of its files, its result.
ALTER TABLE indicator_facts ADD COLUMN account_key bytea, ADD COLUMN content_key bytea, ADD COLUMN result_key bytea;
CREATE INDEX indicator_facts_by_account ON indicator_facts (account_key, dossier_id) WHERE account_key IS NOT NULL;
CREATE INDEX indicator_facts_by_content ON indicator_facts (content_key, dossier_id) WHERE content_key IS NOT NULL;
CREATE INDEX indicator_facts_by_result ON indicator_facts (result_key, dossier_id) WHERE result_key IS NOT NULL;
