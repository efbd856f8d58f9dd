//! The person's triggers, switched off while rows are taken over.

use crate::postgres::catalogue::Table;
use crate::postgres::{Connection, Error as PostgresError, quote};

/// `insufficient_privilege`.
const NOT_ALLOWED: &str = "42501";

/// A table's triggers of the person's.
#[derive(Default)]
pub(super) struct Triggers {
    /// SQL that switches those on again that were switched off.
    pub(super) on: String,
    /// Those that could not be switched off.
    pub(super) fire: Vec<String>,
}

/// Switches a table's triggers off for this transaction: rows are taken over as they are on the target,
/// where triggers have worked on them already. That takes the table's owner, not a superuser, and
/// leaves foreign keys checked, which `session_replication_role` would not.
pub(super) async fn silence(
    session: &Connection,
    table: &Table,
) -> Result<Triggers, PostgresError> {
    let sql = "SELECT tgname::text, tgenabled = 'A' FROM pg_trigger
               WHERE tgrelid = $1 AND NOT tgisinternal AND tgenabled IN ('O', 'A') ORDER BY tgname";
    let doing = format!("switching triggers of {} off", table.name);
    let rows = session.query(sql, &[&table.oid]).await;
    let rows = rows.map_err(|error| session.failed(&doing, error))?;
    if rows.is_empty() {
        return Ok(Triggers::default());
    }
    let (mut off, mut on, mut names) = (String::new(), String::new(), Vec::new());
    for row in &rows {
        let (name, always): (String, bool) = (row.get(0), row.get(1));
        let (alter, trigger) = (
            format!("ALTER TABLE {}", table.name.sql()),
            quote::identifier(&name),
        );
        let enable = if always { "ENABLE ALWAYS" } else { "ENABLE" };
        off += &format!("{alter} DISABLE TRIGGER {trigger};");
        on += &format!("{alter} {enable} TRIGGER {trigger};");
        names.push(name);
    }
    Ok(match allowed(session, &doing, &off).await? {
        true => Triggers {
            on,
            fire: Vec::new(),
        },
        false => Triggers {
            on: String::new(),
            fire: names,
        },
    })
}

/// Runs what only a table's owner may; says whether it was allowed.
pub(super) async fn allowed(
    session: &Connection,
    doing: &str,
    sql: &str,
) -> Result<bool, PostgresError> {
    if sql.is_empty() {
        return Ok(true);
    }
    session.batch(doing, "SAVEPOINT allowed").await?;
    match session.batch(doing, sql).await {
        Ok(()) => {
            session.batch(doing, "RELEASE SAVEPOINT allowed").await?;
            Ok(true)
        }
        Err(error) if error.sqlstate() == Some(NOT_ALLOWED) => {
            session
                .batch(doing, "ROLLBACK TO SAVEPOINT allowed")
                .await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
