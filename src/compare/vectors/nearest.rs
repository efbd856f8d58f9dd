//! One search on one side, and what two answers have in common.

use super::column::PARAMETER;
use crate::postgres::{Connection, Error, quote};
use crate::session::report::Share;

/// Servers add up in another order, so that equal distances differ in their last digits: distances
/// that differ by less, against the largest of them or 1, are ties.
const TOLERANCE: f64 = 1e-5;

/// How long one search may take: longer ones would be a load, and tell no more.
const LIMIT: &str = "60s";

/// A row and how far away it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbour {
    /// The hash of what tells it from others.
    pub(super) id: i64,
    pub(super) distance: f64,
}

/// How rows are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Every row is looked at.
    Exact,
    /// The index, whatever the planner thinks of a small table.
    Index,
}

/// Searches one side.
pub(super) struct Searcher<'a> {
    pub(super) connection: &'a Connection,
    /// The search; its parameter is the vector's text. A parameter, because a statement's text may
    /// end up in a log.
    pub(super) sql: String,
    pub(super) doing: String,
    /// The index that may be searched through.
    pub(super) index: Option<String>,
}

impl Searcher<'_> {
    /// Sets how the next searches go, until the savepoint takes it back.
    pub(super) async fn go(&self, way: Way) -> Result<(), Error> {
        let (index, others) = match way {
            Way::Exact => ("off", "on"),
            Way::Index => ("on", "off"),
        };
        // Without sorting, an index in another order is no way either.
        let settings = format!(
            "SET LOCAL statement_timeout = '{LIMIT}'; SET LOCAL enable_indexscan = {index}; \
             SET LOCAL enable_indexonlyscan = {index}; SET LOCAL enable_seqscan = {others}; \
             SET LOCAL enable_sort = {others}"
        );
        self.connection.batch(&self.doing, &settings).await
    }

    /// The nearest rows. Those without a distance (null, or a vector of length 0 by cosine) are none.
    pub(super) async fn nearest(&self, vector: &str) -> Result<Vec<Neighbour>, Error> {
        let rows = self.ask(&self.sql, vector).await?;
        let neighbour = |row: &tokio_postgres::Row| {
            let (id, distance): (Option<i64>, Option<f64>) = (row.get(0), row.get(1));
            Some(Neighbour {
                id: id?,
                distance: distance.filter(|distance| distance.is_finite())?,
            })
        };
        Ok(rows.iter().filter_map(neighbour).collect())
    }

    /// Whether the server goes through the index when told to.
    pub(super) async fn goes_through(&self, index: &str, vector: &str) -> Result<bool, Error> {
        let rows = self.ask(&format!("EXPLAIN {}", self.sql), vector).await?;
        let names = [index.to_owned(), quote::identifier(index)];
        let through = names.map(|name| format!("Index Scan using {name} on "));
        Ok(rows.iter().any(|row| {
            let line: &str = row.get(0);
            through.iter().any(|scan| line.contains(scan))
        }))
    }

    async fn ask(&self, sql: &str, vector: &str) -> Result<Vec<tokio_postgres::Row>, Error> {
        let rows = self
            .connection
            .query_typed(sql, &[(&vector, PARAMETER)])
            .await;
        rows.map_err(|error| self.connection.failed(&self.doing, error))
    }
}

/// Of the rows that both sides found nearest those that are the same. Where several are as far away
/// as the last one that was taken, any of them is.
pub(super) fn same(source: &[Neighbour], target: &[Neighbour]) -> Share {
    let tolerance = tolerance(source.iter().chain(target));
    let (here, there) = (farthest(source), farthest(target));
    let cut_alike = (here - there).abs() <= tolerance;
    let mut others: Vec<i64> = target.iter().map(|row| row.id).collect();
    let mut is_found = |row: &&Neighbour| {
        let found = others.iter().position(|id| *id == row.id);
        found.map(|at| others.swap_remove(at)).is_some()
    };
    let (found, missed): (Vec<&Neighbour>, Vec<&Neighbour>) =
        source.iter().partition(|row| is_found(row));
    let tied = missed
        .iter()
        .filter(|row| cut_alike && row.distance >= here - tolerance);
    let tied = tied.count().min(others.len());
    Share {
        found: (found.len() + tied) as u64,
        of: source.len().max(target.len()) as u64,
    }
}

/// Of the nearest rows, by their distances, those that a search through the index found too.
pub(super) fn recall(exact: &[Neighbour], found: &[Neighbour]) -> Share {
    let farthest = farthest(exact) + tolerance(exact.iter());
    let near = found.iter().filter(|row| row.distance <= farthest).count();
    Share {
        found: near.min(exact.len()) as u64,
        of: exact.len() as u64,
    }
}

fn farthest(rows: &[Neighbour]) -> f64 {
    let distances = rows.iter().map(|row| row.distance);
    distances.fold(f64::NEG_INFINITY, f64::max)
}

fn tolerance<'a>(rows: impl Iterator<Item = &'a Neighbour>) -> f64 {
    TOLERANCE * rows.map(|row| row.distance.abs()).fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[(i64, f64)]) -> Vec<Neighbour> {
        let row = |&(id, distance)| Neighbour { id, distance };
        rows.iter().map(row).collect()
    }

    fn share(found: u64, of: u64) -> Share {
        Share { found, of }
    }

    #[test]
    fn a_tie_at_the_cut_is_no_difference() {
        let here = rows(&[(1, 0.0), (2, 0.5), (3, 0.5)]);
        let there = rows(&[(1, 0.0), (3, 0.5), (4, 0.500_000_1)]);
        assert_eq!(same(&here, &there), share(3, 3));
        // Another row before the cut is one.
        let there = rows(&[(9, 0.0), (3, 0.5), (4, 0.5)]);
        assert_eq!(same(&here, &there), share(2, 3));
        // So is a cut elsewhere.
        let there = rows(&[(1, 0.0), (3, 0.5), (4, 0.6)]);
        assert_eq!(same(&here, &there), share(2, 3));
    }

    #[test]
    fn rows_that_one_side_has_not_are_missed() {
        let here = rows(&[(1, 0.0), (2, 0.5)]);
        assert_eq!(same(&here, &rows(&[(1, 0.0)])), share(1, 2));
        assert_eq!(same(&rows(&[(1, 0.0)]), &here), share(1, 2));
        assert_eq!(same(&here, &[]), share(0, 2));
        assert_eq!(same(&[], &[]), share(0, 0));
        // Rows that are doubled count as often as they are there.
        let doubled = rows(&[(1, 0.0), (1, 0.0)]);
        assert_eq!(same(&doubled, &here), share(1, 2));
    }

    #[test]
    fn recall_counts_rows_that_are_as_near() {
        let exact = rows(&[(1, 0.1), (2, 0.2)]);
        assert_eq!(recall(&exact, &rows(&[(1, 0.1), (7, 0.2)])), share(2, 2));
        assert_eq!(recall(&exact, &rows(&[(1, 0.1), (7, 0.3)])), share(1, 2));
        assert_eq!(recall(&exact, &[]), share(0, 2));
    }
}
