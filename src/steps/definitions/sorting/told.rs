//! What is told of the entries that stay.

use super::{Sorting, is_relation, relation};
use crate::postgres::script::Entry;
use crate::session::report::{LeftOut, Lost};
use crate::source::NOT_SELECTED;
use crate::transfer::finish::describe;

/// Kinds that are nothing by themselves.
const PARTS: [&str; 4] = [
    "COMMENT",
    "SEQUENCE OWNED BY",
    "TABLE ATTACH",
    "INDEX ATTACH",
];

impl Sorting<'_> {
    /// Of these entries, those that the selection names and that cannot come along; and, many in a
    /// line, what it does not name and nothing needs. Tables are told with their rows.
    pub(in crate::steps::definitions) fn left_out(&self, entries: &[Entry]) -> Vec<LeftOut> {
        let stays = |entry: &Entry| {
            let id = entry.id.filter(|id| self.named.contains(id))?;
            let lacks = self.lacks(id)?;
            let own = relation(entry);
            // Of a view that stays, its parts need not be told.
            let is_part = own.is_some_and(|name| self.is_blocked(&name)) && !is_relation(entry);
            (!is_part && !PARTS.contains(&&*entry.kind)).then(|| LeftOut {
                what: describe(entry),
                why: format!("it needs {lacks}, which is left out"),
            })
        };
        let mut left_out: Vec<LeftOut> = entries.iter().filter_map(stays).collect();
        let others = entries.iter().filter(|entry| self.is_unwanted(entry));
        let mut others: Vec<(String, String)> = others
            .map(|entry| (entry.kind.to_lowercase(), full_name(entry)))
            .collect();
        others.sort_unstable();
        left_out.extend(Lost::of(others).iter().map(|kind| LeftOut {
            what: kind.to_string(),
            why: NOT_SELECTED.to_owned(),
        }));
        left_out
    }

    /// Whether it stays because nobody asked for it, and is nothing of something else.
    fn is_unwanted(&self, entry: &Entry) -> bool {
        let is_asked_for = |id: u32| self.moved.contains(&id) || self.named.contains(&id);
        let is_owned = || {
            let own = relation(entry).and_then(|name| self.selected.relation(&name));
            own.is_some_and(|sequence| sequence.owner.is_some())
        };
        let stands_alone = match entry.kind.as_str() {
            "TABLE" => false,
            "SEQUENCE" => !is_owned(),
            "SCHEMA" => entry.name != "public",
            kind if PARTS.contains(&kind) => false,
            _ => is_relation(entry) || relation(entry).is_none(),
        };
        stands_alone && entry.id.is_some_and(|id| !is_asked_for(id))
    }
}

/// The name with its schema, for people as [`TableName`] is.
fn full_name(entry: &Entry) -> String {
    match entry.schema.as_deref() {
        None | Some("public") => entry.name.clone(),
        Some(schema) => format!("{schema}.{}", entry.name),
    }
}
