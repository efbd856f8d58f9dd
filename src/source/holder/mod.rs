//! A snapshot that outlives the wizard: a small process of its own holds it, so that a transfer
//! that was killed goes on in the very same snapshot.
//!
//! The holder ([`serve`]) is this program again, detached from the terminal. All that is known of
//! it stands in a [`Note`] beside the session's file. It holds that file's lock for as long as it
//! lives, so whether it lives never depends on a process id; and it ends as soon as the note is
//! taken away, so nobody ever has to be killed ([`release`]).

mod error;
mod note;
mod process;
mod start;

pub use error::Error;
pub use note::{Held, Note, NoteFile, find, look};
pub use process::serve;
pub use start::{COMMAND, Holder, Origin};

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

/// How often a holder looks whether it is still wanted.
const TICK: Duration = Duration::from_millis(100);

/// How long a holder may take to end when it is told to. It takes that long only where the source
/// no longer answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a transfer that works in a held snapshot says so.
const SIGN_OF_LIFE: Duration = Duration::from_secs(60);

/// Tells the holder of a session, if there is one, to end: takes its note away. Does not wait.
///
/// # Errors
/// The note cannot be removed.
pub fn release(session_file: &Path) -> Result<Option<Released>, Error> {
    find(session_file).map(NoteFile::release).transpose()
}

/// A holder that was told to end.
#[derive(Debug)]
#[must_use]
pub struct Released(NoteFile);

impl Released {
    /// Waits until it has ended, and the source is free of it; whether it has.
    pub async fn ended(self) -> bool {
        let gone = async {
            while self.0.is_alive() {
                tokio::time::sleep(TICK / 5).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.is_ok()
    }
}

/// Puts a holder's time limit off for as long as this is awaited: the snapshot is in use.
pub async fn in_use(session_file: &Path) -> Infallible {
    loop {
        if let Some(held) = look(session_file) {
            held.put_off();
        }
        tokio::time::sleep(SIGN_OF_LIFE).await;
    }
}
