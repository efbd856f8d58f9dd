//! What was dropped with a person's consent, noted in the transaction that drops it: a kill right
//! behind that loses the schema step's report, and nothing else would know.

use super::Ledger;
use crate::postgres::{Error, quote};

/// Creates it; part of the ledger's creation.
pub(super) const CREATE: &str = "
CREATE TABLE IF NOT EXISTS neonlift.overwritten (
  run text REFERENCES neonlift.runs, position int, what text NOT NULL, PRIMARY KEY (run, position));
";

impl Ledger<'_> {
    /// SQL that notes what is dropped, in words for people.
    pub fn noting_overwritten(run: &str, what: &[String]) -> String {
        let what: Vec<String> = what.iter().map(|what| quote::literal(what)).collect();
        format!(
            "INSERT INTO neonlift.overwritten (run, position, what)
             SELECT {}, position, what FROM unnest(ARRAY[{}]::text[]) WITH ORDINALITY named(what, position)",
            quote::literal(run),
            what.join(", ")
        )
    }

    /// What was dropped when the run was begun.
    pub async fn overwritten(&self) -> Result<Vec<String>, Error> {
        let sql = "SELECT what FROM neonlift.overwritten WHERE run = $1 ORDER BY position";
        Ok(self.rows(sql).await?.iter().map(|row| row.get(0)).collect())
    }
}
