//! What a terminal shows: the screen as it stands, the title, and every byte that came.

use portable_pty::Child;
use std::io::Read;
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use vt100::{Callbacks, Parser, Screen};

/// What the terminal's title is before the program sets its own.
pub(super) const TITLE: &str = "a shell";

/// What a terminal keeps beside its cells, and `vt100` does not.
struct Beside {
    title: String,
    titles: Vec<String>,
    /// Amid a frame that the program wants shown at once.
    amid_frame: bool,
}

impl Callbacks for Beside {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.title = String::from_utf8_lossy(title).into_owned();
    }

    fn unhandled_csi(
        &mut self,
        _: &mut Screen,
        _: Option<u8>,
        _: Option<u8>,
        parameters: &[&[u16]],
        end: char,
    ) {
        match (parameters, end) {
            ([[22], [2]], 't') => self.titles.push(self.title.clone()),
            ([[23], [2]], 't') => self.title = self.titles.pop().unwrap_or_default(),
            ([[2026]], 'h' | 'l') => self.amid_frame = end == 'h',
            _ => {}
        }
    }
}

/// What came out of the terminal so far.
pub(super) struct Shown {
    parser: Parser<Beside>,
    /// Everything that was ever written to the terminal.
    pub(super) bytes: Vec<u8>,
    /// The exit code of what runs in it, once that has ended.
    pub(super) code: Option<u32>,
    closed: bool,
}

impl Shown {
    pub(super) fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    pub(super) fn title(&self) -> &str {
        &self.parser.callbacks().title
    }

    /// How many titles were put aside and not taken back.
    pub(super) fn titles_aside(&self) -> usize {
        self.parser.callbacks().titles.len()
    }

    pub(super) fn is_amid_frame(&self) -> bool {
        self.parser.callbacks().amid_frame
    }

    pub(super) fn resize(&mut self, columns: u16, rows: u16) {
        let (rows, columns) = cells(columns, rows);
        self.parser.set_size(rows, columns);
    }
}

/// A window that fills by itself.
pub(super) struct Window {
    shown: Mutex<Shown>,
    changed: Condvar,
}

impl Window {
    /// A window of so many columns and rows that shows what `shell` writes to `output`.
    pub(super) fn open(
        (columns, rows): (u16, u16),
        output: Box<dyn Read + Send>,
        shell: Box<dyn Child + Send + Sync>,
    ) -> Arc<Self> {
        let beside = Beside {
            title: TITLE.to_owned(),
            titles: Vec::new(),
            amid_frame: false,
        };
        let (rows, columns) = cells(columns, rows);
        let shown = Shown {
            parser: Parser::new_with_callbacks(rows, columns, 0, beside),
            bytes: Vec::new(),
            code: None,
            closed: false,
        };
        let window = Arc::new(Self {
            shown: Mutex::new(shown),
            changed: Condvar::new(),
        });
        let (reader, waiter) = (Arc::clone(&window), Arc::clone(&window));
        std::thread::spawn(move || reader.read(output));
        std::thread::spawn(move || waiter.await_end(shell));
        window
    }

    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `wanted` gives something; `None` when it does not within the time.
    pub(super) fn wait<T>(
        &self,
        time: Duration,
        mut wanted: impl FnMut(&Shown) -> Option<T>,
    ) -> Option<T> {
        let until = Instant::now() + time;
        let mut shown = self.shown();
        loop {
            if let Some(value) = wanted(&shown) {
                return Some(value);
            }
            let left = until.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(shown, left);
            shown = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets go of the terminal, once more has been written to it.
    pub(super) fn close(&self) {
        self.shown().closed = true;
    }

    fn read(&self, mut output: Box<dyn Read + Send>) {
        let mut bytes = [0; 65_536];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            let mut shown = self.shown();
            if shown.closed {
                return;
            }
            shown.parser.process(&bytes[..count]);
            shown.bytes.extend_from_slice(&bytes[..count]);
            self.changed.notify_all();
        }
    }

    fn await_end(&self, mut shell: Box<dyn Child + Send + Sync>) {
        let status = shell.wait().expect("the shell's end");
        self.shown().code = Some(status.exit_code());
        self.changed.notify_all();
    }
}

fn cells(columns: u16, rows: u16) -> (NonZeroU16, NonZeroU16) {
    let positive = |count| NonZeroU16::new(count).expect("a size");
    (positive(rows), positive(columns))
}
