-- Where pgvector is.
CREATE EXTENSION vector;
SET search_path = app, public;
CREATE TABLE vectors (id uuid PRIMARY KEY, collection_name text, title text, embedding vector(4), half halfvec(3), sparse sparsevec(9), many vector(2)[]);
INSERT INTO vectors SELECT ('00000000-0000-0000-0000-' || lpad(id::text, 12, '0'))::uuid, 'c' || id % 3, 'title ' || id, ARRAY[0.1, 0.2, id / 7.0, -id / 11.0]::real[]::vector, '[1,2,3]', '{1:0.5,9:2}/9', ARRAY['[1,2]', '[3,4]']::vector[] FROM generate_series(1, 60) id;
CREATE INDEX vectors_embedding_idx ON vectors USING hnsw (embedding vector_cosine_ops) WITH (m = 8, ef_construction = 32);
CREATE INDEX vectors_half_idx ON vectors USING hnsw (half halfvec_l2_ops);
