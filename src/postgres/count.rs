//! Counting: rows of a table, rows of each value of a grouping column, bytes of the database.

use super::catalogue::Table;
use super::{Connection, Error, quote};

/// Groups counted at most, the largest first: a grouping column has few values; where somebody
/// names another, memory must not grow with the table.
pub const GROUPS: usize = 200;

/// How many of a table's rows are meant, those of inheriting tables not included.
pub async fn rows(connection: &Connection, table: &Table) -> Result<u64, Error> {
    number(connection, table, "*").await
}

/// The size of the database on the server's disk, in bytes.
///
/// # Errors
/// The server's.
pub async fn database_bytes(connection: &Connection) -> Result<u64, Error> {
    let row = connection
        .query_one("SELECT pg_database_size(current_database())", &[])
        .await
        .map_err(Error::while_doing("asking for the database's size"))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// The size that a server's databases may have together, as Neon tells it (`neon.max_cluster_size`;
/// `None` when the server names none), and the size that those have which may be asked for.
///
/// # Errors
/// The server's.
pub async fn cluster_room(connection: &Connection) -> Result<(Option<u64>, u64), Error> {
    let sql = "SELECT pg_size_bytes(NULLIF(current_setting('neon.max_cluster_size', true), '')),
                      (SELECT sum(pg_database_size(oid))::int8 FROM pg_database
                       WHERE has_database_privilege(oid, 'CONNECT'))";
    let row = connection.query_one(sql, &[]).await;
    let row = row.map_err(Error::while_doing("asking for the server's room"))?;
    let size = |bytes: Option<i64>| bytes.and_then(|bytes| u64::try_from(bytes).ok());
    let limit = size(row.get(0)).filter(|limit| *limit > 0);
    Ok((limit, size(row.get(1)).unwrap_or(0)))
}

/// How many rows have a value in a column.
pub async fn values(connection: &Connection, table: &Table, column: &str) -> Result<u64, Error> {
    number(connection, table, &quote::identifier(column)).await
}

async fn number(connection: &Connection, table: &Table, what: &str) -> Result<u64, Error> {
    let row = connection
        .query_one(
            &format!("SELECT count({what}) FROM {}", table.from_sql()),
            &[],
        )
        .await
        .map_err(Error::while_doing(format!(
            "counting the rows of {}",
            table.name
        )))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// Rows for each value of a column (`None` for null), by value; the [`GROUPS`] largest.
pub async fn groups(
    connection: &Connection,
    table: &Table,
    column: &str,
) -> Result<Vec<(Option<String>, u64)>, Error> {
    let column = quote::identifier(column);
    let sql = format!(
        "SELECT value, rows FROM (SELECT {column}::text AS value, count(*) AS rows
           FROM {} GROUP BY 1 ORDER BY 2 DESC, {column}::text COLLATE \"C\" LIMIT {GROUPS}) largest
         ORDER BY value COLLATE \"C\"",
        table.from_sql()
    );
    let rows = connection
        .query(&sql, &[])
        .await
        .map_err(Error::while_doing(format!(
            "counting the groups of {}",
            table.name
        )))?;
    let group =
        |row: &tokio_postgres::Row| (row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap_or(0));
    Ok(rows.iter().map(group).collect())
}

/// So many connections a Neon compute takes for each compute unit
/// (<https://neon.com/docs/connect/connection-pooling>).
pub const CONNECTIONS_OF_A_UNIT: u16 = 419;

/// A server's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The server takes so many: `max_connections`.
    pub most: u32,
    /// Of these, superusers and roles with `pg_use_reserved_connections` alone get the last ones.
    pub kept: u32,
    /// In use now, ours among them.
    pub used: u32,
}

impl Room {
    /// How many the server would still take from anybody.
    pub fn free(self) -> u32 {
        self.most.saturating_sub(self.kept + self.used)
    }
}

/// How many connections a server takes, and how many it has.
///
/// # Errors
/// The server's.
pub async fn connections(connection: &Connection) -> Result<Room, Error> {
    // Everybody may see everybody's `datid`; background workers without a database have none.
    // `reserved_connections` is PostgreSQL 16's.
    let sql = "SELECT current_setting('max_connections')::int8,
                      current_setting('superuser_reserved_connections')::int8
                      + COALESCE(current_setting('reserved_connections', true)::int8, 0),
                      count(datid)
               FROM pg_stat_activity";
    let row = connection.query_one(sql, &[]).await;
    let row = row.map_err(Error::while_doing("counting the server's connections"))?;
    let number = |at| u32::try_from(row.get::<_, i64>(at)).unwrap_or(0);
    Ok(Room {
        most: number(0),
        kept: number(1),
        used: number(2),
    })
}

/// How many connections a server would still take from anybody.
///
/// # Errors
/// The server's.
pub async fn free_connections(connection: &Connection) -> Result<u32, Error> {
    Ok(connections(connection).await?.free())
}
