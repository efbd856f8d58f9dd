//! A terminal's screen as an SVG picture. Letters stand in a grid of cells that is kept in every
//! viewer, whatever font it has; lines and gauges are drawn, not written, so that they join.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;
use vt100::{Cell, Color, Screen};

/// A cell's width and height in pixels, and where in it the letters stand.
const WIDTH: f32 = 8.43;
const HEIGHT: f32 = 18.0;
const BASE: f32 = 13.2;
const MARGIN: f32 = 16.0;
/// Points of a PNG picture for each of an SVG's.
const SCALE: f32 = 1.5;
/// The height of the window's title bar.
const BAR: f32 = 36.0;

/// A terminal's colours.
#[derive(Debug)]
pub(crate) struct Palette {
    background: &'static str,
    foreground: &'static str,
    /// The 16 colours of ANSI.
    colours: [&'static str; 16],
    /// The window's edge, its buttons and its title.
    window: [&'static str; 3],
}

/// A terminal with a dark background.
pub(crate) const DARK: Palette = Palette {
    background: "#0f141b",
    foreground: "#d6dde6",
    colours: [
        "#1b222c", "#f2706a", "#7fc983", "#e3b866", "#6ca6f0", "#c493e6", "#55c1cf", "#c6ced8",
        "#6f7b8a", "#ff908a", "#9fe3a1", "#fbd486", "#93c1ff", "#dbb4f7", "#83e0ea", "#ffffff",
    ],
    window: ["#2c3644", "#3a4554", "#8792a2"],
};

/// A terminal with a light background.
pub(crate) const LIGHT: Palette = Palette {
    background: "#fdfdfb",
    foreground: "#24292f",
    colours: [
        "#24292f", "#b3261e", "#1f7a34", "#8a5a00", "#0b57d0", "#8430a8", "#0b7285", "#59636e",
        "#6e7781", "#d1372f", "#2b8a3e", "#a06a00", "#2f6fe4", "#9c4dc4", "#12869a", "#1b1f23",
    ],
    window: ["#d0d7de", "#c4ccd4", "#6e7781"],
};

/// How a cell looks.
#[derive(Clone, PartialEq)]
struct Look {
    colour: &'static str,
    behind: Option<&'static str>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Look {
    fn of(cell: &Cell, palette: &Palette) -> Self {
        let (mut front, mut back) = (cell.fgcolor(), cell.bgcolor());
        let inverse = cell.inverse();
        if inverse {
            (front, back) = (back, front);
        }
        let default = if inverse {
            palette.background
        } else {
            palette.foreground
        };
        Self {
            colour: palette.colour(front).unwrap_or(default),
            behind: palette
                .colour(back)
                .or(inverse.then_some(palette.foreground)),
            bold: cell.bold(),
            dim: cell.dim(),
            italic: cell.italic(),
            underline: cell.underline(),
        }
    }

    /// As attributes of an element.
    fn attributes(&self) -> String {
        let mut text = String::new();
        text += &format!(" fill=\"{}\"", self.colour);
        for (is_so, attribute) in [
            (self.bold, " font-weight=\"bold\""),
            (self.dim, " opacity=\".58\""),
            (self.italic, " font-style=\"italic\""),
            (self.underline, " text-decoration=\"underline\""),
        ] {
            text += if is_so { attribute } else { "" };
        }
        text
    }
}

impl Palette {
    /// The palette's colour; the program uses no others.
    fn colour(&self, colour: Color) -> Option<&'static str> {
        match colour {
            Color::Idx(index) => self.colours.get(usize::from(index)).copied(),
            Color::Default | Color::Rgb(..) => None,
        }
    }
}

/// Cells beside each other that look alike.
struct Run {
    column: u16,
    cells: u16,
    text: String,
    look: Look,
    drawn: bool,
}

impl Run {
    /// Whether what follows after so many blanks belongs to it: the same line, or a word of the
    /// same text. Wider gaps part columns.
    fn takes(&self, text: &str, drawn: bool, gap: u16) -> bool {
        match (self.drawn, drawn) {
            (true, true) => gap == 0 && self.text.starts_with(text),
            (false, false) => gap <= 1,
            _ => false,
        }
    }
}

/// The screen as a picture, in a window with a title.
pub(crate) fn svg(screen: &Screen, title: &str, palette: &Palette) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = f32::from(columns) * WIDTH + 2.0 * MARGIN;
    let height = f32::from(rows) * HEIGHT + BAR + MARGIN;
    let mut svg = frame(width, height, title, palette);
    for row in 0..rows {
        for run in runs(screen, row, columns, palette) {
            draw(&mut svg, row, &run);
        }
    }
    svg + "</g>\n</svg>\n"
}

fn frame(width: f32, height: f32, title: &str, palette: &Palette) -> String {
    let (right, bottom) = (width - 1.0, height - 1.0);
    let (middle, light) = (width / 2.0, BAR / 2.0);
    let title = escaped(title);
    let (behind, front) = (palette.background, palette.foreground);
    let [edge, buttons, quiet] = palette.window;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" font-family="'DejaVu Sans Mono',ui-monospace,SFMono-Regular,Menlo,'Cascadia Mono',Consolas,'Liberation Mono',monospace" font-size="14">
<title>{title}</title>
<rect x=".5" y=".5" width="{right:.0}" height="{bottom:.0}" rx="9" fill="{behind}" stroke="{edge}"/>
<g fill="{buttons}"><circle cx="20" cy="{light}" r="5.5"/><circle cx="38" cy="{light}" r="5.5"/><circle cx="56" cy="{light}" r="5.5"/></g>
<text x="{middle:.1}" y="{base}" text-anchor="middle" font-size="13" fill="{quiet}">{title}</text>
<g fill="{front}" xml:space="preserve">
"##,
        base = light + 4.5,
    )
}

