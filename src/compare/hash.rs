//! A hash over a table's rows that two servers compute to the same number: independent of the
//! rows' order, of OIDs, and of settings.

use crate::postgres::catalogue::{Column, Shape, Table};
use crate::postgres::{Connection, Error, quote};
use crate::source::Range;
use std::ops::AddAssign;
use tokio_postgres::Row;

/// How rows are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// `hash_array_extended` over the values' binary forms: bit-exact and the fastest.
    Binary,
    /// 64 bits of `md5` over the row's text, for a pair of servers whose binary forms differ.
    Text,
}

impl Method {
    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Binary => "64-bit hash of each row's binary form, summed",
            Self::Text => "64 bits of md5 of each row's text, summed",
        }
    }
}

/// Values that both servers must hash alike before the binary method is trusted.
const PROBE: [&str; 10] = [
    "int4send(n)",
    "textsend(n::text)",
    "float8send((n / 7.0)::float8)",
    "numeric_send(n * 1.10)",
    "int4send(NULL)",
    "jsonb_send(jsonb_build_object('n', n))",
    "array_send(ARRAY[n, NULL])",
    "textsend('Grüße')",
    "timestamptz_send('2024-02-29 12:00+00'::timestamptz + n * interval '1 day')",
    "byteasend('\\x00ff'::bytea)",
];

/// What sends a float.
const FLOATS: [&str; 2] = ["pg_catalog.float4send", "pg_catalog.float8send"];

/// The method that can be trusted for this pair of servers.
pub(super) async fn trusted(source: &Connection, target: &Connection) -> Method {
    match (probe(source).await, probe(target).await) {
        (Some(source), Some(target)) if source == target => Method::Binary,
        _ => Method::Text,
    }
}

/// A refusal, of a function that may not be used, say, takes back nothing but the probe. Outside of a
/// transaction there is nothing to take back, and no savepoint.
async fn probe(connection: &Connection) -> Option<String> {
    let hash = of_row(&PROBE.map(str::to_owned), Method::Binary);
    let sql = format!("SELECT sum({hash})::text FROM generate_series(1, 10) n");
    let doing = "probing the hash";
    let in_transaction = connection.batch(doing, "SAVEPOINT probe").await.is_ok();
    let probed = connection.query_one(&sql, &[]).await;
    if in_transaction {
        let back = "ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe";
        connection.batch(doing, back).await.ok()?;
    }
    probed.ok()?.get(0)
}

/// The columns of a table as both sides agree on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Agreed {
    /// Expressions for the source, in the agreed order.
    pub(super) source: Vec<String>,
    /// Expressions for the target, in the same order.
    pub(super) target: Vec<String>,
}

impl Agreed {
    /// The same, with every NaN as the same one: PostgreSQL takes them for equal, and text cannot tell
    /// the sign that some have. Asked only where tables differ.
    pub(super) fn with_one_nan(&self) -> Self {
        let all = |of: &[String]| of.iter().map(|value| with_one_nan(value)).collect();
        Self {
            source: all(&self.source),
            target: all(&self.target),
        }
    }
}

fn with_one_nan(value: &str) -> String {
    let float = FLOATS.iter().find_map(|send| {
        let of = value.strip_prefix(send)?.strip_prefix('(')?;
        Some((send, of.strip_suffix(')')?))
    });
    match float {
        Some((send, of)) => format!("{send}(CASE {of} WHEN 'NaN' THEN 'NaN' ELSE {of} END)"),
        None => value.to_owned(),
    }
}

/// Agrees on columns by name; `None` when the two tables do not have the same columns with the
/// same types, which is a difference in itself.
pub(super) fn agree(source: &Table, target: &Table) -> Option<Agreed> {
    let mut agreed = Agreed {
        source: Vec::new(),
        target: Vec::new(),
    };
    for column in &source.columns {
        let other = target
            .columns
            .iter()
            .find(|other| other.name == column.name)?;
        if other.sql_type != column.sql_type {
            return None;
        }
        let (here, there) = pair(column, other);
        agreed.source.push(here);
        agreed.target.push(there);
    }
    (source.columns.len() == target.columns.len()).then_some(agreed)
}

/// Expressions of a column on both sides, bytes that are equal where the values are alike. Values of
/// different types are alike where their texts are.
pub(super) fn pair(column: &Column, other: &Column) -> (String, String) {
    let alike =
        column.sql_type == other.sql_type && is_text(&column.shape) == is_text(&other.shape);
    match alike {
        true => (expression(column), expression(other)),
        false => (as_text(column), as_text(other)),
    }
}

fn as_text(column: &Column) -> String {
    shaped(&Shape::Text, quote::identifier(&column.name))
}

fn expression(column: &Column) -> String {
    shaped(&column.shape, quote::identifier(&column.name))
}

