//! A single change on the target, and what a comparison has to say of it: that, and nothing else.

use serde_json::Value;

/// A change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Any SQL.
    Sql {
        /// What it is.
        name: &'static str,
        /// What is done.
        sql: &'static str,
        /// What undoes it.
        undo: &'static str,
        /// What is found, as [`told`] puts it.
        finds: &'static [&'static str],
    },
    /// An assignment in the row of `app.table` with the id 1.
    Value {
        /// The table.
        table: &'static str,
        /// What is set.
        set: &'static str,
        /// How it was.
        was: &'static str,
        /// The column.
        column: &'static str,
    },
}

pub(crate) const fn change(
    name: &'static str,
    sql: &'static str,
    undo: &'static str,
    finds: &'static [&'static str],
) -> Change {
    Change::Sql {
        name,
        sql,
        undo,
        finds,
    }
}

pub(crate) const fn value(
    table: &'static str,
    set: &'static str,
    was: &'static str,
    column: &'static str,
) -> Change {
    Change::Value {
        table,
        set,
        was,
        column,
    }
}

impl Change {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Sql { name, .. } => (*name).to_owned(),
            Self::Value { table, set, .. } => format!("{table}: {set}"),
        }
    }

    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Sql { sql, .. } => (*sql).to_owned(),
            Self::Value { table, set, .. } => update(table, set),
        }
    }

    pub(crate) fn undo(&self) -> String {
        match self {
            Self::Sql { undo, .. } => (*undo).to_owned(),
            Self::Value { table, was, .. } => update(table, was),
        }
    }

    pub(crate) fn finds(&self) -> Vec<String> {
        match self {
            Self::Sql { finds, .. } => {
                let mut lines: Vec<_> = finds.iter().map(|line| (*line).to_owned()).collect();
                lines.sort();
                lines
            }
            Self::Value { table, column, .. } => {
                vec![format!("app.{table}: changed 1 in {column} (1)")]
            }
        }
    }
}

fn update(table: &str, set: &str) -> String {
    format!("UPDATE app.{table} SET {set} WHERE id = 1")
}

/// Before what a comparison names and does not hold against the target.
pub(crate) const EXPECTED: &str = "expected: ";

/// All that a comparison found, a line for each table and each definition, sorted.
pub(crate) fn told(comparison: &Value) -> Vec<String> {
    let list = |key: &str| comparison[key].as_array().cloned().unwrap_or_default();
    let mut lines = Vec::new();
    for table in list("tables") {
        if let Some(why) = table["unproved"].as_str() {
            lines.push(format!("{}: not proved, {why}", name(&table)));
        } else if table["equal"] != true {
            lines.push(format!("{}: {}", name(&table), rows(&table)));
        }
    }
    for definition in list("definitions") {
        let text = |key: &str| definition[key].as_str();
        let of = text("table").map_or_else(String::new, |table| format!(" of {table}"));
        let (kind, name) = (text("kind").unwrap(), text("name").unwrap());
        let expected = text("expected").map_or("", |_| EXPECTED);
        lines.push(format!("{expected}{kind} {name}{of}"));
    }
    lines.sort();
    // Several aspects of one object.
    lines.dedup();
    lines
}

fn name(table: &Value) -> String {
    match table["large_objects"] == true {
        true => "large objects".to_owned(),
        false => format!(
            "{}.{}",
            table["schema"].as_str().unwrap(),
            table["table"].as_str().unwrap()
        ),
    }
}

/// `missing 1, changed 2 in price (7, 8)`: how many, where, and the keys of them all. Of a table
/// that has no such list, the numbers of its rows.
fn rows(table: &Value) -> String {
    let found = &table["rows"];
    let count = |kind: &str| found[kind].as_u64().unwrap_or(0);
    let mut parts: Vec<String> = ["missing", "extra", "changed"]
        .into_iter()
        .filter(|kind| count(kind) > 0)
        .map(|kind| format!("{kind} {}", count(kind)))
        .collect();
    if parts.is_empty() {
        let side = |key: &str| {
            let rows = table[key].as_u64();
            rows.map_or_else(|| "none".to_owned(), |rows| rows.to_string())
        };
        return format!("{} and {}", side("source_rows"), side("target_rows"));
    }
    let texts = |list: &Value, text: &dyn Fn(&Value) -> Option<String>| {
        let list = list.as_array().cloned().unwrap_or_default();
        let mut texts: Vec<String> = list.iter().filter_map(text).collect();
        texts.sort();
        texts.join(", ")
    };
    let columns = texts(&found["columns"], &|column| {
        column["column"].as_str().map(str::to_owned)
    });
    let keys = texts(&found["examples"], &|row| {
        let key = row["key"].as_array()?.iter();
        let key: Vec<&str> = key.filter_map(Value::as_str).collect();
        Some(key.join("|"))
    });
    if let Some(last) = parts.last_mut() {
        last.push_str(&if columns.is_empty() {
            columns
        } else {
            format!(" in {columns}")
        });
    }
    match keys.is_empty() {
        true => parts.join(", "),
        false => format!("{} ({keys})", parts.join(", ")),
    }
}
