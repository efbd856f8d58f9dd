//! The target dumped, and the dump restored into a new database on the old server.

use super::Error;
use crate::postgres::ConnectionString;
use crate::postgres::tools::Search;
use crate::progress::Progress;
use crate::session::report::{Backup, Restored};
use jiff::civil::DateTime;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// What dumping and restoring work with.
#[derive(Debug, Clone, Copy)]
pub struct Dumping<'a> {
    /// Where client tools are looked for.
    pub tools: &'a Search,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl Dumping<'_> {
    /// Dumps the target, without the ledger, over a [`Bridge`](super::bridge::Bridge) into
    /// `neon_recovery_<date>_<time>.dump` in this folder: for its owner only, hashed, read back.
    ///
    /// # Errors
    /// [`Error::Target`], [`Error::Tool`] (also when no pg_dump is new enough), [`Error::File`];
    /// then there is no such file.
    pub async fn dump_target(
        &self,
        target: &ConnectionString,
        folder: &Path,
    ) -> Result<Backup, Error> {
        let _ = (target, folder);
        todo!()
    }

    /// Restores a dump into a new database of the old server, without owners and rights. What fails
    /// half-way takes the new database away again.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::MayNotCreate`], [`Error::Source`], [`Error::Tool`].
    pub async fn restore_into_new(
        &self,
        source: &ConnectionString,
        dump: &Path,
        database: &str,
    ) -> Result<Restored, Error> {
        let _ = (source, dump, database);
        todo!()
    }
}

/// The name of the new database: `<database>_recovered_<date>_<time>`, no longer than PostgreSQL takes.
pub fn new_name(database: &str, at: DateTime) -> String {
    let _ = (database, at);
    todo!()
}
