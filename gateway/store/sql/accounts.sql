-- name: lock_person$
SELECT pg_advisory_xact_lock(:lock::int, hashtext(encode(:digest::bytea, 'hex') || :client_id));

-- name: link_of^
SELECT l.*, a.account_ref, a.kind, a.origin, a.state AS account_state, a.name_digest, a.birth_digest
FROM account_links l JOIN local_accounts a USING (account_id)
WHERE l.client_id = :client_id AND l.subject_digest = :subject_digest AND l.state <> 'ended' FOR UPDATE OF l;

-- name: link^
SELECT l.*, a.account_ref, a.kind, a.origin, a.state AS account_state, a.name_digest, a.birth_digest
FROM account_links l JOIN local_accounts a USING (account_id)
WHERE l.client_id = :client_id AND l.link_id = :link_id FOR UPDATE OF l;

-- name: links_of
SELECT l.*, a.account_ref, a.kind, a.origin, a.state AS account_state, a.name_digest, a.birth_digest
FROM account_links l JOIN local_accounts a USING (account_id)
WHERE l.client_id = :client_id AND a.account_ref = :account_ref ORDER BY l.created_at, l.link_id LIMIT 100;

-- name: accounts_with
SELECT account_id, account_ref, kind, origin, state, name_digest, birth_digest
FROM local_accounts WHERE client_id = :client_id AND number_digest = :number_digest ORDER BY account_id LIMIT 10;

-- name: account^
SELECT account_id, account_ref, kind, origin, state, name_digest, birth_digest
FROM local_accounts WHERE client_id = :client_id AND account_ref = :account_ref;

-- name: put_account^
INSERT INTO local_accounts AS present (client_id, account_ref, kind, origin, state, number_digest, name_digest,
    birth_digest, created_at, changed_at)
VALUES (:client_id, :account_ref, :kind, :origin, :state, :number_digest, :name_digest, :birth_digest, :now, :now)
ON CONFLICT (client_id, account_ref) DO UPDATE
SET kind = EXCLUDED.kind, origin = EXCLUDED.origin, state = EXCLUDED.state, number_digest = EXCLUDED.number_digest,
    name_digest = EXCLUDED.name_digest, birth_digest = EXCLUDED.birth_digest, changed_at = EXCLUDED.changed_at
RETURNING account_id, (xmax = 0) AS is_new;

-- name: make_account$
-- For a person who signed in: an account that is there already is another matter.
INSERT INTO local_accounts (client_id, account_ref, kind, origin, state, number_digest, name_digest, birth_digest,
    created_at, changed_at)
VALUES (:client_id, :account_ref, :kind, :origin, :state, :number_digest, :name_digest, :birth_digest, :now, :now)
ON CONFLICT (client_id, account_ref) DO NOTHING RETURNING account_id;

-- name: living_levels
SELECT e.identity_level FROM account_links l JOIN local_accounts a USING (account_id)
JOIN sign_in_evidence e ON e.evidence_id = l.evidence_id
WHERE l.client_id = :client_id AND a.account_ref = :account_ref AND l.state <> 'ended';

-- name: add_link!
INSERT INTO account_links (link_id, client_id, account_id, provider, subject_digest, number_digest,
    technical_digest, state, source, evidence_id, created_by, created_at, changed_at)
VALUES (:link_id, :client_id, :account_id, :provider, :subject_digest, :number_digest, :technical_digest, 'active', :source,
    :evidence_id, :created_by, :now, :now);

-- name: set_marks!
UPDATE account_links SET number_digest = :number_digest, technical_digest = :technical_digest
WHERE client_id = :client_id AND link_id = :link_id;

-- name: set_state!
-- What an officer released is compared with what the next sign-in says.
UPDATE account_links SET state = :state, changed_at = :now, end_reason = :reason, ended_by = :ended_by,
    number_digest = CASE WHEN :state = 'active' THEN NULL ELSE number_digest END,
    technical_digest = CASE WHEN :state = 'active' THEN NULL ELSE technical_digest END
WHERE client_id = :client_id AND link_id = :link_id;
