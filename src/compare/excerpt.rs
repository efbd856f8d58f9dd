//! A few rows of a table, for people to look at: each value cut and hashed by the server, so that
//! a long one never travels.

use super::equality::Equality;
use super::hash::{self, Method};
use crate::postgres::catalogue::{Column, Table};
use crate::postgres::{Connection, Error, quote};
use std::fmt;
use tokio_postgres::Row as SqlRow;
use tokio_postgres::types::{ToSql, Type};

/// Characters of a value that travel.
pub const BEGINNING: usize = 200;

/// A table is looked at now: a server that needs longer for a few rows is not waited for.
const LIMIT: &str = "20s";

/// Prepares a session for it: it only reads, in one snapshot, and never for long.
///
/// # Errors
/// The server's.
pub async fn begin(connection: &Connection) -> Result<(), Error> {
    connection.pin_for_reading().await?;
    connection.begin_reading().await?;
    let settings =
        format!("SET LOCAL statement_timeout = '{LIMIT}'; SET LOCAL synchronize_seqscans = off");
    connection
        .batch("preparing to read a few rows", &settings)
        .await
}

/// A statement's parameters with their types.
type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// A row's key: the texts of its columns.
pub type Key = Vec<String>;

/// A value, as far as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Cell {
    /// How it begins as text; `None` for null.
    pub beginning: Option<String>,
    /// How long the whole of it is, by its column's [`Measure`].
    pub size: u64,
    /// Equal to that of the value beside it where the values are equal; `None` where there is none
    /// beside it.
    pub hash: Option<String>,
}

impl fmt::Debug for Cell {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cell(..)")
    }
}

/// A row, as far as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key; empty without one.
    pub key: Key,
    /// Its values, in the order asked for.
    pub cells: Vec<Cell>,
}

impl fmt::Debug for Row {
    /// Without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({} cells)", self.cells.len())
    }
}

/// A column to be read, and what of it is hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The column.
    pub column: &'a Column,
    /// The SQL of its hash, where the other side has the column too.
    hash: Option<String>,
}

/// Where a table that was refused leaves the transaction as it was.
const SAVEPOINT: &str = "excerpt";

/// Notes where the transaction stands, before its first table.
///
/// # Errors
/// The server's.
pub async fn mark(connection: &Connection) -> Result<(), Error> {
    let sql = format!("SAVEPOINT {SAVEPOINT}");
    connection.batch("preparing to read tables", &sql).await
}

/// Goes back to where [`mark`] was: a refusal is forgotten, and a table's lock given back. The snapshot stays.
///
/// # Errors
/// The server's; then the session is lost.
pub async fn go_back(connection: &Connection) -> Result<(), Error> {
    let sql = format!("ROLLBACK TO SAVEPOINT {SAVEPOINT}");
    connection.batch("leaving a table", &sql).await
}

/// The columns of both sides, matched by name: the source's in their order, then those that only
/// the target has.
pub async fn columns<'a>(
    (source, left): (&Connection, Option<&'a Table>),
    (target, right): (&Connection, Option<&'a Table>),
) -> Vec<(Option<Asked<'a>>, Option<Asked<'a>>)> {
    let method = hash::trusted(source, target).await;
    let of = |table: Option<&'a Table>| table.map_or(&[][..], |table| &table.columns);
    let (left, right) = (of(left), of(right));
    let both = left.iter().map(|column| {
        let mut others = right.iter();
        let other = others.find(|other| other.name == column.name);
        asked(column, other, method)
    });
    let is_new = |column: &&Column| !left.iter().any(|other| other.name == column.name);
    let new = right.iter().filter(is_new);
    let new = new.map(|column| (None, Some(Asked { column, hash: None })));
    both.chain(new).collect()
}

fn asked<'a>(
    column: &'a Column,
    other: Option<&'a Column>,
    method: Method,
) -> (Option<Asked<'a>>, Option<Asked<'a>>) {
    let Some(other) = other else {
        return (Some(Asked { column, hash: None }), None);
    };
    let (here, there) = hash::pair(column, other);
    let hashed = |column, value| Asked {
        column,
        hash: Some(hash::of_row(&[value], method)),
    };
    (Some(hashed(column, here)), Some(hashed(other, there)))
}

/// A table on one side, and what is read of it.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// The session, in a transaction that only reads.
    pub connection: &'a Connection,
    /// The table.
    pub table: &'a Table,
    /// The columns to be read.
    pub columns: Vec<Asked<'a>>,
    /// The columns that tell rows apart; may be none.
    pub key: &'a [String],
    /// How many rows the first ones are.
    pub first: usize,
}

/// What the size of a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The characters of its text.
    Characters,
    /// Its bytes.
    Bytes,
    /// A vector's dimensions.
    Dimensions,
}

impl Measure {
    /// What it is for a column's values.
    pub fn of(column: &Column) -> Self {
        match column.base_type() {
            "bytea" => Self::Bytes,
            _ if column.is_vector() => Self::Dimensions,
            _ => Self::Characters,
        }
    }
}

