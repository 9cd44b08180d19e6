-- name: wrapped_columns
-- Every column that holds a wrapped key, as the database itself knows them: no table can be forgotten.
SELECT c.table_name AS table, c.column_name AS column
FROM information_schema.columns c
JOIN information_schema.tables t USING (table_schema, table_name)
WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.data_type = 'bytea'
  AND c.column_name ~ '(^|_)wrapped_key$'
ORDER BY 1, 2;

-- name: note_reader!
INSERT INTO key_ring_readers (reader_id, host, process_id, role, key_marks, active, digest_mark, seen_at)
VALUES (:reader_id, :host, :process_id, :role, :key_marks::text[], :active, :digest_mark, clock_timestamp())
ON CONFLICT (reader_id) DO UPDATE SET key_marks = excluded.key_marks, active = excluded.active,
    digest_mark = excluded.digest_mark, seen_at = excluded.seen_at;

-- name: forget_readers!
DELETE FROM key_ring_readers WHERE seen_at < clock_timestamp() - interval '1 day';

-- name: forget_reader!
DELETE FROM key_ring_readers WHERE reader_id = :reader_id;

-- name: living_readers
SELECT reader_id, host, process_id, role, key_marks, active, digest_mark, seen_at
FROM key_ring_readers WHERE seen_at > clock_timestamp() - make_interval(secs => :seconds::float8)
ORDER BY host, process_id;

-- name: prove_digest$
WITH first AS (
    INSERT INTO key_ring_digest (proof) VALUES (:proof::bytea) ON CONFLICT (is_only) DO NOTHING RETURNING proof
)
SELECT proof FROM first UNION ALL SELECT proof FROM key_ring_digest LIMIT 1;
