//! The report that lies beside the session, kept up to date.

use super::Runner;
use crate::failure::chain;
use crate::progress::Tone;
use crate::report::{self, Format};
use crate::session::Step;
use crate::wizard::{Effect, News};
use std::path::PathBuf;

impl Runner {
    /// Whether there is to be a report: from the checklist on, and where there is one already.
    pub(super) fn has_report(&self, effects: &[Effect]) -> bool {
        effects.iter().any(|effect| match effect {
            Effect::Tell(News::AwaitingSignOff(_) | News::Done(Step::Cutover)) => true,
            Effect::Tell(News::Refused(_)) => false,
            Effect::Tell(_) => self.report_file().exists(),
            _ => false,
        })
    }

    /// Nothing depends on the report: that it cannot be written is a warning.
    pub(super) fn keep_report(&self) {
        if let Err(error) = self.write_report() {
            let text = format!("There is no new report: {}.", chain(&error));
            self.progress.note(Tone::Warning, text);
        }
    }

    /// Where the report is kept: beside the session's file.
    pub fn report_file(&self) -> PathBuf {
        report::beside(self.session_file())
    }

    /// Writes the report as the session stands.
    ///
    /// # Errors
    /// The file system refused.
    pub fn write_report(&self) -> Result<(), report::Error> {
        report::write(self.wizard.session(), Format::Html, &self.report_file())
    }
}
