//! A row written, read, searched for and taken out again, in a transaction that is rolled back.

use super::super::Error;
use crate::failure::Explain;
use crate::postgres::catalogue::LEDGER_SCHEMA;
use crate::postgres::{Connection, Error as PostgresError, quote};
use crate::session::report::Check;
use std::time::Instant;

/// So many tables are tried.
const TABLES: usize = 5;

/// So many neighbours are searched for.
const NEAREST: usize = 10;

/// What a statement of a trial is not to take longer than.
const LIMITS: &str = "SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '5s'";

/// A table with vectors.
struct Table {
    name: String,
    sql: String,
    vector: String,
    /// The operator of its vector index, of cosine distance without one; with its schema.
    nearer: String,
    /// What stands before and behind a vector for its dimension, where rows may differ in that:
    /// between those there is no distance. `None` where the column's type has one for all.
    dimension: Option<(String, &'static str)>,
    columns: Vec<Column>,
    /// The columns of each unique index.
    unique: Vec<Vec<String>>,
}

struct Column {
    name: String,
    kind: String,
    /// Whether a constraint knows it: what is copied there has to stay as it is.
    constrained: bool,
    refers: bool,
}

/// The version of pgvector; nothing where it is not installed.
pub(super) async fn extension(connection: &Connection) -> Result<Option<Check>, Error> {
    let sql = "SELECT max(extversion) FROM pg_catalog.pg_extension WHERE extname = 'vector'";
    let row = connection.query_one(sql, &[]).await;
    let row = row.map_err(|error| connection.failed("looking for pgvector", error))?;
    let version: Option<String> = row.get(0);
    Ok(version.map(|version| Check::good("Extension vector", version)))
}

/// All rows of a table, counted.
pub(super) async fn count(
    connection: &Connection,
    schema: &str,
    table: &str,
) -> Result<u64, Error> {
    let sql = format!("SELECT count(*) FROM {}", quote::qualified(schema, table));
    let row = connection.query_one(&sql, &[]).await;
    let row = row.map_err(|error| connection.failed("counting rows", error))?;
    Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
}

/// Tries the tables that have vectors.
pub(super) async fn tables(connection: &Connection, run: &str) -> Result<Vec<Check>, Error> {
    let found = find(connection).await?;
    if found.is_empty() {
        let text = "no table has vectors: no row was tried";
        return Ok(vec![Check::good("Rows", text)]);
    }
    let mut checks = Vec::new();
    for table in found.iter().take(TABLES) {
        checks.push(tried(connection, table, run).await?);
    }
    Ok(checks)
}

async fn find(connection: &Connection) -> Result<Vec<Table>, Error> {
    let sql = format!(
        "SELECT DISTINCT ON (c.oid) n.nspname::text, c.relname::text, a.attname::text,
                e.nspname::text, c.oid::text,
                (SELECT o.opcname::text FROM pg_catalog.pg_index i
                 JOIN pg_catalog.pg_opclass o ON o.oid = i.indclass[0]
                 WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum LIMIT 1),
                a.atttypmod < 0, t.typname::text
         FROM pg_catalog.pg_attribute a
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
         JOIN pg_catalog.pg_depend d ON d.objid = t.oid AND d.deptype = 'e'
         JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid AND x.extname = 'vector'
         JOIN pg_catalog.pg_namespace e ON e.oid = x.extnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
           AND NOT a.attisdropped AND n.nspname <> {} AND a.attgenerated = ''
         ORDER BY c.oid, a.attnum",
        quote::literal(LEDGER_SCHEMA)
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(|error| connection.failed("looking for tables with vectors", error))?;
    let mut tables = Vec::new();
    for row in rows {
        let (schema, name): (String, String) = (row.get(0), row.get(1));
        let (operators, class): (String, Option<String>) = (row.get(3), row.get(5));
        let sign = match class.as_deref().and_then(|class| class.rsplit('_').nth(1)) {
            Some("l2") => "<->",
            Some("ip") => "<#>",
            Some("l1") => "<+>",
            _ => "<=>",
        };
        let oid: String = row.get(4);
        tables.push(Table {
            sql: quote::qualified(&schema, &name),
            vector: quote::identifier(row.get(2)),
            nearer: format!("OPERATOR({}.{sign})", quote::identifier(&operators)),
            dimension: match (row.get(6), row.get(7)) {
                (false, _) => None,
                (true, "sparsevec") => Some(("split_part(".to_owned(), "::text, '/', 2)")),
                (true, _) => Some((
                    format!("{}.vector_dims(", quote::identifier(&operators)),
                    ")",
                )),
            },
            columns: columns(connection, &oid).await?,
            unique: unique(connection, &oid).await?,
            name: if schema == "public" {
                name
            } else {
                format!("{schema}.{name}")
            },
        });
    }
    Ok(tables)
}

async fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>, Error> {
    let table = quote::literal(table);
    let sql = format!(
        "SELECT a.attname::text, a.atttypid::regtype::text,
                EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)),
                EXISTS (SELECT FROM pg_catalog.pg_constraint k
                        WHERE k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey) AND k.contype = 'f')
         FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = {table}::oid AND a.attnum > 0 AND NOT a.attisdropped
           AND a.attgenerated = ''
         ORDER BY a.attnum"
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(|error| connection.failed("reading columns", error))?;
    let column = |row: tokio_postgres::Row| Column {
        name: row.get(0),
        kind: row.get(1),
        constrained: row.get(2),
        refers: row.get(3),
    };
    Ok(rows.into_iter().map(column).collect())
}

