//! In which order tables take rows, so that no foreign key points to a row that is not there yet.

use crate::postgres::{Connection, Error};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::types::Oid;

/// The source's tables in that order: first those that refer to no other. Tables in a ring come behind
/// all others, by their OIDs.
#[derive(Debug, Default)]
pub(super) struct Order {
    ranks: HashMap<Oid, usize>,
    roots: HashMap<Oid, Oid>,
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
        let keys = keys.iter().map(|row| (row.get(0), row.get(1)));
        Ok(Self {
            ranks: ranks(keys),
            roots: parts.iter().map(|row| (row.get(0), row.get(1))).collect(),
        })
    }

    /// The place of a table; those without foreign keys come first.
    pub(super) fn rank(&self, table: Oid) -> usize {
        let root = self.roots.get(&table).unwrap_or(&table);
        self.ranks.get(root).copied().unwrap_or(0)
    }
}

/// Places of tables of which each refers to the other one of its pair.
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
        // A ring: one of it goes first.
        let next = match free.as_slice() {
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
        assert!(ranks[&6] < ranks[&7]);
        assert_eq!(ranks.len(), 6);
    }
}
