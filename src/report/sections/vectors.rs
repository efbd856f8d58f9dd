//! The search compared: what the columns hold, recall, latency.

use super::{Bar, Cell, Chart, Grid, Holds, Hue, Part, Section, Shape, Tone, grid};
use crate::report::document::Document;
use crate::session::report::{ComparedVectors, SearchSide, Searches, Standing};

/// `None` where there are no vectors.
pub(super) fn section(document: &Document) -> Option<Section> {
    let columns = &document.comparison.as_ref()?.vectors;
    let note = Cell::toned(
        Tone::Quiet,
        "The same searches on both sides, first by exact search, then as an application would make them. The migration guide's limit is twice the source's time.",
    );
    let mut parts = vec![Part::Note(note)];
    for column in columns {
        parts.push(told(column).into());
        let search = column.search.as_ref();
        parts.extend(search.map(|search| latency(column, search).into()));
    }
    (!columns.is_empty()).then(|| Section::of("Vector search compared", parts))
}

fn told(column: &ComparedVectors) -> Grid {
    let metric = match column.metric.as_str() {
        "" => String::new(),
        metric => format!(", by {metric}"),
    };
    let rows = column
        .in_words()
        .into_iter()
        .map(|(label, text, standing)| {
            let (tone, glyph) = match standing {
                Standing::Good => (Tone::Good, "✓ "),
                Standing::Plain => (Tone::Plain, ""),
                Standing::Caution => (Tone::Caution, "! "),
                Standing::Bad => (Tone::Bad, "✗ "),
            };
            vec![
                Cell::from(label),
                Cell::toned(tone, format!("{glyph}{text}")),
            ]
        });
    let caption = format!("{}: {}{metric}", column.name(), column.sql_type);
    let columns = [("what", Holds::Text), ("found", Holds::Text)];
    grid(caption, &columns, rows)
}

fn latency(column: &ComparedVectors, search: &Searches) -> Chart {
    let bar = |label: &str, micros: u64, side: &SearchSide, hue| {
        let network = side.round_trip.min(micros);
        let words = format!("{}, of it network {}", time(micros), time(network));
        Bar {
            lighter: network as f64,
            hue,
            ..Bar::new(label, micros as f64, words)
        }
    };
    let (source, target) = (&search.source, &search.target);
    Chart {
        title: format!(
            "Time of a search over {}; the lighter part is the network",
            column.name()
        ),
        shape: Shape::Bars(vec![
            bar(
                "source, half of them within",
                source.p50,
                source,
                Hue::Source,
            ),
            bar(
                "target, half of them within",
                target.p50,
                target,
                Hue::Target,
            ),
            bar("source, 95 of 100 within", source.p95, source, Hue::Source),
            bar("target, 95 of 100 within", target.p95, target, Hue::Target),
        ]),
    }
}

fn time(micros: u64) -> String {
    format!("{:.1} ms", micros as f64 / 1000.0)
}
