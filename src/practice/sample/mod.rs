//! The sample data of the practice source: a document store as in the migration guide, and a small
//! shop with one of everything that a schema can hold. The same in every run.

mod documents;
mod embedding;
mod random;
mod texts;

pub use embedding::{DIMENSIONS, embed};

use super::Happening;
use super::Say;
use super::error::Error;
use super::server::Server;
use serde::{Deserialize, Serialize};

/// The source's database, named as in the guide.
pub const DATABASE: &str = "chat_pgvector";
/// The source's user, a superuser as on most people's own machine.
pub const USER: &str = "postgres";

const SHOP: &str = include_str!("relational.sql");

/// How much sample data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Rows of `vector_documents`.
    pub documents: u64,
    /// Whether their embeddings get an HNSW index.
    pub vector_index: bool,
}

/// Makes the database anew. A half-made one of an earlier, interrupted run is thrown away.
pub(super) async fn create(server: &Server, sample: &Sample, say: &Say<'_>) -> Result<(), Error> {
    let admin = server.connect("postgres").await?;
    let drop = format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)");
    admin
        .client
        .batch_execute(&drop)
        .await
        .map_err(Error::sql("dropping half-made data"))?;
    let create = format!("CREATE DATABASE {DATABASE}");
    admin
        .client
        .batch_execute(&create)
        .await
        .map_err(Error::sql("making the database"))?;

    let database = server.connect(DATABASE).await?;
    let client = &database.client;
    say(Happening::new("Making the sample shop"));
    client
        .batch_execute(SHOP)
        .await
        .map_err(Error::sql("making the sample shop"))?;
    let doing = "Writing sample documents with embeddings";
    say(Happening::of(doing, 0, sample.documents));
    documents::create(client, sample, &|done, total| {
        say(Happening::of(doing, done, total))
    })
    .await?;
    say(Happening::new(
        "Building the indexes of the sample documents",
    ));
    documents::index(client, sample).await?;
    client
        .batch_execute("ANALYZE")
        .await
        .map_err(Error::sql("analysing the sample data"))
}
