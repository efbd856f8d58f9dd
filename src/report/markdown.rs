//! The document as Markdown: the same sections, with tables in place of charts.

use super::document::Document;
use super::escape::markdown;
use super::sections::{Grid, Section, sections};
use std::fmt::Write;

/// The whole text.
pub(super) fn text(document: &Document) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n**{}.** {}\n",
        markdown(&document.title()),
        markdown(&document.subtitle()),
        document.verdict.standing.headline(),
        markdown(&document.verdict.words),
    );
    for part in sections(document) {
        text += &section(&part);
    }
    text
}

fn section(section: &Section) -> String {
    let mut text = format!("\n## {}\n", section.title);
    // Writing into a String cannot fail.
    for line in section.missing.iter().chain(&section.notes) {
        let _ = write!(text, "\n{}\n", markdown(line));
    }
    for grid in section.grids.iter().filter(|grid| !grid.rows.is_empty()) {
        text += &table(grid);
    }
    text
}

fn table(grid: &Grid) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = (0..grid.head.len()).map(|at| match grid.numbers.contains(&at) {
        true => "---:".to_owned(),
        false => "---".to_owned(),
    });
    let mut text = format!("\n{}\n\n", markdown(&grid.caption));
    text += &line(grid.head.iter().map(|name| markdown(name)).collect());
    text += &line(rule.collect());
    for row in &grid.rows {
        text += &line(row.iter().map(|cell| markdown(cell)).collect());
    }
    text
}
