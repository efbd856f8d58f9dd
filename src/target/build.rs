//! Creates definitions in batches: a round trip a batch, not a statement.

use super::Error;
use crate::postgres::{Connection, Error as PostgresError};

/// A definition to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Kind and name, for people: "table songs".
    pub what: String,
    /// Its SQL; may be several statements.
    pub sql: String,
}

/// Creates all of it in one transaction, sent as one batch. When the server refuses, nothing is
/// created, and the statements are tried one by one, in a transaction that is rolled back, to
/// find out which one it refuses.
pub async fn build_together(
    connection: &Connection,
    doing: &str,
    statements: &[Statement],
) -> Result<(), Error> {
    let sql: Vec<&str> = statements
        .iter()
        .map(|statement| statement.sql.as_str())
        .collect();
    let batch = format!("BEGIN;\n{}\n;COMMIT", sql.join("\n;\n"));
    let Err(refusal) = connection.batch(doing, &batch).await else {
        return Ok(());
    };
    if connection.is_closed() {
        return Err(refusal.into());
    }
    connection.batch("undoing the batch", "ROLLBACK").await?;
    if refusal.is_retryable() {
        return Err(refusal.into());
    }
    Err(culprit(connection, statements)
        .await?
        .unwrap_or(Error::Postgres(refusal)))
}

/// The first statement that the server refuses, with its refusal.
async fn culprit(
    connection: &Connection,
    statements: &[Statement],
) -> Result<Option<Error>, PostgresError> {
    connection.batch("beginning again", "BEGIN").await?;
    let mut found = None;
    for statement in statements {
        if let Err(source) = connection.batch(&statement.what, &statement.sql).await {
            found = Some(Error::Definition {
                what: statement.what.clone(),
                source,
            });
            break;
        }
    }
    connection.batch("undoing the search", "ROLLBACK").await?;
    Ok(found)
}
