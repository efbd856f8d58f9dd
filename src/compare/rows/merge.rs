//! Two sorted streams of rows, walked side by side: what one of them has and the other has not.
//! Nothing is held but the two rows that are looked at, and a few examples.

use crate::session::report::{ChangedColumn, DifferingRow, DifferingRows, EXAMPLES, RowDifference};
use futures_util::{Stream, TryStreamExt};
use std::cmp::Ordering;
use std::pin::pin;
use tokio::sync::mpsc::Sender;

/// A row as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looked {
    /// What tells it from others, as texts; streams are sorted by their bytes.
    pub(super) key: Vec<String>,
    /// The hashes of its columns.
    pub(super) hashes: Vec<i64>,
}

/// A row that the target has and the source has not, or has otherwise. `Debug` hides its key.
pub(crate) struct Written {
    /// Whether the source has it otherwise; else it has not got it.
    pub(crate) changed: bool,
    /// The texts that tell it from other rows.
    pub(crate) key: Vec<String>,
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Written(changed: {})", self.changed)
    }
}

/// An example: its key and which of the columns are changed.
type Example = (Vec<String>, Vec<usize>);

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    missing: u64,
    extra: u64,
    changed: u64,
    columns: Vec<u64>,
    /// Of missing, extra and changed rows.
    examples: [Vec<Example>; 3],
    /// Who is told of each row that the target has otherwise.
    to: Option<Sender<Written>>,
}

/// Adds what differs between two streams. Equal rows on one side count as often as they come.
pub(super) async fn merge<E>(
    left: impl Stream<Item = Result<Looked, E>>,
    right: impl Stream<Item = Result<Looked, E>>,
    found: &mut Found,
) -> Result<(), E> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let (mut here, mut there) = tokio::try_join!(left.try_next(), right.try_next())?;
    loop {
        let order = match (&here, &there) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(here), Some(there)) => here.key.cmp(&there.key),
        };
        match order {
            Ordering::Less => {
                let next = left.try_next().await?;
                found.miss(std::mem::replace(&mut here, next));
            }
            Ordering::Greater => {
                let next = right.try_next().await?;
                found.more(std::mem::replace(&mut there, next)).await;
            }
            Ordering::Equal => {
                let (one, other) = tokio::try_join!(left.try_next(), right.try_next())?;
                let here = std::mem::replace(&mut here, one);
                let there = std::mem::replace(&mut there, other);
                found.both(here, there).await;
            }
        }
    }
}

impl Found {
    /// Nothing yet; each row that the target has otherwise is told to this one.
    pub(super) fn telling(to: Option<Sender<Written>>) -> Self {
        Self {
            to,
            ..Self::default()
        }
    }

    /// Waits while whoever is told has enough to do. One that listens no more has failed, and says so.
    async fn tell(&mut self, changed: bool, row: &Looked) {
        let Some(to) = &self.to else { return };
        let key = row.key.clone();
        if to.send(Written { changed, key }).await.is_err() {
            self.to = None;
        }
    }

    fn miss(&mut self, row: Option<Looked>) {
        self.missing += 1;
        self.example(0, row, Vec::new());
    }

    async fn more(&mut self, row: Option<Looked>) {
        self.extra += 1;
        if let Some(row) = &row {
            self.tell(false, row).await;
        }
        self.example(1, row, Vec::new());
    }

    async fn both(&mut self, here: Option<Looked>, there: Option<Looked>) {
        let (Some(here), Some(there)) = (here, there) else {
            return;
        };
        let beside = here.hashes.iter().zip(&there.hashes).enumerate();
        let changed = beside.filter(|(_, (here, there))| here != there);
        let changed: Vec<usize> = changed.map(|(at, _)| at).collect();
        if changed.is_empty() {
            return;
        }
        self.changed += 1;
        self.tell(true, &there).await;
        self.columns.resize(here.hashes.len(), 0);
        changed.iter().for_each(|at| self.columns[*at] += 1);
        self.example(2, Some(here), changed);
    }

    fn example(&mut self, kind: usize, row: Option<Looked>, changed: Vec<usize>) {
        let examples = &mut self.examples[kind];
        if let Some(row) = row.filter(|_| examples.len() < EXAMPLES) {
            examples.push((row.key, changed));
        }
    }

