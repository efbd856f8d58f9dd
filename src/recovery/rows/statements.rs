//! The SQL that takes rows over from a table beside their own, and what it has to know.

use crate::compare::equality::Equality;
use crate::compare::{further, stepping};
use crate::postgres::catalogue::{self, Sequence, Table};
use crate::postgres::{Connection, Error, quote};
use crate::recovery;
use std::collections::HashMap;
use tokio_postgres::types::Oid;

/// Inserts what is not there. A row that any unique index takes for one that is there stays out; an
/// identity column takes the value that it has on the target.
pub(super) fn insert(table: &Table, from: &str) -> String {
    let columns = quote::identifiers(table.copied_columns().map(|column| column.name.as_str()));
    format!(
        "INSERT INTO {} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {from}
         ON CONFLICT DO NOTHING",
        table.name.sql()
    )
}

/// Makes the rows with the same keys what they are in the other table; `None` where a table has nothing
/// besides its key. `fixed` are columns that take no value of anybody's: GENERATED ALWAYS AS IDENTITY.
pub(super) fn update(
    table: &Table,
    (key, equality): (&[String], &Equality),
    from: &str,
    fixed: &[String],
) -> Option<String> {
    let is_set = |name: &&String| !key.contains(name) && !fixed.contains(name);
    let names = table.copied_columns().map(|column| &column.name);
    let sets = names.filter(is_set).map(|name| {
        let column = quote::identifier(name);
        format!("{column} = new.{column}")
    });
    let sets: Vec<String> = sets.collect();
    let same = key.iter().map(|name| {
        let column = quote::identifier(name);
        format!("old.{column} {} new.{column}", equality.of(name))
    });
    let same: Vec<String> = same.collect();
    (!sets.is_empty() && !same.is_empty()).then(|| {
        format!(
            "UPDATE {} old SET {} FROM {from} new WHERE {}",
            table.only_sql(),
            sets.join(", "),
            same.join(" AND ")
        )
    })
}

/// The keys, as texts, of rows that did not go in: some other row is taken for the same by a unique
/// index. At most so many; `None` where rows have no key.
pub(super) fn kept_out(
    table: &Table,
    (key, equality): (&[String], &Equality),
    from: &str,
    most: usize,
) -> Option<String> {
    let same = key.iter().map(|name| {
        let column = quote::identifier(name);
        format!("old.{column} {} new.{column}", equality.of(name))
    });
    let same: Vec<String> = same.collect();
    let texts = key
        .iter()
        .map(|name| format!("{}::text", quote::identifier(name)));
    let texts: Vec<String> = texts.collect();
    (!key.is_empty()).then(|| {
        format!(
            "SELECT ARRAY[{}] FROM {from} new WHERE NOT EXISTS (SELECT FROM {} old WHERE {})
             ORDER BY {} LIMIT {most}",
            texts.join(", "),
            table.name.sql(),
            same.join(" AND "),
            quote::identifiers(key.iter().map(String::as_str)),
        )
    })
}

/// The columns, by their table's OID, that only `OVERRIDING SYSTEM VALUE` sets, and no UPDATE.
///
/// # Errors
/// The server's.
pub(super) async fn fixed_columns(source: &Connection) -> Result<HashMap<Oid, Vec<String>>, Error> {
    let sql = "SELECT attrelid, attname::text FROM pg_attribute
               WHERE attidentity = 'a' AND NOT attisdropped";
    let rows = source.query(sql, &[]).await;
    let rows = rows.map_err(Error::while_doing("reading the identity columns"))?;
    let mut fixed: HashMap<Oid, Vec<String>> = HashMap::new();
    for row in &rows {
        fixed.entry(row.get(0)).or_default().push(row.get(1));
    }
    Ok(fixed)
}

/// The target's sequences that have gone further than the source's of the same name, as they stand on
/// the target.
///
/// # Errors
/// Of which side, with its error.
pub(super) async fn further_sequences(
    source: &Connection,
    target: &Connection,
) -> Result<Vec<Sequence>, recovery::Error> {
    let here = stepping(source).await.map_err(recovery::Error::Source)?;
    let there = catalogue::sequences(target).await;
    let there = there.map_err(recovery::Error::Target)?;
    Ok(further(&here, &there))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::catalogue::{Column, Shape, TableName};

    #[test]
    fn keys_and_columns_that_take_no_value_are_not_set() {
        let column = |name: &str, generated| Column {
            name: name.to_owned(),
            sql_type: "integer".to_owned(),
            generated,
            shape: Shape::Text,
            binary: true,
        };
        let table = Table {
            name: TableName {
                schema: "s".into(),
                name: "t".into(),
            },
            oid: 1,
            columns: ["id", "x", "counted", "sum"]
                .map(|name| column(name, name == "sum"))
                .to_vec(),
            heap_bytes: 0,
            toast_bytes: 0,
            index_bytes: 0,
            unlogged: false,
            row_security: false,
            routed: false,
            condition: None,
        };
        let usual = Equality::default();
        let (id, counted) = (["id".to_owned()], ["counted".to_owned()]);
        assert_eq!(
            update(&table, (&id, &usual), "pg_temp.c", &counted).unwrap(),
            "UPDATE ONLY \"s\".\"t\" old SET \"x\" = new.\"x\" FROM pg_temp.c new WHERE old.\"id\" = new.\"id\""
        );
        let all = ["id", "x", "counted"].map(str::to_owned);
        assert_eq!(update(&table, (&all, &usual), "c", &[]), None);
        assert_eq!(update(&table, (&[], &usual), "c", &[]), None);
    }
}
