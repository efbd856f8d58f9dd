//! What a selection means for what the inventory found: which tables stay, and what that cuts.

use super::Selected;
use crate::figures::counted;
use crate::postgres::catalogue::{ForeignKey, KeyDoubt, TableName};
use crate::session::report::{Inventory, LeftOut};
use std::collections::BTreeMap;
use std::collections::HashSet;

/// Why a table stays behind that the selection does not have.
pub const NOT_SELECTED: &str = "it is not selected";

/// Names in one warning at most.
const NAMED: usize = 8;

impl Selected {
    /// Marks in an inventory what is moved and what stays, and tells what that means.
    pub fn mark(&self, inventory: &mut Inventory) {
        for table in &mut inventory.tables {
            table.selected = self.has(&table.table_name());
        }
        inventory.selection = self.select.in_words();
        let tables = self.left_out().into_iter().map(|table| LeftOut {
            what: format!("table {table}"),
            why: NOT_SELECTED.to_owned(),
        });
        let objects = inventory.source_large_objects;
        let objects_left_out = self.large_objects_left_out(objects);
        inventory.large_objects = match objects_left_out {
            Some(_) => 0,
            None => objects,
        };
        inventory.left_out = tables.chain(objects_left_out).collect();
        inventory.warnings = self.warnings(inventory);
    }

    /// Large objects that stay, because only a part is selected, or no rows: which table means
    /// which of them, nobody knows.
    pub fn large_objects_left_out(&self, objects: u64) -> Option<LeftOut> {
        let why = match self.select.takes_rows() {
            true => "they move only with all tables: which of them belong to a part, nobody knows",
            false => "rows are not moved, nor are they",
        };
        (objects > 0 && !self.select.takes_large_objects()).then(|| LeftOut {
            what: counted(objects, "large object"),
            why: why.to_owned(),
        })
    }

    fn warnings(&self, inventory: &Inventory) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.select.takes_definitions() {
            warnings.extend(self.cut_keys(&inventory.foreign_keys));
            warnings.extend(self.cut_views(inventory));
            warnings.extend(self.doubtful_keys(&inventory.foreign_keys));
        }
        let mut alike: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for table in inventory.selected() {
            for warning in table.warnings() {
                let names = alike.entry(warning).or_default();
                names.push(table.table_name().to_string());
            }
        }
        let told = |(warning, names): (&str, Vec<String>)| format!("{}: {warning}", few(&names));
        warnings.extend(alike.into_iter().map(told));
        warnings
    }

    /// The foreign keys that cannot come along, because what they point to stays behind.
    fn cut_keys<'a>(&'a self, keys: &'a [ForeignKey]) -> impl Iterator<Item = String> + 'a {
        let cut = keys
            .iter()
            .filter(|key| self.has(&key.table) && !self.has(&key.refers_to));
        cut.map(|ForeignKey { name, table, refers_to, .. }| {
            format!("The foreign key {name} of {table} stays behind: it points to {refers_to}, which is left out.")
        })
    }

    /// The views that cannot come along, because something that they read stays behind.
    fn cut_views(&self, inventory: &Inventory) -> Vec<String> {
        let mut cut: HashSet<&TableName> = HashSet::new();
        let mut told = Vec::new();
        loop {
            let before = cut.len();
            for view in inventory.views.iter().filter(|view| self.has(&view.name)) {
                let stays = |read: &&TableName| {
                    cut.contains(read) || (self.relation(read).is_some() && !self.has(read))
                };
                let missing = view.reads.iter().find(stays);
                if let Some(missing) = missing.filter(|_| !cut.contains(&view.name)) {
                    cut.insert(&view.name);
                    told.push(format!(
                        "The view {} stays behind: it reads {missing}, which does.",
                        view.name
                    ));
                }
            }
            if cut.len() == before {
                return told;
            }
        }
    }

    /// Foreign keys that rows of the source may violate. Whether they do would take a scan of both
    /// tables; the target finds out by itself.
    fn doubtful_keys<'a>(&'a self, keys: &'a [ForeignKey]) -> impl Iterator<Item = String> + 'a {
        let moved = keys
            .iter()
            .filter(|key| self.has(&key.table) && self.has(&key.refers_to));
        moved.filter_map(|ForeignKey { name, table, doubt, .. }| match doubt {
            KeyDoubt::None => None,
            KeyDoubt::NotValid => Some(format!(
                "The foreign key {name} of {table} is NOT VALID: older rows may violate it. It is made NOT VALID on the target too."
            )),
            KeyDoubt::Disabled => Some(format!(
                "The foreign key {name} of {table} is not watched over: a trigger of it is disabled. If rows violate it, the target refuses it after the rows, and it is told as left out."
            )),
        })
    }
}

