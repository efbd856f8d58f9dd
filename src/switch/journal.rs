//! Files replaced and put back, with a note beside the session's file that outlives a crash.
//!
//! The note says what is about to happen before it happens. While it says `replacing` or `undoing`,
//! the next start puts back what was replaced; `replaced` is the end, and what an undo begins with.
//! It holds hashes of the old and the new texts, never the texts.

use super::plan::{Plan, PlannedFile};
use super::{Error, writing};
use crate::durable::{sync_folder, write_whole};
use crate::figures::hex;
use crate::session::report::LeftOut;
use crate::session::{Replaced, Switched};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What stands between a file's name and the moment when its copy was made.
pub(super) const COPY: &str = ".before-neon-";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Replacing,
    Replaced,
    Undoing,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    pub(super) stage: Stage,
    folder: PathBuf,
    at: Timestamp,
    pub(super) files: Vec<Entry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    file: PathBuf,
    copy: PathBuf,
    before: String,
    after: String,
}

/// How an application's files stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is switched; `None` when nothing is.
    pub switched: Option<Switched>,
    /// Files that were put back.
    pub restored: Vec<String>,
    /// Files that somebody has changed since, so that they were not put back.
    pub left: Vec<LeftOut>,
}

impl Settled {
    /// Whether files were put back, or should have been.
    pub fn is_mended(&self) -> bool {
        !self.restored.is_empty() || !self.left.is_empty()
    }

    /// What was done, in words.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.restored.is_empty() {
            let files = self.restored.join(", ");
            lines.push(format!("put back as it was, byte for byte: {files}"));
        }
        let left = self.left.iter();
        lines.extend(left.map(|left| format!("not put back: {} ({})", left.what, left.why)));
        if let (Some(switched), true) = (&self.switched, self.left.is_empty()) {
            let files = switched.files.iter();
            lines.extend(files.map(|file| {
                format!(
                    "leads to the target now: {}; its old text: {}",
                    file.file, file.copy
                )
            }));
            lines.push("restart the application, so that it reads them".to_owned());
        }
        lines
    }
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Journal {
    fn path(session_file: &Path) -> PathBuf {
        session_file.with_extension("switch.toml")
    }

    pub(super) fn read(session_file: &Path) -> Result<Option<Self>, Error> {
        let file = Self::path(session_file);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.map_err(Error::file("read", &file))?,
        };
        let journal = toml::from_str(&text);
        journal.map(Some).map_err(|source| Error::Journal {
            file,
            source: Box::new(source),
        })
    }

    pub(super) fn write(&self, session_file: &Path) -> Result<(), Error> {
        let file = Self::path(session_file);
        let text = toml::to_string_pretty(self).map_err(Error::Encode)?;
        writing::moment();
        write_whole(&file, text.as_bytes()).map_err(Error::file("write", &file))?;
        writing::moment();
        Ok(())
    }

    fn remove(session_file: &Path) -> Result<(), Error> {
        let file = Self::path(session_file);
        fs::remove_file(&file).map_err(Error::file("remove", &file))?;
        writing::moment();
        sync_folder(&file).map_err(Error::file("remove", &file))
    }

    fn switched(&self) -> Switched {
        let files = self.files.iter();
        Switched {
            folder: self.folder.display().to_string(),
            at: self.at,
            files: files
                .map(|entry| Replaced {
                    file: entry.file.display().to_string(),
                    copy: entry.copy.display().to_string(),
                })
                .collect(),
        }
    }
}

impl Entry {
    fn of(file: &PlannedFile, at: Timestamp) -> Self {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        let copy = |number: u32| {
            let number = if number == 1 {
                String::new()
            } else {
                format!("-{number}")
            };
            let date = at.strftime("%Y%m%d-%H%M%S");
            file.path
                .with_file_name(format!("{name}{COPY}{date}{number}"))
        };
        let free = (1..100).map(copy).find(|copy| !writing::is_there(copy));
        Self {
            file: file.path.clone(),
            copy: free.unwrap_or_else(|| copy(100)),
            before: hash(file.before.expose().as_bytes()),
            after: hash(file.after.expose().as_bytes()),
        }
    }

    fn is_as_planned(&self, file: &PlannedFile) -> Result<(), Error> {
        let bytes = fs::read(&self.file).map_err(Error::file("read", &self.file))?;
        match hash(&bytes) == self.before {
            true => Ok(()),
            false => Err(Error::Changed(file.shown.file.clone())),
        }
    }

    fn replace(&self, file: &PlannedFile) -> Result<(), Error> {
        self.is_as_planned(file)?;
        let after = file.after.expose().as_bytes();
        writing::replace(&self.file, after).map_err(Error::file("replace", &self.file))
    }

