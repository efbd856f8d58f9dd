//! Where a session stands, in words for people.

use super::report::Report;
use super::{Session, State, Step};
use jiff::civil::Date;

/// Host and database of a connection string: what tells it apart. Never a user, a password or a
/// parameter.
pub fn name(url: &str) -> &str {
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = address.split(['?', '#']).next().unwrap_or_default();
    address.rsplit_once('@').map_or(address, |(_, rest)| rest)
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::AwaitingSignOff => "to be signed",
        }
    }
}

impl Session {
    /// The names of source and target, `None` for one that is not known yet.
    pub fn places(&self) -> [Option<&str>; 2] {
        [&self.source, &self.target].map(|place| place.as_ref().map(|place| name(&place.url)))
    }

    /// How many steps of the migration are done, of how many.
    pub fn steps_done(&self) -> (usize, usize) {
        let done = |step: &&Step| self.state(**step) == State::Done;
        (Step::COURSE.iter().filter(done).count(), Step::COURSE.len())
    }

    /// The step that is to be done next and where it stands; `None` when all are done.
    pub fn next_open(&self) -> Option<(Step, State)> {
        self.first_open().map(|step| (step, self.state(step)))
    }

    /// Whose signature is the last one.
    pub fn last_signer(&self) -> Option<&str> {
        let items = self.checklist.iter();
        let signatures = items.filter_map(|item| item.signature.as_ref());
        let last = signatures.max_by_key(|signature| signature.at)?;
        Some(&last.by)
    }

    /// The name offered under a signature: that of the last one, else the user's; `env` reads a
    /// variable.
    pub fn offered_signer(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let last = self.last_signer().map(str::to_owned);
        last.or_else(|| ["USER", "LOGNAME"].into_iter().find_map(env))
    }

    /// Until when its backup is to be kept, or since when it need not be; `None` before a cleanup,
    /// and once the backup is gone. Looks at the disk.
    pub fn backup_reminder(&self, today: Date) -> Option<String> {
        match self.report(Step::Cleanup) {
            Some(Report::Cleanup(done)) if done.has_backup() => Some(done.reminder(today)),
            _ => None,
        }
    }

    /// As [`Session::backup_reminder`], when the day has come.
    pub fn backup_may_go(&self, today: Date) -> Option<String> {
        match self.report(Step::Cleanup) {
            Some(Report::Cleanup(done)) if done.keep_until <= today => self.backup_reminder(today),
            _ => None,
        }
    }

    /// What comes next, in words.
    pub fn whats_next(&self) -> String {
        if let Some(back) = self
            .rolled_back
            .as_ref()
            .filter(|_| self.is_half_way_back())
        {
            return back.in_words();
        }
        if let Some(cutting) = &self.cutting {
            return cutting.in_words();
        }
        match self.next_open() {
            None => "done and signed".to_owned(),
            Some((_, State::AwaitingSignOff)) => "waits for signatures".to_owned(),
            Some((step, State::Failed)) => format!("next: {step}, which failed"),
            Some((step, State::Interrupted)) => format!("next: {step}, stopped half-way"),
            Some((step, State::Running)) => format!("{step} is running"),
            Some((step, _)) => format!("next: {step}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Record;
    use jiff::Timestamp;

    #[test]
    fn a_name_is_host_and_database_alone() {
        assert_eq!(
            name("postgresql://me:pw@h:5432/db?sslmode=require"),
            "h:5432/db"
        );
        assert_eq!(name("postgresql://h/db"), "h/db");
    }

    #[test]
    fn what_is_next_names_the_step_and_its_state() {
        let mut session = Session::new(Timestamp::UNIX_EPOCH, 1);
        assert_eq!(session.whats_next(), "next: prerequisites");
        let record = |state| Record {
            state,
            ..Record::default()
        };
        for step in Step::COURSE {
            session.steps.insert(step, record(State::Done));
        }
        assert_eq!(session.whats_next(), "done and signed");
        session
            .steps
            .insert(Step::Transfer, record(State::Interrupted));
        assert_eq!(session.whats_next(), "next: transfer, stopped half-way");
        assert_eq!(session.steps_done(), (8, 9));
    }
}
