//! What the comparison reports of columns with vectors: figures, search and its speed.

mod words;

pub use words::{Standing, Told};

use serde::{Deserialize, Serialize};

/// A search on the target may take this many times as long as on the source: the migration guide's
/// "acceptable performance".
pub const SPEED_LIMIT: f64 = 2.0;

/// A recall that is lower than the source's by more than this is a warning.
const RECALL_MARGIN: f64 = 0.05;

/// A column with vectors on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedVectors {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Its type on the source: `vector(384)`.
    pub sql_type: String,
    /// What the searches measure by: `cosine`.
    pub metric: String,
    /// The source's figures; `None` when they could not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<VectorFigures>,
    /// The target's figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<VectorFigures>,
    /// The searches; `None` when none was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Searches>,
    /// Why figures, searches, or the part of them that is not here, were not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<String>,
}

/// A column's vectors on one side.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorFigures {
    /// Rows of the table.
    pub rows: u64,
    /// Rows whose vector is not null.
    pub embedded: u64,
    /// Vectors of length 0, which cosine distance cannot place and an index by it leaves out.
    pub zero: u64,
    /// The dimensions there are; only the first ones where the type does not limit them.
    pub dimensions: Vec<u32>,
    /// Its index for the metric, or another one of the column's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<VectorIndex>,
}

/// An index over vectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorIndex {
    /// Its name.
    pub name: String,
    /// `hnsw` or `ivfflat`.
    pub method: String,
    /// Its operator class: `vector_cosine_ops`.
    pub operator_class: String,
    /// It can be used: not the rest of a build that failed.
    pub valid: bool,
    /// It holds only some rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// The same searches on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Searches {
    /// How many vectors were searched for.
    pub searches: u64,
    /// How many neighbours of each.
    pub neighbours: u64,
    /// Of the nearest rows by exact search those that both sides found.
    pub exact: Share,
    /// The source's, as an application would search.
    pub source: SearchSide,
    /// The target's.
    pub target: SearchSide,
}

/// How one side searched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSide {
    /// Of the nearest rows those found through the index; `None` where none was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Share>,
    /// The median search, in microseconds, network included.
    pub p50: u64,
    /// The search that 95 of 100 do not exceed, in microseconds.
    pub p95: u64,
    /// The network's part: the median of `SELECT 1`, in microseconds.
    pub round_trip: u64,
}

/// Some of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Those meant.
    pub found: u64,
    /// All.
    pub of: u64,
}

impl Share {
    /// From 0 to 1; 1 of nothing.
    pub fn ratio(self) -> f64 {
        match self.of {
            0 => 1.0,
            of => self.found as f64 / of as f64,
        }
    }
}

impl ComparedVectors {
    /// `schema.table.column`, for people.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.schema, self.table, self.column)
    }

    /// Whether it speaks against the two sides being equal: an exact search that finds other rows,
    /// or vectors that are not as many. A slow search or a poor index does not.
    pub fn differs(&self) -> bool {
        let search = self.search.as_ref();
        let other = search.is_some_and(|search| search.exact.found < search.exact.of);
        let contents = |figures: &VectorFigures| {
            let dimensions = figures.dimensions.clone();
            (figures.rows, figures.embedded, figures.zero, dimensions)
        };
        let (source, target) = (self.source.as_ref(), self.target.as_ref());
        let figures = source.zip(target);
        other || figures.is_some_and(|(here, there)| contents(here) != contents(there))
    }
}

impl Searches {
    /// How many times as long the target's median search takes: the whole, and without the network.
    pub fn ratios(&self) -> (f64, f64) {
        let (here, there) = (&self.source, &self.target);
        (ratio(there.p50, here.p50), ratio(there.own(), here.own()))
    }

    /// Whether the target is as fast as the guide asks for.
    pub fn within_limit(&self) -> bool {
        self.ratios().0 < SPEED_LIMIT
    }

    /// Whether the target's index finds fewer of the nearest rows than the source's, by enough to
    /// be a warning.
    pub fn recall_is_lower(&self) -> bool {
        let recalls = self.source.recall.zip(self.target.recall);
        recalls.is_some_and(|(here, there)| there.ratio() < here.ratio() - RECALL_MARGIN)
    }
}

impl SearchSide {
    /// The median search without the network, in microseconds: at least one, because clocks end
    /// there.
    pub fn own(&self) -> u64 {
        self.p50.saturating_sub(self.round_trip).max(1)
    }
}

fn ratio(target: u64, source: u64) -> f64 {
    target as f64 / source.max(1) as f64
}