async fn unique(connection: &Connection, table: &str) -> Result<Vec<Vec<String>>, Error> {
    let sql = format!(
        "SELECT array(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))
         FROM pg_catalog.pg_index i WHERE i.indrelid = {}::oid AND i.indisunique",
        quote::literal(table)
    );
    let rows = connection.query(&sql, &[]).await;
    let rows = rows.map_err(|error| connection.failed("reading keys", error))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

impl Table {
    /// The condition of rows that have a distance to this vector.
    fn comparable(&self, to: &str) -> String {
        match &self.dimension {
            Some((before, behind)) => {
                let vector = &self.vector;
                format!("{before}{vector}{behind} = {before}{to}{behind}")
            }
            None => format!("{} IS NOT NULL", self.vector),
        }
    }

    /// What a column of the new row gets, so that no key has it twice; `None` to copy it.
    fn other(&self, column: &Column, mark: &str) -> Option<String> {
        let is_key = self.unique.iter().any(|key| key.contains(&column.name));
        let name = quote::identifier(&column.name);
        match column.kind.as_str() {
            _ if column.refers => None,
            "text" | "character varying" if is_key => Some(mark.to_owned()),
            "text" if !column.constrained => Some(mark.to_owned()),
            "uuid" if is_key => Some("gen_random_uuid()".to_owned()),
            "smallint" | "integer" | "bigint" | "numeric" if is_key => {
                Some(format!("(SELECT max({name}) + 1 FROM {})", self.sql))
            }
            _ => None,
        }
    }

    /// The statement that adds a copy of some row under other keys; `None` where a key cannot be
    /// another.
    fn insert(&self, mark: &str) -> Option<String> {
        let changes = |name: &String| {
            let mut columns = self.columns.iter().filter(|column| column.name == *name);
            columns.any(|column| self.other(column, mark).is_some())
        };
        if !self.unique.iter().all(|key| key.iter().any(changes)) {
            return None;
        }
        let names = quote::identifiers(self.columns.iter().map(|column| column.name.as_str()));
        let values = self.columns.iter().map(|column| {
            let copied = || format!("m.{}", quote::identifier(&column.name));
            self.other(column, mark).unwrap_or_else(copied)
        });
        let (table, vector) = (&self.sql, &self.vector);
        Some(format!(
            "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {} FROM
             (SELECT * FROM {table} WHERE {vector} IS NOT NULL LIMIT 1) m
             RETURNING ctid::text, tableoid::text",
            values.collect::<Vec<_>>().join(", ")
        ))
    }
}

/// A row, by where it stands.
struct Place(String);

impl Place {
    fn of(row: &tokio_postgres::Row) -> Self {
        let (ctid, table): (String, String) = (row.get(0), row.get(1));
        let (ctid, table) = (quote::literal(&ctid), quote::literal(&table));
        Self(format!("ctid = {ctid}::tid AND tableoid = {table}::oid"))
    }
}

/// What a trial came to.
enum Trial {
    Worked { search: f64, found: usize },
    NoRows,
}

async fn tried(connection: &Connection, table: &Table, run: &str) -> Result<Check, Error> {
    let name = format!("Rows of {}", table.name);
    let mark = quote::literal(&format!("neonlift trial {run}"));
    let Some(insert) = table.insert(&mark) else {
        let found =
            "not tried: a key of the table has no type that neonlift can make another value of";
        return Ok(Check::warning(name, found));
    };
    let begin = format!("BEGIN; {LIMITS}");
    connection.batch("beginning a trial", &begin).await?;
    let (trial, mut places) = (&mut Vec::new(), Vec::new());
    let came = trial_of(connection, table, &insert, trial).await;
    places.append(trial);
    let rolled_back = connection.batch("rolling a trial back", "ROLLBACK").await;
    match came {
        Ok(came) => {
            rolled_back?;
            nothing_stays(connection, table, &places).await?;
            Ok(worked(name, &came))
        }
        Err(error) => refused(name, error),
    }
}

fn worked(name: String, came: &Trial) -> Check {
    match came {
        Trial::NoRows => Check::warning(name, "not tried: it has no row with a vector to copy"),
        Trial::Worked { search, found } => Check::good(
            name,
            format!(
                "written, read, changed, {found} nearest found in {search:.1} ms, deleted; all of it rolled back"
            ),
        ),
    }
}

/// A table may have its reasons not to take a copy of a row; an application that may not write at
/// all is another thing.
fn refused(name: String, error: PostgresError) -> Result<Check, Error> {
    let state = error.sqlstate().map(str::to_owned).unwrap_or_default();
    let failure = error.failure();
    match state.as_str() {
        "" => Err(error.into()),
        "P0001" | "55P03" | "57014" => Ok(Check::warning(
            name,
            format!("not tried to the end ({state}); rolled back"),
        )),
        // What does not fit into a column is a rule, too.
        state if state.starts_with("23") || state.starts_with("22") => {
            let found = format!(
                "not tried: a rule of the table refuses a copied row ({state}); rolled back"
            );
            Ok(Check::warning(name, found))
        }
        _ => {
            let mut check = Check::bad(name, format!("{}: {}", failure.what, failure.why));
            check.advice = failure.advice;
            Ok(check)
        }
    }
}

async fn trial_of(
    connection: &Connection,
    table: &Table,
    insert: &str,
    places: &mut Vec<Place>,
) -> Result<Trial, PostgresError> {
    let (name, vector) = (&table.sql, &table.vector);
    let ask = async |doing: &str, sql: String| {
        let rows = connection.query(&sql, &[]).await;
        rows.map_err(|error| connection.failed(doing, error))
    };
    let added = ask("adding a row", insert.to_owned()).await?;
    let Some(row) = added.first() else {
        return Ok(Trial::NoRows);
    };
    let Place(at) = Place::of(row);
    places.push(Place(at.clone()));
    ask(
        "reading the row",
        format!("SELECT {vector}::text FROM {name} WHERE {at}"),
    )
    .await?;
    let update = format!(
        "UPDATE {name} SET {vector} = {vector} WHERE {at} RETURNING ctid::text, tableoid::text"
    );
    let changed = ask("changing the row", update).await?;
    let at = changed.first().map_or(at, |row| Place::of(row).0);
    places.push(Place(at.clone()));
    let started = Instant::now();
    let own = format!("(SELECT {vector} FROM {name} WHERE {at})");
    let search = format!(
        "SELECT ctid::text FROM {name} WHERE {} ORDER BY {vector} {} {own} LIMIT {NEAREST}",
        table.comparable(&own),
        table.nearer
    );
    let found = ask("searching for similar rows", search).await?.len();
    let search = started.elapsed().as_secs_f64() * 1000.0;
    ask("deleting the row", format!("DELETE FROM {name} WHERE {at}")).await?;
    Ok(Trial::Worked { search, found })
}

/// Rolled back rows are seen by nobody; it is looked at nevertheless.
async fn nothing_stays(
    connection: &Connection,
    table: &Table,
    places: &[Place],
) -> Result<(), Error> {
    for Place(at) in places {
        let sql = format!("SELECT FROM {} WHERE {at}", table.sql);
        let rows = connection.query(&sql, &[]).await;
        let rows = rows.map_err(|error| connection.failed("looking for what stayed", error))?;
        if !rows.is_empty() {
            return Err(Error::TrialStayed(table.name.clone()));
        }
    }
    Ok(())
}
