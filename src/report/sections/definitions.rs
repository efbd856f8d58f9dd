//! The definitions compared.

use super::{Cell, Grid, Holds, Section, Tone, grid};
use crate::figures::{counted, grouped};
use crate::report::document::Document;
use crate::session::report::DefinitionDifference;

/// `None` where none were compared.
pub(super) fn section(document: &Document) -> Option<Section> {
    let compared = document.comparison.as_ref()?;
    let (differing, expected): (Vec<&DefinitionDifference>, Vec<_>) = compared
        .definitions
        .iter()
        .partition(|definition| definition.differs());
    if compared.definitions_compared == 0 && compared.definitions.is_empty() {
        return None;
    }
    let looked_for = match compared.definitions_compared {
        0 => "Definitions were compared".to_owned(),
        number => format!(
            "{} of the source looked for on the target",
            counted(number, "definition")
        ),
    };
    let note = match (differing.len(), expected.len()) {
        (0, 0) => Cell::toned(Tone::Good, format!("✓ {looked_for}: all are the same.")),
        (0, _) => Cell::toned(
            Tone::Good,
            format!("✓ {looked_for}: no difference but those that were to be expected."),
        ),
        (some, _) => Cell::toned(Tone::Bad, format!("✗ {looked_for}: {}.", differ(some))),
    };
    let parts = vec![
        note.into(),
        differences(&differing).into(),
        expectations(&expected).into(),
    ];
    Some(Section::of("Definitions compared", parts))
}

fn differ(number: usize) -> String {
    match number {
        1 => "1 differs".to_owned(),
        more => format!("{} differ", grouped(more as u64)),
    }
}

fn differences(found: &[&DefinitionDifference]) -> Grid {
    let columns = [
        ("kind", Holds::Text),
        ("difference", Holds::Text),
        ("SQL that makes the target the same", Holds::Code),
    ];
    let row = |definition: &&DefinitionDifference| {
        vec![
            Cell::from(definition.kind.as_str()),
            Cell::toned(Tone::Bad, format!("✗ {}", definition.words)),
            Cell::or_dash(definition.sql.clone()),
        ]
    };
    grid("What is defined otherwise", &columns, found.iter().map(row))
}

fn expectations(found: &[&DefinitionDifference]) -> Grid {
    let columns = [
        ("kind", Holds::Text),
        ("difference", Holds::Text),
        ("why it was to be expected", Holds::Text),
    ];
    let row = |definition: &&DefinitionDifference| {
        vec![
            Cell::from(definition.kind.as_str()),
            Cell::from(definition.words.as_str()),
            Cell::or_dash(definition.expected.clone()),
        ]
    };
    let caption = "To be expected; this does not speak against equality";
    Grid {
        folded: found.len() > 8,
        ..grid(caption, &columns, found.iter().map(row))
    }
}