/// A row's runs of cells that are not empty.
fn runs(screen: &Screen, row: u16, columns: u16, palette: &Palette) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        let (look, text) = (Look::of(cell, palette), cell.contents());
        let text = if text.is_empty() { " " } else { text };
        if cell.is_wide_continuation() || (text == " " && look.behind.is_none()) {
            continue;
        }
        let cells = if cell.is_wide() { 2 } else { 1 };
        let drawn = text.chars().next().and_then(shape).is_some();
        let gap = |run: &Run| column - run.column - run.cells;
        match runs.last_mut() {
            Some(run) if run.look == look && run.takes(text, drawn, gap(run)) => {
                let blanks = " ".repeat(usize::from(gap(run)));
                run.text = format!("{}{blanks}{text}", run.text);
                run.cells = column + cells - run.column;
            }
            _ => runs.push(Run {
                column,
                cells,
                text: text.to_owned(),
                look,
                drawn,
            }),
        }
    }
    runs
}

fn draw(svg: &mut String, row: u16, run: &Run) {
    let (x, y) = (
        MARGIN + f32::from(run.column) * WIDTH,
        BAR + f32::from(row) * HEIGHT,
    );
    let wide = f32::from(run.cells) * WIDTH;
    let look = run.look.attributes();
    if let Some(behind) = run.look.behind {
        line(
            svg,
            format_args!(
                r#"<rect x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{HEIGHT}" fill="{behind}"/>"#
            ),
        );
    }
    if let Some(shape) = run.text.chars().next().and_then(shape) {
        for (left, top, width, height) in shape {
            // A shape that goes from edge to edge is drawn once for all cells of the run.
            let width = if *width >= 1.0 { wide } else { width * WIDTH };
            let (x, y) = (x + left * WIDTH, y + top * HEIGHT);
            let height = height * HEIGHT;
            line(
                svg,
                format_args!(
                    r#"<rect x="{x:.1}" y="{y:.2}" width="{width:.1}" height="{height:.2}"{look}/>"#
                ),
            );
        }
        return;
    }
    let (y, text) = (y + BASE, escaped(&run.text));
    line(
        svg,
        format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" textLength="{wide:.1}" lengthAdjust="spacingAndGlyphs"{look}>{text}</text>"#
        ),
    );
}

/// An SVG picture as PNG, written in the fonts that lie beside this file.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut options = Options::default();
    let fonts = Arc::make_mut(&mut options.fontdb);
    fonts.load_font_data(include_bytes!("font/DejaVuSansMono.ttf").to_vec());
    fonts.load_font_data(include_bytes!("font/DejaVuSansMono-Bold.ttf").to_vec());
    fonts.set_monospace_family("DejaVu Sans Mono");
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size();
    let size = size.scale_by(SCALE).ok_or("the picture has no size")?;
    let mut points = Pixmap::new(size.width(), size.height()).ok_or("the picture has no size")?;
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut points.as_mut(),
    );
    Ok(points.encode_png()?)
}

fn line(svg: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(svg, "{element}").expect("a string takes everything");
}

/// A rectangle of a cell: left, top, width, height, as shares of it.
type Part = (f32, f32, f32, f32);

/// Lines and blocks as rectangles.
fn shape(character: char) -> Option<&'static [Part]> {
    const THIN: f32 = 0.06;
    const MIDDLE: f32 = 0.5 - THIN / 2.0;
    const UPRIGHT: f32 = 0.12;
    const CENTRE: f32 = 0.5 - UPRIGHT / 2.0;
    const THICK: f32 = 0.2;
    const HIGH: f32 = 0.5 - THICK / 2.0;
    const FLAT: Part = (0.0, MIDDLE, 1.0, THIN);
    Some(match character {
        '─' => &[FLAT],
        '│' => &[(CENTRE, 0.0, UPRIGHT, 1.0)],
        '┬' => &[FLAT, (CENTRE, MIDDLE, UPRIGHT, 1.0 - MIDDLE)],
        '┴' => &[FLAT, (CENTRE, 0.0, UPRIGHT, MIDDLE)],
        '━' => &[(0.0, HIGH, 1.0, THICK)],
        '╾' => &[(0.0, HIGH, 0.5, THICK), (0.5, MIDDLE, 0.5, THIN)],
        '╭' => &[
            (CENTRE, MIDDLE, 1.0 - CENTRE - 0.01, THIN),
            (CENTRE, MIDDLE, UPRIGHT, 1.0 - MIDDLE),
        ],
        '╮' => &[
            (0.0, MIDDLE, CENTRE + UPRIGHT, THIN),
            (CENTRE, MIDDLE, UPRIGHT, 1.0 - MIDDLE),
        ],
        '╰' => &[
            (CENTRE, MIDDLE, 1.0 - CENTRE - 0.01, THIN),
            (CENTRE, 0.0, UPRIGHT, MIDDLE + THIN),
        ],
        '╯' => &[
            (0.0, MIDDLE, CENTRE + UPRIGHT, THIN),
            (CENTRE, 0.0, UPRIGHT, MIDDLE + THIN),
        ],
        '▌' => &[(0.0, 0.0, 0.5, 1.0)],
        _ => return None,
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
