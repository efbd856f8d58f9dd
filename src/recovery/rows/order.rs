//! In which order tables take rows, so that no foreign key points to a row that is not there yet.

use crate::postgres::{Connection, Error, quote};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::types::Oid;

/// The source's tables in that order: first those that refer to no other. In a ring one goes first, and
/// the keys by which it points ahead have to wait.
#[derive(Debug, Default)]
pub(super) struct Order {
    ranks: HashMap<Oid, usize>,
    roots: HashMap<Oid, Oid>,
    /// SQL that lets the foreign keys wait that point ahead and cannot, and puts them back.
    waiting: [String; 2],
}

impl Order {
    /// Reads the foreign keys. A partition stands where its whole stands.
    pub(super) async fn read(source: &Connection) -> Result<Self, Error> {
        let doing = || Error::while_doing("reading the order of the foreign keys");
        let keys = "SELECT DISTINCT COALESCE(pg_partition_root(conrelid), conrelid)::oid,
                           COALESCE(pg_partition_root(confrelid), confrelid)::oid
                    FROM pg_constraint WHERE contype = 'f'";
        let keys = source.query(keys, &[]).await.map_err(doing())?;
        let parts = "SELECT oid, pg_partition_root(oid)::oid FROM pg_class
                     WHERE relispartition AND relkind IN ('r', 'p')";
        let parts = source.query(parts, &[]).await.map_err(doing())?;
        let strict = "SELECT conrelid, confrelid, n.nspname, c.relname, conname::text
                      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                      JOIN pg_namespace n ON n.oid = c.relnamespace
                      WHERE contype = 'f' AND NOT condeferrable AND conparentid = 0
                        AND conrelid <> confrelid ORDER BY k.oid";
        let strict = source.query(strict, &[]).await.map_err(doing())?;
        let keys = keys.iter().map(|row| (row.get(0), row.get(1)));
        let mut order = Self {
            ranks: ranks(keys),
            roots: parts.iter().map(|row| (row.get(0), row.get(1))).collect(),
            waiting: Default::default(),
        };
        for row in &strict {
            if order.rank(row.get(0)) <= order.rank(row.get(1)) {
                let table = quote::qualified(row.get(2), row.get(3));
                order.wait(&table, &quote::identifier(row.get(4)));
            }
        }
        Ok(order)
    }

    fn wait(&mut self, table: &str, key: &str) {
        let alter = format!("ALTER TABLE {table} ALTER CONSTRAINT {key}");
        let [begin, end] = &mut self.waiting;
        begin.push_str(&format!("{alter} DEFERRABLE INITIALLY DEFERRED;\n"));
        end.push_str(&format!("{alter} NOT DEFERRABLE;\n"));
    }

    /// The place of a table; those without foreign keys come first.
    pub(super) fn rank(&self, table: Oid) -> usize {
        let root = self.roots.get(&table).unwrap_or(&table);
        self.ranks.get(root).copied().unwrap_or(0)
    }

    /// SQL for before and after rows are taken: the keys of a ring wait for the end. It is empty without
    /// a ring.
    pub(super) fn waiting(&self) -> &[String; 2] {
        &self.waiting
    }
}

/// Places of tables, from pairs of which the first refers to the second.
fn ranks(keys: impl Iterator<Item = (Oid, Oid)>) -> HashMap<Oid, usize> {
    let mut open: BTreeMap<Oid, BTreeSet<Oid>> = BTreeMap::new();
    for (from, to) in keys {
        open.entry(to).or_default();
        let refers = open.entry(from).or_default();
        if from != to {
            refers.insert(to);
        }
    }
    let mut ranks = HashMap::new();
    while !open.is_empty() {
        let is_free = |(table, refers): (&Oid, &BTreeSet<Oid>)| refers.is_empty().then_some(*table);
        let free: Vec<Oid> = open.iter().filter_map(is_free).collect();
        let next = match free.as_slice() {
            // A ring.
            [] => open.keys().next().copied().into_iter().collect(),
            _ => free,
        };
        let rank = ranks.len() + 1;
        for table in next {
            open.remove(&table);
            open.values_mut().for_each(|refers| {
                refers.remove(&table);
            });
            ranks.insert(table, rank);
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referred_to_comes_first_and_a_ring_ends() {
        let ranks = ranks([(3, 2), (2, 1), (3, 3), (5, 6), (6, 5), (7, 6)].into_iter());
        assert!(ranks[&1] < ranks[&2] && ranks[&2] < ranks[&3]);
        assert!(ranks[&6] < ranks[&7] && ranks[&5] < ranks[&6]);
        assert_eq!(ranks.len(), 6);
    }
}
