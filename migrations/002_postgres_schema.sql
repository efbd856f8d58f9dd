-- The music catalogue: songs, their embeddings, further facts about their files, and genres.
-- Made for a catalogue that comes from Cassandra: its UUID, TEXT, MAP and vector columns become
-- uuid, text, jsonb and vector. Can be run again: what is there already stays as it is.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE IF NOT EXISTS genres (
    name text PRIMARY KEY,
    description text
);

CREATE TABLE IF NOT EXISTS songs (
    song_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    title text NOT NULL,
    artist text,
    album text,
    -- No foreign key to genres: in Cassandra nothing kept the two in step, and a song with a genre
    -- that the lookup lacks has to arrive as well.
    genre text,
    duration_seconds double precision,
    bpm double precision,
    release_date date,
    source_url text,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE TABLE IF NOT EXISTS embeddings (
    song_id uuid NOT NULL REFERENCES songs ON DELETE CASCADE,
    -- A song has one embedding from each model.
    model text NOT NULL DEFAULT 'default',
    -- 512 dimensions, as CLAP's audio models give: an HNSW index needs a fixed number.
    embedding vector(512) NOT NULL,
    created_at timestamptz DEFAULT now(),
    PRIMARY KEY (song_id, model)
);

CREATE TABLE IF NOT EXISTS metadata (
    song_id uuid PRIMARY KEY REFERENCES songs ON DELETE CASCADE,
    file_name text,
    file_bytes bigint,
    format text,
    sample_rate_hz integer,
    -- Whatever else the file says about itself: Cassandra's MAP.
    properties jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now()
);

CREATE INDEX IF NOT EXISTS songs_artist_title_idx ON songs (artist, title);
CREATE INDEX IF NOT EXISTS songs_genre_idx ON songs (genre);
CREATE INDEX IF NOT EXISTS songs_created_idx ON songs (created_at DESC);
CREATE INDEX IF NOT EXISTS metadata_file_name_idx ON metadata (file_name);
CREATE INDEX IF NOT EXISTS metadata_properties_idx
    ON metadata USING gin (properties jsonb_path_ops);

-- Similar songs: 1 - (embedding <=> $1) is the similarity, ORDER BY embedding <=> $1 LIMIT 5.
CREATE INDEX IF NOT EXISTS embeddings_embedding_idx
    ON embeddings USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
