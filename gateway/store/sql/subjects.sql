-- name: dossiers
SELECT d.dossier_id, d.code, array_agg(DISTINCT p.role) AS roles, d.procedure_code, d.handling_agency_code, d.status,
       d.created_at AS accepted_at, d.updated_at, d.erased_at, d.wrapped_key,
       EXISTS (SELECT FROM deliveries o WHERE o.dossier_id = d.dossier_id
               AND o.state IN ('waiting', 'in_flight', 'unknown', 'parked')) AS has_open_deliveries
FROM dossier_parties p JOIN dossiers d USING (dossier_id)
WHERE p.number_digest = ANY(:digests::bytea[]) GROUP BY d.dossier_id ORDER BY d.dossier_id;

-- name: evidence
SELECT evidence_id, client_id, provider, issuer, outcome, reason, account_kind, identity_level, authentication_level,
       assurance, authenticated_at, occurred_at, address_prefix
FROM sign_in_evidence WHERE number_digests && :digests::bytea[] ORDER BY occurred_at, evidence_id;

-- name: sign_ins
SELECT s.sign_in_id, s.client_id, s.provider, s.evidence_id, s.account_kind, s.identity_level, s.assurance, s.created_at,
       s.seen_at, s.expires_at, s.ended_at, s.end_reason, s.wrapped_key, s.sealed
FROM sign_ins s JOIN sign_in_evidence e USING (evidence_id)
WHERE e.number_digests && :digests::bytea[] ORDER BY s.created_at;

-- name: accounts
SELECT account_id, client_id, account_ref, kind, origin, state, number_digest, created_at, changed_at
FROM local_accounts WHERE number_digest = ANY(:digests::bytea[]) ORDER BY account_id;

-- name: links
SELECT l.link_id, l.client_id, a.account_ref, l.provider, l.state, l.source, l.subject_digest, l.number_digest,
       l.technical_digest, l.evidence_id, l.created_by, l.created_at, l.changed_at, l.end_reason
FROM account_links l JOIN local_accounts a USING (account_id)
WHERE a.number_digest = ANY(:accounts::bytea[]) OR l.number_digest = ANY(:accounts::bytea[])
   OR l.evidence_id = ANY(:evidence_ids::uuid[])
ORDER BY l.created_at, l.link_id;

-- name: consents
SELECT transaction_id, client_id, hub, agreement_id, purpose, agency_code, dossier_code, state, data, code, created_at,
       decided_at, wrapped_key, sealed
FROM share_consents WHERE subject_digest = ANY(:digests::bytea[]) ORDER BY created_at;

-- name: technical_ids
SELECT number_digest, is_known, seen_at, asked_at, wrapped_key, sealed
FROM technical_ids WHERE number_digest = ANY(:digests::bytea[]) ORDER BY seen_at;

-- name: audit
SELECT position, at, action, stage, client_id, officer, agency_code, procedure_code, dossier_code, purpose, legal_basis,
       consent_ref, fields_requested, fields_released, outcome
FROM audit_lines WHERE subject_digest = ANY(:digests::bytea[]) ORDER BY position;

-- name: unindexed_count$
SELECT count(*) FROM dossiers d, dossier_parties_state s
WHERE d.dossier_id > s.indexed_to AND d.dossier_id <= s.wanted_to AND d.erased_at IS NULL;

-- name: revisions
SELECT dossier_id, revision, kind, accepted_at, sealed
FROM dossier_revisions WHERE dossier_id = :dossier_id::bigint ORDER BY revision;

-- name: messages
SELECT system, message_id, received_at, kind, handled_at IS NOT NULL AS is_handled, wrapped_key, sealed
FROM inbox WHERE dossier_code = :code AND wrapped_key <> '' ORDER BY line;

-- name: lock_ended$
-- Locked as acceptance and repairs lock it, so nothing new is owed before this ends.
SELECT code FROM dossiers d
WHERE d.dossier_id = :dossier_id::bigint AND d.erased_at IS NULL AND d.status = ANY(:final::text[])
FOR UPDATE;

-- name: owes_anything$
SELECT EXISTS (SELECT FROM deliveries WHERE dossier_id = :dossier_id::bigint
               AND state IN ('waiting', 'in_flight', 'unknown', 'parked'));

-- name: shred_dossier!
UPDATE dossiers SET wrapped_key = '', digest = '', erased_at = :now::timestamptz WHERE dossier_id = :dossier_id::bigint;

