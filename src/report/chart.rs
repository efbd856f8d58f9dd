//! Charts as inline SVG. Lengths are shares of the width, so that text keeps its size on a phone.

use super::escape::html;
use super::sections::{Bar, Chart, Course, Hue, Shape};
use std::fmt::Write;

/// From one bar to the next, in pixels.
const STRIDE: usize = 44;

/// A course's height, in pixels.
const HEIGHT: f64 = 96.0;

/// Below the text at a course's top.
const TOP: f64 = 26.0;

/// The chart with its caption; `number` tells it from the page's others. Nothing when there is
/// nothing to draw.
pub(super) fn figure(chart: &Chart, number: usize) -> String {
    let (described, height, drawn) = match &chart.shape {
        Shape::Bars(bars) if bars.is_empty() => return String::new(),
        Shape::Bars(bars) => (
            in_words(bars),
            (bars.len() * STRIDE) as f64,
            draw_bars(bars),
        ),
        Shape::Course(course) => (course.described.clone(), TOP + HEIGHT + 22.0, draw(course)),
    };
    format!(
        "<figure><figcaption>{title}</figcaption><svg role=\"img\" width=\"100%\" height=\"{height}\" aria-labelledby=\"c{number}t c{number}d\"><title id=\"c{number}t\">{title}</title><desc id=\"c{number}d\">{}</desc>{drawn}</svg></figure>\n",
        html(&described),
        title = html(&chart.title),
    )
}

fn in_words(bars: &[Bar]) -> String {
    let told: Vec<String> = bars
        .iter()
        .map(|bar| format!("{}: {}", bar.label, bar.words))
        .collect();
    told.join("; ")
}

fn draw_bars(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let percent = |value: f64| {
        if most > 0.0 {
            value / most * 100.0
        } else {
            0.0
        }
    };
    let mut svg = String::new();
    for (at, bar) in bars.iter().enumerate() {
        let (text, top) = (at * STRIDE + 16, at * STRIDE + 24);
        let hue = match bar.hue {
            Hue::Plain => "",
            Hue::Source => " source",
            Hue::Target => " target",
        };
        // Writing into a String cannot fail.
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{text}\">{}</text><text x=\"100%\" y=\"{text}\" class=\"value\">{}</text><rect class=\"track\" y=\"{top}\" width=\"100%\" height=\"8\" rx=\"4\"/><rect class=\"bar{hue}{}\" y=\"{top}\" width=\"{:.2}%\" height=\"8\" rx=\"4\"/>",
            html(&bar.label),
            html(&bar.words),
            if bar.lighter > 0.0 { " lighter" } else { "" },
            percent(bar.value).max(0.6),
        );
        if bar.lighter > 0.0 {
            let own = percent(bar.value - bar.lighter).max(0.6);
            let _ = write!(
                svg,
                "<rect class=\"bar{hue}\" y=\"{top}\" width=\"{own:.2}%\" height=\"8\" rx=\"4\"/>"
            );
        }
    }
    svg
}

/// Columns as wide as their time and as high as their value, from one base line.
fn draw(course: &Course) -> String {
    let most = course.stretches.iter().map(|(_, value)| *value);
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let time: f64 = course.stretches.iter().map(|(seconds, _)| seconds).sum();
    let base = TOP + HEIGHT;
    let mut svg = format!(
        "<text x=\"100%\" y=\"16\" class=\"value\">{}</text><text x=\"0\" y=\"{below}\" class=\"axis\">0 s</text><text x=\"100%\" y=\"{below}\" class=\"value\">{}</text><rect class=\"track\" y=\"{TOP}\" width=\"100%\" height=\"1\"/>",
        html(&course.top),
        html(&course.end),
        below = base + 17.0,
    );
    let mut before = 0.0;
    for (seconds, value) in &course.stretches {
        let (left, width) = (before / time * 100.0, seconds / time * 100.0);
        let height = value / most * HEIGHT;
        before += seconds;
        // Writing into a String cannot fail.
        let _ = write!(
            svg,
            "<rect class=\"bar\" x=\"{left:.2}%\" y=\"{:.1}\" width=\"{:.2}%\" height=\"{height:.1}\"/>",
            base - height,
            width * 0.9,
        );
    }
    let _ = write!(
        svg,
        "<rect class=\"base\" y=\"{base}\" width=\"100%\" height=\"1\"/>"
    );
    svg
}
