//! The rollback tried on copies, so that it is known to work before it is needed.

use super::Error;
use super::dump::Dumping;
use crate::postgres::ConnectionString;
use crate::session::report::Rehearsal;
use std::path::{Path, PathBuf};

/// An application's files, for a rehearsal.
#[derive(Debug, Clone, Copy)]
pub struct Application<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Files that the configuration names besides the usual ones.
    pub files: &'a [PathBuf],
}

/// What a rehearsal works with.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsing<'a> {
    /// The old database.
    pub source: &'a ConnectionString,
    /// The target, directly and not through a pooler.
    pub target: &'a ConnectionString,
    /// The application, if its folder is known.
    pub application: Option<Application<'a>>,
    /// A target of more bytes is not dumped for a rehearsal.
    pub largest: u64,
    /// Tools, board, token.
    pub dumping: Dumping<'a>,
}

impl Rehearsing<'_> {
    /// Switches and puts back copies of the application's files, looks whether the old database is
    /// alive, dumps the target over the bridge and restores it into a database on the old server that is
    /// dropped afterwards. What could not be tried is a warning in the result, what failed a bad check.
    ///
    /// # Errors
    /// Only when it was stopped.
    pub async fn run(&self) -> Result<Rehearsal, Error> {
        todo!()
    }
}
