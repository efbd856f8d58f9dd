//! What a database holds, read from the system catalogues: tables, columns, sequences, extensions.

mod extension;
mod key;
mod partitions;
mod relation;
mod undumped;

pub use extension::{
    DEPENDENT, Extension, ExtensionRows, available_extension, dependents, extension_rows,
    extensions, offered_extensions,
};
pub use key::{Key, keys};
pub use partitions::hashed_by_enum;
pub use relation::{ForeignKey, Relation, RelationKind, all_relations, foreign_keys, schemas};
pub use undumped::{Scope, Undumped, UndumpedKind, undumped};

use super::quote;
use super::script::enclosed;
use super::{Connection, Error};
use std::collections::HashMap;
use std::fmt;
use tokio_postgres::Row;
use tokio_postgres::types::Oid;

/// The schema on the target that holds the ledger; never part of anybody's data.
pub const LEDGER_SCHEMA: &str = "neonlift";

/// OIDs below this belong to PostgreSQL itself and are the same on every server
/// (`FirstNormalObjectId`).
const FIRST_NORMAL_OID: Oid = 16384;

/// A table's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// Its schema.
    pub schema: String,
    /// Its own name.
    pub name: String,
}

impl TableName {
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

/// How a column's value becomes bytes that are equal on two servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A type of PostgreSQL's own: `record_send` of it is portable.
    BuiltIn,
    /// A type with its own send function, whose OID differs between servers (enums, `vector`):
    /// the function, qualified and quoted.
    Send(String),
    /// A domain: cast to this type, then as that type.
    Domain(String, Box<Shape>),
    /// No portable binary form: its text under pinned settings.
    Text,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as SQL, with its modifiers: `vector(384)`.
    pub sql_type: String,
    /// Computed by the server from other columns: never copied.
    pub generated: bool,
    /// How to hash it.
    pub shape: Shape,
    /// Whether binary COPY carries it faithfully to another server.
    pub binary: bool,
}

/// A table that holds rows of its own (partitions do, partitioned tables do not).
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
    /// Which of its rows are meant: a condition in the source's SQL; `None` for all.
    pub condition: Option<String>,
}

impl Table {
    /// The columns whose values travel.
    pub fn copied_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }

    /// `ONLY` the table itself, and of it the rows that are meant: what stands behind `FROM`.
    pub fn from_sql(&self) -> String {
        let name = self.name.sql();
        match &self.condition {
            None => format!("ONLY {name}"),
            Some(condition) => format!("ONLY {name} WHERE {}", enclosed(condition)),
        }
    }

    /// Heap and TOAST: what a copy reads.
    pub fn row_bytes(&self) -> u64 {
        self.heap_bytes + self.toast_bytes
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
    let (types, columns, rows) = tokio::try_join!(
        types(connection),
        column_rows(connection),
        table_rows(connection)
    )?;
    let mut columns = by_table(&columns, &types);
    let size = |row: &Row, index: usize| u64::try_from(row.get::<_, i64>(index)).unwrap_or(0);
    Ok(rows
        .iter()
        .map(|row| Table {
            oid: row.get(0),
            name: TableName {
                schema: row.get(1),
                name: row.get(2),
            },
            columns: columns.remove(&row.get::<_, Oid>(0)).unwrap_or_default(),
            heap_bytes: size(row, 3),
            toast_bytes: size(row, 4),
            index_bytes: size(row, 5),
            unlogged: row.get(6),
            row_security: row.get(7),
            condition: None,
        })
        .collect())
}

async fn table_rows(connection: &Connection) -> Result<Vec<Row>, Error> {
    let rows = connection
        .query(
            &format!(
                "SELECT c.oid, n.nspname, c.relname, pg_relation_size(c.oid),
                        COALESCE(pg_total_relation_size(NULLIF(c.reltoastrelid, 0)), 0),
                        pg_indexes_size(c.oid), c.relpersistence = 'u',
                        row_security_active(c.oid)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind = 'r' AND {USERS_OWN} ORDER BY n.nspname, c.relname"
            ),
            &[],
        )
        .await;
    rows.map_err(Error::while_doing("listing the tables"))
}

