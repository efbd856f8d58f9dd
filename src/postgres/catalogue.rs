//! What a database holds, read from the system catalogues: tables, columns, sequences, extensions.

mod column;
mod extension;
mod key;
mod partitions;
mod policy;
mod relation;
mod traits;
mod undumped;
mod view;

pub use column::{Column, Shape};
pub use extension::{
    DEPENDENT, Extension, ExtensionRows, available_extension, brought_names, dependents,
    extension_rows, extensions, offered_extensions,
};
pub use key::{Key, keys, row_key};
pub(crate) use partitions::ROUTED;
pub use policy::{PolicyRoles, policy_roles, role_names};
pub use relation::{
    ForeignKey, KeyDoubt, Relation, RelationKind, all_relations, foreign_keys, schemas,
};
pub use traits::{Traits, traits};
pub use undumped::{Scope, Undumped, UndumpedKind, undumped};
pub use view::{View, views};

use super::quote;
use super::script::enclosed;
use super::{Connection, Error};
use column::columns;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use tokio_postgres::Row;
use tokio_postgres::types::Oid;

/// OIDs below this belong to PostgreSQL itself and are the same on every server
/// (`FirstNormalObjectId`).
const FIRST_NORMAL_OID: Oid = 16384;

/// The schema on the target that holds the ledger; never part of anybody's data.
pub const LEDGER_SCHEMA: &str = "neonlift";

/// A table's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableName {
    /// Its schema.
    pub schema: String,
    /// Its own name.
    pub name: String,
}

impl TableName {
    /// The name in a row of a catalogue: the schema in column `at`, the table's own in the next.
    pub fn of(row: &Row, at: usize) -> Self {
        Self {
            schema: row.get(at),
            name: row.get(at + 1),
        }
    }

    /// The name as SQL, quoted and qualified.
    pub fn sql(&self) -> String {
        quote::qualified(&self.schema, &self.name)
    }
}

impl fmt::Display for TableName {
    /// For people: without quotes, and without the schema `public`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema != "public" {
            write!(f, "{}.", self.schema)?;
        }
        f.write_str(&self.name)
    }
}

/// A table that holds rows of its own (partitions do, partitioned tables do not), or one that is
/// partitioned by the hash of an enum, in place of its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// Its OID on this server.
    pub oid: Oid,
    /// Its columns in their order, generated ones included.
    pub columns: Vec<Column>,
    /// Bytes of heap.
    pub heap_bytes: u64,
    /// Bytes of TOAST with its index.
    pub toast_bytes: u64,
    /// Bytes of indexes.
    pub index_bytes: u64,
    /// Lost whenever the server restarts uncleanly.
    pub unlogged: bool,
    /// Row security applies even to the owner, or the reader is not exempt from it.
    pub row_security: bool,
    /// Its rows are in partitions, in other ones on another server: they are read, written and
    /// compared through it.
    pub routed: bool,
    /// Which of its rows are meant: a condition in the source's SQL; `None` for all.
    pub condition: Option<String>,
}

impl Table {
    /// The columns whose values travel.
    pub fn copied_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }

    /// The table with its own rows: not with those of tables that inherit from it.
    pub fn only_sql(&self) -> String {
        only(&self.name, self.routed)
    }

    /// Of the table's own rows those that are meant: what stands behind `FROM`.
    pub fn from_sql(&self) -> String {
        self.from_sql_where(Vec::new())
    }

    /// As [`from_sql`](Self::from_sql), of those rows the ones that meet more conditions.
    pub fn from_sql_where(&self, more: Vec<String>) -> String {
        let meant = self.condition.iter().map(|sql| enclosed(sql));
        let all: Vec<String> = meant.chain(more).collect();
        match all.as_slice() {
            [] => self.only_sql(),
            some => format!("{} WHERE {}", self.only_sql(), some.join(" AND ")),
        }
    }

    /// Heap and TOAST: what a copy reads.
    pub fn row_bytes(&self) -> u64 {
        self.heap_bytes + self.toast_bytes
    }
}

/// A table as SQL, without those that inherit from it; `routed` as in [`Table::routed`].
pub(crate) fn only(table: &TableName, routed: bool) -> String {
    match routed {
        true => table.sql(),
        false => format!("ONLY {}", table.sql()),
    }
}

/// The condition that leaves out PostgreSQL's own schemas, the ledger and what extensions own; `c` is the
/// relation, `n` its schema.
pub(crate) const USERS_OWN: &str = "n.nspname <> 'information_schema' AND n.nspname <> 'neonlift'
    AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                    AND d.objid = c.oid AND d.deptype = 'e')";

/// All tables that hold rows of their own, by schema and name.
pub async fn tables(connection: &Connection) -> Result<Vec<Table>, Error> {
    let (mut columns, rows) = tokio::try_join!(columns(connection), table_rows(connection))?;
    let size = |row: &Row, index: usize| u64::try_from(row.get::<_, i64>(index)).unwrap_or(0);
    Ok(rows
        .iter()
        .map(|row| Table {
            oid: row.get(0),
            name: TableName::of(row, 1),
            columns: columns.remove(&row.get::<_, Oid>(0)).unwrap_or_default(),
            heap_bytes: size(row, 3),
            toast_bytes: size(row, 4),
            index_bytes: size(row, 5),
            unlogged: row.get(6),
            row_security: row.get(7),
            routed: row.get(8),
            condition: None,
        })
        .collect())
}

