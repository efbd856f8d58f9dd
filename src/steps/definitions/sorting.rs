//! Which entries of a schema dump a selection comes to. Pure: pg_dump has said what needs what.
//!
//! What is selected brings along what it needs (types, functions, sequences, schemas, extensions).
//! What needs a table or view that is left out cannot come, and what needs that, neither; nor can what
//! needs something that the target cannot take. Indexes, constraints, triggers and the like follow
//! their table.

mod told;

use crate::postgres::catalogue::TableName;
use crate::postgres::script::{Class, Entry};
use crate::source::Selected;
use crate::steps::Error;
use crate::transfer::finish::describe;
use std::collections::{HashMap, HashSet};

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is moved.
    Selected,
    /// It is moved because something else needs it.
    Guest,
    /// It stays.
    Left,
}

/// The entries of a dump, sorted by a selection.
pub(super) struct Sorting<'a> {
    entries: HashMap<u32, &'a Entry>,
    needs: HashMap<u32, Vec<u32>>,
    selected: &'a Selected,
    /// What cannot be made, because it needs a table or view that is left out: with its name.
    blocked: HashMap<u32, String>,
    /// What cannot be made, because it needs something that the target cannot take: with its name.
    untaken: HashMap<u32, String>,
    /// What the selection names.
    named: HashSet<u32>,
    /// All that is moved.
    moved: HashSet<u32>,
}

/// Kinds that go with what they are about, wherever that goes.
const FOLLOWERS: [&str; 7] = [
    "COMMENT",
    "SEQUENCE OWNED BY",
    "TABLE ATTACH",
    "INDEX ATTACH",
    "STATISTICS",
    "CAST",
    "TRANSFORM",
];

impl<'a> Sorting<'a> {
    /// Sorts both halves of a dump.
    pub(super) fn of(entries: impl Iterator<Item = &'a Entry>, selected: &'a Selected) -> Self {
        let entries: HashMap<u32, &Entry> = entries
            .filter_map(|entry| Some((entry.id?, entry)))
            .collect();
        let mut sorting = Self {
            needs: HashMap::new(),
            blocked: HashMap::new(),
            untaken: HashMap::new(),
            named: HashSet::new(),
            moved: HashSet::new(),
            selected,
            entries,
        };
        sorting.needs = sorting.needs();
        sorting.named = sorting.named();
        let needed_by = sorting.needed_by();
        sorting.blocked = sorting.blocked(&needed_by);
        sorting.untaken = sorting.untaken(&needed_by);
        sorting.moved = sorting.moved();
        sorting
    }

    /// What becomes of an entry.
    pub(super) fn fate(&self, entry: &Entry) -> Fate {
        match entry.id {
            Some(id) if !self.moved.contains(&id) => Fate::Left,
            Some(id) if self.named.contains(&id) || is_follower(entry) => Fate::Selected,
            Some(_) => Fate::Guest,
            None => Fate::Left,
        }
    }

    /// What is moved and needs each extension, by the extension's name.
    pub(super) fn dependents(&self) -> HashMap<String, Vec<String>> {
        let mut dependents: HashMap<String, Vec<String>> = HashMap::new();
        for id in &self.moved {
            let (entry, needs) = (self.entries[id], self.needs.get(id));
            for need in needs.into_iter().flatten().map(|need| self.entries[need]) {
                if need.class() == Class::Extension && entry.kind != "COMMENT" {
                    let those = dependents.entry(need.name.clone()).or_default();
                    those.push(describe(entry));
                }
            }
        }
        dependents
            .values_mut()
            .for_each(|those| those.sort_unstable());
        dependents
    }

    /// Fails when a selected table cannot be made without what is left out.
    pub(super) fn refuse(&self) -> Result<(), Error> {
        let mut tables: Vec<(&str, &String)> = self
            .blocked
            .iter()
            .filter(|(id, _)| self.named.contains(id) && is_table(self.entries[id]))
            .map(|(id, lacks)| (self.entries[id].name.as_str(), lacks))
            .collect();
        tables.sort_unstable();
        match tables.first() {
            None => Ok(()),
            Some((table, lacks)) => Err(Error::NeedsLeftOut {
                table: (*table).to_owned(),
                lacks: (*lacks).clone(),
            }),
        }
    }

    /// The name of what it cannot be made without.
    fn lacks(&self, id: u32) -> Option<&String> {
        self.blocked.get(&id).or_else(|| self.untaken.get(&id))
    }

    fn is_blocked(&self, name: &TableName) -> bool {
        let blocked = self.blocked.keys().chain(self.untaken.keys());
        let mut blocked = blocked.map(|id| self.entries[id]);
        blocked.any(|entry| is_relation(entry) && relation(entry).as_ref() == Some(name))
    }