    /// Puts the old bytes back, and takes the copy away then; says why it does not.
    fn restore(&self) -> Result<Option<String>, Error> {
        for file in [&self.file, &self.copy] {
            writing::clear(file).map_err(Error::file("clear up beside", file))?;
        }
        let copy = self.copy.display();
        let by_hand =
            format!("what stood there before is in {copy}: put that there, and undo again");
        let now = match hash_of(&self.file)? {
            None => return Ok(Some(format!("it is gone; {by_hand}"))),
            Some(now) => now,
        };
        if now != self.before {
            if now != self.after {
                return Ok(Some(format!("it has been changed since; {by_hand}")));
            }
            if hash_of(&self.copy)?.as_ref() != Some(&self.before) {
                return Ok(Some(format!(
                    "its copy {copy} is gone, or has been changed"
                )));
            }
            let old = fs::read(&self.copy).map_err(Error::file("read", &self.copy))?;
            writing::replace(&self.file, &old).map_err(Error::file("put back", &self.file))?;
        }
        self.remove_copy().map(|()| None)
    }

    /// What stands under the copy's name, and is none, is somebody else's.
    fn remove_copy(&self) -> Result<(), Error> {
        if writing::is_there(&self.copy) && hash_of(&self.copy)?.as_ref() == Some(&self.before) {
            fs::remove_file(&self.copy).map_err(Error::file("remove", &self.copy))?;
            writing::moment();
        }
        Ok(())
    }
}

/// The hash of a file's bytes; `None` when it is not there.
fn hash_of(file: &Path) -> Result<Option<String>, Error> {
    match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(hash(&bytes.map_err(Error::file("read", file))?))),
    }
}

/// Replaces the files of a plan; all of them, or none.
///
/// # Errors
/// The files are switched already, or have changed since the plan was made; the file system's. What
/// had been replaced is put back then, at the latest by the next [`settle`].
pub fn carry_out(plan: &Plan, session_file: &Path, at: Timestamp) -> Result<Switched, Error> {
    if plan.files.is_empty() {
        return Err(Error::Nothing);
    }
    if Journal::read(session_file)?.is_some() {
        return Err(Error::Already);
    }
    let files: Vec<Entry> = plan.files.iter().map(|file| Entry::of(file, at)).collect();
    let mut planned = files.iter().zip(&plan.files);
    planned.try_for_each(|(entry, file)| entry.is_as_planned(file))?;
    let mut journal = Journal {
        stage: Stage::Replacing,
        folder: plan.folder.clone(),
        at,
        files,
    };
    journal.write(session_file)?;
    let replaced = replace_all(plan, &journal).and_then(|()| {
        journal.stage = Stage::Replaced;
        journal.write(session_file)
    });
    match replaced {
        Ok(()) => Ok(journal.switched()),
        Err(error) => {
            journal.stage = Stage::Replacing;
            restore(journal, session_file)?;
            Err(error)
        }
    }
}

fn replace_all(plan: &Plan, journal: &Journal) -> Result<(), Error> {
    let pairs = || journal.files.iter().zip(&plan.files);
    for (entry, file) in pairs() {
        let before = file.before.expose().as_bytes();
        let copied = writing::copy(&entry.file, &entry.copy, before);
        copied.map_err(Error::file("write", &entry.copy))?;
    }
    pairs().try_for_each(|(entry, file)| entry.replace(file))
}

/// Puts the old files back, each only when it is still what was written. The others stay switched.
///
/// # Errors
/// Nothing is switched; the file system's: undoing again goes on.
pub fn undo(session_file: &Path) -> Result<Settled, Error> {
    let mut journal = Journal::read(session_file)?.ok_or(Error::NotSwitched)?;
    journal.stage = Stage::Undoing;
    journal.write(session_file)?;
    restore(journal, session_file)
}

/// How the files stand, after putting back what was being replaced, or put back, when the program
/// was killed.
///
/// # Errors
/// The note of it cannot be read; the file system's.
pub fn settle(session_file: &Path) -> Result<Settled, Error> {
    match Journal::read(session_file)? {
        None => Ok(Settled::default()),
        Some(journal) if journal.stage == Stage::Replaced => Ok(Settled {
            switched: Some(journal.switched()),
            ..Settled::default()
        }),
        Some(journal) => restore(journal, session_file),
    }
}

fn restore(mut journal: Journal, session_file: &Path) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    let (mut changed, mut refused) = (Vec::new(), None);
    for entry in &journal.files {
        let what = entry.file.display().to_string();
        match entry.restore() {
            Ok(None) => settled.restored.push(what),
            Ok(Some(why)) => {
                settled.left.push(LeftOut { what, why });
                changed.push(entry.clone());
            }
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    // The note stays as it is: the next start tries again.
    if let Some(error) = refused {
        return Err(Error::NotPutBack(Box::new(error)));
    }
    // Of what was being replaced, a changed file is somebody's own.
    if changed.is_empty() || journal.stage == Stage::Replacing {
        Journal::remove(session_file)?;
        return Ok(settled);
    }
    (journal.files, journal.stage) = (changed, Stage::Replaced);
    journal.write(session_file)?;
    settled.switched = Some(journal.switched());
    Ok(settled)
}
