-- Indexes for questions about the metadata of the vector store's documents. Needs
-- 001_create_vector_tables.sql. Can be run again: what is there already stays as it is.

-- Documents that contain something, metadata @> '{"status": "open"}', or have a key, metadata ? 'x'.
-- One index for both: jsonb_path_ops would be smaller and know only the first.
CREATE INDEX IF NOT EXISTS vector_documents_metadata_idx
    ON vector_documents USING gin (metadata);

-- A collection's documents of one record type.
CREATE INDEX IF NOT EXISTS vector_documents_record_type_idx
    ON vector_documents (collection_name, (metadata ->> 'record_type'));
