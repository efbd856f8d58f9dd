//! The checklist with its signatures.

use super::{Cell, Holds, Section, Tone, grid, missing};
use crate::figures::counted;
use crate::report::at;
use crate::report::document::Document;
use crate::session::{Item, ItemKind};

const TITLE: &str = "Checklist";

pub(super) fn section(document: &Document) -> Section {
    let items = &document.checklist;
    if items.is_empty() {
        return missing(TITLE, "The checklist was not opened yet.");
    }
    let open = items.iter().filter(|item| !item.is_closed()).count() as u64;
    let note = match open {
        0 => Cell::toned(Tone::Good, "✓ All is ticked and signed."),
        open => Cell::toned(
            Tone::Caution,
            format!("! {} still open.", counted(open, "item")),
        ),
    };
    let columns = [
        ("item", Holds::Text),
        ("standing", Holds::Text),
        ("by whom", Holds::Text),
        ("evidence", Holds::Text),
    ];
    let rows = items.iter().map(row);
    Section {
        title: TITLE,
        notes: vec![note],
        grids: vec![grid("Before the application is switched", &columns, rows)],
        ..Section::default()
    }
}

fn row(item: &Item) -> Vec<Cell> {
    let standing = match (item.is_closed(), item.kind) {
        (true, ItemKind::Machine) => Cell::toned(Tone::Good, "✓ ticked"),
        (true, ItemKind::Person) => Cell::toned(Tone::Good, "✓ signed"),
        (false, ItemKind::Machine) => Cell::toned(Tone::Bad, "✗ open"),
        (false, ItemKind::Person) => Cell::toned(Tone::Caution, "! to be signed"),
    };
    let by = match (&item.signature, item.kind) {
        (Some(given), _) => Cell::from(format!("{}, {}", given.by, at(given.at))),
        (None, ItemKind::Machine) if item.ticked => Cell::from("neonlift"),
        (None, _) => Cell::quiet("–"),
    };
    let evidence = Some(item.evidence.clone()).filter(|text| !text.is_empty());
    vec![
        Cell::from(item.text.as_str()),
        standing,
        by,
        Cell::or_dash(evidence),
    ]
}
