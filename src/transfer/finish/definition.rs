//! A definition to make after the rows: its name for people, its mark in the ledger, its SQL.

use crate::postgres::catalogue::{Key, TableName};
use crate::postgres::quote;
use crate::postgres::script::{Class, Entry};
use crate::session::report::KindCount;
use crate::target::{INDEX, Ledger, REST, STATISTICS, Statement};
use std::collections::{BTreeMap, HashSet};

/// The mark of an entry in the ledger: unique in a dump.
pub(super) fn mark(entry: &Entry) -> String {
    named_mark(&entry.kind, entry, &entry.name)
}

/// The mark of the index that an entry makes, or stands on.
pub(super) fn index_mark(entry: &Entry) -> String {
    named_mark(INDEX, entry, &entry.name)
}

/// The mark that all of an entry is made: its own, but of an index that says more than its creation
/// that of what it says besides.
pub(super) fn last_mark(entry: &Entry) -> String {
    match entry.class() {
        Class::Index if !apart(entry).1.is_empty() => {
            named_mark(REST, entry, &format!("{} {}", entry.kind, entry.name))
        }
        _ => mark(entry),
    }
}

/// How much of an entry stands on the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing.
    Nothing,
    /// Its index, which it is made of, or which it makes first.
    Index,
    /// All of it.
    All,
}

/// How much of an entry stands, by the ledger's marks.
pub(super) fn standing(entry: &Entry, built: &HashSet<String>) -> Standing {
    if built.contains(&last_mark(entry)) {
        Standing::All
    } else if built.contains(&index_mark(entry)) {
        Standing::Index
    } else {
        Standing::Nothing
    }
}

/// The mark of a table's statistics.
pub(super) fn statistics_mark(table: &TableName) -> String {
    format!("{STATISTICS} {} {} ", table.schema, table.name)
}

fn named_mark(kind: &str, entry: &Entry, name: &str) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let (schema, table) = (part(&entry.schema), part(&entry.table));
    format!("{kind} {schema} {table} {name}")
}

/// SQL with its note in the ledger in front.
pub(super) fn noted(run: &str, what: String, mark: &str, sql: &str) -> Statement {
    let sql = format!("{}\n{sql}", Ledger::mark_built(run, mark));
    Statement { what, sql }
}

/// The table of an entry.
pub(super) fn table(entry: &Entry) -> Option<TableName> {
    let (schema, name) = (entry.schema.clone()?, entry.table.clone()?);
    Some(TableName { schema, name })
}

/// The entries that stand on the target, by the ledger's marks; a materialized view that could not
/// be filled is of no use to anybody.
pub(super) fn what_stands<'e>(
    entries: &[&'e Entry],
    built: &HashSet<String>,
    unfilled: &[TableName],
) -> Vec<&'e Entry> {
    let is_empty = |entry: &Entry| {
        entry.class() == Class::MaterializedView
            && table(entry).is_some_and(|view| unfilled.contains(&view))
    };
    let stands = |entry: &&Entry| standing(entry, built) == Standing::All && !is_empty(entry);
    entries.iter().copied().filter(stands).collect()
}

/// The statement that makes an index, and what the entry says besides: marks for CLUSTER and
/// replica identity, statistics of its columns. Those take locks that would wait for the other
/// indexes of the table.
pub(super) fn apart(entry: &Entry) -> (String, String) {
    let (creation, rest): (Vec<&str>, Vec<&str>) = entry
        .statements()
        .into_iter()
        .partition(|statement| statement.starts_with("CREATE ") || statement.starts_with("SET "));
    (creation.join("\n"), rest.join("\n"))
}

/// The SQL that makes a constraint of an index that is built already, with what else the entry
/// says.
pub(super) fn using_index(entry: &Entry, key: &Key) -> String {
    let mut statements = entry.statements();
    let adds = |statement: &&str| statement.contains(" ADD CONSTRAINT ");
    let adding = format!(
        "ALTER TABLE ONLY {} ADD CONSTRAINT {} {};",
        key.table.sql(),
        quote::identifier(&key.name),
        key.clause()
    );
    match statements.iter_mut().find(|statement| adds(statement)) {
        Some(statement) => *statement = &adding,
        None => statements.insert(0, &adding),
    }
    statements.join("\n")
}

/// An entry for people: "index songs_title_idx".
pub fn describe(entry: &Entry) -> String {
    // The second half of a view is the view.
    let name = match (entry.kind.as_str(), &entry.table) {
        ("RULE", Some(view)) if entry.class() == Class::View => view,
        _ => &entry.name,
    };
    format!("{} {name}", kind(entry))
}

/// The kind of an entry for people.
fn kind(entry: &Entry) -> String {
    match entry.class() {
        Class::View => "view".to_owned(),
        _ => entry.kind.to_lowercase(),
    }
}

/// How many entries there are of each kind.
pub fn count_kinds(entries: &[&Entry]) -> Vec<KindCount> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        *counts.entry(kind(entry)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(kind, count)| KindCount { kind, count })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: &str, sql: &str) -> Entry {
        Entry {
            name: "k".to_owned(),
            kind: kind.to_owned(),
            schema: Some("s".to_owned()),
            table: Some("t".to_owned()),
            sql: sql.to_owned(),
            ..Entry::default()
        }
    }

    #[test]
    fn the_second_half_of_a_view_is_a_view() {
        let mut rule = entry("RULE", "CREATE OR REPLACE VIEW s.t AS SELECT 1;");
        rule.name = "_RETURN".to_owned();
        assert_eq!(describe(&rule), "view t");
        assert_eq!(count_kinds(&[&rule])[0].kind, "view");
    }

    #[test]
    fn what_stands_is_counted_not_what_was_wanted() {
        let [index, key, trigger] =
            ["INDEX", "FK CONSTRAINT", "EVENT TRIGGER"].map(|k| entry(k, ""));
        let view = entry("MATERIALIZED VIEW", "");
        let wanted = [&index, &key, &trigger, &view];
        let built = HashSet::from([index_mark(&index), mark(&key), mark(&view)]);
        assert_eq!(what_stands(&wanted, &built, &[]), [&index, &key, &view]);
        let unfilled = [table(&view).unwrap()];
        assert_eq!(what_stands(&wanted, &built, &unfilled), [&index, &key]);
    }

    #[test]
    fn what_locks_a_table_is_apart_from_its_index() {
        let sql = "CREATE INDEX k ON s.t USING btree (a);\n\nALTER TABLE s.t CLUSTER ON k;";
        let (creation, rest) = apart(&entry("INDEX", sql));
        assert_eq!(creation, "CREATE INDEX k ON s.t USING btree (a);");
        assert_eq!(rest, "ALTER TABLE s.t CLUSTER ON k;");
    }

    #[test]
    fn a_key_stands_on_its_index_and_keeps_what_follows_it() {
        let sql = "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT k UNIQUE (a) DEFERRABLE;\n\nALTER TABLE ONLY s.t REPLICA IDENTITY USING INDEX k;";
        let key = Key {
            table: TableName {
                schema: "s".to_owned(),
                name: "t".to_owned(),
            },
            name: "k".to_owned(),
            primary: false,
            deferrable: true,
            deferred: false,
            index: String::new(),
        };
        let expected = "ALTER TABLE ONLY \"s\".\"t\" ADD CONSTRAINT \"k\" UNIQUE USING INDEX \"k\" DEFERRABLE;\nALTER TABLE ONLY s.t REPLICA IDENTITY USING INDEX k;";
        assert_eq!(using_index(&entry("CONSTRAINT", sql), &key), expected);
    }
}
