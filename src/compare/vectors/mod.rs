//! Columns with vectors: what they hold, whether a search finds the same on both sides, and how
//! fast it is. All in the snapshot of the comparison, statement by statement, so that the source
//! never has more than one of them at work.

mod column;
mod index;
mod nearest;
mod pace;

use super::Error;
use super::hash::{self, Method};
use crate::postgres::catalogue::{Column, Table, row_key};
use crate::postgres::{Connection, Error as PostgresError};
use crate::progress::Progress;
use crate::session::report::{ComparedVectors, Searches};
use column::Side;

/// Bytes that the exact searches of a column read on each side: more of a large table would be a
/// load. At least [`LEAST_SEARCHES`] are made.
const READ_LIMIT: u64 = 16 << 30;

/// Fewer searches say nothing.
const LEAST_SEARCHES: u64 = 3;

/// Where nothing begins or goes wrong, the transaction goes on from here.
const SAVEPOINT: &str = "vectors";

/// How columns with vectors are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searching {
    /// How many vectors are searched for; 0 for none.
    pub searches: u64,
    /// How many neighbours of each.
    pub neighbours: u64,
}

/// A session and a table of its database.
type Place<'a> = (&'a Connection, &'a Table);

impl Searching {
    /// Both sides of each column with vectors that both sides have. What a server refuses or takes
    /// too long for is told as not measured; a side that is lost is an error.
    pub(super) async fn columns(
        &self,
        (here, there): (Place<'_>, Place<'_>),
        method: Method,
        progress: &Progress,
    ) -> Result<Vec<ComparedVectors>, Error> {
        let mut compared = Vec::new();
        for left in &here.1.columns {
            let mut others = there.1.columns.iter();
            let Some(right) = others.find(|other| other.name == left.name) else {
                continue;
            };
            if !(column::may_hold_vectors(left) && column::may_hold_vectors(right)) {
                continue;
            }
            progress.activity(format!("Searching {}, {}", here.1.name, left.name));
            let pair = Pair::of((here, left), (there, right), method).await?;
            compared.extend(pair.compared(self).await?);
        }
        Ok(compared)
    }

    /// How many searches a table of this size gets.
    fn of_table(&self, bytes: u64) -> u64 {
        let affordable = READ_LIMIT / bytes.max(1);
        self.searches.min(affordable.max(LEAST_SEARCHES))
    }
}

/// A column on both sides.
struct Pair<'a> {
    source: Side<'a>,
    target: Side<'a>,
}

impl<'a> Pair<'a> {
    async fn of(
        (here, left): (Place<'a>, &'a Column),
        (there, right): (Place<'a>, &'a Column),
        method: Method,
    ) -> Result<Self, Error> {
        let key = row_key(here.0, here.1.oid).await?;
        let (ids, other_ids) = identities(here.1, there.1, &key, method);
        Ok(Self {
            source: Side::new(here, left, ids),
            target: Side::new(there, right, other_ids),
        })
    }

    /// What is found of it; nothing of a column that holds no vectors after all.
    async fn compared(mut self, searching: &Searching) -> Result<Option<ComparedVectors>, Error> {
        self.each("SAVEPOINT").await?;
        let mut found = self.named();
        let measured = self.measure(searching, &mut found).await;
        // A lost session says so here, and then nothing is proved.
        self.each("ROLLBACK TO SAVEPOINT").await?;
        self.each("RELEASE SAVEPOINT").await?;
        match measured {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => found.unmeasured = Some(error.to_string()),
        }
        Ok(Some(found))
    }

    async fn each(&self, statement: &str) -> Result<(), Error> {
        let (doing, sql) = ("comparing vectors", format!("{statement} {SAVEPOINT}"));
        self.source.connection.batch(doing, &sql).await?;
        let there = self.target.connection.batch(doing, &sql).await;
        there.map_err(Error::Target)
    }

    fn named(&self) -> ComparedVectors {
        let (name, column) = (&self.source.table.name, self.source.column);
        ComparedVectors {
            schema: name.schema.clone(),
            table: name.name.clone(),
            column: column.name.clone(),
            sql_type: column.sql_type.clone(),
            metric: String::new(),
            source: None,
            target: None,
            search: None,
            unmeasured: None,
        }
    }