async fn column_rows(connection: &Connection) -> Result<Vec<Row>, Error> {
    let rows = connection
        .query(
            &format!(
                "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid,
                        a.attgenerated <> ''
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND {USERS_OWN}
                 ORDER BY a.attrelid, a.attnum"
            ),
            &[],
        )
        .await;
    rows.map_err(Error::while_doing("listing the columns"))
}

fn by_table(rows: &[Row], types: &Types) -> HashMap<Oid, Vec<Column>> {
    let mut columns: HashMap<Oid, Vec<Column>> = HashMap::new();
    for row in rows {
        let type_oid: Oid = row.get(3);
        columns.entry(row.get(0)).or_default().push(Column {
            name: row.get(1),
            sql_type: row.get(2),
            generated: row.get(4),
            shape: types.shape(type_oid),
            binary: types.is_binary_portable(type_oid),
        });
    }
    columns
}

struct Type {
    sql: String,
    kind: String,
    base: Oid,
    parts: Vec<Oid>,
    send: Option<String>,
    /// `regclass` and its kin: their binary form is an OID of this server.
    names_an_object: bool,
    is_array: bool,
}

struct Types(HashMap<Oid, Type>);

impl Types {
    fn shape(&self, oid: Oid) -> Shape {
        let Some(found) = self.0.get(&oid) else {
            return Shape::Text;
        };
        match (&found.send, found.kind.as_str()) {
            (_, "d") => {
                let base = self
                    .0
                    .get(&found.base)
                    .map_or_else(String::new, |t| t.sql.clone());
                Shape::Domain(base, Box::new(self.shape(found.base)))
            }
            _ if !self.is_binary_portable(oid) => Shape::Text,
            _ if oid < FIRST_NORMAL_OID => Shape::BuiltIn,
            (Some(send), "e" | "b") if !found.is_array => Shape::Send(send.clone()),
            _ => Shape::Text,
        }
    }

    fn is_binary_portable(&self, oid: Oid) -> bool {
        self.0.get(&oid).is_some_and(|found| {
            found.send.is_some()
                && !found.names_an_object
                && found
                    .parts
                    .iter()
                    .all(|part| self.is_binary_portable(*part))
        })
    }
}

/// The types of all columns, with everything that they are made of.
async fn types(connection: &Connection) -> Result<Types, Error> {
    let rows = connection
        .query(
            "WITH RECURSIVE parts(whole, part) AS (
               SELECT t.oid, p.oid FROM pg_type t CROSS JOIN LATERAL (
                 SELECT t.typbasetype UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
                 UNION ALL SELECT r.rngsubtype FROM pg_range r
                   WHERE t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
                 UNION ALL SELECT f.atttypid FROM pg_attribute f
                   WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped
               ) p(oid) WHERE p.oid <> 0),
             used(oid) AS (
               SELECT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
               UNION SELECT parts.part FROM used JOIN parts ON parts.whole = used.oid)
             SELECT t.oid, format_type(t.oid, -1), t.typtype::text, t.typbasetype,
                    ARRAY(SELECT part FROM parts WHERE whole = t.oid),
                    CASE WHEN p.oid IS NOT NULL
                         THEN quote_ident(n.nspname) || '.' || quote_ident(p.proname) END,
                    t.oid < 16384 AND t.typname LIKE 'reg%', t.typcategory = 'A'
             FROM used JOIN pg_type t USING (oid)
             LEFT JOIN pg_proc p ON p.oid = t.typsend
             LEFT JOIN pg_namespace n ON n.oid = p.pronamespace",
            &[],
        )
        .await
        .map_err(Error::while_doing("reading the column types"))?;
    let described = |row: &Row| Type {
        sql: row.get(1),
        kind: row.get(2),
        base: row.get(3),
        parts: row.get(4),
        send: row.get(5),
        names_an_object: row.get(6),
        is_array: row.get(7),
    };
    Ok(Types(
        rows.iter()
            .map(|row| (row.get(0), described(row)))
            .collect(),
    ))
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
    Ok(rows
        .iter()
        .map(|row| TableName {
            schema: row.get(0),
            name: row.get(1),
        })
        .collect())
}

/// The definitions of a table's indexes, by name.
pub async fn index_definitions(connection: &Connection, table: Oid) -> Result<Vec<String>, Error> {
    let rows = connection
        .query(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1
             ORDER BY indexrelid::regclass::text",
            &[&table],
        )
        .await
        .map_err(Error::while_doing("reading the index definitions"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
