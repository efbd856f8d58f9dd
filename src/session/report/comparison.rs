//! What the comparison reports.

use super::differing::DifferingRows;
use super::{ComparedVectors, DefinitionDifference};
use crate::failure::{Failure, Retry, Severity};
use crate::figures::{counted, grouped};
use crate::postgres::large_object;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many of the definitions that differ are named in a failure.
const NAMED: usize = 5;

/// Both sides, table by table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// When it was made.
    pub at: Timestamp,
    /// Whether everything compared is equal, apart from what was left out.
    pub equal: bool,
    /// Whether rows were compared: not when definitions alone were moved. Then `equal` says that
    /// both sides have the same tables with the same columns.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub rows_compared: bool,
    /// How contents were hashed.
    pub method: String,
    /// The tables, those that differ first.
    pub tables: Vec<ComparedTable>,
    /// Rows per value of the grouping column.
    pub collections: Vec<ComparedCollection>,
    /// What is defined otherwise on the two sides; what speaks against equality first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub definitions: Vec<DefinitionDifference>,
    /// How many of the source's objects were looked for on the target, with all that is said of
    /// each; 0 in old sessions, and where the target's definitions are its own.
    #[serde(default)]
    pub definitions_compared: u64,
    /// Columns with vectors: figures, search and its speed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<ComparedVectors>,
}

fn yes() -> bool {
    true
}

// Serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_true(value: &bool) -> bool {
    *value
}

impl Comparison {
    /// What was found of a table.
    pub fn table(&self, schema: &str, table: &str) -> Option<&ComparedTable> {
        let mut tables = self.tables.iter();
        tables.find(|compared| (&*compared.schema, &*compared.table) == (schema, table))
    }

    /// The tables in the order in which they are shown: what differs first.
    pub fn differing_first(&self) -> Vec<&ComparedTable> {
        let mut tables: Vec<&ComparedTable> = self.tables.iter().collect();
        tables.sort_by_key(|table| (table.equal, table.left_out));
        tables
    }

    /// The tables that the source was seen to write to since the copy began: `schema.table`. The
    /// source's counters come late, by seconds; what is equal is told by the hashes.
    pub fn changed_since(&self) -> Vec<String> {
        let written = self.tables.iter();
        written
            .filter(|table| table.written_since == Some(true))
            .map(ComparedTable::name)
            .collect()
    }

    /// What is equal, counted, in words: `12 tables, 1,204 rows, 3 large objects`.
    pub fn equal_in_words(&self) -> String {
        let equal = self.tables.iter().filter(|table| table.equal);
        let (objects, tables): (Vec<_>, Vec<_>) = equal.partition(|table| table.is_large_objects());
        let rows = |tables: &[&ComparedTable]| -> u64 {
            tables.iter().filter_map(|table| table.target_rows).sum()
        };
        let mut words = counted(tables.len() as u64, "table");
        if self.rows_compared {
            words += &format!(", {}", counted(rows(&tables), "row"));
        }
        if !objects.is_empty() {
            words += &format!(", {}", counted(rows(&objects), "large object"));
        }
        if self.definitions_compared > 0 {
            words += &format!(", {}", counted(self.definitions_compared, "definition"));
        }
        words
    }

    /// Why the sides are not equal, or not proved to be; `migrated` when one was made of the other.
    pub(super) fn objection(&self, migrated: bool) -> Failure {
        match (self.is_undecided(), migrated) {
            (true, _) => self.doubt(),
            (false, true) => self.remedy(self.difference()),
            (false, false) => self.next_look(self.difference()),
        }
    }

    /// Whether nothing is known to differ, but something is not proved.
    pub fn is_undecided(&self) -> bool {
        let differs = self.tables.iter().any(ComparedTable::differs)
            || self.differing_definitions().next().is_some()
            || self.vectors.iter().any(ComparedVectors::differs);
        !self.equal && !differs
    }

    /// The tables of which nothing is proved, each with the reason.
    fn unproved_in_words(&self) -> Vec<String> {
        let unproved = self.tables.iter().filter(|table| table.is_open());
        let unproved = unproved.filter(|table| table.unproved.is_some());
        unproved.filter_map(ComparedTable::particulars).collect()
    }

