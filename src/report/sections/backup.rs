//! The dump of the source.

use super::{Cell, Holds, Section, grid, missing};
use crate::figures::{bytes, grouped};
use crate::report::document::Document;

const TITLE: &str = "Backup";

pub(super) fn section(document: &Document) -> Section {
    let Some(backup) = &document.backup else {
        return missing(TITLE, "No backup was made yet.");
    };
    let rows = [
        ("file", backup.file.clone()),
        ("size", bytes(backup.bytes)),
        ("SHA-256", backup.sha256.clone()),
        ("entries read back", grouped(backup.entries)),
        ("table of contents", backup.contents_file.clone()),
    ];
    let rows = rows
        .into_iter()
        .map(|(what, found)| vec![Cell::from(what), Cell::from(found)]);
    let columns = [("what", Holds::Text), ("found", Holds::Code)];
    let grid = grid("The dump of the source", &columns, rows);
    Section::of(TITLE, vec![grid.into()])
}