    /// Measures into `found`, as far as it gets; false where there are no vectors.
    async fn measure(
        &mut self,
        searching: &Searching,
        found: &mut ComparedVectors,
    ) -> Result<bool, Unmeasured> {
        let (here, there) = (self.source.indexes().await, self.target.indexes().await);
        let (here, there) = (on(SOURCE, here)?, on(TARGET, there)?);
        if !self.source.column.is_vector() && here.is_empty() && there.is_empty() {
            return Ok(false);
        }
        let metric = index::metric(&here, &there);
        found.metric = metric.name().to_owned();
        self.source.index = index::best(here, &metric);
        self.target.index = index::best(there, &metric);
        let (left, right) = tokio::join!(self.source.figures(), self.target.figures());
        found.source = Some(on(SOURCE, left)?);
        found.target = Some(on(TARGET, right)?);
        if searching.searches > 0 {
            found.search = self.search(searching, &metric, found).await?;
        }
        Ok(true)
    }

    /// The searches; none where the source has no vector to search for.
    async fn search(
        &self,
        searching: &Searching,
        metric: &index::Metric,
        found: &mut ComparedVectors,
    ) -> Result<Option<Searches>, Unmeasured> {
        let (Some(here), Some(there)) = (&self.source.identity, &self.target.identity) else {
            return Err(Unmeasured::Columns);
        };
        let bytes = self.source.table.row_bytes();
        let bytes = bytes.max(self.target.table.row_bytes());
        let wanted = searching.of_table(bytes);
        let sample = on(SOURCE, self.source.sample(here, wanted).await)?;
        if sample.is_empty() {
            found.unmeasured = Some("no vector to search for".to_owned());
            return Ok(None);
        }
        let both = [&found.source, &found.target];
        let mut dimensions = both.into_iter().flatten().flat_map(|side| &side.dimensions);
        let first = dimensions.next();
        let mixed = dimensions.any(|other| Some(other) != first);
        let left = self.source.searcher(metric, here, searching, mixed).await;
        let right = self.target.searcher(metric, there, searching, mixed).await;
        let runs = pace::Runs {
            source: on(SOURCE, left)?,
            target: on(TARGET, right)?,
            sample: &sample,
        };
        let (searches, doubt) = runs.all(searching.neighbours).await?;
        found.unmeasured = doubt;
        Ok(Some(searches))
    }
}

/// What tells rows apart on both sides, as SQL of a number: the hash of the key where both sides
/// have it, else of the whole row; `None` where the sides have not the same columns.
fn identities(
    left: &Table,
    right: &Table,
    key: &[String],
    method: Method,
) -> (Option<String>, Option<String>) {
    let of = |table: &'_ Table, name: &String| -> Option<Column> {
        let mut columns = table.columns.iter();
        columns.find(|column| column.name == *name).cloned()
    };
    let pairs: Option<Vec<(String, String)>> = key
        .iter()
        .map(|name| Some(hash::pair(&of(left, name)?, &of(right, name)?)))
        .collect();
    let (here, there) = match pairs {
        Some(pairs) if !pairs.is_empty() => pairs.into_iter().unzip(),
        _ => match hash::agree(left, right) {
            Some(agreed) => (agreed.source, agreed.target),
            None => return (None, None),
        },
    };
    let hash = |columns: Vec<String>| Some(hash::of_row(&columns, method));
    (hash(here), hash(there))
}

/// The sides, for people.
const SOURCE: &str = "source";
const TARGET: &str = "target";

/// Why searches, or the figures of a column, could not be taken.
#[derive(Debug, thiserror::Error)]
enum Unmeasured {
    /// A server refused, or took too long.
    #[error("{}", .source.reason(.side))]
    Refused {
        side: &'static str,
        #[source]
        source: Refusal,
    },
    /// Rows cannot be told apart alike.
    #[error("the table has no key, and other columns on the target")]
    Columns,
}

/// Why one side could not be measured.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// pgvector's operator is not there.
    #[error("there is no operator {0} for the type")]
    NoOperator(String),
}

impl Refusal {
    fn reason(&self, side: &str) -> String {
        match self {
            Self::NoOperator(_) => format!("on the {side} {self}"),
            Self::Postgres(error) => match error.sqlstate() {
                Some("57014") => format!("a search on the {side} took too long and was ended"),
                _ => format!("on the {side} {}", said(error)),
            },
        }
    }
}

/// An error with what the server said; never with a row's values.
fn said(error: &PostgresError) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn on<T, E: Into<Refusal>>(side: &'static str, measured: Result<T, E>) -> Result<T, Unmeasured> {
    measured.map_err(|error| Unmeasured::Refused {
        side,
        source: error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_table_is_searched_less() {
        let searching = Searching {
            searches: 20,
            neighbours: 10,
        };
        assert_eq!(searching.of_table(0), 20);
        assert_eq!(searching.of_table(2 << 30), 8);
        assert_eq!(searching.of_table(1 << 40), 3);
        let few = Searching {
            searches: 1,
            ..searching
        };
        assert_eq!(few.of_table(1 << 40), 1);
    }
}
