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
        ("standing", Holds::Short),
        ("by whom", Holds::Text),
        ("when", Holds::Short),
        ("evidence", Holds::Text),
    ];
    let grid = grid(
        "Before the application is switched",
        &columns,
        items.iter().map(row),
    );
    Section::of(TITLE, vec![note.into(), grid.into()])
}

fn row(item: &Item) -> Vec<Cell> {
    let standing = match (item.is_closed(), item.kind) {
        (true, ItemKind::Machine) => Cell::toned(Tone::Good, "✓ ticked"),
        (true, ItemKind::Person) => Cell::toned(Tone::Good, "✓ signed"),
        (false, ItemKind::Machine) => Cell::toned(Tone::Bad, "✗ open"),
        (false, ItemKind::Person) => Cell::toned(Tone::Caution, "! to be signed"),
    };
    let by = match (&item.signature, item.kind) {
        (Some(given), _) => Cell::from(given.by.as_str()),
        (None, ItemKind::Machine) if item.ticked => Cell::from("neonlift"),
        (None, _) => Cell::quiet("–"),
    };
    let when = item.signature.as_ref().map(|given| at(given.at));
    let evidence = Some(item.evidence.clone()).filter(|text| !text.is_empty());
    vec![
        Cell::from(item.text.as_str()),
        standing,
        by,
        Cell::or_dash(when),
        Cell::or_dash(evidence),
    ]
}