    fn doubt(&self) -> Failure {
        Failure::new(
            "Nothing is proved of some tables",
            format!("{}. The others are equal.", self.unproved_in_words().join("; ")),
        )
        .advise("Where rows were written meanwhile: stop what writes to the source.")
        .advise("Nothing is proved yet of these tables, neither equal nor different: run compare again:")
        .advise("$ neonlift compare")
        .retry(Retry::Now)
        .severity(Severity::Unfinished)
    }

    /// What speaks against equality of the definitions, told by the first few of them; `alone` when
    /// nothing else does.
    fn definitions_in_words(&self, alone: bool) -> Option<String> {
        let differing: Vec<&str> = self.differing_definitions().map(|d| &*d.words).collect();
        let rest = differing.len().saturating_sub(NAMED);
        let mut words = differing.get(..NAMED).unwrap_or(&differing).join("; ");
        if rest > 0 {
            words += &format!("; and {rest} more");
        }
        let rows = match (alone, self.rows_compared) {
            (false, _) => "definitions differ",
            (true, true) => "all rows agree, but definitions differ",
            (true, false) => "the same tables are there, but definitions differ",
        };
        (!differing.is_empty()).then(|| format!("{rows}: {words}"))
    }

    /// The definitions that speak against equality.
    pub fn differing_definitions(&self) -> impl Iterator<Item = &DefinitionDifference> {
        let all = self.definitions.iter();
        all.filter(|definition| definition.differs())
    }

    fn difference(&self) -> Failure {
        let compared = self.tables.iter().filter(|table| !table.left_out);
        let (objects, tables): (Vec<_>, Vec<_>) =
            compared.partition(|table| table.is_large_objects());
        let differing = tables.iter().filter(|table| table.differs());
        let names: Vec<String> = differing.map(|table| table.difference_in_words()).collect();
        let mut parts = Vec::new();
        if !names.is_empty() {
            let (count, all) = (names.len(), counted(tables.len() as u64, "table"));
            parts.push(format!("{count} of {all} differ: {}", names.join("; ")));
        }
        if objects.iter().any(|objects| objects.differs()) {
            parts.push("the large objects differ".to_owned());
        }
        let differing = self.vectors.iter().filter(|column| column.differs());
        let columns: Vec<String> = differing.map(ComparedVectors::name).collect();
        if !columns.is_empty() {
            parts.push(format!("vectors differ in {}", columns.join(", ")));
        }
        let unproved = self.unproved_in_words();
        let definitions_alone = parts.is_empty() && unproved.is_empty();
        parts.extend(self.definitions_in_words(definitions_alone));
        parts.extend(unproved);
        let written = match self.changed_since().join(", ") {
            none if none.is_empty() => none,
            some => format!(" The source was written to since the copy began: {some}."),
        };
        Failure::new(
            "Source and target are not equal",
            format!("{}.{written}", parts.join("; ")),
        )
    }

    /// Whether rows or vectors differ, not only definitions.
    fn contents_differ(&self) -> bool {
        self.tables.iter().any(ComparedTable::differs)
            || self.vectors.iter().any(ComparedVectors::differs)
    }

    /// What mends a migration.
    fn remedy(&self, failure: Failure) -> Failure {
        if !self.contents_differ() {
            return failure
                .advise("Run the SQL that the report shows at each definition, if it shows any, on the target, and compare again:")
                .advise("$ neonlift compare");
        }
        failure
            .advise("If somebody has changed rows on the target, put them back and compare again:")
            .advise("$ neonlift compare")
            .advise("If the source was written to since the transfer: stop what writes to it, and begin a new session (--session FILE) with an empty target database. Nothing on this one is overwritten.")
    }

    /// What to look at of two databases of which nothing else is known: neither may be wrong.
    fn next_look(&self, mut failure: Failure) -> Failure {
        if self.contents_differ() {
            failure = failure.advise("Open a table that differs, to see its first rows side by side; the keys of some that differ stand in the report.");
        }
        if self.differing_definitions().next().is_some() {
            failure = failure.advise("The SQL at each definition, where there is any, makes the target's like the source's.");
        }
        failure
    }
}

