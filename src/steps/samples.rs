//! Sample rows of the tables that were compared, side by side, for who asked for them. They are told
//! and forgotten: values are never kept.

use super::excerpt::{Extent, Opened, told};
use super::{Context, Error, Unseen, Work};
use crate::config::TablePattern;
use crate::failure::{Explain, Failure};
use crate::postgres::Error as PostgresError;
use crate::postgres::catalogue::TableName;
use crate::session::report::{ComparedTable, Report};
use crate::session::{Session, Step};
use crate::wizard::Excerpt;
use tokio_util::sync::CancellationToken;

/// Which sample rows are wanted.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// So many of each table: those that the comparison has named as different, then the first by
    /// key.
    pub rows: usize,
    /// Of these tables alone; of all compared ones when there are none.
    pub of: Vec<TablePattern>,
}

impl Sampling {
    /// The compared tables that are meant; large objects have no columns to show.
    fn chosen<'a>(&self, session: &'a Session) -> Vec<&'a ComparedTable> {
        let tables = match session.report(Step::Compare) {
            Some(Report::Compare(found)) => found.tables.as_slice(),
            _ => &[],
        };
        let is_meant = |table: &&ComparedTable| {
            let fits = |of: &TablePattern| of.matches(&table.schema, &table.table);
            let is_asked = self.of.is_empty() || self.of.iter().any(fits);
            is_asked && !table.left_out && !table.is_large_objects()
        };
        tables.iter().filter(is_meant).collect()
    }

    /// The patterns that no compared table fits.
    pub fn unknown(&self, session: &Session) -> Vec<String> {
        let chosen = self.chosen(session);
        let fits_none = |of: &&TablePattern| {
            let mut tables = chosen.iter();
            !tables.any(|table| of.matches(&table.schema, &table.table))
        };
        self.of
            .iter()
            .filter(fits_none)
            .map(ToString::to_string)
            .collect()
    }
}

/// Reads the samples, and hands each table's to `tell`; one that a server refuses, or needs too long
/// for, as a failure.
///
/// # Errors
/// A side cannot be reached, is another database than the session's, or is lost meanwhile.
pub async fn samples(
    wanted: &Sampling,
    context: &Context,
    session: &Session,
    cancel: &CancellationToken,
    tell: impl FnMut(&ComparedTable, Result<Excerpt, Failure>),
) -> Result<(), Error> {
    let unseen = Unseen::new();
    let work = unseen.work(context, session, cancel);
    tokio::select! {
        done = each(work, wanted, tell) => done,
        () = cancel.cancelled() => Err(PostgresError::Cancelled.into()),
    }
}

async fn each(
    work: Work<'_>,
    wanted: &Sampling,
    mut tell: impl FnMut(&ComparedTable, Result<Excerpt, Failure>),
) -> Result<(), Error> {
    let chosen = wanted.chosen(work.session);
    if chosen.is_empty() {
        return Ok(());
    }
    let extent = Extent {
        first: wanted.rows,
        most: wanted.rows,
    };
    let sides = Opened::of(work).await?;
    sides.mark().await?;
    for table in chosen {
        let name = TableName {
            schema: table.schema.clone(),
            name: table.table.clone(),
        };
        let seen = sides.table(&name, extent).await;
        sides.leave().await?;
        let seen = seen.map_err(|error| told(&name, error).failure());
        tell(table, seen);
    }
    Ok(())
}
