//! The terminal itself: entered and left symmetrically, whatever happens in between.

use super::clipboard;
use crate::config::Notify;
use crate::failure::{Explain, Failure, Severity};
use crate::signals::{Signals, refuse_suspension};
use crossterm::cursor;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event as Input, EventStream};
use crossterm::style::Print;
use crossterm::terminal::{self, BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, SetTitle};
use crossterm::{execute, queue};
use futures_util::StreamExt;
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use rustix::process::{Signal as Unix, getpid, kill_process};
use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, ThreadId};

/// `CSI 22;2t` and `CSI 23;2t` (xterm's window manipulation): the title is put on a stack and
/// taken from it.
const SAVE_TITLE: &str = "\x1b[22;2t";
const RESTORE_TITLE: &str = "\x1b[23;2t";

/// Whether the screen is up; the panic hook has to know it too.
static UP: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Why there is no screen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Standard input or output is a pipe or a file.
    #[error("standard {stream} is not a terminal")]
    NotATerminal {
        /// Which.
        stream: &'static str,
        /// The command that does the same without one.
        instead: &'static str,
    },
    /// The terminal did not answer or cannot be written to.
    #[error("the terminal failed")]
    Io(#[from] io::Error),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::NotATerminal { instead, .. } => Failure::new("The wizard needs a terminal", format!("{self}."))
                .advise("Without a screen, all remaining steps are run by:")
                .advise(format!("$ neonlift {instead}"))
                .severity(Severity::Usage),
            Self::Io(error) => Failure::new("The terminal failed", error.to_string())
                .advise("Nothing is lost: the session is saved. Start again, or go on without a screen:")
                .advise("$ neonlift run"),
        }
    }
}

/// Fails when there is no terminal to draw on; `instead` is the command that needs none.
///
/// # Errors
/// Standard input or output is a pipe or a file.
pub(super) fn require(instead: &'static str) -> Result<(), Error> {
    let stream = match (io::stdin().is_terminal(), io::stdout().is_terminal()) {
        (true, true) => return Ok(()),
        (false, _) => "input",
        (_, false) => "output",
    };
    Err(Error::NotATerminal { stream, instead })
}

