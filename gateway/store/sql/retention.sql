-- name: shred_statements$
WITH over AS (
    SELECT statement_id FROM statements
    WHERE state IN ('delivered', 'skipped') AND wrapped_key <> '' AND changed_at < :before::timestamptz
    ORDER BY changed_at LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), shredded AS (
    UPDATE statements s SET wrapped_key = '', sealed = '' FROM over WHERE s.statement_id = over.statement_id RETURNING 1
) SELECT count(*) FROM shredded;

-- name: shred_findings$
WITH over AS (
    SELECT finding_id FROM reconciliation_findings
    WHERE state IN ('repaired', 'settled') AND sealed IS NOT NULL AND changed_at < :before::timestamptz
    ORDER BY finding_id LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), shredded AS (
    UPDATE reconciliation_findings f SET wrapped_key = NULL, sealed = NULL FROM over
    WHERE f.finding_id = over.finding_id RETURNING 1
) SELECT count(*) FROM shredded;

-- name: shred_messages$
WITH over AS (
    SELECT line FROM inbox
    WHERE handled_at IS NOT NULL AND wrapped_key <> '' AND handled_at < :before::timestamptz
    ORDER BY line LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), shredded AS (
    UPDATE inbox i SET wrapped_key = '', sealed = '' FROM over WHERE i.line = over.line RETURNING 1
) SELECT count(*) FROM shredded;

-- name: purge_payment_messages$
-- Nothing refers to them: they go whole, so that strangers do not make the table grow.
WITH over AS (
    SELECT message_id FROM payment_messages
    WHERE request_id IS NULL AND received_at < :before::timestamptz
    ORDER BY message_id LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), purged AS (
    DELETE FROM payment_messages m USING over WHERE m.message_id = over.message_id RETURNING 1
) SELECT count(*) FROM purged;

-- name: purge_monitoring_pulls$
WITH over AS (
    SELECT pull_id FROM monitoring_pulls WHERE at < :before::timestamptz
    ORDER BY at LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), purged AS (
    DELETE FROM monitoring_pulls p USING over WHERE p.pull_id = over.pull_id RETURNING 1
) SELECT count(*) FROM purged;

-- name: purge_account_statements$
WITH over AS (
    SELECT statement_id FROM account_statements WHERE imported_at < :before::timestamptz
    ORDER BY statement_id LIMIT :wanted::int FOR UPDATE SKIP LOCKED
), purged AS (
    DELETE FROM account_statements a USING over WHERE a.statement_id = over.statement_id RETURNING 1
) SELECT count(*) FROM purged;