/// Names in a row; the first few of many.
fn few(names: &[String]) -> String {
    let named = names[..names.len().min(NAMED)].join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Select;
    use crate::postgres::catalogue::{Relation, RelationKind, View};
    use crate::session::report::Table;

    fn name(name: &str) -> TableName {
        TableName {
            schema: "public".to_owned(),
            name: name.to_owned(),
        }
    }

    fn relation(table: &str, kind: RelationKind) -> Relation {
        Relation {
            name: name(table),
            kind,
            partition_of: None,
            inherits: Vec::new(),
            owner: None,
            used_by: Vec::new(),
        }
    }

    fn table(name: &str) -> Table {
        let text = format!(
            "schema = 'public'\nname = '{name}'\nrows = 5\nrow_bytes = 1\nindex_bytes = 1\nkeyless = true"
        );
        toml::from_str(&text).unwrap()
    }

    fn key(name_: &str, of: &str, to: &str, doubt: KeyDoubt) -> ForeignKey {
        ForeignKey {
            name: name_.to_owned(),
            table: name(of),
            refers_to: name(to),
            doubt,
        }
    }

    /// What an inventory of a few tables, keys and views says when these are left out.
    fn without(tables: &[&str]) -> Inventory {
        use RelationKind::{Other, Table};
        let view = |view: &str, reads: &str| View {
            name: name(view),
            reads: vec![name(reads)],
        };
        let mut inventory = Inventory {
            tables: ["a", "b", "c"].map(table).to_vec(),
            relations: [
                ("a", Table),
                ("b", Table),
                ("c", Table),
                ("v", Other),
                ("w", Other),
            ]
            .map(|(name, kind)| relation(name, kind))
            .to_vec(),
            foreign_keys: vec![
                key("to_b", "a", "b", KeyDoubt::None),
                key("old", "a", "c", KeyDoubt::NotValid),
                key("off", "b", "c", KeyDoubt::Disabled),
            ],
            // The one above stands before the one that it reads.
            views: vec![view("v", "w"), view("w", "b")],
            source_large_objects: 7,
            ..Inventory::default()
        };
        let select = Select {
            exclude_tables: tables.iter().map(ToString::to_string).collect(),
            ..Select::default()
        };
        let selected = Selected::of(&select, inventory.relations.clone()).unwrap();
        selected.mark(&mut inventory);
        inventory
    }

    #[test]
    fn what_is_left_out_is_not_summed_up_and_what_it_cuts_is_told() {
        let found = without(&["b"]);
        assert_eq!(
            (found.sum(|table| table.rows), found.large_objects),
            (10, 0)
        );
        assert_eq!(
            found.warnings,
            [
                "The foreign key to_b of a stays behind: it points to b, which is left out.",
                "The view w stays behind: it reads b, which does.",
                "The view v stays behind: it reads w, which does.",
                "The foreign key old of a is NOT VALID: older rows may violate it. It is made NOT VALID on the target too.",
                &format!("a, c: {}", table("a").warnings()[0]),
            ]
        );
        let what: Vec<&str> = found.left_out.iter().map(|left| &*left.what).collect();
        assert_eq!(what, ["table b", "7 large objects"]);
    }

    #[test]
    fn with_everything_only_doubts_are_told() {
        let found = without(&[]);
        assert_eq!((found.large_objects, found.left_out.len()), (7, 0));
        assert!(found.warnings[1].contains("off of b is not watched over"));
        assert!(found.warnings[2].starts_with("a, b, c: no key"));
    }
}
