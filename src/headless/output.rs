//! Where the lines go. A reader that goes away (`neonlift run | head`) is no reason to stop a
//! migration.

use crossterm::terminal;
use ratatui::text::Span;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Lines that begin with so many blanks are commands: one that is cut cannot be copied.
const COMMAND: &str = "        ";

/// A terminal of fewer cells is left to break lines itself.
const LEAST_CELLS: usize = 20;

/// A line-wise output that outlives its reader.
pub struct Output {
    to: Box<dyn Write + Send>,
    gone: bool,
    /// Whether people read it in a terminal, where a word that is broken reads badly.
    wraps: bool,
}

impl Output {
    /// Lines to the standard output.
    pub fn stdout() -> Self {
        Self {
            wraps: io::stdout().is_terminal(),
            ..Self::new(io::stdout())
        }
    }

    /// Lines to anything.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self {
            to: Box::new(to),
            gone: false,
            wraps: false,
        }
    }

    /// Writes a line. What would be an order to a terminal, in a name of the database or in its SQL,
    /// is a blank.
    pub fn line(&mut self, text: &str) {
        let is_order = |c: char| c.is_control() && c != '\n' && c != '\t';
        let mut text = text.replace(is_order, " ");
        if let Some((cells, _)) = terminal::size().ok().filter(|_| self.wraps) {
            let lines: Vec<String> = text
                .split('\n')
                .map(|line| wrapped(line, cells.into()))
                .collect();
            text = lines.join("\n");
        }
        self.write(&(text + "\n"));
    }

    /// Writes a question, whose answer is typed behind it.
    pub fn prompt(&mut self, text: &str) {
        self.write(text);
    }

    fn write(&mut self, text: &str) {
        if self.gone {
            return;
        }
        let written = self.to.write_all(text.as_bytes());
        let written = written.and_then(|()| self.to.flush());
        if let Err(error) = written {
            self.gone = true;
            if error.kind() != ErrorKind::BrokenPipe {
                tracing::warn!(%error, "the output cannot be written to; going on without it");
            }
        }
    }
}

/// A line broken at words where it is wider than so many cells; what goes on stands two cells further
/// in. A word that is wider by itself is left to the terminal.
fn wrapped(line: &str, cells: usize) -> String {
    if line.starts_with(COMMAND) || cells < LEAST_CELLS {
        return line.to_owned();
    }
    let indent = line.len() - line.trim_start().len() + 2;
    let (mut told, mut rest) = (String::new(), line.to_owned());
    while cells_of(&rest) > cells {
        let words = rest.trim_start();
        let from = rest.len() - words.len();
        let breaks = words.match_indices(' ').map(|(at, _)| at + from);
        let (fit, wide): (Vec<usize>, Vec<usize>) =
            breaks.partition(|at| cells_of(&rest[..*at]) <= cells);
        let Some(at) = fit.last().or(wide.first()).copied() else {
            break;
        };
        told += rest[..at].trim_end();
        told.push('\n');
        rest = format!("{:indent$}{}", "", rest[at..].trim_start());
    }
    told + &rest
}

fn cells_of(text: &str) -> usize {
    Span::raw(text).width()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_broken_at_words_and_commands_are_not() {
        let line = "  ! one two three four five six seven";
        assert_eq!(
            wrapped(line, 20),
            "  ! one two three\n    four five six\n    seven"
        );
        let command = "        neonlift run --session a-long-name.toml";
        assert_eq!(wrapped(command, 20), command);
        let word = "  see /a/very/long/path/to/a/file.dump now";
        assert_eq!(
            wrapped(word, 20),
            "  see\n    /a/very/long/path/to/a/file.dump\n    now"
        );
    }

    #[test]
    fn a_name_gives_the_terminal_no_orders() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let mut output = Output::new(Kept(Arc::clone(&kept)));
        output.line("table \u{1b}[2J\u{9b}1m\ta\nb");
        let written = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        assert_eq!(written, "table  [2J 1m\ta\nb\n");
    }
}
