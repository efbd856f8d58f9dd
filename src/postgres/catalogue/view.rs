//! Views, and what they read.

use super::{TableName, USERS_OWN};
use crate::postgres::{Connection, Error};
use serde::{Deserialize, Serialize};

/// A view, materialized or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its name.
    pub name: TableName,
    /// The tables and views that it reads.
    pub reads: Vec<TableName>,
}

/// The views that read anything, by schema and name.
///
/// # Errors
/// The server's.
pub async fn views(connection: &Connection) -> Result<Vec<View>, Error> {
    let sql = format!(
        "SELECT DISTINCT n.nspname, c.relname, rn.nspname, r.relname
         FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid
         JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_class r ON r.oid = d.refobjid JOIN pg_namespace rn ON rn.oid = r.relnamespace
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
           AND r.oid <> c.oid AND c.relkind IN ('v', 'm') AND {USERS_OWN}
         ORDER BY 1, 2, 3, 4"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("listing what views read"))?;
    let mut views: Vec<View> = Vec::new();
    for row in &rows {
        let (name, read) = (TableName::of(row, 0), TableName::of(row, 2));
        match views.last_mut() {
            Some(view) if view.name == name => view.reads.push(read),
            _ => views.push(View {
                name,
                reads: vec![read],
            }),
        }
    }
    Ok(views)
}
