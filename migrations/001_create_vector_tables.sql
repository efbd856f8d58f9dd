-- The vector store: texts with their embeddings, in collections.
-- Can be run again: what is there already stays as it is.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE IF NOT EXISTS vector_documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id text,
    collection_name text NOT NULL,
    content text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    -- Null until the text has been embedded. 384 dimensions: all-MiniLM-L6-v2 and its relatives.
    embedding vector(384),
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

-- The documents of a collection, newest first, for everybody and for one user.
CREATE INDEX IF NOT EXISTS vector_documents_collection_idx
    ON vector_documents (collection_name, created_at DESC);
CREATE INDEX IF NOT EXISTS vector_documents_user_idx
    ON vector_documents (user_id, collection_name, created_at DESC);

-- Similarity search by cosine distance: ORDER BY embedding <=> $1 LIMIT k.
CREATE INDEX IF NOT EXISTS vector_documents_embedding_idx
    ON vector_documents USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
