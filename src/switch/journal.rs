//! Files replaced and put back, with a note beside the session's file that outlives a crash.
//!
//! The note says what is about to happen before it happens. While it says `replacing` or `undoing`,
//! the next start puts back what was replaced; `replaced` is the end, and what an undo begins with.
//! It holds hashes of the old and the new texts, never the texts.

use super::plan::{Plan, PlannedFile};
use super::settled::Settled;
use super::{Error, edits, writing};
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

/// The same of what somebody has made of a file since.
const ASIDE: &str = ".edited-";

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
    /// What was consented to, if somebody has changed it since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited: Option<Edited>,
}

/// What becomes of a file that somebody has changed since.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Edited {
    /// It is copied to this place, and the old one put back.
    Aside(PathBuf),
    /// It stays.
    Kept,
}

/// What becomes of switched files that somebody has changed since, when the others are put back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum EditedFiles {
    /// They stay switched, and are told: the undoing is not finished.
    #[default]
    #[value(skip)]
    Told,
    /// Each is kept as a dated copy beside itself, and the old one put back
    Aside,
    /// They stay as they are: you have set their connection yourself
    Keep,
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
            files: files.map(Entry::replaced).collect(),
        }
    }
}

impl Entry {
    fn of(file: &PlannedFile, at: Timestamp) -> Self {
        Self {
            file: file.path.clone(),
            copy: writing::dated(&file.path, COPY, at),
            before: hash(file.before.expose().as_bytes()),
            after: hash(file.after.expose().as_bytes()),
            edited: None,
        }
    }

    fn replaced(&self) -> Replaced {
        Replaced {
            file: self.file.display().to_string(),
            copy: self.copy.display().to_string(),
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

    /// Puts the old bytes back, and takes the copy away then.
    fn restore(&self) -> Result<End, Error> {
        for file in [&self.file, &self.copy] {
            writing::clear(file).map_err(Error::file("clear up beside", file))?;
        }
        let now = read(&self.file)?;
        let now_is = |hashed: &str| now.as_ref().is_some_and(|now| hash(now) == hashed);
        if now_is(&self.before) {
            return self.remove_copy().map(|()| End::Restored(None));
        }
        let old = self.copied()?;
        let copy = self.copy.display();
        match (&self.edited, old, now) {
            (_, Some(old), Some(now)) if hash(&now) == self.after => {
                writing::replace(&self.file, &old).map_err(Error::file("put back", &self.file))?;
                self.remove_copy().map(|()| End::Restored(None))
            }
            (Some(Edited::Kept), ..) => Ok(End::Kept),
            (Some(Edited::Aside(aside)), Some(old), now) => {
                self.put_aside(aside, now.as_deref())?;
                let put = match now {
                    Some(_) => writing::replace(&self.file, &old),
                    None => writing::copy(&self.copy, &self.file, &old),
                };
                put.map_err(Error::file("put back", &self.file))?;
                let aside = now.map(|_| aside.clone());
                self.remove_copy().map(|()| End::Restored(aside))
            }
            (_, None, Some(now)) if hash(&now) == self.after => Ok(End::Left(format!(
                "its copy {copy} is gone, or has been changed"
            ))),
            (_, None, now) => Ok(End::Left(format!(
                "{}, and there is no copy of what stood there before",
                since(now.is_some())
            ))),
            (_, Some(_), None) => Ok(End::Left(format!(
                "{}; what stood there before is in {copy}",
                since(false)
            ))),
            (_, Some(old), Some(now)) => Ok(End::Left(format!(
                "{}; what stood there before is in {copy}, other lines: {}",
                since(true),
                edits::in_words(&old, &now)
            ))),
        }
    }

    /// Keeps what somebody has made of the file.
    fn put_aside(&self, aside: &Path, now: Option<&[u8]>) -> Result<(), Error> {
        let Some(now) = now else {
            return Ok(());
        };
        if read(aside)?.is_some_and(|kept| kept == now) {
            // A killed program has come as far as this.
            return Ok(());
        }
        writing::clear(aside).map_err(Error::file("clear up beside", aside))?;
        writing::copy(&self.file, aside, now).map_err(Error::file("write", aside))
    }

    /// The old bytes, where the copy is there and still holds them.
    fn copied(&self) -> Result<Option<Vec<u8>>, Error> {
        // Some names can be looked for, and not read.
        match writing::is_there(&self.copy) {
            true => Ok(read(&self.copy)?.filter(|copy| hash(copy) == self.before)),
            false => Ok(None),
        }
    }

    /// What stands under the copy's name, and is none, is somebody else's.
    fn remove_copy(&self) -> Result<(), Error> {
        if self.copied()?.is_some() {
            fs::remove_file(&self.copy).map_err(Error::file("remove", &self.copy))?;
            writing::moment();
        }
        Ok(())
    }
}

/// How putting a file back ended.
enum End {
    /// What stood there before is back; what somebody has made of it is here.
    Restored(Option<PathBuf>),
    /// It stays as somebody has changed it, for good.
    Kept,
    /// It was not, because of this.
    Left(String),
}

fn since(is_there: bool) -> &'static str {
    match is_there {
        true => "it has been changed since",
        false => "it is gone",
    }
}

/// A file's bytes; `None` when it is not there.
fn read(file: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(bytes.map_err(Error::file("read", file))?)),
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
    undo_edited(session_file, EditedFiles::Told, Timestamp::now())
}

/// As [`undo`], where a person has said what becomes of files that somebody has changed since.
///
/// # Errors
/// As [`undo`].
pub fn undo_edited(
    session_file: &Path,
    edited: EditedFiles,
    at: Timestamp,
) -> Result<Settled, Error> {
    let mut journal = Journal::read(session_file)?.ok_or(Error::NotSwitched)?;
    journal.stage = Stage::Undoing;
    for entry in &mut journal.files {
        entry.edited = match edited {
            EditedFiles::Told => None,
            EditedFiles::Aside => Some(Edited::Aside(writing::dated(&entry.file, ASIDE, at))),
            EditedFiles::Keep => Some(Edited::Kept),
        };
    }
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
            Ok(End::Restored(aside)) => {
                let aside = aside.map(|copy| Replaced {
                    file: what.clone(),
                    copy: copy.display().to_string(),
                });
                settled.aside.extend(aside);
                settled.restored.push(what);
            }
            Ok(End::Kept) => settled.kept.push(entry.replaced()),
            Ok(End::Left(why)) => {
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
