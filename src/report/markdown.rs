//! The document as Markdown: the same sections, with tables in place of charts.

use super::document::Document;
use super::escape::markdown;
use super::sections::{Cell, Chart, Grid, Holds, Part, Section, Shape, sections};
use std::fmt::Write;

/// The whole text.
pub(super) fn text(document: &Document) -> String {
    let mut text = format!(
        "# {}\n\n{}\n\n**{}.** {}\n\n{}\n",
        markdown(&document.title()),
        markdown(&document.subtitle()),
        markdown(document.verdict.standing.headline()),
        markdown(&document.verdict.words),
        markdown(&document.progress()),
    );
    for part in sections(document) {
        text += &section(&part);
    }
    text
}

fn section(section: &Section) -> String {
    let mut text = format!("\n## {}\n", section.title);
    // Writing into a String cannot fail.
    for part in &section.parts {
        match part {
            Part::Note(note) => {
                let _ = write!(text, "\n{}\n", markdown(&note.text));
            }
            Part::Grid(grid) if !grid.rows.is_empty() => text += &table(grid),
            Part::Chart(Chart {
                shape: Shape::Course(course),
                ..
            }) => {
                let _ = write!(text, "\nThroughput: {}\n", markdown(&course.described));
            }
            // Bars stand in a table too.
            Part::Grid(_) | Part::Chart(_) => {}
        }
    }
    text
}

fn table(grid: &Grid) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let rule = grid.columns.iter().map(|column| match column.holds {
        Holds::Number => "---:".to_owned(),
        Holds::Text | Holds::Short | Holds::Code => "---".to_owned(),
    });
    let names = grid.columns.iter().map(|column| markdown(column.name));
    let mut text = format!("\n{}\n\n", markdown(&grid.caption));
    text += &line(names.collect());
    text += &line(rule.collect());
    for row in &grid.rows {
        let cells = row.iter().zip(&grid.columns);
        let cells = cells.map(|(cell, column)| written(cell, column.holds));
        text += &line(cells.collect());
    }
    text
}

fn written(cell: &Cell, holds: Holds) -> String {
    match holds {
        Holds::Code => {
            let lines: Vec<String> = cell.text.lines().map(markdown).collect();
            lines.join("<br>")
        }
        Holds::Text | Holds::Number | Holds::Short => markdown(&cell.text),
    }
}
