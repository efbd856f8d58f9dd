//! The document as one HTML file that asks for nothing from outside.

use super::chart;
use super::document::Document;
use super::escape::html;
use super::sections::{Grid, Section, sections};
use std::fmt::Write;

/// The whole page. Its own policy forbids scripts and everything from outside.
pub(super) fn page(document: &Document) -> String {
    let mut charts = 0;
    let body: String = sections(document)
        .iter()
        .map(|part| section(part, &mut charts))
        .collect();
    let title = html(&document.title());
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline';img-src data:\"><link rel=\"icon\" href=\"data:,\"><title>{title}</title><style>\n{}</style></head>\n<body><main><header><h1>{title}</h1><p>{}</p></header>\n<div class=\"verdict {}\"><strong>{}</strong><p>{}</p></div>\n{body}<footer>neonlift {}</footer></main></body></html>\n",
        include_str!("style.css"),
        html(&document.subtitle()),
        document.verdict.standing.name(),
        html(document.verdict.standing.headline()),
        html(&document.verdict.words),
        html(&document.neonlift),
    )
}

fn section(section: &Section, charts: &mut usize) -> String {
    let mut text = format!("<section><h2>{}</h2>\n", html(section.title));
    // Writing into a String cannot fail.
    if let Some(missing) = &section.missing {
        let _ = writeln!(text, "<p class=\"missing\">{}</p>", html(missing));
    }
    for note in &section.notes {
        let _ = writeln!(text, "<p>{}</p>", html(note));
    }
    for chart in section.charts.iter().filter(|chart| !chart.bars.is_empty()) {
        *charts += 1;
        let (title, drawn) = (html(&chart.title), chart::svg(chart, *charts));
        let _ = writeln!(
            text,
            "<figure><figcaption>{title}</figcaption>{drawn}</figure>"
        );
    }
    for grid in section.grids.iter().filter(|grid| !grid.rows.is_empty()) {
        text += &table(grid);
    }
    text + "</section>\n"
}

fn table(grid: &Grid) -> String {
    let class = |at: usize| match grid.numbers.contains(&at) {
        true => " class=\"number\"",
        false => "",
    };
    let head: String = (grid.head.iter().enumerate())
        .map(|(at, name)| format!("<th scope=\"col\"{}>{}</th>", class(at), html(name)))
        .collect();
    let row = |cells: &Vec<String>| -> String {
        let cells = cells.iter().enumerate().map(|(at, cell)| match at {
            0 => format!("<th scope=\"row\">{}</th>", html(cell)),
            _ => format!("<td{}>{}</td>", class(at), html(cell)),
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    format!(
        "<div class=\"scroll\"><table><caption>{}</caption><thead><tr>{head}</tr></thead><tbody>\n{}</tbody></table></div>\n",
        html(&grid.caption),
        grid.rows.iter().map(row).collect::<String>()
    )
}
