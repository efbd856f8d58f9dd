//! Every screen as text and styles; and all of them at every size.

use super::shots::{Shot, shots};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};
use std::fmt::Write;

/// The screen's text, and below it, line by line, the cells that have a style.
pub(super) fn styled(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let mut picture = terminal.backend().to_string();
    for (y, row) in buffer
        .content
        .chunks(usize::from(buffer.area.width))
        .enumerate()
    {
        let mut x = 0;
        for run in row.chunk_by(|one, other| look(one) == look(other)) {
            let (from, look) = (x, look(&run[0]));
            x += run.len();
            if !look.is_empty() {
                // Writing to a String cannot fail.
                let _ = writeln!(picture, "{y:>2}: {from}..{x}{look}");
            }
        }
    }
    picture
}

/// A cell's style in words; empty for one without.
fn look(cell: &Cell) -> String {
    let mut words = String::new();
    for colour in [cell.fg, cell.bg] {
        if colour != Color::Reset {
            let _ = write!(words, " {colour:?}");
        }
    }
    if cell.modifier != Modifier::empty() {
        let _ = write!(words, " {:?}", cell.modifier);
    }
    words
}

#[test]
fn every_pane_at_80_by_24() {
    for mut shot in shots() {
        let picture = styled(&shot.drawn(80, 24));
        insta::assert_snapshot!(format!("80x24-{}", shot.name), picture);
    }
}

#[test]
fn every_pane_at_140_by_40() {
    for mut shot in shots() {
        let picture = styled(&shot.drawn(140, 40));
        insta::assert_snapshot!(format!("140x40-{}", shot.name), picture);
    }
}

#[test]
fn help_always_stands_in_the_footer() {
    for mut shot in shots() {
        let context = shot.ui.context(&shot.wizard);
        let terminal = shot.drawn(80, 24);
        let screen = terminal.backend().to_string();
        let footer = screen.lines().last().unwrap_or_default();
        let is_there = ["? help", "F1 help"].iter().any(|key| footer.contains(key));
        assert!(is_there || context.is_typing(), "{}: {footer}", shot.name);
    }
}

#[test]
fn why_a_resumed_watch_failed_is_seen() {
    let mut shot = shots()
        .into_iter()
        .find(|shot| shot.name == "watch-refused")
        .unwrap();
    let screen = shot.drawn(80, 24).backend().to_string();
    for told in [
        "Cannot connect to the target",
        "28P01",
        "What to do",
        "psql",
    ] {
        assert!(screen.contains(told), "{told}: {screen}");
    }
}

#[test]
fn some_panes_at_60_by_16() {
    let small = [
        "transferring",
        "paused",
        "question",
        "different",
        "opened-different",
        "inventory",
        "checklist",
        "form-typed",
        "connections",
    ];
    let is_small = |shot: &Shot| small.contains(&shot.name.as_str());
    for mut shot in shots().into_iter().filter(is_small) {
        let picture = styled(&shot.drawn(60, 16));
        insta::assert_snapshot!(format!("60x16-{}", shot.name), picture);
    }
}

#[test]
fn every_pane_at_every_size() {
    for mut shot in shots() {
        for width in 1..=120 {
            for height in 1..=40 {
                shot.drawn(width, height);
            }
        }
    }
}

#[test]
fn ascii_draws_ascii_alone() {
    for mut shot in shots() {
        shot.ui.theme.ascii = true;
        let terminal = shot.drawn(100, 30);
        let text: String = terminal
            .backend()
            .buffer()
            .content
            .iter()
            .map(|cell| cell.symbol())
            .collect();
        // The name of a table and the evidence for an item are data and stay as they are.
        let text = text.replace("Größe", "").replace("9f86d081884c…", "");
        assert!(text.is_ascii(), "{}: {text}", shot.name);
    }
}
