//! The rows that only the target has, or has otherwise: counted, written into a file, taken over.

mod apply;
mod keeping;
mod order;
mod script;
mod statements;
mod triggers;
mod walk;

use super::{Error, new_file};
use crate::compare::Running;
use crate::config::Select;
use crate::postgres::catalogue::TableName;
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use crate::progress::Progress;
use crate::session::report::{Applied, Divergence, RowsFile};
use jiff::Zoned;
use order::Order;
use script::Script;
use statements::{fixed_columns, further_sequences};
use std::collections::HashMap;
use std::path::Path;
use tokio_util::sync::CancellationToken;
use walk::Nobody;

/// A person's consent to let the old database be written to, for one time: its name was typed. Only the
/// machine asks for one.
#[derive(Debug)]
pub struct Consent {
    database: String,
}

impl Consent {
    /// From what a person typed.
    ///
    /// # Errors
    /// [`Error::OtherDatabase`] unless it is the name of the old database.
    pub fn given(typed: &str, source: &ConnectionString) -> Result<Self, Error> {
        match source.database() {
            name if name == typed => Ok(Self {
                database: typed.to_owned(),
            }),
            name => Err(Error::OtherDatabase {
                consented: typed.to_owned(),
                found: name.to_owned(),
            }),
        }
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
        let running = Running::default();
        let mut nobody = Nobody;
        let order = Order::default();
        let counting = self.walk((None, &running), &order, &mut nobody);
        self.watched(&running, counting).await
    }

    /// Writes the rows that only the target has, and those that are changed there, into
    /// `neon_rows_<date>_<time>.sql` in this folder, for its owner only: for people to read and for
    /// `psql` to run, in one transaction. Tells of the same moment what differs.
    ///
    /// # Errors
    /// [`Error::Compare`], [`Error::Target`], [`Error::File`]; then there is no such file.
    pub async fn export(&self, folder: &Path) -> Result<(Divergence, RowsFile), Error> {
        let now = Zoned::now();
        let file = new_file(folder, "neon_rows", &now, "sql")?;
        let running = Running::default();
        let exporting = self.exported(&file, &now, &running);
        self.watched(&running, exporting).await
    }

    async fn exported(
        &self,
        file: &Path,
        now: &Zoned,
        running: &Running,
    ) -> Result<(Divergence, RowsFile), Error> {
        let source = self.session(self.source).await.map_err(Error::Source)?;
        let fixed = fixed_columns(&source).await.map_err(Error::Source)?;
        let told = [
            format!(
                "What was written to {} and is not in {}, as of {}.",
                self.target.endpoint(),
                self.source.endpoint(),
                now.strftime("%Y-%m-%d %H:%M %Z")
            ),
            "Run it with psql in the old database: it changes all or nothing. A row whose key is there already stops it.".to_owned(),
        ];
        let order = Order::read(&source).await.map_err(Error::Source)?;
        let mut script = Script::create(file, &told, (&order, fixed)).await?;
        let divergence = self.walk((None, running), &order, &mut script).await?;
        let target = self.session(self.target).await.map_err(Error::Target)?;
        let sequences = further_sequences(&source, &target).await?;
        let written = script.complete(&divergence, &order, &sequences).await?;
        Ok((divergence, written))
    }

    async fn session(&self, place: &ConnectionString) -> Result<Connection, PostgresError> {
        let session = Connection::open(place, &Retrying::default(), self.cancel).await?;
        session.pin().await?;
        Ok(session)
    }

    /// Takes the rows over into the old database, in one transaction: all or nothing. Rows that only
    /// the target has are inserted, changed ones updated if it is wished, rows that the target has no
    /// more stay. A row that is written to in the old database while this is going on makes all of it
    /// fail, and nothing is changed then.
    ///
    /// The person's triggers are switched off for it (rows are taken over as they are); where the role
    /// does not own the table they fire, which is told. Foreign keys are checked. Sequences that the
    /// target has used further are raised, last of all, because nothing takes that back.
    ///
    /// # Errors
    /// [`Error::OtherDatabase`], [`Error::Source`], [`Error::Compare`], [`Error::Target`].
    pub async fn apply(&self, consent: Consent, changed: Changed) -> Result<Applied, Error> {
        let running = Running::default();
        self.applied(&consent, changed, &running).await
    }
}
