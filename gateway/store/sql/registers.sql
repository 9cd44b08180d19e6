-- name: read_registers
SELECT kind, key, document FROM indicator_registers WHERE kind = ANY(:kinds::text[]) ORDER BY kind, key;

-- name: register_mark^
SELECT (SELECT count(*) FROM indicator_registers) AS items, (SELECT max(changed_at) FROM indicator_registers) AS changed_at,
    (SELECT count(*) FROM procedure_versions) AS versions, (SELECT count(retired_at) FROM procedures) AS retired,
    (SELECT count(*) FROM petitions) AS petitions, (SELECT max(changed_at) FROM petitions) AS petitioned_at;

-- name: clear_register
DELETE FROM indicator_registers WHERE kind = :kind RETURNING key;

-- name: fill_register!
INSERT INTO indicator_registers (kind, key, document, changed_at)
SELECT :kind, s.a, s.b::jsonb, :now::timestamptz FROM unnest(:s1::text[], :s2::text[]) AS s (a, b);

-- name: all_versions
SELECT v.code, v.version_number, v.content_hash, v.seen_at, v.document, p.retired_at, p.version_number AS newest
FROM procedure_versions v JOIN procedures p USING (code)
WHERE v.code > :after ORDER BY v.code, v.version_number LIMIT :wanted::int;

-- name: save_petition!
INSERT INTO petitions AS p (petition_id, agency_code, procedure_code, dossier_code, kind, received_at, answered_at, answer,
    likes_count, dislikes_count, is_repeated, known_at, changed_at)
VALUES (:petition_id, :agency_code, :procedure_code, :dossier_code, :kind, :received_at, :answered_at, :answer,
    :likes_count, :dislikes_count, :is_repeated, :now, :now)
ON CONFLICT (petition_id) DO UPDATE SET agency_code = excluded.agency_code, procedure_code = excluded.procedure_code,
    dossier_code = excluded.dossier_code, kind = excluded.kind, received_at = excluded.received_at,
    answered_at = excluded.answered_at, answer = excluded.answer, likes_count = excluded.likes_count,
    dislikes_count = excluded.dislikes_count, is_repeated = excluded.is_repeated, changed_at = excluded.changed_at;

-- name: former_petition^
SELECT dossier_code, agency_code FROM petitions WHERE petition_id = :petition_id FOR UPDATE;

-- name: read_petitions
SELECT petition_id, agency_code, procedure_code, dossier_code, kind, received_at, answered_at, answer, likes_count,
    dislikes_count, is_repeated, known_at
FROM petitions ORDER BY petition_id;

-- name: save_rating^
INSERT INTO dossier_ratings (dossier_id, rating, rated_at, changed_at)
SELECT dossier_id, :rating, :rated_at::timestamptz, :now::timestamptz FROM dossiers WHERE code = :code
ON CONFLICT (dossier_id) DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at, changed_at = excluded.changed_at
RETURNING dossier_id;
