//! The rows that only the target has, or has otherwise: counted, written into a file, taken over.

use super::Error;
use crate::config::Select;
use crate::postgres::ConnectionString;
use crate::postgres::catalogue::TableName;
use crate::progress::Progress;
use crate::session::report::{Applied, Divergence, RowsFile};
use std::collections::HashMap;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A person's consent to let the old database be written to, for one time: its name was typed. Only the
/// machine asks for one.
#[derive(Debug)]
pub struct Consent {
    database: String,
}

impl Consent {
    /// From what a person typed; `None` unless it is the name of the old database.
    pub fn given(typed: &str, source: &ConnectionString) -> Option<Self> {
        (typed == source.database()).then(|| Self {
            database: typed.to_owned(),
        })
    }

    /// The database that it is for.
    pub fn database(&self) -> &str {
        &self.database
    }
}

/// What becomes of rows that both sides have, with other values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Changed {
    /// They stay as they are in the old database, and are told as conflicts.
    #[default]
    Keep,
    /// They become what they are on the target.
    Overwrite,
}

/// What was written to the target since the cutover, found by comparing both sides as they are now.
#[derive(Debug, Clone, Copy)]
pub struct Since<'a> {
    /// The old database.
    pub source: &'a ConnectionString,
    /// Where the application writes, directly and not through a pooler.
    pub target: &'a ConnectionString,
    /// What of the source was moved.
    pub select: &'a Select,
    /// Whether the target may hold tables that are not selected; then these are nobody's loss.
    pub beside_others: bool,
    /// The source's counters of each table as they were at the cutover, as the comparison notes them
    /// ([`ComparedTable::counters`](crate::session::report::ComparedTable::counters)); may be empty.
    pub counters: &'a HashMap<TableName, String>,
    /// Connections to each side at most.
    pub jobs: usize,
    /// The board.
    pub progress: &'a Progress,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

impl Since<'_> {
    /// What would be lost: counts rows, writes nothing.
    ///
    /// # Errors
    /// [`Error::Compare`].
    pub async fn count(&self) -> Result<Divergence, Error> {
        todo!()
    }

    /// Writes the rows that only the target has, and those that are changed there, into
    /// `neon_rows_<date>_<time>.sql` in this folder, for its owner only: for people to read and for
    /// `psql` to run. Tells of the same moment what differs.
    ///
    /// # Errors
    /// [`Error::Compare`], [`Error::Target`], [`Error::File`]; then there is no such file.
    pub async fn export(&self, folder: &Path) -> Result<(Divergence, RowsFile), Error> {
        let _ = folder;
        todo!()
    }

    /// Takes the rows over into the old database, in one transaction: all or nothing. Rows that only
    /// the target has are inserted, changed ones updated if it is wished, rows that the target has no
    /// more stay. A row that was written to in the old database since it was compared makes all of it
    /// fail, and nothing is changed then.
    ///
    /// # Errors
    /// [`Error::OtherDatabase`], [`Error::Source`], [`Error::Compare`], [`Error::Target`].
    pub async fn apply(&self, consent: Consent, changed: Changed) -> Result<Applied, Error> {
        let _ = (consent, changed);
        todo!()
    }
}