/// What is drawn, until the terminal gets all of it at once. Standard output itself passes on a kilobyte
/// at a time, and after each the program may wait for a processor while a terminal that knows no
/// synchronized updates shows half a frame.
#[derive(Debug, Clone, Default)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Gathered {
    fn pass_on(&mut self) -> io::Result<()> {
        let mut written = self.0.borrow_mut();
        let mut terminal = io::stdout().lock();
        terminal.write_all(&written)?;
        written.clear();
        terminal.flush()
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    /// Nothing goes out before all is there.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen while it is up. Dropping it leaves the screen.
#[derive(Debug)]
pub struct Screen {
    // Never dropped: it would show the cursor again, which `leave` has done, and panic when the
    // terminal is gone, before a running step could be stopped. What it holds is one picture.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Gathered>>>,
    /// What the terminal above writes.
    written: Gathered,
    title: String,
    // One for all of the program: a key that comes while one stream goes and another begins may wait
    // for the next key to be heard.
    inputs: EventStream,
}

impl Screen {
    /// Puts the screen up.
    ///
    /// # Errors
    /// Standard input or output is not a terminal; the terminal failed.
    pub fn enter() -> Result<Self, Error> {
        require("run")?;
        let ui_thread = thread::current().id();
        HOOK.call_once(|| hook_panics(ui_thread));
        let written = Gathered::default();
        let terminal = Terminal::new(CrosstermBackend::new(written.clone()))?;
        let mut screen = Self {
            terminal: ManuallyDrop::new(terminal),
            written,
            title: String::new(),
            inputs: EventStream::new(),
        };
        screen.resume()?;
        Ok(screen)
    }

    /// Puts the screen up again after [`Screen::leave`], or after the shell changed the terminal's
    /// modes under it.
    ///
    /// # Errors
    /// The terminal failed.
    pub fn resume(&mut self) -> Result<(), Error> {
        // The title is saved once: a second time it would be our own that is saved.
        let save_title = if UP.swap(true, SeqCst) {
            ""
        } else {
            SAVE_TITLE
        };
        self.title.clear();
        terminal::enable_raw_mode()?;
        execute!(
            io::stdout(),
            Print(save_title),
            EnterAlternateScreen,
            EnableBracketedPaste,
            cursor::Hide
        )?;
        // `Terminal::clear` would ask the terminal where its cursor is, and fail on one that does
        // not answer in time (a slow line, a multiplexer): the same without the question.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())?;
        Ok(())
    }

    /// Goes to the background, the screen taken down, and waits there to be called back. The inner
    /// error is why that cannot be, for the person.
    ///
    /// # Errors
    /// The terminal failed.
    pub(crate) async fn suspend(
        &mut self,
        signals: &mut Signals,
    ) -> Result<Result<(), &'static str>, Error> {
        if let Some(why) = refuse_suspension() {
            return Ok(Err(why));
        }
        self.leave()?;
        // SIGTSTP is ours now, so its default is carried out by the signal behind it.
        if kill_process(getpid(), Unix::STOP).is_ok() {
            signals.resumed().await;
        }
        self.resume()?;
        Ok(Ok(()))
    }

    /// The next key or other input; `None` when the terminal is gone. May be dropped and called again.
    pub(crate) async fn input(&mut self) -> Option<io::Result<Input>> {
        self.inputs.next().await
    }

    /// Takes the screen down; the terminal is as it was before.
    ///
    /// # Errors
    /// The terminal failed.
    pub fn leave(&mut self) -> Result<(), Error> {
        Ok(leave()?)
    }

    /// Puts a text onto the terminal's clipboard, where the terminal allows it.
    ///
    /// # Errors
    /// The terminal failed.
    pub fn copy(&mut self, text: &str) -> Result<(), Error> {
        let in_tmux = std::env::var_os("TMUX").is_some();
        Ok(execute!(
            io::stdout(),
            Print(clipboard::sequence(text, in_tmux))
        )?)
    }

    /// Calls somebody who looks elsewhere.
    ///
    /// # Errors
    /// The terminal failed.
    pub fn notify(&mut self, how: Notify, text: &str) -> Result<(), Error> {
        let sequence = match how {
            Notify::Bell => "\x07".to_owned(),
            Notify::Message => format!("\x1b]9;{text}\x1b\\"),
            Notify::Off => return Ok(()),
        };
        Ok(execute!(io::stdout(), Print(sequence))?)
    }

    /// Draws a frame. The terminal shows it at once, not line by line.
    ///
    /// # Errors
    /// The terminal failed.
    pub fn draw(&mut self, title: &str, paint: impl FnOnce(&mut Frame<'_>)) -> Result<(), Error> {
        if self.title != title {
            title.clone_into(&mut self.title);
            queue!(self.written, SetTitle(title))?;
        }
        queue!(self.written, BeginSynchronizedUpdate)?;
        self.terminal.draw(paint)?;
        queue!(self.written, EndSynchronizedUpdate)?;
        Ok(self.written.pass_on()?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nobody is left to be told that the terminal is gone.
        let _ = leave();
    }
}

fn leave() -> io::Result<()> {
    if !UP.swap(false, SeqCst) {
        return Ok(());
    }
    // Every mode is left even when the terminal fails at one of them.
    let modes = execute!(
        io::stdout(),
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show,
        Print(RESTORE_TITLE)
    );
    let raw = terminal::disable_raw_mode();
    io::stdout().flush()?;
    modes.and(raw)
}

/// A panic of the screen's own thread takes the screen down before it is reported. A panic of a
/// step's task is caught by the runner and becomes a failure: its report goes to the log, because
/// on the terminal it would destroy the picture.
fn hook_panics(ui_thread: ThreadId) {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == ui_thread {
            // The report that follows matters more than a terminal that fails here.
            let _ = leave();
        }
        if UP.load(SeqCst) {
            tracing::error!("{panic}");
        } else {
            report(panic);
        }
    }));
}
