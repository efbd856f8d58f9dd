//! Sample rows of a compared table as an event.

use crate::failure::Failure;
use crate::session::report::ComparedTable;
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Pairing, Value};
use serde_json::{Map, Value as Json, json};

/// The event of a table: its rows, or why there are none.
pub(super) fn event(table: &ComparedTable, seen: &Result<Excerpt, Failure>) -> Json {
    let (schema, name) = (&table.schema, &table.table);
    match seen {
        Ok(excerpt) => {
            let keys = excerpt.columns.iter().filter(|column| column.key);
            let keys: Vec<&str> = keys.map(|column| column.name.as_str()).collect();
            let rows = excerpt.differing_first().into_iter();
            json!({
                "event": "sample", "schema": schema, "table": name, "key": keys,
                "same_rows": excerpt.pairing == Pairing::Key, "unread": null,
                "rows": rows.map(|found| row(excerpt, found)).collect::<Vec<_>>(),
            })
        }
        Err(failure) => json!({
            "event": "sample", "schema": schema, "table": name, "rows": [],
            "unread": format!("{}. {}", failure.what, failure.why),
        }),
    }
}

fn row(excerpt: &Excerpt, row: &ExcerptRow) -> Json {
    let cells: Vec<(&ExcerptColumn, &ExcerptCell)> =
        excerpt.columns.iter().zip(&row.cells).collect();
    let names = |is_meant: &dyn Fn(&ExcerptCell) -> bool| {
        let meant = cells.iter().filter(|(_, cell)| is_meant(cell));
        meant
            .map(|(column, _)| column.name.as_str())
            .collect::<Vec<_>>()
    };
    let side = |has: bool, of: &dyn Fn(&ExcerptCell) -> &Value| {
        let values = cells.iter().filter_map(|(column, cell)| {
            let value = match of(cell) {
                Value::Absent => return None,
                Value::Null => Json::Null,
                Value::Text { beginning, .. } => json!(beginning),
            };
            Some((column.name.clone(), value))
        });
        has.then(|| values.collect::<Map<_, _>>())
    };
    let is_cut = |value: &Value| matches!(value, Value::Text { cut: true, .. });
    json!({
        "equal": excerpt.row_in_words(row).0,
        "source": side(row.on_source, &|cell| &cell.source),
        "target": side(row.on_target, &|cell| &cell.target),
        "differs": names(&|cell| cell.differs),
        "cut": names(&|cell| is_cut(&cell.source) || is_cut(&cell.target)),
    })
}
