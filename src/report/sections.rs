//! The document's parts as people read them, the same in HTML and Markdown. A new part is a file
//! here and a line in [`sections`].

mod backup;
mod checklist;
mod definitions;
mod left_out;
mod moved;
mod places;
mod tables;
mod times;
mod vectors;
mod warnings;

use super::document::Document;

/// A part with its heading.
#[derive(Debug)]
pub(super) struct Section {
    pub title: &'static str,
    pub parts: Vec<Part>,
}

/// What a part consists of.
#[derive(Debug)]
pub(super) enum Part {
    Note(Cell),
    Chart(Chart),
    Grid(Grid),
}

impl Section {
    fn of(title: &'static str, parts: Vec<Part>) -> Self {
        Self { title, parts }
    }
}

impl From<Cell> for Part {
    fn from(note: Cell) -> Self {
        Self::Note(note)
    }
}

impl From<Chart> for Part {
    fn from(chart: Chart) -> Self {
        Self::Chart(chart)
    }
}

impl From<Grid> for Part {
    fn from(grid: Grid) -> Self {
        Self::Grid(grid)
    }
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// It is long and of little interest: folded where that is possible.
    pub folded: bool,
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    pub holds: Holds,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Number,
    /// A word or two, a point in time: not broken into lines.
    Short,
    /// SQL, hashes: line by line as it is.
    Code,
}

/// How something is to be taken; its text says so, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tone {
    #[default]
    Plain,
    Good,
    Caution,
    Bad,
    Quiet,
}

/// A text with its tone.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        let (text, tone) = (text.into(), Tone::Plain);
        Self { text, tone }
    }
}

impl Cell {
    fn toned(tone: Tone, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, tone }
    }

    /// What is not there, or not known.
    fn quiet(text: &str) -> Self {
        Self::toned(Tone::Quiet, text)
    }

    /// The text, or a dash.
    fn or_dash(text: Option<String>) -> Self {
        text.map_or_else(|| Self::quiet("–"), Self::from)
    }
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub title: String,
    pub shape: Shape,
}

/// What a chart consists of.
#[derive(Debug)]
pub(super) enum Shape {
    /// Bars, one below the other, each with its figure in words.
    Bars(Vec<Bar>),
    /// A course over time.
    Course(Course),
}

/// Whose a bar is; its label says so, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hue {
    Plain,
    Source,
    Target,
}

/// A bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    /// So much of it, from its end, is of another kind: the network's part.
    pub lighter: f64,
    pub words: String,
    pub hue: Hue,
}

impl Bar {
    fn new(label: impl Into<String>, value: f64, words: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value,
            lighter: 0.0,
            words: words.into(),
            hue: Hue::Plain,
        }
    }
}

/// What was so much, for so many seconds, one after another.
#[derive(Debug)]
pub(super) struct Course {
    pub stretches: Vec<(f64, f64)>,
    /// The highest, in words.
    pub top: String,
    /// The time of all, in words.
    pub end: String,
    /// All of it in words, for who does not see it.
    pub described: String,
}

/// All parts, in order.
pub(super) fn sections(document: &Document) -> Vec<Section> {
    let parts = [
        Some(places::section(document)),
        Some(tables::section(document)),
        definitions::section(document),
        vectors::section(document),
        Some(moved::section(document)),
        Some(backup::section(document)),
        Some(left_out::section(document)),
        Some(warnings::section(document)),
        Some(times::section(document)),
        Some(checklist::section(document)),
    ];
    parts.into_iter().flatten().collect()
}

/// A part of which nothing is there yet.
fn missing(title: &'static str, why: impl Into<String>) -> Section {
    Section::of(title, vec![Cell::toned(Tone::Quiet, why).into()])
}

/// A table with these columns.
fn grid(
    caption: impl Into<String>,
    columns: &[(&'static str, Holds)],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Grid {
    let column = |(name, holds): &(&'static str, Holds)| Column {
        name,
        holds: *holds,
    };
    Grid {
        caption: caption.into(),
        columns: columns.iter().map(column).collect(),
        rows: rows.collect(),
        folded: false,
    }
}