async fn table_rows(connection: &Connection) -> Result<Vec<Row>, Error> {
    let rows = connection
        .query(
            &format!(
                "WITH RECURSIVE {ROUTED},
                 part (root, oid) AS (
                   TABLE routed UNION ALL SELECT oid, oid FROM pg_class
                   WHERE relkind = 'r' AND oid >= {FIRST_NORMAL_OID}
                     AND oid NOT IN (SELECT member FROM routed)),
                 size (oid, heap, toast, indexes, unlogged) AS (
                   SELECT part.root, sum(pg_relation_size(p.oid))::int8,
                          sum(pg_total_relation_size(NULLIF(p.reltoastrelid, 0)))::int8,
                          sum(pg_indexes_size(p.oid))::int8,
                          bool_and(p.relpersistence = 'u')
                   FROM part JOIN pg_class p USING (oid) WHERE p.relkind = 'r' GROUP BY part.root)
                 SELECT c.oid, n.nspname, c.relname, COALESCE(size.heap, 0), COALESCE(size.toast, 0),
                        COALESCE(size.indexes, 0), COALESCE(size.unlogged, false),
                        row_security_active(c.oid), c.relkind = 'p'
                 FROM (SELECT DISTINCT root FROM part) moved JOIN pg_class c ON c.oid = moved.root
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 LEFT JOIN size ON size.oid = c.oid
                 WHERE {USERS_OWN}
                 ORDER BY n.nspname, c.relname"
            ),
            &[],
        )
        .await;
    rows.map_err(Error::while_doing("listing the tables"))
}

/// A sequence with the value it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Its name.
    pub name: TableName,
    /// Its last value.
    pub last_value: i64,
    /// Whether that value was already given out.
    pub is_called: bool,
}

impl Sequence {
    /// SQL that sets a sequence of this name to this value.
    pub fn setting(&self) -> String {
        let name = quote::literal(&self.name.sql());
        let Self {
            last_value,
            is_called,
            ..
        } = self;
        format!("SELECT setval({name}::regclass, {last_value}, {is_called});")
    }
}

/// All sequences: of serial and identity columns, and those that nothing owns.
pub async fn sequences(connection: &Connection) -> Result<Vec<Sequence>, Error> {
    let doing = "reading the sequences";
    let names = sequence_names(connection).await?;
    let selects: Vec<String> = names
        .iter()
        .map(|name| format!("SELECT last_value, is_called FROM {}", name.sql()))
        .collect();
    let mut sequences = Vec::with_capacity(names.len());
    // In batches: one round trip for many sequences, and no statement of unbounded length.
    for (names, selects) in names.chunks(200).zip(selects.chunks(200)) {
        let rows = connection
            .query(&selects.join(" UNION ALL "), &[])
            .await
            .map_err(Error::while_doing(doing))?;
        sequences.extend(names.iter().zip(&rows).map(|(name, row)| Sequence {
            name: name.clone(),
            last_value: row.get(0),
            is_called: row.get(1),
        }));
    }
    Ok(sequences)
}

/// The names of all sequences.
pub async fn sequence_names(connection: &Connection) -> Result<Vec<TableName>, Error> {
    relations(connection, "c.relkind = 'S'").await
}

/// The materialized views that hold rows (`populated`), or that do not.
pub async fn materialized_views(
    connection: &Connection,
    populated: bool,
) -> Result<Vec<TableName>, Error> {
    relations(
        connection,
        &format!("c.relkind = 'm' AND c.relispopulated = {populated}"),
    )
    .await
}

/// Every relation that a person made: tables, views, sequences and the like. What makes a
/// target "not empty".
pub async fn everything(connection: &Connection) -> Result<Vec<TableName>, Error> {
    relations(connection, "c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')").await
}

async fn relations(connection: &Connection, which: &str) -> Result<Vec<TableName>, Error> {
    let rows = connection
        .query(
            &format!(
                "SELECT n.nspname, c.relname FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE {which} AND {USERS_OWN} ORDER BY 1, 2"
            ),
            &[],
        )
        .await
        .map_err(Error::while_doing("listing the relations"))?;
    Ok(rows.iter().map(|row| TableName::of(row, 0)).collect())
}

/// The definitions of all tables' indexes, by the table's OID; each table's by name.
pub async fn all_index_definitions(
    connection: &Connection,
) -> Result<HashMap<Oid, Vec<String>>, Error> {
    let sql = format!(
        "SELECT indrelid, pg_get_indexdef(indexrelid) FROM pg_index
         WHERE indrelid >= {FIRST_NORMAL_OID} ORDER BY indexrelid::regclass::text"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("reading the index definitions"))?;
    let mut definitions: HashMap<Oid, Vec<String>> = HashMap::new();
    for row in &rows {
        let of_table = definitions.entry(row.get(0)).or_default();
        of_table.push(row.get(1));
    }
    Ok(definitions)
}
