//! The terminal's echo, off while a secret is typed.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, stdin};

/// As long as this lives, what is typed is not shown. Dropped, also by a panic, it puts the
/// terminal back as it was.
pub(super) struct EchoOff {
    before: Termios,
}

impl EchoOff {
    /// Turns the echo off; the end of a line is still shown. What was typed before is discarded: it
    /// was not meant for this question.
    pub(super) fn new() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Flush, &hidden)?;
        Ok(Self { before })
    }
}

impl Drop for EchoOff {
    fn drop(&mut self) {
        // Keys that the kernel still holds back arrive now, while nothing shows them: to look whether
        // there is something to read waits for them.
        let _ = poll(
            &mut [PollFd::new(&stdin(), PollFlags::IN)],
            Some(&Timespec::default()),
        );
        // What is left of a secret is neither shown late nor left to the shell. Without a terminal
        // there is nobody left to show anything to.
        let _ = tcsetattr(stdin(), OptionalActions::Flush, &self.before);
    }
}