    /// The report; without names of a key, no row is named.
    pub(super) fn told(mut self, key: &[String], names: &[&str]) -> DifferingRows {
        while self.examples.iter().map(Vec::len).sum::<usize>() > EXAMPLES {
            // Of each kind some stay.
            if let Some(most) = self.examples.iter_mut().max_by_key(|of| of.len()) {
                most.pop();
            }
        }
        let name = |at: usize| {
            names
                .get(at)
                .map_or_else(String::new, |name| (*name).to_owned())
        };
        let columns = self
            .columns
            .iter()
            .enumerate()
            .map(|(at, rows)| ChangedColumn {
                column: name(at),
                rows: *rows,
            });
        let mut columns: Vec<ChangedColumn> = columns.filter(|column| column.rows > 0).collect();
        columns.sort_by_key(|column| std::cmp::Reverse(column.rows));
        let kinds = [
            RowDifference::Missing,
            RowDifference::Extra,
            RowDifference::Changed,
        ];
        let of_kinds = kinds.into_iter().zip(self.examples);
        let examples = of_kinds.flat_map(|(kind, of)| {
            of.into_iter().map(move |(key, changed)| DifferingRow {
                kind,
                key: Some(key),
                columns: changed.into_iter().map(name).collect(),
            })
        });
        DifferingRows {
            missing: self.missing,
            extra: self.extra,
            changed: self.changed,
            key: key.to_vec(),
            columns,
            examples: examples.filter(|_| !key.is_empty()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Rows = Vec<(&'static str, [i64; 2])>;

    fn streamed(
        rows: &[(String, Vec<i64>)],
    ) -> impl Stream<Item = Result<Looked, std::convert::Infallible>> {
        let looked = |(key, hashes): (String, Vec<i64>)| {
            Ok(Looked {
                key: vec![key],
                hashes,
            })
        };
        stream::iter(rows.iter().cloned().map(looked).collect::<Vec<_>>())
    }

    async fn merged(left: &[(String, Vec<i64>)], right: &[(String, Vec<i64>)]) -> DifferingRows {
        let mut found = Found::default();
        let Ok(()) = merge(streamed(left), streamed(right), &mut found).await;
        found.told(&["id".to_owned()], &["id", "price"])
    }

    fn rows(rows: Rows) -> Vec<(String, Vec<i64>)> {
        let owned = rows.into_iter();
        owned
            .map(|(key, hashes)| (key.to_owned(), hashes.to_vec()))
            .collect()
    }

    #[tokio::test]
    async fn each_kind_is_told_with_its_key() {
        let left = rows(vec![("a", [1, 1]), ("b", [2, 2]), ("d", [4, 4])]);
        let right = rows(vec![("a", [1, 1]), ("b", [2, 3]), ("c", [9, 9])]);
        let told = merged(&left, &right).await;
        assert_eq!((told.missing, told.extra, told.changed), (1, 1, 1));
        assert_eq!(
            (told.columns[0].column.as_str(), told.columns[0].rows),
            ("price", 1)
        );
        let keys: Vec<&str> = told
            .examples
            .iter()
            .map(|row| row.key.as_ref().unwrap()[0].as_str())
            .collect();
        assert_eq!(keys, ["d", "c", "b"]);
        assert_eq!(told.examples[2].columns, ["price"]);
    }

    #[tokio::test]
    async fn of_many_examples_some_of_each_kind_stay() {
        let left: Vec<_> = (0..500).map(|n| (format!("a{n:03}"), vec![n, n])).collect();
        let right: Vec<_> = (0..2).map(|n| (format!("b{n:03}"), vec![n, n])).collect();
        let told = merged(&left, &right).await;
        assert_eq!((told.missing, told.extra), (500, 2));
        assert_eq!(told.examples.len(), EXAMPLES);
        let extra = |row: &&DifferingRow| row.kind == RowDifference::Extra;
        assert_eq!(told.examples.iter().filter(extra).count(), 2);
    }

    proptest! {
        #[test]
        fn counts_are_those_of_the_sets(
            left in prop::collection::btree_map(0u8..30, 0i64..3, 0..30),
            right in prop::collection::btree_map(0u8..30, 0i64..3, 0..30),
        ) {
            let sorted = |side: &BTreeMap<u8, i64>| -> Vec<_> {
                side.iter().map(|(key, hash)| (format!("{key:02}"), vec![*hash, 0])).collect()
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let told = runtime.block_on(merged(&sorted(&left), &sorted(&right)));
            let missing = left.keys().filter(|key| !right.contains_key(key)).count();
            let extra = right.keys().filter(|key| !left.contains_key(key)).count();
            let changed = left.iter().filter(|(key, hash)| right.get(key).is_some_and(|other| other != *hash));
            prop_assert_eq!(told.missing, missing as u64);
            prop_assert_eq!(told.extra, extra as u64);
            prop_assert_eq!(told.changed, changed.count() as u64);
        }
    }
}
