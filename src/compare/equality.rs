//! What `=` is for the columns of a table, where the search path may not lead to it.

use crate::postgres::catalogue::Table;
use crate::postgres::{Connection, Error};
use std::collections::HashMap;
use tokio_postgres::types::Type;

/// By column its `=`, where that is an extension's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Equality(HashMap<String, String>);

impl Equality {
    /// Reads what `=` is on the side of this session and its table.
    ///
    /// # Errors
    /// The server's.
    pub(crate) async fn read(connection: &Connection, table: &Table) -> Result<Self, Error> {
        let sql = "SELECT a.attname::text, format('OPERATOR(%I.=)', n.nspname)
                   FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                     JOIN pg_operator o ON o.oprname = '='
                       AND o.oprleft = COALESCE(NULLIF(t.typbasetype, 0), t.oid)
                       AND o.oprright = o.oprleft
                     JOIN pg_namespace n ON n.oid = o.oprnamespace
                   WHERE a.attrelid = $1 AND a.attnum > 0 AND n.nspname <> 'pg_catalog'";
        let rows = connection
            .query_typed(sql, &[(&table.oid, Type::OID)])
            .await;
        let doing = format!("looking up what is equal in {}", table.name);
        let rows = rows.map_err(|error| connection.failed(&doing, error))?;
        let named = rows.iter().map(|row| (row.get(0), row.get(1)));
        Ok(Self(named.collect()))
    }

    /// The operator, in SQL.
    pub(crate) fn of(&self, column: &str) -> &str {
        self.0.get(column).map_or("=", String::as_str)
    }
}
