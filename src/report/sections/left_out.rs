//! What was left out, and what was overwritten.

use super::{Cell, Grid, Holds, Part, Section, Tone, grid};
use crate::report::at;
use crate::report::document::{Document, LeftOutOfIt};

/// More than these are folded.
const SHOWN: usize = 30;

pub(super) fn section(document: &Document) -> Section {
    let left = &document.left_out;
    let some_rows = left.some_rows.iter().map(|some| {
        let name = format!("{}.{}", some.schema, some.table);
        vec![Cell::from(name), Cell::from(some.condition.as_str())]
    });
    let some_columns = [("table", Holds::Text), ("only the rows where", Holds::Code)];
    let mut parts: Vec<Part> = notes(left).into_iter().map(Part::from).collect();
    parts.extend([
        items(left).into(),
        grid("Tables moved in part", &some_columns, some_rows).into(),
        overwritten(left).into(),
    ]);
    Section::of("What was left out", parts)
}

fn notes(left: &LeftOutOfIt) -> Vec<Cell> {
    let selected = left.selection.as_ref();
    let mut notes: Vec<Cell> = selected
        .map(|selection| Cell::from(format!("Selected: {selection}")))
        .into_iter()
        .collect();
    if left.items.is_empty() {
        notes.push(Cell::quiet("Nothing is known to be left out."));
    }
    notes
}

fn items(left: &LeftOutOfIt) -> Grid {
    let rows = left.items.iter().map(|item| {
        vec![
            Cell::from(item.what.as_str()),
            Cell::from(item.why.as_str()),
        ]
    });
    let columns = [("what", Holds::Text), ("why", Holds::Text)];
    Grid {
        folded: left.items.len() > SHOWN,
        ..grid("Not on the target as the source has it", &columns, rows)
    }
}

fn overwritten(left: &LeftOutOfIt) -> Grid {
    let caption = match &left.consent {
        Some(given) => format!(
            "Dropped or emptied on the target, with the consent of {}, {}",
            given.by,
            at(given.at)
        ),
        None => "Dropped or emptied on the target".to_owned(),
    };
    let rows = left.overwritten.iter();
    let rows = rows.map(|what| vec![Cell::toned(Tone::Caution, format!("! {what}"))]);
    grid(caption, &[("what", Holds::Text)], rows)
}
