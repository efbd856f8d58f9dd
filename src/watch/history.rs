//! The history: one JSON object a line, in a file beside the session's that its owner alone may read.
//! Lines are only added, also by a later watch; when there are too many, every second of the older half
//! goes.

use crate::durable::write_whole;
use crate::failure::{Explain, Failure, chain};
use crate::session::report::Probe;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many probes are kept: two days of one a minute are thinned out once.
const KEPT: usize = 2000;

/// What was beyond a threshold when a probe was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name of the check.
    pub name: String,
    /// What it found.
    pub found: String,
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in its watch, from 1: also when earlier ones were left out.
    pub number: u64,
    /// What was found.
    pub probe: Probe,
    /// The alarms that stood then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Finding>,
    /// A hash of what the old database counted then: another one when it was written to. `None` where
    /// it was not asked, or did not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// The history could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("cannot {doing} {file}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A probe cannot be put into JSON.
    #[error("a probe cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        Failure::new("The history of the watch cannot be kept", format!("{}.", chain(self)))
            .advise("Check the rights on the session's folder, and the room on its disk; then start the watch again: it goes on.")
    }
}

/// The probes of one watch, the oldest first, and the file that it shares with those before.
#[derive(Debug)]
pub struct History {
    file: PathBuf,
    /// When this watch began.
    since: Timestamp,
    /// Of all watches.
    all: Vec<Entry>,
    /// Whether the file holds something other than them: left out, or damaged.
    stale: bool,
}

impl History {
    /// The file of a session's history: `….watch.jsonl` beside `….toml`.
    pub fn beside(session: &Path) -> PathBuf {
        session.with_extension("watch.jsonl")
    }

    /// Reads what there is; probes from `since` on are this watch's. A line that a crash left half-written, and any other
    /// that is none, is left out, and goes with the next one that is added.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn open(session: &Path, since: Timestamp) -> Result<Self, Error> {
        let file = Self::beside(session);
        let text = match fs::read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(io_error("read", &file)(source)),
        };
        let lines: Vec<&str> = text.lines().collect();
        let read = lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok());
        let mut all: Vec<Entry> = read.collect();
        let stale = all.len() < lines.len() || !(text.is_empty() || text.ends_with('\n'));
        forget_statements(&mut all);
        Ok(Self {
            file,
            since,
            all,
            stale,
        })
    }

    /// Where it is kept.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The probes of this watch, the oldest first.
    pub fn entries(&self) -> &[Entry] {
        let is_own = |entry: &Entry| entry.probe.at() >= self.since;
        let first = self.all.iter().position(is_own);
        &self.all[first.unwrap_or(self.all.len())..]
    }

    /// How many probes this watch has made.
    pub fn made(&self) -> u64 {
        self.entries().last().map_or(0, |last| last.number)
    }

    /// Adds a probe with the alarms that it raised, and what the old database counted; on return it is
    /// on the disk.
    ///
    /// # Errors
    /// The file system refused.
    pub fn add(
        &mut self,
        probe: Probe,
        alarms: Vec<Finding>,
        source: Option<String>,
    ) -> Result<(), Error> {
        let number = self.made() + 1;
        self.all.push(Entry {
            number,
            probe,
            alarms,
            source,
        });
        if self.all.len() > KEPT {
            thin(&mut self.all);
            self.stale = true;
        }
        let failed = io_error("write", &self.file);
        match self.stale {
            true => write_whole(&self.file, text(&self.all)?.as_bytes()).map_err(failed)?,
            false => {
                let last = &self.all[self.all.len() - 1..];
                append(&self.file, &text(last)?).map_err(failed)?;
            }
        }
        self.stale = false;
        forget_statements(&mut self.all);
        Ok(())
    }
}

/// Statements are held against those of the probe before, and no further back.
fn forget_statements(entries: &mut [Entry]) {
    let older = entries.len().saturating_sub(1);
    for entry in &mut entries[..older] {
        if let Probe::Reached(sample) = &mut entry.probe {
            sample.statements = None;
        }
    }
}

/// Leaves every second of the older half out; what was an alarm stays.
fn thin(entries: &mut Vec<Entry>) {
    let half = entries.len() / 2;
    let mut at = 0;
    entries.retain(|entry| {
        at += 1;
        at > half || at % 2 == 1 || !entry.alarms.is_empty()
    });
    // Where nearly all were alarms, the oldest go.
    let over = entries.len().saturating_sub(KEPT);
    entries.drain(..over);
}

