//! Signals: interrupt, end, hang up, suspend, resume, as every front end hears them.

use rustix::process::{Signal as Unix, getpid, getsid};
use std::future::pending;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The wishes to stop: Ctrl-C, `kill`, and the end of the terminal.
#[derive(Debug)]
pub(crate) struct Stops {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

/// What a wizard is told by the system: wishes to stop, and to go to the background.
#[derive(Debug)]
pub(crate) struct Signals {
    stops: Stops,
    suspend: Signal,
    resume: Signal,
}

/// What it means for a wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Stop what runs.
    Stop,
    /// Stop safely and end.
    End,
    /// Go to the background.
    Suspend,
    /// Back from there.
    Resumed,
}

/// Why the program cannot go to the background; `None` when a shell can call it back. The leader
/// of a session was started by none.
pub(crate) fn refuse_suspension() -> Option<&'static str> {
    let leads = getsid(None).is_ok_and(|leader| leader == getpid());
    leads.then_some("there is no shell to go back to")
}

fn listen(unix: Unix) -> io::Result<Signal> {
    signal(SignalKind::from_raw(unix.as_raw()))
}

impl Stops {
    /// Begins to listen; from now on these signals do not end the process by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: listen(Unix::INT)?,
            terminate: listen(Unix::TERM)?,
            hang_up: listen(Unix::HUP)?,
        })
    }

    /// The next one: [`Told::Stop`] or [`Told::End`].
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            Some(()) = self.terminate.recv() => Told::End,
            Some(()) = self.hang_up.recv() => Told::End,
            Some(()) = self.interrupt.recv() => Told::Stop,
            else => pending().await,
        }
    }

    /// Waits for Ctrl-C or `kill`. The end of a terminal is told more than once, by the system and
    /// by the shell, and insists on nothing.
    pub(crate) async fn insist(&mut self) {
        tokio::select! {
            Some(()) = self.terminate.recv() => {}
            Some(()) = self.interrupt.recv() => {}
            else => pending().await,
        }
    }
}

impl Signals {
    /// Begins to listen, as [`Stops::new`]; Ctrl-Z does nothing by itself from now on, either.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            stops: Stops::new()?,
            suspend: listen(Unix::TSTP)?,
            resume: listen(Unix::CONT)?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            told = self.stops.next() => told,
            Some(()) = self.suspend.recv() => Told::Suspend,
            Some(()) = self.resume.recv() => Told::Resumed,
        }
    }

    /// Waits until the process is called back from the background.
    pub(crate) async fn resumed(&mut self) {
        self.resume.recv().await;
    }
}
