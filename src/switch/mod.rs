//! An application's files that hold the connection to its database: found, planned, replaced, put
//! back.
//!
//! A [`Plan`] is made of what the files hold now and changes nothing; what is shown of it has no
//! password. [`carry_out`] replaces the files, each whole, with a journal beside the session's file:
//! whatever interrupts it, [`settle`] puts back what was replaced.

mod edits;
mod error;
mod finding;
mod format;
mod git;
mod journal;
mod mentions;
mod plan;
mod setting;
mod settled;
mod shown;
mod value;
mod writing;

pub use error::Error;
pub use finding::named_folder;
pub use journal::{EditedFiles, carry_out, settle, undo, undo_edited};
pub use mentions::{Left, Mentions, mentions};
pub use plan::{Plan, PlannedFile};
pub use settled::Settled;
pub use value::{Goal, connection_variables};

#[cfg(test)]
mod awkward_tests;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;
