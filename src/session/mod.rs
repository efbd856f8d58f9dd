//! What has happened so far: one migration as plain data, and its TOML file.
//!
//! The session is the truth about steps; the ledger on the target is the truth about rows.
//! It never holds a secret: connection strings stand in it without their passwords.

mod cutting;
mod format;
pub mod found;
mod item;
mod noted;
pub mod report;
pub mod standing;
mod step;
pub mod store;

pub use cutting::{CutOptions, CutOver, CutPhase, NotedCounters, PassedPhase, RolledBack};
pub use item::{Item, ItemKind, Signature};
pub use step::{Reached, Record, State, Step};

use crate::config::{Onto, Select, What};
use jiff::Timestamp;
use report::{Recovered, Rehearsal, Report, Stake};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The format of the session file, raised when something is added to it: older ones are read, newer
/// ones are refused and never rewritten.
pub const VERSION: u32 = 3;

/// One of the two databases, without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The connection string without its password.
    pub url: String,
    /// Which database it is, whatever it is called: known once it was connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

/// What tells one database from another, even behind other host names and ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The cluster's system identifier (`pg_control_system()`), or where the server was reached
    /// when it does not tell it to this role.
    pub system: String,
    /// The database's name.
    pub database: String,
    /// The database's OID.
    pub oid: u32,
    /// Neon's timeline (`neon.timeline_id`), which tells one branch of a project from another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// A person's consent to overwrite what a target holds: its name, typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The database's name as it was typed.
    pub database: String,
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The only database that it is for; not known before the first connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// What it is to: what was listed to the person, or is listed by the first test of the
    /// connections after it; not known before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covers: Option<Stake>,
    /// Whether the schema was made with it: it is for one time.
    #[serde(default)]
    pub spent: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What a person wants of a cleanup besides what is safe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleaning {
    /// The consent to drop the ledger: the name of the target's database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Whether the dump is removed once its archive was read back.
    #[serde(default)]
    pub remove_dump: bool,
}

/// An application's files that were replaced, so that it leads to the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Switched {
    /// The application's folder.
    pub folder: String,
    /// When.
    pub at: Timestamp,
    /// The files.
    pub files: Vec<Replaced>,
}

/// A file that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replaced {
    /// Its path.
    pub file: String,
    /// The path of the copy of what stood there before.
    pub copy: String,
}

/// A migration: plain data, saved after every transition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The file's format.
    pub version: u32,
    /// Names the migration, also in the ledger on the target.
    pub id: String,
    /// When it was begun.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The step that the person looks at.
    pub current: Step,
    /// Whether it runs on the practice servers.
    #[serde(default)]
    pub practice: bool,
    /// Whether no migration is meant at all: two databases are compared, and nothing of it is kept.
    #[serde(skip)]
    pub compares_only: bool,
    /// The configuration file that was named for it last, so that commands that are advised later
    /// name it too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PathBuf>,
    /// What may happen to what the target holds; [`Session::target_policy`] tells what holds.
    #[serde(default)]
    pub onto: Onto,
    /// What of the source is moved.
    #[serde(default, skip_serializing_if = "Select::is_everything")]
    pub select: Select,
    /// Whether a person made that selection in this session: then the configuration's, which may
    /// say otherwise, does not count.
    #[serde(default, skip_serializing_if = "is_false")]
    pub picked: bool,
    /// A person's consent to overwrite what the target holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Where the rows come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Place>,
    /// Where they go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Place>,
    /// The application's folder, when it was named in the wizard: before that of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<PathBuf>,
    /// The application's files that lead to the target now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Switched>,
    /// The files of the last switch that were put back since; empty once they are switched again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_back: Vec<String>,
    /// What was wanted of the last cleanup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaning: Option<Cleaning>,
    /// The cutting over, as far as it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutting: Option<CutOver>,
    /// What was saved of the target for the way back, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered: Vec<Recovered>,
    /// The last time that the application was taken back to its old database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
    /// The checklist of the cutover.
    #[serde(default)]
    pub checklist: Vec<Item>,
    /// What is known of each step that was ever started.
    #[serde(default)]
    pub steps: BTreeMap<Step, Record>,
}

