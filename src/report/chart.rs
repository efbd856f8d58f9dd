//! Bars as inline SVG. Lengths are shares of the width, so that text keeps its size on a phone.

use super::escape::html;
use super::sections::Chart;
use std::fmt::Write;

/// From one bar to the next, in pixels.
const STRIDE: usize = 44;

/// The chart as an SVG element; `number` tells it from the page's others.
pub(super) fn svg(chart: &Chart, number: usize) -> String {
    let most = chart.bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let height = chart.bars.len() * STRIDE;
    let described = chart.bars.iter();
    let described: Vec<String> = described
        .map(|bar| format!("{}: {}", bar.label, bar.words))
        .collect();
    let mut svg = format!(
        "<svg role=\"img\" width=\"100%\" height=\"{height}\" aria-labelledby=\"c{number}t c{number}d\"><title id=\"c{number}t\">{}</title><desc id=\"c{number}d\">{}</desc>",
        html(&chart.title),
        html(&described.join("; "))
    );
    for (at, bar) in chart.bars.iter().enumerate() {
        let top = at * STRIDE;
        let share = if most > 0.0 { bar.value / most } else { 0.0 };
        // Writing into a String cannot fail.
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{y}\">{}</text><text x=\"100%\" y=\"{y}\" class=\"value\">{}</text><rect class=\"track\" y=\"{bar_y}\" width=\"100%\" height=\"8\" rx=\"4\"/><rect class=\"bar\" y=\"{bar_y}\" width=\"{:.2}%\" height=\"8\" rx=\"4\"/>",
            html(&bar.label),
            html(&bar.words),
            (share * 100.0).max(0.6),
            y = top + 16,
            bar_y = top + 24,
        );
    }
    svg + "</svg>"
}
