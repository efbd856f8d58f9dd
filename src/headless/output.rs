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

    /// Writes a line.
    pub fn line(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
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
