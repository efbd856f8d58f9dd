//! Where the lines go. A reader that goes away (`neonlift run | head`) is no reason to stop a
//! migration.

use std::io::{self, ErrorKind, Write};

/// A line-wise output that outlives its reader.
pub struct Output {
    to: Box<dyn Write + Send>,
    gone: bool,
}

impl Output {
    /// Lines to the standard output.
    pub fn stdout() -> Self {
        Self::new(io::stdout())
    }

    /// Lines to anything.
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self {
            to: Box::new(to),
            gone: false,
        }
    }

    /// Writes a line. What would be an order to a terminal, in a name of the database or in its SQL,
    /// is a blank.
    pub fn line(&mut self, text: &str) {
        let is_order = |c: char| c.is_control() && c != '\n' && c != '\t';
        self.write(&(text.replace(is_order, " ") + "\n"));
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
    fn a_name_gives_the_terminal_no_orders() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let mut output = Output::new(Kept(Arc::clone(&kept)));
        output.line("table \u{1b}[2J\u{9b}1m\ta\nb");
        let written = String::from_utf8(kept.lock().unwrap().clone()).unwrap();
        assert_eq!(written, "table  [2J 1m\ta\nb\n");
    }
}