impl Side<'_> {
    /// The keys of its first rows, in the order of the keys.
    ///
    /// # Errors
    /// The server's.
    pub async fn first_keys(&self) -> Result<Vec<Key>, Error> {
        let (key, from, order) = (self.key_sql(), self.rows_sql(), self.order_sql());
        let sql = format!("SELECT {key} FROM {from} {order} LIMIT {}", self.first);
        let rows = self.query(&sql, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The rows with these keys, in the order of the keys.
    ///
    /// # Errors
    /// The server's.
    pub async fn with_keys(&self, keys: &[Key]) -> Result<Vec<Row>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let equality = Equality::read(self.connection, self.table).await?;
        // As parameters: a statement's text may end up in a log.
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = Vec::new();
        let mut tuples = Vec::with_capacity(keys.len());
        for key in keys {
            let mut tuple = Vec::with_capacity(key.len());
            for (text, name) in key.iter().zip(self.key) {
                values.push((text, Type::TEXT));
                let equals = equality.of(name);
                let (column, of) = (quote::identifier(name), self.type_of(name));
                tuple.push(format!("{column} {equals} ${}::{of}", values.len()));
            }
            tuples.push(format!("({})", tuple.join(" AND ")));
        }
        let (select, order) = (self.select(), self.order_sql());
        let sql = format!(
            "{select} WHERE {} {order} LIMIT {}",
            tuples.join(" OR "),
            2 * keys.len()
        );
        self.rows(&sql, &values).await
    }

    /// Its first rows: in the order of the keys, without a key as they are stored.
    ///
    /// # Errors
    /// The server's.
    pub async fn first_rows(&self) -> Result<Vec<Row>, Error> {
        let (select, order) = (self.select(), self.order_sql());
        let sql = format!("{select} {order} LIMIT {}", self.first);
        self.rows(&sql, &[]).await
    }

    async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let rows = self.query(sql, values).await?;
        Ok(rows.iter().map(row).collect())
    }

    async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<SqlRow>, Error> {
        let doing = format!("reading rows of {}", self.table.name);
        let rows = self.connection.query_typed(sql, values).await;
        rows.map_err(|error| self.connection.failed(&doing, error))
    }

    fn select(&self) -> String {
        let cells = self.columns.iter().map(cell_sql);
        let selected: Vec<String> = std::iter::once(self.key_sql()).chain(cells).collect();
        format!("SELECT {} FROM {}", selected.join(", "), self.rows_sql())
    }

    /// The rows that are meant. The condition may name the table, so it stands inside.
    fn rows_sql(&self) -> String {
        format!("(SELECT * FROM {}) meant", self.table.from_sql())
    }

    fn key_sql(&self) -> String {
        let texts = self.key.iter();
        let texts = texts.map(|name| format!("{}::text", quote::identifier(name)));
        format!("ARRAY[{}]::text[]", texts.collect::<Vec<_>>().join(", "))
    }

    fn order_sql(&self) -> String {
        match self.key {
            [] => String::new(),
            key => {
                let names = quote::identifiers(key.iter().map(String::as_str));
                format!("ORDER BY {names}")
            }
        }
    }

    /// The type of a column of the key.
    fn type_of(&self, name: &str) -> &str {
        let mut columns = self.table.columns.iter();
        let found = columns.find(|column| column.name == name);
        found.map_or("text", |column| &column.sql_type)
    }
}

/// The beginning, the size and the hash of a value.
fn cell_sql(asked: &Asked<'_>) -> String {
    let name = quote::identifier(&asked.column.name);
    let more = BEGINNING + 1;
    let text = format!("left({name}::text, {more})");
    let (beginning, size) = match Measure::of(asked.column) {
        // The text of the whole is never made: it may be longer than the server can.
        Measure::Bytes => {
            let part = format!("substring({name}::bytea FROM 1 FOR {})", more / 2);
            let prefix = quote::literal("\\x");
            let text = format!("{prefix} || encode({part}, 'hex')");
            (text, format!("octet_length({name}::bytea)"))
        }
        // A sparse vector has them behind its numbers: {1:0.5,7:2}/384.
        Measure::Dimensions => {
            let told = format!("NULLIF(split_part({name}::text, '/', 2), '')::int8");
            let numbers = format!("cardinality(string_to_array({name}::text, ','))");
            (text, format!("COALESCE({told}, {numbers})"))
        }
        Measure::Characters => (text, format!("length({name}::text)")),
    };
    let hash = asked.hash.as_deref().unwrap_or("NULL");
    format!("ARRAY[{beginning}, ({size})::text, ({hash})::text]")
}

fn row(row: &SqlRow) -> Row {
    let cell = |at| {
        let [beginning, size, hash]: [Option<String>; 3] = row
            .get::<_, Vec<Option<String>>>(at)
            .try_into()
            .unwrap_or_default();
        Cell {
            beginning,
            size: size.and_then(|size| size.parse().ok()).unwrap_or(0),
            hash,
        }
    };
    Row {
        key: row.get(0),
        cells: (1..row.len()).map(cell).collect(),
    }
}
