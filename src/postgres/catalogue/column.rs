//! Columns, and how values of their types travel.

use super::{FIRST_NORMAL_OID, USERS_OWN};
use crate::postgres::{Connection, Error};
use std::collections::HashMap;
use tokio_postgres::Row;
use tokio_postgres::types::Oid;

/// What the type `t` is made of.
const PARTS: &str = "SELECT t.typbasetype UNION ALL SELECT t.typelem WHERE t.typcategory = 'A'
    UNION ALL SELECT r.rngsubtype FROM pg_range r
      WHERE t.oid IN (r.rngtypid, (to_jsonb(r) ->> 'rngmultitypid')::oid)
    UNION ALL SELECT f.atttypid FROM pg_attribute f
      WHERE f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped";

/// How a column's value becomes bytes that are equal on two servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// An array of a type of PostgreSQL's own: as `array_send` gives it, without the mark that it may
    /// hold a null. A slice of an array that held one keeps that mark; binary COPY and pg_dump lose it.
    Array,
    /// By its type's send function, qualified and quoted. `record_send` would do for PostgreSQL's own
    /// types only: it tells the types' OIDs too.
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

impl Column {
    /// Whether its values are of one of pgvector's types, wherever that extension's schema is.
    pub fn is_vector(&self) -> bool {
        is_vector(self.base_type())
    }

    /// The type that its values are of: a domain's is the one beneath it.
    pub fn base_type(&self) -> &str {
        let (mut base, mut shape) = (&self.sql_type, &self.shape);
        while let Shape::Domain(beneath, inner) = shape {
            (base, shape) = (beneath, &**inner);
        }
        base
    }
}

/// pgvector's types, with or without their schema in front.
fn is_vector(sql_type: &str) -> bool {
    let name = sql_type.split('(').next().unwrap_or_default();
    let name = name.rsplit('.').next().unwrap_or_default();
    ["vector", "halfvec", "sparsevec"].contains(&name)
}

/// The columns of all tables, in their order, by the table's OID.
pub(super) async fn columns(connection: &Connection) -> Result<HashMap<Oid, Vec<Column>>, Error> {
    let (types, rows) = tokio::try_join!(types(connection), column_rows(connection))?;
    Ok(by_table(&rows, &types))
}

async fn column_rows(connection: &Connection) -> Result<Vec<Row>, Error> {
    let rows = connection
        .query(
            &format!(
                "SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid,
                        a.attgenerated <> ''
                 FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {USERS_OWN}
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
            (Some(send), _) if oid < FIRST_NORMAL_OID => match send == "pg_catalog.array_send" {
                true => Shape::Array,
                false => Shape::Send(send.clone()),
            },
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
            &format!(
                "WITH RECURSIVE used(oid) AS (
               SELECT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 WHERE c.relkind IN ('r', 'p') AND c.oid >= {FIRST_NORMAL_OID}
                   AND a.attnum > 0 AND NOT a.attisdropped
               UNION SELECT part.oid FROM used JOIN pg_type t ON t.oid = used.oid
                 CROSS JOIN LATERAL ({PARTS}) part(oid) WHERE part.oid <> 0)
             SELECT t.oid, format_type(t.oid, -1), t.typtype::text, t.typbasetype,
                    ARRAY(SELECT part.oid FROM ({PARTS}) part(oid) WHERE part.oid <> 0),
                    CASE WHEN p.oid IS NOT NULL
                         THEN quote_ident(n.nspname) || '.' || quote_ident(p.proname) END,
                    t.oid < {FIRST_NORMAL_OID} AND t.typname LIKE 'reg%', t.typcategory = 'A'
             FROM used JOIN pg_type t USING (oid)
             LEFT JOIN pg_proc p ON p.oid = t.typsend
             LEFT JOIN pg_namespace n ON n.oid = p.pronamespace"
            ),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_recognised_in_any_schema() {
        assert!(is_vector("vector(384)"));
        assert!(is_vector("extensions.halfvec(8)"));
        assert!(!is_vector("tsvector"));
    }
}
