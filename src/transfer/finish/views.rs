//! Materialized views: filled once the rows are in.

use super::Finish;
use crate::failure::chain;
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::{Connection, Error as PostgresError};
use crate::progress::Tone;
use crate::session::report::LeftOut;
use crate::transfer::Error;

impl Finish<'_> {
    /// The materialized views that hold rows on the source and none on the target.
    pub(super) async fn unfilled_views(
        &self,
        connection: &Connection,
    ) -> Result<Vec<TableName>, PostgresError> {
        let mut views = catalogue::materialized_views(connection, false).await?;
        views.retain(|view| !self.empty_views.contains(view));
        Ok(views)
    }

    /// Refreshes materialized views. One that reads another waits until that one is filled. Gives
    /// those that cannot be filled, and why.
    pub(super) async fn refresh_views(
        &self,
        connection: &Connection,
        mut views: Vec<TableName>,
    ) -> Result<(Vec<TableName>, Vec<LeftOut>), Error> {
        if views.is_empty() {
            return Ok(Default::default());
        }
        self.progress.activity("Refreshing materialized views");
        let meter = self
            .progress
            .definitions("materialized views", views.len() as u64);
        meter.begin();
        while !views.is_empty() {
            let all = views.len();
            let mut refused = Vec::new();
            for view in views {
                let _builds = self.begins().await?;
                let sql = format!("REFRESH MATERIALIZED VIEW {}", view.sql());
                let doing = format!("refreshing {view}");
                let work = connection.batch(&doing, &sql);
                match connection.until_cancelled(self.cancel, work).await? {
                    Ok(()) => meter.add(1, 0),
                    Err(error) if error.is_retryable() => return Err(error.into()),
                    Err(error) => refused.push((view, error)),
                }
            }
            if refused.len() == all {
                let left_out = self.leave_empty(&refused);
                meter.finish();
                let empty = refused.into_iter().map(|(view, _)| view);
                return Ok((empty.collect(), left_out));
            }
            views = self.unfilled_views(connection).await?;
        }
        meter.finish();
        Ok(Default::default())
    }

    fn leave_empty(&self, refused: &[(TableName, PostgresError)]) -> Vec<LeftOut> {
        let left_out = refused.iter().map(|(view, refusal)| LeftOut {
            what: format!("rows of the materialized view {view}"),
            why: chain(refusal),
        });
        let left_out: Vec<LeftOut> = left_out.collect();
        for LeftOut { what, why } in &left_out {
            self.progress
                .note(Tone::Warning, format!("{what} are left out: {why}"));
        }
        left_out
    }
}
