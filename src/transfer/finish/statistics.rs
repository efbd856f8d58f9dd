//! Statistics that no index's end has gathered.

use super::Finish;
use super::definition::{noted, statistics_mark};
use crate::postgres::{Connection, catalogue, quote};
use crate::target::{Control, Statement};
use crate::transfer::Error;
use std::collections::HashSet;

impl Finish<'_> {
    /// The tables whose statistics were taken away again, with their rows, after they were gathered.
    pub(super) async fn analyze(
        &self,
        control: &mut Control,
        built: &HashSet<String>,
    ) -> Result<(), Error> {
        let missing = self
            .tables
            .keys()
            .filter(|table| !built.contains(&statistics_mark(table)));
        let statements: Vec<Statement> = missing
            .map(|table| {
                let (what, sql) = (
                    format!("statistics of {table}"),
                    format!("ANALYZE {};", table.sql()),
                );
                noted(self.run, what, &statistics_mark(table), &sql)
            })
            .collect();
        match statements.is_empty() {
            true => Ok(()),
            false => {
                self.build_together(control, "gathering statistics", &statements)
                    .await
            }
        }
    }

    /// Partitioned tables have statistics of their own, which no autovacuum ever gathers.
    pub(super) async fn analyze_partitioned(&self, connection: &Connection) -> Result<(), Error> {
        let body = format!(
            "DECLARE root regclass;
             BEGIN
               FOR root IN SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE c.relkind = 'p' AND NOT c.relispartition AND {} LOOP
                 EXECUTE 'ANALYZE ' || root;
               END LOOP;
             END",
            catalogue::USERS_OWN
        );
        let sql = format!("DO {}", quote::literal(&body));
        let work = connection.batch("gathering statistics of partitioned tables", &sql);
        Ok(connection.until_cancelled(self.cancel, work).await??)
    }
}