fn shaped(shape: &Shape, value: String) -> String {
    match shape {
        // The last byte of the flags, which stand behind the number of dimensions. Each null is sent
        // as one besides.
        Shape::Array => format!("set_byte(array_send({value}), 7, 0)"),
        Shape::Send(function) => format!("{function}({value})"),
        Shape::Domain(base, inner) => shaped(inner, format!("({value})::{base}")),
        Shape::Text => format!("textsend(({value})::text)"),
    }
}

fn is_text(shape: &Shape) -> bool {
    match shape {
        Shape::Send(_) | Shape::Array => false,
        Shape::Domain(_, inner) => is_text(inner),
        Shape::Text => true,
    }
}

/// What a table holds, or a part of it: two equal ones mean the same rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) rows: u64,
    /// The sum of the rows' hashes. Not an xor: pairs of equal rows would cancel each other out.
    /// So many 64-bit numbers as a table can have rows never exceed it.
    pub(super) sum: i128,
}

impl Content {
    /// Of a row that begins with a count at this place, and the sum as text behind it.
    pub(super) fn of(row: &Row, at: usize) -> Self {
        let (rows, sum): (i64, String) = (row.get(at), row.get(at + 1));
        Self {
            rows: u64::try_from(rows).unwrap_or(0),
            sum: sum.parse().unwrap_or(0),
        }
    }
}

impl AddAssign for Content {
    /// Wherever a table is cut, its parts add up to the same.
    fn add_assign(&mut self, part: Self) {
        self.rows += part.rows;
        self.sum += part.sum;
    }
}

/// The content of a whole table, in one pass.
pub(super) async fn table(
    connection: &Connection,
    table: &Table,
    columns: &[String],
    method: Method,
) -> Result<Content, Error> {
    let row = connection
        .query_one(&statement(table, columns, method, Range::Whole), &[])
        .await
        .map_err(Error::while_doing(doing(table)))?;
    Ok(Content::of(&row, 0))
}

/// What is being done, for errors.
pub(super) fn doing(table: &Table) -> String {
    format!("hashing the rows of {}", table.name)
}

/// The query for the [`Content`] of a part of a table.
pub(super) fn statement(table: &Table, columns: &[String], method: Method, range: Range) -> String {
    let (hash, from) = (
        of_row(columns, method),
        table.from_sql_where(range.conditions()),
    );
    format!("SELECT count(*), COALESCE(sum({hash}), 0)::text FROM {from}")
}

/// The hash of one row of these values.
pub(super) fn of_row(values: &[String], method: Method) -> String {
    let all = values.join(", ");
    match (method, values) {
        (Method::Binary, [_]) => format!("hash_array_extended(ARRAY[{all}], 0)"),
        // An array's hash is a linear combination of its elements': two rows that exchange a value
        // would leave the sum of such hashes as it is. So it is hashed once more.
        (Method::Binary, _) => format!(
            "hash_array_extended(ARRAY[int8send(hash_array_extended(ARRAY[{all}]::bytea[], 0))], 0)"
        ),
        (Method::Text, _) => {
            format!("('x' || left(md5((ROW({all}))::text), 16))::bit(64)::bigint")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::TableName;

    fn column(name: &str, sql_type: &str, shape: Shape) -> Column {
        let (name, sql_type) = (name.to_owned(), sql_type.to_owned());
        Column {
            name,
            sql_type,
            generated: false,
            shape,
            binary: true,
        }
    }

    fn send(function: &str) -> Shape {
        Shape::Send(function.to_owned())
    }

    fn table(columns: Vec<Column>) -> Table {
        Table {
            name: TableName {
                schema: "s".into(),
                name: "t".into(),
            },
            oid: 1,
            columns,
            heap_bytes: 0,
            toast_bytes: 0,
            index_bytes: 0,
            unlogged: false,
            row_security: false,
            routed: false,
            condition: None,
        }
    }

    #[test]
    fn columns_are_matched_by_name_in_the_sources_order() {
        let a = || column("a", "integer", send("int4send"));
        let v = || column("v", "vector(3)", send("public.vector_send"));
        let agreed = agree(&table(vec![a(), v()]), &table(vec![v(), a()])).unwrap();
        assert_eq!(
            agreed.source,
            ["int4send(\"a\")", "public.vector_send(\"v\")"]
        );
        assert_eq!(agreed.source, agreed.target);
    }

    #[test]
    fn another_type_or_number_of_columns_is_a_difference() {
        let a = |sql_type| column("a", sql_type, send("int4send"));
        let source = table(vec![a("integer")]);
        assert_eq!(agree(&source, &table(vec![a("bigint")])), None);
        let more = table(vec![a("integer"), column("b", "text", send("textsend"))]);
        assert_eq!(agree(&source, &more), None);
    }

    #[test]
    fn a_domain_is_hashed_as_its_base() {
        let shape = Shape::Domain("text".into(), Box::new(send("textsend")));
        assert_eq!(
            expression(&column("d", "email", shape)),
            "textsend((\"d\")::text)"
        );
    }
}
