-- name: add_client!
INSERT INTO clients (client_id, name, token_sha256, scopes, agency_prefixes, certificate_sha256, created_at)
VALUES (:client_id, :name, :token_sha256, :scopes, :agency_prefixes, :certificate_sha256, :created_at);

-- name: list_clients
SELECT client_id, name, scopes, agency_prefixes, certificate_sha256, created_at, revoked_at
FROM clients ORDER BY client_id;

-- name: revoke_client^
UPDATE clients SET revoked_at = :now::timestamptz WHERE client_id = :client_id AND revoked_at IS NULL
RETURNING client_id;

-- name: find_client^
SELECT client_id, name, scopes, agency_prefixes, certificate_sha256, created_at, revoked_at
FROM clients WHERE token_sha256 = :token_sha256 AND revoked_at IS NULL;
