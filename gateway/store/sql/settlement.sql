-- name: find_settlement_file^
SELECT provider, day, sha256, name, imported_by, rows_count, wrapped_key, sealed FROM settlement_files
WHERE provider = :provider AND day = :day ORDER BY imported_at DESC, file_id DESC LIMIT 1;

-- name: add_settlement_file!
-- A file that is brought again is the one that holds again.
INSERT INTO settlement_files (
    provider, day, sha256, name, imported_at, imported_by, rows_count, wrapped_key, sealed
) VALUES (
    :provider, :day, :sha256, :name, :now, :imported_by, :rows_count, :wrapped_key, :sealed
)
ON CONFLICT (provider, day, sha256) DO UPDATE
SET imported_at = excluded.imported_at, imported_by = excluded.imported_by;

-- name: taken_settlement_days
SELECT DISTINCT day FROM settlement_files WHERE provider = :provider AND day >= :first ORDER BY day;

-- name: first_payment_of$
SELECT min(opened_at) FROM payment_attempts WHERE provider = :provider;

-- name: payments_of_days
SELECT * FROM payment_requests
WHERE request_id IN (
    SELECT request_id FROM payment_attempts
    WHERE provider = :provider AND paid_on BETWEEN :first AND :last
    UNION
    SELECT request_id FROM payment_attempts
    WHERE provider = :provider AND reference = ANY(:references::text[]) AND reference <> ''
    UNION
    SELECT r.request_id FROM payment_refunds r JOIN payment_attempts a USING (attempt_id)
    WHERE a.provider = :provider AND r.done_on BETWEEN :first AND :last
)
ORDER BY request_id;

-- name: payments_of_dossiers
SELECT * FROM payment_requests WHERE dossier_code = ANY(:codes::text[]) ORDER BY request_id;

-- name: find_settlement_day^
SELECT record, matched_at, closed_at, closed_by FROM settlement_days WHERE provider = :provider AND day = :day;

-- name: settlement_days
SELECT record, matched_at, closed_at, closed_by FROM settlement_days
WHERE (:provider::text IS NULL OR provider = :provider) AND day BETWEEN :first AND :last
ORDER BY day DESC, provider LIMIT 400;

-- name: save_settlement_day!
INSERT INTO settlement_days (
    provider, day, matched_at, unexplained_count, record
) VALUES (
    :provider, :day, :now, :unexplained_count, :record
)
ON CONFLICT (provider, day) DO UPDATE SET
    matched_at = excluded.matched_at, unexplained_count = excluded.unexplained_count, record = excluded.record
WHERE settlement_days.closed_at IS NULL;

-- name: close_settlement_day$
UPDATE settlement_days SET closed_at = :now, closed_by = :closed_by
WHERE provider = :provider AND day = :day AND closed_at IS NULL AND unexplained_count = 0
RETURNING true;

-- name: settlement_decisions_of
SELECT finding_key, decided_by, document_number FROM settlement_decisions WHERE provider = :provider AND day = :day;

-- name: decide_finding!
INSERT INTO settlement_decisions (provider, day, finding_key, decided_by, document_number, decided_at)
VALUES (:provider, :day, :finding_key, :decided_by, :document_number, :now)
ON CONFLICT (provider, day, finding_key) DO NOTHING;

-- name: settlement_corrections_of
SELECT finding_key, finding_class, outcome, begun_at FROM settlement_corrections
WHERE provider = :provider AND day = :day;

-- name: begin_correction^
-- Given again while it is not known to be done: what it does bears repetition.
INSERT INTO settlement_corrections (provider, day, finding_key, finding_class, begun_at)
VALUES (:provider, :day, :finding_key, :finding_class, :now)
ON CONFLICT (provider, day, finding_key) DO UPDATE SET finding_class = excluded.finding_class
WHERE settlement_corrections.done_at IS NULL
RETURNING finding_key;

-- name: end_correction!
UPDATE settlement_corrections SET outcome = :outcome, done_at = :now
WHERE provider = :provider AND day = :day AND finding_key = :finding_key;

-- name: open_settlement_days
SELECT provider, count(*) AS days_count, min(day) AS oldest_day, sum(unexplained_count) AS unexplained_count
FROM settlement_days WHERE closed_at IS NULL GROUP BY provider;

-- name: add_account_statement!
INSERT INTO account_statements (digest, first_on, until_on, accounts, credits_count, imported_at, wrapped_key, sealed)
VALUES (:digest, :first_on, :until_on, :accounts, :credits_count, :now, :wrapped_key, :sealed)
ON CONFLICT (digest) DO NOTHING;

-- name: account_statements_between
SELECT digest, first_on, until_on, accounts, credits_count, wrapped_key, sealed FROM account_statements
WHERE until_on >= :first AND first_on <= :last ORDER BY imported_at, statement_id;

-- name: used_bank_references
SELECT DISTINCT used.reference
FROM settlement_days d CROSS JOIN LATERAL jsonb_array_elements_text(d.record::jsonb -> 'used_bank_references')
    AS used (reference)
WHERE d.day BETWEEN :first AND :last AND NOT (d.provider = :provider AND d.day = :day);

-- name: days_before_statements
SELECT provider, day FROM settlement_days
WHERE closed_at IS NULL AND day >= :first AND provider = ANY(:providers::text[])
  AND matched_at < (SELECT max(imported_at) FROM account_statements)
ORDER BY day, provider;
