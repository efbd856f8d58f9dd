//! The sequences' values.

use super::definition::noted;
use super::{Finish, Finished};
use crate::postgres::catalogue::{self, TableName};
use crate::session::report::{KindCount, LeftOut};
use crate::target::Control;
use crate::transfer::Error;
use std::collections::HashSet;

impl Finish<'_> {
    /// Sets every sequence once: a repeated transfer must not set back what an application on
    /// the target has used since.
    pub(super) async fn set_sequences(
        &self,
        control: &mut Control,
        built: &HashSet<String>,
        finished: &mut Finished,
    ) -> Result<(), Error> {
        const MARK: &str = "sequence values";
        if self.sequences.is_empty() {
            return Ok(());
        }
        let there = catalogue::sequence_names(control.connection().await?).await?;
        let there: HashSet<&TableName> = there.iter().collect();
        let (set, missing): (Vec<_>, Vec<_>) = self
            .sequences
            .iter()
            .partition(|sequence| there.contains(&sequence.name));
        for sequence in missing {
            let what = format!("value of the sequence {}", sequence.name);
            let why = "the target has no such sequence".to_owned();
            finished.left_out.push(LeftOut { what, why });
        }
        if !set.is_empty() {
            let kind = MARK.to_owned();
            finished.built.push(KindCount {
                kind,
                count: set.len() as u64,
            });
        }
        if set.is_empty() || built.contains(MARK) {
            return Ok(());
        }
        let values = set
            .iter()
            .map(|sequence| sequence.setting())
            .collect::<String>();
        let statement = [noted(self.run, MARK.to_owned(), MARK, &values)];
        self.build_together(control, "setting the sequences", &statement)
            .await
    }
}