/// One table on both sides. A side is `None` where the table does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedTable {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// Rows on the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_rows: Option<u64>,
    /// Rows on the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_rows: Option<u64>,
    /// The sum of the rows' hashes on the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_hash: Option<String>,
    /// The sum of the rows' hashes on the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_hash: Option<String>,
    /// Whether rows and hashes agree.
    pub equal: bool,
    /// It is not compared: it was not to be moved, or only one side has it, as the schema of one's
    /// own wants it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_out: bool,
    /// Which of the source's rows were to be moved: a condition in its SQL; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Whether the source counted writes to it since the copy began; `None` where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_since: Option<bool>,
    /// The rows that differ; `None` where there are none, or where they were not looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differing: Option<DifferingRows>,
    /// Why nothing is proved of it: it could not be compared, or was written to meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproved: Option<String>,
    /// The source's counters of writes to it once it was compared; `None` where the source does not
    /// count. The cutover asks whether they are still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<String>,
}

impl ComparedTable {
    /// A table of which nothing is known yet; not equal.
    pub fn new(schema: &str, table: &str) -> Self {
        Self {
            schema: schema.to_owned(),
            table: table.to_owned(),
            source_rows: None,
            target_rows: None,
            source_hash: None,
            target_hash: None,
            equal: false,
            left_out: false,
            condition: None,
            written_since: None,
            differing: None,
            unproved: None,
            counters: None,
        }
    }

    /// `schema.table`, for people.
    pub fn name(&self) -> String {
        match self.is_large_objects() {
            true => "large objects".to_owned(),
            false => format!("{}.{}", self.schema, self.table),
        }
    }

    /// Its figures in words, each with its label and whether the sides differ in it.
    pub fn figures_in_words(&self) -> Vec<(&'static str, String, bool)> {
        let both = |source: Option<String>, target: Option<String>| {
            let of = |side: Option<String>| side.unwrap_or_else(|| "none".to_owned());
            match source == target {
                true => format!("{} on both sides", of(source)),
                false => format!("source {}, target {}", of(source), of(target)),
            }
        };
        let mut figures = Vec::new();
        if self.source_rows.or(self.target_rows).is_some() {
            let rows = both(self.source_rows.map(grouped), self.target_rows.map(grouped));
            figures.push(("rows", rows, self.source_rows != self.target_rows));
        }
        if let (Some(source), Some(target)) = (&self.source_hash, &self.target_hash) {
            let hashes = both(Some(source.clone()), Some(target.clone()));
            figures.push(("content", hashes, source != target));
        }
        if let Some(rows) = self.differing.as_ref().filter(|rows| rows.count() > 0) {
            figures.push(("differ", rows.in_words(), true));
        }
        figures
    }

    /// Whether these are no table's rows, but all large objects: its rows are their number.
    pub fn is_large_objects(&self) -> bool {
        (self.schema.as_str(), self.table.as_str()) == (large_object::SCHEMA, large_object::TABLE)
    }

    /// Whether the two sides are known to be different.
    pub fn differs(&self) -> bool {
        self.is_open() && self.unproved.is_none()
    }

    /// Whether it speaks against the two sides being called equal: it differs, or is not proved.
    pub fn is_open(&self) -> bool {
        !self.equal && !self.left_out
    }

    /// What is to be known besides the verdict: the rows that differ, or why nothing is proved.
    pub fn particulars(&self) -> Option<String> {
        if let Some(why) = self.unproved.as_ref().filter(|_| self.is_open()) {
            return Some(format!("{}: not proved: {why}", self.name()));
        }
        let rows = self.differing.as_ref()?;
        (rows.count() > 0).then(|| format!("{}: {}", self.name(), rows.in_words()))
    }

    /// Its name, and which rows differ: `shop.orders: 1 row missing on the target`.
    pub fn difference_in_words(&self) -> String {
        self.particulars().unwrap_or_else(|| self.name())
    }
}

/// Rows of one value of the grouping column on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComparedCollection {
    /// The table's schema.
    pub schema: String,
    /// The table.
    pub table: String,
    /// The value; `None` for null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Rows on the source.
    pub source_rows: u64,
    /// Rows on the target.
    pub target_rows: u64,
}
