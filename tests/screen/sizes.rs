//! Windows that change while a step is at work.

use crate::leaving::Migration;
use vt100::Screen;

#[test]
fn a_window_may_become_larger_smaller_and_too_small_while_a_step_runs() {
    let migration = Migration::new();
    let holder = migration.hold();
    let mut terminal = migration.transferring();
    for (columns, rows) in [(120, 40), (60, 16), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.wait_for("a picture of the window's size", fills);
        terminal.wait_for_text("11 of 17 ");
    }
    terminal.resize(40, 10);
    terminal.wait_for("the only sentence", |screen| {
        let text = screen.contents().replace('\n', " ");
        text.starts_with("The window is too small: make it at least 60 by 16.")
            && text.contains("q leaves.")
            && !text.contains("11 of 17")
    });
    let asks = "k keep going, p pause, s stop and leave";
    let asked = |screen: &Screen| screen.contents().replace('\n', " ").contains(asks);
    terminal.press("q");
    terminal.wait_for("the question in words", asked);
    terminal.press("k");
    terminal.wait_for("the sentence again", |screen| !asked(screen));
    terminal.resize(80, 24);
    terminal.wait_for("the picture again", fills);
    drop(holder);
    terminal.wait_for_text("✓ transfer: done");
    terminal.press("q");
    assert_eq!(terminal.end(), 130);
}

/// Whether the picture fills the window: both rules go from edge to edge, the title and the
/// footer stand at the edges.
fn fills(screen: &Screen) -> bool {
    let (rows, columns) = screen.size();
    let (rows, columns) = (usize::from(rows.get()), columns.get());
    let lines: Vec<String> = screen.rows(0, columns).collect();
    let is_rule = |line: &str| {
        line.starts_with('─') && line.ends_with('─') && line.chars().count() == usize::from(columns)
    };
    lines[0].starts_with(" neonlift")
        && is_rule(&lines[1])
        && is_rule(&lines[rows - 3])
        && lines[rows - 2].starts_with(" ▸ transfer ")
        && lines[rows - 1].starts_with(" ? help")
}
