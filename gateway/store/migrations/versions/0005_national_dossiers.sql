-- Answers to dossiers that were filed on a national portal travel as a kind of their own.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('snapshot', 'step', 'national_status'));

-- A message whose dossier is not there yet has no handled_at.
ALTER TABLE inbox ADD COLUMN line bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX inbox_by_dossier ON inbox (dossier_code, line) WHERE dossier_code IS NOT NULL;
CREATE INDEX inbox_waiting ON inbox (received_at) WHERE handled_at IS NULL;

-- Since when a nationally filed dossier waits for the province; NULL when it was answered, or is the province's own.
ALTER TABLE dossiers ADD COLUMN waiting_since timestamptz;
CREATE INDEX dossiers_national ON dossiers (dossier_id) WHERE origin = 'national_portal';
