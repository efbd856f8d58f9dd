//! Both servers as they were found, side by side, and what was looked at.

use super::{Page, Scene, checks};
use crate::figures;
use crate::session::report::{Connections, Server};
use crate::tui::columns::{Cell, Column, Kind, plain, table};
use crate::tui::lines::blank;
use crate::tui::theme::Meaning;

const COLUMNS: [Column; 3] = [
    ("", Kind::Text),
    ("source", Kind::Text),
    ("target", Kind::Fill),
];

pub(super) fn page(scene: &Scene<'_>, found: &Connections) -> Page {
    let rows = rows(&found.source, &found.target);
    let (heading, sides) = table(&COLUMNS, &rows, scene.cells, scene.theme());
    let mut body = vec![heading];
    body.extend(sides);
    body.push(blank());
    body.extend(checks::listed(scene, &found.checks));
    Page {
        head: vec![checks::summary(scene, &found.checks), blank()],
        body,
        ..Page::default()
    }
}

fn rows(source: &Server, target: &Server) -> Vec<Vec<Cell>> {
    let row = |label: &str, tell: fn(&Server) -> String| {
        let label = (label.to_owned(), Meaning::Quiet);
        vec![label, plain(tell(source)), plain(tell(target))]
    };
    vec![
        row("server", |server| {
            server
                .endpoint
                .split('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        }),
        row("database", |server| server.identity.database.clone()),
        row("role", |server| server.role.clone()),
        row("version", |server| version(server.version)),
        row("pgvector", |server| {
            server
                .vector
                .clone()
                .unwrap_or_else(|| "not installed".to_owned())
        }),
        row("encryption", |server| {
            server.tls.clone().unwrap_or_else(|| "none".to_owned())
        }),
        row("round trip", |server| {
            format!("{:.1} ms", server.round_trip_ms)
        }),
        row("size", |server| figures::bytes(server.database_bytes)),
    ]
}

/// `server_version_num` as people write it: 160002 is 16.2.
fn version(number: u32) -> String {
    format!("PostgreSQL {}.{}", number / 10_000, number % 10_000)
}