-- name: shred_revisions!
UPDATE dossier_revisions SET sealed = '' WHERE dossier_id = :dossier_id::bigint;

-- name: shred_messages!
UPDATE inbox SET wrapped_key = '', sealed = '' WHERE dossier_code = :code AND handled_at IS NOT NULL;

-- name: shred_payments!
UPDATE payment_requests SET wrapped_key = NULL, sealed = NULL WHERE dossier_code = :code;

-- name: shred_payment_messages!
UPDATE payment_messages SET wrapped_key = NULL, sealed = NULL
WHERE request_id IN (SELECT request_id FROM payment_requests WHERE dossier_code = :code);

-- name: shred_findings!
UPDATE reconciliation_findings SET wrapped_key = NULL, sealed = NULL
WHERE dossier_id = :dossier_id::bigint OR dossier_code = :code;

-- name: forget_parties!
DELETE FROM dossier_parties WHERE number_digest = ANY(:digests::bytea[]) AND dossier_id = :dossier_id::bigint;

-- name: end_sign_ins$
WITH ended AS (
    UPDATE sign_ins SET ended_at = COALESCE(ended_at, :now::timestamptz), end_reason = COALESCE(end_reason, 'erased'),
        wrapped_key = NULL, sealed = NULL, logout_digest = NULL
    WHERE evidence_id = ANY(:evidence_ids::uuid[]) AND sealed IS NOT NULL RETURNING 1
) SELECT count(*) FROM ended;

-- name: shred_consents$
WITH shredded AS (
    UPDATE share_consents SET wrapped_key = NULL, sealed = NULL, work_at = NULL, next_at = NULL,
        data = CASE data WHEN 'held' THEN 'purged' ELSE data END
    WHERE subject_digest = ANY(:digests::bytea[]) AND sealed IS NOT NULL
      AND state NOT IN ('created', 'initiated', 'linked') AND data <> 'wanted' RETURNING 1
) SELECT count(*) FROM shredded;

-- name: delete_technical_ids$
WITH gone AS (DELETE FROM technical_ids WHERE number_digest = ANY(:digests::bytea[]) RETURNING 1)
SELECT count(*) FROM gone;

-- name: unindexed
SELECT d.dossier_id, d.wrapped_key FROM dossiers d, dossier_parties_state s
WHERE d.dossier_id > COALESCE(:after::bigint, s.indexed_to) AND (:after::bigint IS NOT NULL OR d.dossier_id <= s.wanted_to)
  AND d.erased_at IS NULL
ORDER BY d.dossier_id LIMIT :wanted::int;

-- name: documents
SELECT dossier_id, revision, kind, accepted_at, sealed FROM dossier_revisions
WHERE dossier_id = ANY(:dossier_ids::bigint[]) AND kind = 'replacement' ORDER BY dossier_id, revision;

-- name: add_parties!
-- Only of what is not erased meanwhile: the row is locked as erasure locks it.
INSERT INTO dossier_parties (number_digest, dossier_id, role)
SELECT p.a, p.b, p.c FROM unnest(:d1::bytea[], :d2::bigint[], :d3::smallint[]) AS p (a, b, c)
JOIN (SELECT dossier_id FROM dossiers WHERE dossier_id = ANY(:d2::bigint[]) AND erased_at IS NULL
      ORDER BY code FOR SHARE) AS d ON d.dossier_id = p.b
ON CONFLICT DO NOTHING;

-- name: note_indexed!
UPDATE dossier_parties_state SET indexed_to = GREATEST(indexed_to, :through::bigint);

-- name: ended_dossiers
SELECT d.dossier_id, d.code, '{}'::smallint[] AS roles, d.procedure_code, d.handling_agency_code, d.status,
       d.created_at AS accepted_at, d.updated_at, d.erased_at, d.wrapped_key, false AS has_open_deliveries
FROM dossiers d
WHERE d.erased_at IS NULL AND d.status IN ('refused', 'withdrawn', 'stopped', 'returned')
  AND d.updated_at < :before::timestamptz
  AND NOT EXISTS (SELECT FROM deliveries o WHERE o.dossier_id = d.dossier_id
                  AND (o.state IN ('waiting', 'in_flight', 'unknown', 'parked') OR o.changed_at >= :before::timestamptz))
ORDER BY d.updated_at LIMIT :wanted::int;
