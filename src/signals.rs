//! Signals: interrupt, end, hang up, suspend, resume, as both wizards hear them.

use rustix::process::Signal as Unix;
use std::future::pending;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the process is told by the system.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
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

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let raw = |unix: Unix| signal(SignalKind::from_raw(unix.as_raw()));
        Ok(Self {
            interrupt: raw(Unix::INT)?,
            terminate: raw(Unix::TERM)?,
            hang_up: raw(Unix::HUP)?,
            suspend: raw(Unix::TSTP)?,
            resume: raw(Unix::CONT)?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Told {
        tokio::select! {
            Some(()) = self.terminate.recv() => Told::End,
            Some(()) = self.hang_up.recv() => Told::End,
            Some(()) = self.interrupt.recv() => Told::Stop,
            Some(()) = self.suspend.recv() => Told::Suspend,
            Some(()) = self.resume.recv() => Told::Resumed,
            else => pending().await,
        }
    }

    /// Waits until the process is called back from the background.
    pub(crate) async fn resumed(&mut self) {
        self.resume.recv().await;
    }
}