    /// pg_dump's own account of what needs what, apart from what is only an order there.
    fn needs(&self) -> HashMap<u32, Vec<u32>> {
        let mut needs: HashMap<u32, Vec<u32>> = HashMap::new();
        for (&id, entry) in &self.entries {
            let own = needs.entry(id).or_default();
            own.extend(
                entry
                    .needs
                    .iter()
                    .filter(|need| self.is_real(entry, **need)),
            );
            if entry.kind == "SEQUENCE OWNED BY" {
                // It names the table too, which pg_dump tells of the sequence alone.
                let sequence = entry.needs.iter().filter_map(|id| self.entries.get(id));
                own.extend(sequence.flat_map(|sequence| &sequence.needs));
            }
        }
        // A view in two halves is one view.
        for (&id, rule) in &self.entries {
            if rule.kind == "RULE" && rule.class() == Class::View {
                let view = |need: &&u32| self.entries.get(need).is_some_and(|e| e.kind == "VIEW");
                if let Some(view) = rule.needs.iter().find(view) {
                    needs.entry(*view).or_default().push(id);
                }
            }
        }
        needs
    }

    /// A sequence is made before the table that owns it can use it, whatever the order in which
    /// pg_dump has them; a partition is a table by itself until it is attached, and so are its indexes.
    fn is_real(&self, entry: &Entry, need: u32) -> bool {
        let Some(needed) = self.entries.get(&need) else {
            // Nothing that has an entry: PostgreSQL's own, or the schema public.
            return false;
        };
        if entry.kind == "SEQUENCE" && needed.kind == "TABLE" {
            return entry.sql.contains("GENERATED");
        }
        if entry.kind.ends_with("ATTACH") {
            return true;
        }
        let (Some(own), Some(other)) = (relation(entry), relation(needed)) else {
            return true;
        };
        let mut above = self.selected.relation(&own);
        while let Some(parent) = above.and_then(|relation| relation.partition_of.as_ref()) {
            if *parent == other {
                return false;
            }
            above = self.selected.relation(parent);
        }
        true
    }

    fn named(&self) -> HashSet<u32> {
        if self.selected.select().takes_all_tables() {
            return self.entries.keys().copied().collect();
        }
        let patterns = self.selected.patterns();
        let is_named = |entry: &Entry| match (relation(entry), &entry.schema) {
            (Some(relation), _) => self.selected.has(&relation),
            (None, _) if is_follower(entry) => false,
            (None, Some(schema)) => patterns.take_schema(schema),
            (None, None) if entry.kind == "SCHEMA" => patterns.take_schema(&entry.name),
            (None, None) => patterns.take_schemaless(),
        };
        let named = self.entries.iter().filter(|(_, entry)| is_named(entry));
        named.map(|(id, _)| *id).collect()
    }

    fn needed_by(&self) -> HashMap<u32, Vec<u32>> {
        let mut needed_by: HashMap<u32, Vec<u32>> = HashMap::new();
        for (id, needs) in &self.needs {
            for need in needs {
                needed_by.entry(*need).or_default().push(*id);
            }
        }
        needed_by
    }

    /// Everything that needs, directly or not, a table or view that is left out.
    fn blocked(&self, needed_by: &HashMap<u32, Vec<u32>>) -> HashMap<u32, String> {
        let mut blocked = HashMap::new();
        let takes_all = self.selected.select().takes_all_tables();
        let is_left = |entry: &Entry| {
            let own = relation(entry).filter(|_| is_relation(entry) && entry.kind != "SEQUENCE");
            own.filter(|name| !takes_all && !self.selected.has(name))
        };
        let left = self.entries.iter();
        let left = left.filter_map(|(id, entry)| Some((*id, is_left(entry)?.to_string())));
        let mut open: Vec<(u32, String)> = left.collect();
        open.sort_unstable();
        while let Some((id, lacks)) = open.pop() {
            if blocked.contains_key(&id) {
                continue;
            }
            let above = needed_by.get(&id).into_iter().flatten();
            open.extend(above.map(|above| (*above, lacks.clone())));
            blocked.insert(id, lacks);
        }
        blocked
    }

