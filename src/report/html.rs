//! The document as one HTML file that asks for nothing from outside.

use super::chart;
use super::document::{Document, Side};
use super::escape::html;
use super::sections::{Cell, Column, Grid, Holds, Part, Section, Tone, sections};
use std::fmt::Write;

/// The page's own policy: no script, nothing from outside, nowhere to send anything.
const POLICY: &str =
    "default-src 'none';style-src 'unsafe-inline';img-src data:;base-uri 'none';form-action 'none'";

/// The whole page.
pub(super) fn page(document: &Document) -> String {
    let mut charts = 0;
    let body: String = sections(document)
        .iter()
        .map(|part| section(part, &mut charts))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta name=\"referrer\" content=\"no-referrer\"><meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"><link rel=\"icon\" href=\"data:,\"><title>{}</title><style>\n{}</style></head>\n<body><main>\n{}{body}<footer>Written by neonlift {}. Counts and hashes were taken by the two servers.</footer></main></body></html>\n",
        html(&document.title()),
        include_str!("style.css"),
        header(document),
        html(&document.neonlift),
    )
}

fn header(document: &Document) -> String {
    let kind = if document.practice {
        "Practice migration"
    } else {
        "Migration report"
    };
    let verdict = &document.verdict;
    format!(
        "<header><p class=\"kind\">neonlift · {kind}</p><h1>{} <span class=\"arrow\">→</span> {}</h1><p class=\"meta\">{}</p></header>\n<div class=\"verdict {}\" role=\"status\"><strong>{}</strong><p>{}</p><p>{}</p></div>\n",
        isolated(&document.source),
        isolated(&document.target),
        html(&document.subtitle()),
        verdict.standing.name(),
        html(verdict.standing.headline()),
        html(&verdict.words),
        html(&document.progress()),
    )
}

/// A database's name, which may be written from right to left.
fn isolated(side: &Side) -> String {
    format!("<bdi>{}</bdi>", html(side.name()))
}

fn section(section: &Section, charts: &mut usize) -> String {
    let mut text = format!("<section><h2>{}</h2>\n", html(section.title));
    // Writing into a String cannot fail.
    for part in &section.parts {
        match part {
            Part::Note(note) => {
                let class = class(note.tone, "");
                let _ = writeln!(text, "<p{class}>{}</p>", html(&note.text));
            }
            Part::Chart(chart) => {
                *charts += 1;
                text += &chart::figure(chart, *charts);
            }
            Part::Grid(grid) if grid.rows.is_empty() => {}
            Part::Grid(grid) => text += &table(grid),
        }
    }
    text + "</section>\n"
}

fn table(grid: &Grid) -> String {
    let head = grid.columns.iter().map(|column| {
        let class = class(Tone::Plain, held(*column));
        format!("<th scope=\"col\"{class}>{}</th>", html(column.name))
    });
    let table = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{caption}\"><table{narrow}><caption><span>{caption}</span></caption><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n",
        head.collect::<String>(),
        grid.rows
            .iter()
            .map(|cells| row(grid, cells))
            .collect::<String>(),
        caption = html(&grid.caption),
        narrow = if is_narrow(grid) {
            " class=\"narrow\""
        } else {
            ""
        },
    );
    match grid.folded {
        true => format!(
            "<details><summary>{} ({})</summary>{table}</details>\n",
            html(&grid.caption),
            grid.rows.len()
        ),
        false => table,
    }
}

fn row(grid: &Grid, cells: &[Cell]) -> String {
    let cells = cells.iter().zip(&grid.columns).enumerate();
    let cells = cells.map(|(at, (cell, column))| {
        let class = class(cell.tone, held(*column));
        let text = match column.holds {
            Holds::Code if !cell.text.is_empty() => code(&cell.text),
            _ => html(&cell.text),
        };
        match at {
            0 => format!("<th scope=\"row\"{class}>{}</th>", breakable(&text)),
            _ => format!("<td{class}>{text}</td>"),
        }
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

/// A name and its numbers: nothing that needs the whole width.
fn is_narrow(grid: &Grid) -> bool {
    let others = grid.columns.iter().skip(1);
    grid.columns.len() > 1 && others.clone().all(|column| column.holds == Holds::Number)
}

/// A name may go on in the next line behind its dots and underscores; the text is escaped already.
fn breakable(text: &str) -> String {
    text.replace('_', "_<wbr>").replace('.', ".<wbr>")
}

/// Line by line as it is.
fn code(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(html).collect();
    format!("<code>{}</code>", lines.join("<br>"))
}

fn held(column: Column) -> &'static str {
    match column.holds {
        Holds::Text => "",
        Holds::Number => "number",
        Holds::Short => "short",
        Holds::Code => "code",
    }
}

fn class(tone: Tone, held: &str) -> String {
    let tone = match tone {
        Tone::Plain => "",
        Tone::Good => "good",
        Tone::Caution => "caution",
        Tone::Bad => "bad",
        Tone::Quiet => "quiet",
    };
    match (tone, held) {
        ("", "") => String::new(),
        ("", one) | (one, "") => format!(" class=\"{one}\""),
        (tone, held) => format!(" class=\"{tone} {held}\""),
    }
}
