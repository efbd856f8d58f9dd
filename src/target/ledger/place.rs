//! The schema that the ledger is in: whether it is ours, and whose migrations it knows.

use super::Ledger;
use super::creation::MARK;
use crate::postgres::{Connection, Error};
use crate::target;

/// What a server has under the name of the ledger's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// No ledger: nothing, or what is left in a schema of ours when the ledger was dropped.
    Free,
    /// A ledger.
    Ledger,
    /// A schema that somebody else has made, known by not having our mark.
    Foreign,
}

impl Place {
    /// Looks at a database, source or target.
    pub async fn of(connection: &Connection) -> Result<Self, Error> {
        let sql =
            "SELECT obj_description(oid, 'pg_namespace'), to_regclass('neonlift.runs') IS NOT NULL
                   FROM pg_namespace WHERE nspname = 'neonlift'";
        let rows = connection.query_typed(sql, &[]).await;
        let rows = rows.map_err(Error::while_doing("looking for a ledger"))?;
        let Some(row) = rows.first() else {
            return Ok(Self::Free);
        };
        let (mark, has_runs): (Option<String>, bool) = (row.get(0), row.get(1));
        Ok(match (mark.as_deref() == Some(MARK), has_runs) {
            (false, _) => Self::Foreign,
            (true, false) => Self::Free,
            (true, true) => Self::Ledger,
        })
    }
}

impl Ledger<'_> {
    /// The runs that a database's ledger knows; none when it has no ledger.
    pub async fn runs(connection: &Connection) -> Result<Vec<String>, Error> {
        if Place::of(connection).await? != Place::Ledger {
            return Ok(Vec::new());
        }
        let rows = connection
            .query("SELECT run FROM neonlift.runs ORDER BY created_at", &[])
            .await
            .map_err(Error::while_doing("reading the ledger's runs"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// As [`Ledger::runs`], of a target that is to get a ledger.
    ///
    /// # Errors
    /// The server's; [`target::Error::NameTaken`] when somebody else's schema is in the place.
    pub async fn runs_beside(connection: &Connection) -> Result<Vec<String>, target::Error> {
        match Place::of(connection).await? {
            Place::Foreign => Err(target::Error::NameTaken),
            Place::Free | Place::Ledger => Ok(Self::runs(connection).await?),
        }
    }
}