impl Session {
    /// A new migration, begun `now`. The id is made of the time and of `salt`, which tells two
    /// migrations begun in the same second apart.
    pub fn new(now: Timestamp, salt: u16) -> Self {
        Self {
            version: VERSION,
            id: format!("{}-{salt:04x}", now.strftime("%Y%m%d-%H%M%S")),
            created: now,
            updated: now,
            current: Step::Prerequisites,
            practice: false,
            compares_only: false,
            config: None,
            onto: Onto::default(),
            select: Select::default(),
            picked: false,
            consent: None,
            source: None,
            target: None,
            application: None,
            switched: None,
            put_back: Vec::new(),
            cleaning: None,
            cutting: None,
            recovered: Vec::new(),
            rolled_back: None,
            checklist: Vec::new(),
            steps: BTreeMap::new(),
        }
    }

    /// What may happen to what the target holds, as it follows from everything that was said: rows
    /// alone need tables that are there, and a consent is one.
    pub fn target_policy(&self) -> Onto {
        match (self.onto, &self.consent, self.select.what) {
            (_, Some(_), _) => Onto::Overwrite,
            (Onto::Empty, None, What::Data) => Onto::Existing,
            (onto, None, _) => onto,
        }
    }

    /// Where a step stands. `application`, which older versions did not have, is done where they came
    /// to the end of the cutover without it.
    pub fn state(&self, step: Step) -> State {
        match self.steps.get(&step) {
            Some(record) => record.state,
            None if step == Step::Application => match self.state(Step::Cutover) {
                State::Done => State::Done,
                _ => State::Waiting,
            },
            None => State::Waiting,
        }
    }

    /// Marks what was under way when nobody works on it any more: the program was killed.
    pub fn stop_running(&mut self) {
        for record in self.steps.values_mut() {
            if record.state == State::Running {
                record.state = State::Interrupted;
            }
        }
        if let Some(cutting) = &mut self.cutting
            && cutting.state == State::Running
        {
            cutting.state = State::Interrupted;
        }
        if let Some(back) = &mut self.rolled_back
            && back.state == State::Running
        {
            back.state = State::Interrupted;
        }
    }

    /// The last rehearsal of the way back.
    pub fn rehearsal(&self) -> Option<&Rehearsal> {
        self.recovered
            .iter()
            .rev()
            .find_map(|recovered| match recovered {
                Recovered::Rehearsed(rehearsal) => Some(rehearsal),
                _ => None,
            })
    }

    /// Whether the application was being taken back, and is not yet.
    pub fn is_half_way_back(&self) -> bool {
        let back = self.rolled_back.as_ref();
        back.is_some_and(|back| back.state != State::Done)
    }

    /// Whether the application was cut over, and not taken back since.
    pub fn is_cut_over(&self) -> bool {
        self.cutting.as_ref().is_some_and(CutOver::is_done)
    }

    /// Whether the application leads to the target, or so it was said, also where that is not the end
    /// of its cutting over yet.
    pub fn leads_to_target(&self) -> bool {
        self.cutting.as_ref().is_some_and(CutOver::is_switched)
    }

    /// What a step reported when it was last done.
    pub fn report(&self, step: Step) -> Option<&Report> {
        self.steps.get(&step)?.report.as_ref()
    }

    /// The report whose findings are why a step has failed. `None` when it failed before it found
    /// anything: the report that stands there then is an earlier run's.
    pub fn failing_report(&self, step: Step) -> Option<&Report> {
        let record = self.steps.get(&step)?;
        let report = record.report.as_ref()?;
        (report.failure(!self.compares_only) == record.failure).then_some(report)
    }

    /// The steps that it takes, in their order.
    pub fn course(&self) -> &'static [Step] {
        match self.compares_only {
            true => &[Step::Compare],
            false => &Step::COURSE,
        }
    }

    /// The first step of its course that is not done.
    pub fn first_open(&self) -> Option<Step> {
        let mut steps = self.course().iter().copied();
        steps.find(|step| self.state(*step) != State::Done)
    }
}