    /// Everything that needs, directly or not, what the target cannot take; that is told by itself.
    /// A table is tried nevertheless: its rows must not stay behind unseen.
    fn untaken(&self, needed_by: &HashMap<u32, Vec<u32>>) -> HashMap<u32, String> {
        let refused = self.entries.iter().filter(|(_, entry)| {
            let is_base = entry.kind != "COMMENT" && entry.kind != "SCHEMA";
            is_base && entry.left_out().is_some()
        });
        let refused: HashMap<u32, String> =
            refused.map(|(id, entry)| (*id, describe(entry))).collect();
        let above = |id: &u32| needed_by.get(id).into_iter().flatten().copied();
        let mut open: Vec<(u32, &String)> = refused
            .iter()
            .flat_map(|(id, name)| above(id).map(move |above| (above, name)))
            .collect();
        open.sort_unstable();
        let mut untaken = HashMap::new();
        while let Some((id, lacks)) = open.pop() {
            let is_tried = self.entries[&id].kind == "TABLE" || refused.contains_key(&id);
            if !is_tried && untaken.insert(id, lacks.clone()).is_none() {
                open.extend(above(&id).map(|above| (above, lacks)));
            }
        }
        untaken
    }

    fn moved(&self) -> HashSet<u32> {
        let mut moved = HashSet::new();
        let named = self.named.iter().copied();
        let mut open: Vec<u32> = named.filter(|id| self.lacks(*id).is_none()).collect();
        if self.selected.select().takes_all_tables() {
            return open.into_iter().collect();
        }
        loop {
            while let Some(id) = open.pop() {
                if !self.untaken.contains_key(&id) && moved.insert(id) {
                    open.extend(self.needs.get(&id).into_iter().flatten());
                }
            }
            open = self.followers(&moved);
            if open.is_empty() {
                open = self.unknown_needs(&moved);
            }
            if open.is_empty() {
                return moved;
            }
        }
    }

    /// What a function's text uses, no catalogue tells: the extensions that have something of a
    /// name in it may be needed.
    fn unknown_needs(&self, moved: &HashSet<u32>) -> Vec<u32> {
        let moving = moved.iter().map(|id| self.entries[id]);
        let texts = moving.filter(|entry| ["FUNCTION", "PROCEDURE"].contains(&&*entry.kind));
        let words: HashSet<String> = texts.flat_map(|entry| words(&entry.sql)).collect();
        let others = self.entries.iter().filter(|(id, _)| !moved.contains(id));
        let extensions = others.filter(|(_, entry)| {
            entry.class() == Class::Extension
                && self
                    .selected
                    .names_in(&entry.name)
                    .any(|name| words.contains(name))
        });
        extensions.map(|(id, _)| *id).collect()
    }

    /// What follows these, and is not among them.
    fn followers(&self, moved: &HashSet<u32>) -> Vec<u32> {
        let follows = |id: &u32, entry: &Entry| {
            let needs = self.needs.get(id).map_or(&[][..], Vec::as_slice);
            is_follower(entry)
                && !moved.contains(id)
                && !needs.is_empty()
                && needs.iter().all(|need| moved.contains(need))
        };
        let followers = self.entries.iter().filter(|(id, entry)| follows(id, entry));
        followers.map(|(id, _)| *id).collect()
    }
}

/// The names in a text, also as PostgreSQL folds them outside of quotes, and its operators.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let is_operator = |letter: char| "+-*/<>=~!@#%^&|`?".contains(letter);
    let names = text.split(move |letter| !is_name(letter));
    let names = names.flat_map(|name| [name.to_owned(), name.to_lowercase()]);
    let operators = text.split(move |letter| !is_operator(letter));
    names.chain(operators.map(str::to_owned))
}

fn is_follower(entry: &Entry) -> bool {
    FOLLOWERS.contains(&entry.kind.as_str())
}

/// Whether the entry makes a table, view or sequence.
fn is_relation(entry: &Entry) -> bool {
    is_table(entry) || ["VIEW", "MATERIALIZED VIEW", "SEQUENCE"].contains(&entry.kind.as_str())
}

fn is_table(entry: &Entry) -> bool {
    ["TABLE", "FOREIGN TABLE"].contains(&entry.kind.as_str())
}

/// The table, view or sequence that an entry makes or is a part of.
fn relation(entry: &Entry) -> Option<TableName> {
    if is_follower(entry) {
        return None;
    }
    let name = match entry.kind.as_str() {
        "SEQUENCE" => Some(&entry.name),
        _ => entry.table.as_ref(),
    };
    Some(TableName {
        schema: entry.schema.clone()?,
        name: name?.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_name_in_capitals_is_the_folded_one() {
        let found: Vec<String> = words("SELECT L2_Distance(a, b) <-> \"Odd\"").collect();
        for word in ["l2_distance", "<->", "Odd"] {
            assert!(found.iter().any(|found| found == word), "{word}");
        }
    }
}
