//! Glyphs and colours. Sixteen ANSI colours on the terminal's own background; every colour is
//! accompanied by a glyph and a word, and every glyph has a form in ASCII.

use crate::progress::Tone;
use crate::session::State;
use crate::session::report::Verdict;
use ratatui::style::{Color, Modifier, Style};

/// Which characters may be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// ASCII alone, for terminals and fonts without line drawing.
    pub ascii: bool,
}

/// What a word or a number means for the person; decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// As it should be.
    Good,
    /// Needs a look.
    Caution,
    /// Wrong.
    Bad,
    /// Where the person is, what a key is.
    Accent,
    /// A label beside what matters.
    Quiet,
    /// The text itself.
    Plain,
    /// A heading.
    Strong,
}

impl Meaning {
    /// Its style.
    pub fn style(self) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match self {
            Self::Good => Style::new().fg(Color::Green),
            Self::Caution => Style::new().fg(Color::Yellow),
            Self::Bad => bold.fg(Color::Red),
            Self::Accent => Style::new().fg(Color::Cyan),
            Self::Quiet => Style::new().add_modifier(Modifier::DIM),
            Self::Plain => Style::new(),
            Self::Strong => bold,
        }
    }
}

impl Theme {
    /// One of two spellings.
    pub fn pick(self, drawn: &'static str, ascii: &'static str) -> &'static str {
        if self.ascii { ascii } else { drawn }
    }

    /// A step's state: its glyph, its word and what it means.
    pub fn state(self, state: State) -> (&'static str, &'static str, Meaning) {
        let (glyph, meaning) = match state {
            State::Waiting => (self.pick("·", "."), Meaning::Quiet),
            State::Running => (self.pick("▸", ">"), Meaning::Accent),
            State::Done => (self.pick("✓", "+"), Meaning::Good),
            State::Failed => (self.pick("✗", "x"), Meaning::Bad),
            State::Interrupted => (self.pick("‖", "="), Meaning::Caution),
            State::AwaitingSignOff => ("!", Meaning::Caution),
        };
        (glyph, state.word(), meaning)
    }

    /// A check's verdict: its glyph, its word and what it means.
    pub fn verdict(self, verdict: Verdict) -> (&'static str, &'static str, Meaning) {
        match verdict {
            Verdict::Good => (self.pick("✓", "+"), "good", Meaning::Good),
            Verdict::Warning => ("!", "note", Meaning::Caution),
            Verdict::Bad => (self.pick("✗", "x"), "wrong", Meaning::Bad),
        }
    }

    /// Whether both sides agree: glyph, word and meaning.
    pub fn equality(self, equal: bool) -> (&'static str, &'static str, Meaning) {
        if equal {
            (self.pick("✓", "+"), "equal", Meaning::Good)
        } else {
            (self.pick("✗", "x"), "differs", Meaning::Bad)
        }
    }

    /// A message's tone: its glyph and what it means.
    pub fn tone(self, tone: Tone) -> (&'static str, Meaning) {
        match tone {
            Tone::Info => (self.pick("·", "."), Meaning::Quiet),
            Tone::Warning => ("!", Meaning::Caution),
        }
    }

    /// Between things on one line.
    pub fn dot(self) -> &'static str {
        self.pick(" · ", " - ")
    }

    /// From one place to another.
    pub fn arrow(self) -> &'static str {
        self.pick("→", "->")
    }

    /// In place of what did not fit.
    pub fn ellipsis(self) -> &'static str {
        self.pick("…", "..")
    }

    /// Stands for one character of a secret.
    pub fn masked(self) -> char {
        if self.ascii { '*' } else { '•' }
    }

    /// A sparkline of the last `width` values, the newest at the right; as high as the highest is.
    pub fn spark(self, values: &[f64], width: usize) -> String {
        let levels = self.pick("▁▂▃▄▅▆▇█", "_.:-=+*#");
        let last = &values[values.len().saturating_sub(width)..];
        let highest = last.iter().copied().fold(0.0, f64::max);
        let level = |value: &f64| {
            let share = if highest > 0.0 { value / highest } else { 0.0 };
            levels
                .chars()
                .nth((share * 7.0).round() as usize)
                .unwrap_or(' ')
        };
        let blank = width - last.len();
        " ".repeat(blank) + &last.iter().map(level).collect::<String>()
    }

    /// A gauge's line: the part done and the rest, `width` cells in all. Without a share it is
    /// a line of its own kind, so that it cannot be read as 0 %.
    pub fn gauge(self, share: Option<f64>, width: usize) -> (String, String) {
        let Some(share) = share else {
            return (String::new(), self.pick("┄", ".").repeat(width));
        };
        let (full, half, rest) = (self.pick("━", "#"), self.pick("╾", ""), self.pick("─", "-"));
        // Halves of cells, rounded down: the line is full only when the share is.
        let halves = (share.clamp(0.0, 1.0) * (2 * width) as f64).floor() as usize;
        let mut done = full.repeat(halves / 2);
        let mut cells = halves / 2;
        if halves % 2 == 1 && !half.is_empty() {
            done.push_str(half);
            cells += 1;
        }
        (done, rest.repeat(width - cells))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gauge_is_as_wide_as_asked_and_full_only_at_the_end() {
        for ascii in [false, true] {
            let theme = Theme { ascii };
            for thousandth in 0..=1000 {
                let (done, rest) = theme.gauge(Some(f64::from(thousandth) / 1000.0), 20);
                assert_eq!(done.chars().count() + rest.chars().count(), 20);
                let full = !rest.is_empty() || done.contains('╾') || thousandth == 1000;
                assert!(full, "full at {thousandth}");
            }
        }
    }

    #[test]
    fn a_sparkline_shows_the_last_values_against_the_highest() {
        let theme = Theme { ascii: false };
        assert_eq!(theme.spark(&[0.0, 70.0, 35.0], 5), "  ▁█▅");
        assert_eq!(theme.spark(&[9.0, 1.0, 7.0], 2), "▂█");
        assert_eq!(theme.spark(&[0.0, 0.0], 2), "▁▁");
    }

    #[test]
    fn ascii_is_ascii() {
        let theme = Theme { ascii: true };
        let states = [
            State::Waiting,
            State::Running,
            State::Done,
            State::Failed,
            State::Interrupted,
            State::AwaitingSignOff,
        ];
        assert!(states.iter().all(|state| theme.state(*state).0.is_ascii()));
        let (done, rest) = theme.gauge(Some(0.33), 10);
        assert!(done.is_ascii() && rest.is_ascii());
    }
}