fn text(entries: &[Entry]) -> Result<String, Error> {
    let mut text = String::new();
    for entry in entries {
        text += &serde_json::to_string(entry).map_err(Error::Encode)?;
        text.push('\n');
    }
    Ok(text)
}

fn append(file: &Path, line: &str) -> io::Result<()> {
    const OWN: u32 = 0o600;
    let mut options = OpenOptions::new();
    let mut opened: File = options.append(true).create(true).mode(OWN).open(file)?;
    opened.set_permissions(Permissions::from_mode(OWN))?;
    opened.write_all(line.as_bytes())?;
    opened.sync_data()
}

fn io_error<'a>(doing: &'static str, file: &'a Path) -> impl Fn(io::Error) -> Error + use<'a> {
    move |source| Error::Io {
        doing,
        file: file.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::threshold::tests::{at, sample};
    use proptest::prelude::*;

    fn entry(second: i64) -> Entry {
        Entry {
            number: second.unsigned_abs() + 1,
            probe: Probe::Reached(Box::new(sample(second))),
            alarms: Vec::new(),
            source: None,
        }
    }

    fn add(history: &mut History, second: i64) {
        let Entry { probe, alarms, .. } = entry(second);
        history.add(probe, alarms, None).unwrap();
    }

    fn opened(folder: &tempfile::TempDir) -> History {
        History::open(&folder.path().join("s.toml"), at(0)).unwrap()
    }

    #[test]
    fn what_is_added_is_read_again_and_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = opened(&folder);
        (0..3).for_each(|second| add(&mut history, second));
        assert_eq!(opened(&folder).entries(), history.entries());
        let mode = fs::metadata(history.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let later = History::open(&folder.path().join("s.toml"), at(2)).unwrap();
        assert_eq!(later.entries().len(), 1, "an earlier watch is another");
        assert_eq!(later.made(), 3);
    }

    #[test]
    fn a_later_watch_counts_anew_and_leaves_what_earlier_ones_found() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = opened(&folder);
        (0..3).for_each(|second| add(&mut first, second));
        let begun = || History::open(&folder.path().join("s.toml"), at(100)).unwrap();
        let mut second = begun();
        assert_eq!((second.entries().len(), second.made()), (0, 0));
        (100..102).for_each(|at| add(&mut second, at));
        let again = begun();
        assert_eq!((again.entries().len(), again.made()), (2, 2));
        let text = fs::read_to_string(again.file()).unwrap();
        assert_eq!(text.lines().count(), 5, "{text}");
        // What a crash has torn is put right without those before.
        fs::write(again.file(), format!("{text}{{\"num")).unwrap();
        let mut torn = begun();
        add(&mut torn, 102);
        assert_eq!(
            (begun().entries().len(), opened(&folder).entries().len()),
            (3, 6)
        );
    }

    #[test]
    fn it_is_bounded_and_keeps_its_alarms_and_its_ends() {
        let mut entries: Vec<Entry> = (0..2001).map(entry).collect();
        entries[1].alarms = vec![Finding {
            name: "Size".into(),
            found: "full".into(),
        }];
        thin(&mut entries);
        assert!(entries.len() < KEPT && entries.len() > KEPT / 2);
        assert_eq!(entries[0], entry(0));
        assert_eq!(entries.last(), Some(&entry(2000)));
        assert!(!entries[1].alarms.is_empty());
    }

    proptest! {
        /// Cut anywhere, as a crash cuts: every whole line is read, and the next one is added well.
        #[test]
        fn a_torn_line_costs_itself_alone(cut in 0..200_usize) {
            let folder = tempfile::tempdir().unwrap();
            let mut history = opened(&folder);
            (0..3).for_each(|second| add(&mut history, second));
            let text = fs::read_to_string(history.file()).unwrap();
            let torn = &text[..text.len() - cut];
            fs::write(history.file(), torn).unwrap();
            let mut again = opened(&folder);
            let whole = torn.lines().filter(|line| line.ends_with('}') && serde_json::from_str::<Entry>(line).is_ok()).count();
            prop_assert_eq!(again.entries().len(), whole);
            add(&mut again, 9);
            let read = opened(&folder);
            prop_assert_eq!(read.entries(), again.entries());
            let lines = fs::read_to_string(again.file()).unwrap();
            prop_assert_eq!(lines.lines().count(), whole + 1);
        }
    }
}
