//! From where to where.

use super::{Bar, Cell, Chart, Holds, Hue, Section, Shape, grid, missing};
use crate::figures::bytes;
use crate::report::document::{Document, Side};

const TITLE: &str = "From where to where";

pub(super) fn section(document: &Document) -> Section {
    let sides = [("source", &document.source), ("target", &document.target)];
    if sides.iter().all(|(_, side)| side.endpoint.is_none()) {
        return missing(TITLE, "No connections were given yet.");
    }
    let columns = [
        ("side", Holds::Text),
        ("database", Holds::Text),
        ("PostgreSQL", Holds::Short),
        ("encryption", Holds::Short),
        ("size", Holds::Number),
        ("pgvector", Holds::Short),
    ];
    let rows = sides.into_iter().map(|(name, side)| row(name, side));
    let latency = sides.into_iter().filter_map(|(label, side)| {
        let value = side.round_trip_ms?;
        let bar = Bar::new(label, value, format!("{value:.1} ms"));
        let hue = if label == "source" {
            Hue::Source
        } else {
            Hue::Target
        };
        Some(Bar { hue, ..bar })
    });
    let caption = "Both databases, as they were when the connections were tested";
    let latency = Chart {
        title: "Network round trip from here, median".to_owned(),
        shape: Shape::Bars(latency.collect()),
    };
    let parts = vec![grid(caption, &columns, rows).into(), latency.into()];
    Section::of(TITLE, parts)
}

fn row(name: &str, side: &Side) -> Vec<Cell> {
    let known = |text: &Option<String>| match text {
        Some(text) => Cell::from(text.as_str()),
        None => Cell::quiet("not known"),
    };
    let pgvector = match (&side.pgvector, side.tested) {
        (Some(version), _) => Cell::from(version.as_str()),
        (None, true) => Cell::quiet("not installed"),
        (None, false) => Cell::quiet("not known"),
    };
    vec![
        Cell::from(name),
        known(&side.endpoint),
        known(&side.version),
        known(&side.encryption),
        known(&side.bytes.map(bytes)),
        pgvector,
    ]
}
