//! The table `vector_documents`: made, filled by binary COPY in constant memory, indexed.

use super::random::Random;
use super::{Sample, embedding, texts};
use crate::practice::error::Error;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::SinkExt;
use std::pin::pin;
use tokio_postgres::{Client, CopyInSink};

/// A buffer of this size goes to the server at once.
const SEND: usize = 128 * 1024;
/// One document of so many waits for its embedding, as happens in a living store.
const UNEMBEDDED: u64 = 500;
/// Microseconds from 2000-01-01 (PostgreSQL's epoch) to 2024-01-01.
const START: i64 = 757_382_400_000_000;
const SECOND: i64 = 1_000_000;

const TABLE: &str = "
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE public.vector_documents (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id text NOT NULL,
    collection_name text NOT NULL,
    content text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    embedding vector(384),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE public.vector_documents IS 'Texts with their embeddings, grouped into collections';
COMMENT ON COLUMN public.vector_documents.embedding IS 'NULL until the text has been embedded';
";

const INDEXES: &str = "
SET maintenance_work_mem = '256MB';
CREATE INDEX vector_documents_metadata_idx ON public.vector_documents USING gin (metadata);
CREATE INDEX vector_documents_user_id_idx ON public.vector_documents (user_id);
CREATE INDEX vector_documents_collection_name_idx ON public.vector_documents (collection_name);
CREATE INDEX vector_documents_created_at_idx ON public.vector_documents (created_at);
";

const VECTOR_INDEX: &str = "
SET max_parallel_maintenance_workers = 2;
CREATE INDEX vector_documents_embedding_idx ON public.vector_documents
    USING hnsw (embedding vector_cosine_ops);
";

const COPY: &str = "COPY public.vector_documents (id, user_id, collection_name, content, metadata, \
    embedding, created_at, updated_at) FROM STDIN (FORMAT binary)";
const COLUMNS: i16 = 8;

/// Makes and fills the table. `rows` is told how many documents are in, and of how many.
pub(super) async fn create(
    client: &Client,
    sample: &Sample,
    rows: &(dyn Fn(u64, u64) + Sync),
) -> Result<(), Error> {
    client
        .batch_execute(TABLE)
        .await
        .map_err(Error::sql("making vector_documents"))?;
    let sink = client
        .copy_in(COPY)
        .await
        .map_err(Error::sql("filling vector_documents"))?;
    fill(sink, sample.documents, rows)
        .await
        .map_err(Error::sql("filling vector_documents"))
}

/// Makes the indexes that a document store has.
pub(super) async fn index(client: &Client, sample: &Sample) -> Result<(), Error> {
    client
        .batch_execute(INDEXES)
        .await
        .map_err(Error::sql("indexing vector_documents"))?;
    if sample.vector_index {
        client
            .batch_execute(VECTOR_INDEX)
            .await
            .map_err(Error::sql("building the HNSW index"))?;
    }
    Ok(())
}

async fn fill(
    sink: CopyInSink<Bytes>,
    documents: u64,
    rows: &(dyn Fn(u64, u64) + Sync),
) -> Result<(), tokio_postgres::Error> {
    let mut sink = pin!(sink);
    let mut buffer = BytesMut::with_capacity(SEND + SEND / 8);
    // The header of the binary format: signature, flags, no extension.
    buffer.put_slice(b"PGCOPY\n\xff\r\n\0");
    buffer.put_u64(0);
    for index in 0..documents {
        put_document(&mut buffer, index);
        if buffer.len() >= SEND {
            sink.send(buffer.split().freeze()).await?;
            buffer.reserve(SEND + SEND / 8);
            rows(index + 1, documents);
        }
    }
    buffer.put_i16(-1);
    sink.send(buffer.freeze()).await?;
    sink.finish().await?;
    rows(documents, documents);
    Ok(())
}

fn put_document(buffer: &mut BytesMut, index: u64) {
    let mut random = Random::for_document(index);
    let id = uuid(&mut random);
    let user = format!("user_{:03}", random.below(40));
    let embedded = random.below(UNEMBEDDED) != 0;
    let created = START + (index as i64) * 47 * SECOND + random.below(40_000_000) as i64;
    let updated = created + random.below(86_400) as i64 * SECOND;
    let text = texts::write(&mut random);

    buffer.put_i16(COLUMNS);
    put_field(buffer, &id);
    put_field(buffer, user.as_bytes());
    put_field(buffer, text.collection.as_bytes());
    put_field(buffer, text.content.as_bytes());
    put_jsonb(buffer, &text.metadata.to_string());
    if embedded {
        put_vector(buffer, &embedding::embed(&text.content));
    } else {
        buffer.put_i32(-1);
    }
    put_field(buffer, &created.to_be_bytes());
    put_field(buffer, &updated.to_be_bytes());
}

/// Sixteen bytes in the form of a version 4 UUID.
fn uuid(random: &mut Random) -> [u8; 16] {
    let mut bits = (u128::from(random.next()) << 64 | u128::from(random.next())).to_be_bytes();
    bits[6] = bits[6] & 0x0F | 0x40;
    bits[8] = bits[8] & 0x3F | 0x80;
    bits
}

fn put_field(buffer: &mut BytesMut, bytes: &[u8]) {
    buffer.put_i32(bytes.len() as i32);
    buffer.put_slice(bytes);
}

/// jsonb's binary form is its text after a version number.
fn put_jsonb(buffer: &mut BytesMut, text: &str) {
    buffer.put_i32(text.len() as i32 + 1);
    buffer.put_u8(1);
    buffer.put_slice(text.as_bytes());
}

/// pgvector's binary form: dimensions, an unused number, then the values.
fn put_vector(buffer: &mut BytesMut, values: &[f32; embedding::DIMENSIONS]) {
    buffer.put_i32((4 + 4 * values.len()) as i32);
    buffer.put_u16(values.len() as u16);
    buffer.put_u16(0);
    values.iter().for_each(|value| buffer.put_f32(*value));
}
