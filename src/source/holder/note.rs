//! The note beside the session's file: which snapshot is held, by whom and until when.

use super::{Error, Released, SIGN_OF_LIFE};
use crate::postgres::catalogue::TableName;
use crate::source::postgres::Exported;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a holder leaves to be known of itself. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The run in the ledger that it holds the snapshot for.
    pub run: String,
    /// Its process id, for people; whether it lives is told by the lock of the note's file.
    pub process: u32,
    /// When the snapshot was taken.
    pub since: Timestamp,
    /// How long it is held after it was last used, in seconds. When that was is the time of the
    /// file's last change.
    pub limit_seconds: u64,
    /// The source: host, port and database.
    pub endpoint: String,
    name: String,
    identity: String,
    visible: String,
    /// Schema, table, counters.
    before: BTreeMap<String, BTreeMap<String, String>>,
}

impl Note {
    /// The note of this process.
    pub(super) fn of(
        exported: Exported,
        run: String,
        limit_seconds: u64,
        endpoint: String,
    ) -> Self {
        let mut before: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (TableName { schema, name }, counters) in exported.before {
            before.entry(schema).or_default().insert(name, counters);
        }
        Self {
            run,
            process: std::process::id(),
            since: exported.taken,
            limit_seconds,
            endpoint,
            name: exported.name,
            identity: exported.identity,
            visible: exported.visible,
            before,
        }
    }

    /// The snapshot.
    pub fn exported(&self) -> Exported {
        let named = |schema: &String, (name, counters): (&String, &String)| {
            let (schema, name) = (schema.clone(), name.clone());
            (TableName { schema, name }, counters.clone())
        };
        let tables = self
            .before
            .iter()
            .flat_map(|(schema, tables)| tables.iter().map(move |table| named(schema, table)));
        Exported {
            name: self.name.clone(),
            taken: self.since,
            identity: self.identity.clone(),
            visible: self.visible.clone(),
            before: tables.collect(),
        }
    }
}

/// The note's file of a session.
fn file_of(session_file: &Path) -> PathBuf {
    session_file.with_extension("snapshot.toml")
}

fn refused<'a>(doing: &'static str, file: &'a Path) -> impl FnOnce(io::Error) -> Error + 'a {
    move |source| Error::Note {
        doing,
        file: file.to_owned(),
        source,
    }
}

/// The note that a session's holder left, whether it lives or not; `None` where there is none, or
/// none that can be read.
pub fn look(session_file: &Path) -> Option<Held> {
    find(session_file)?.read().ok()
}

/// The file of the note that a session's holder left, whatever it says.
pub fn find(session_file: &Path) -> Option<NoteFile> {
    let path = file_of(session_file);
    let open = File::open(&path).ok()?;
    Some(NoteFile { path, open })
}

/// A note's file that was found. Another version of neonlift may have written it: its holder is
/// known, and ended, by the file alone.
#[derive(Debug)]
pub struct NoteFile {
    path: PathBuf,
    open: File,
}

impl NoteFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says.
    ///
    /// # Errors
    /// The file itself, when it cannot be read as a note.
    pub fn read(self) -> Result<Held, Self> {
        let mut text = String::new();
        let read = (&self.open).read_to_string(&mut text).ok();
        match read.and_then(|_| toml::from_str(&text).ok()) {
            Some(note) => Ok(Held { note, file: self }),
            None => Err(self),
        }
    }

    /// Whether its holder lives.
    pub fn is_alive(&self) -> bool {
        match self.open.try_lock_shared() {
            Err(TryLockError::WouldBlock) => true,
            // It was ours for a moment: the next one to look must not take us for the holder.
            Ok(()) => self.open.unlock().is_err(),
            Err(TryLockError::Error(_)) => false,
        }
    }

    /// Tells the holder to end.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn release(self) -> Result<Released, Error> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(refused("remove", &self.path)(error))
            }
            _ => Ok(Released(self)),
        }
    }
}

/// A note that was found.
#[derive(Debug)]
pub struct Held {
    /// What it says.
    pub note: Note,
    file: NoteFile,
}

impl Held {
    /// The note's file.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// Whether its holder lives.
    pub fn is_alive(&self) -> bool {
        self.file.is_alive()
    }

    /// When the snapshot is let go, unless it is used before.
    pub fn until(&self) -> Timestamp {
        until(&self.file.open, &self.note).unwrap_or(self.note.since)
    }

    /// Begins the time limit again: the snapshot is in use.
    pub(super) fn put_off(&self) {
        let open = File::options().write(true).open(self.file());
        let touched = open.and_then(|file| file.set_modified(SystemTime::now()));
        if let Err(error) = touched {
            tracing::warn!(%error, "the held snapshot's time limit cannot be put off");
        }
    }
}

fn until(open: &File, note: &Note) -> Option<Timestamp> {
    used(open)?
        .checked_add(Duration::from_secs(note.limit_seconds))
        .ok()
}

/// When the snapshot was last used.
fn used(open: &File) -> Option<Timestamp> {
    Timestamp::try_from(open.metadata().ok()?.modified().ok()?).ok()
}

/// A holder's own note: its file is locked until this is dropped, and removed then.
#[derive(Debug)]
pub(super) struct Own {
    note: Note,
    file: PathBuf,
    locked: File,
}

impl Own {
    /// Writes the note: nobody sees it before it is whole and locked. A file that is there already
    /// is not replaced.
    pub(super) fn write(session_file: &Path, note: Note) -> Result<Self, Error> {
        let file = file_of(session_file);
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let text = toml::to_string(&note)?;
        let written = || -> io::Result<File> {
            // tempfile makes it 0600.
            let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
            fresh.write_all(text.as_bytes())?;
            fresh.as_file().lock()?;
            Ok(fresh.persist_noclobber(&file)?)
        };
        let locked = written().map_err(refused("write", &file))?;
        Ok(Self { note, file, locked })
    }

    /// Whether it is still there, and its time is not over.
    pub(super) fn stands(&self) -> bool {
        self.is_there()
            && until(&self.locked, &self.note).is_none_or(|until| Timestamp::now() < until)
    }

    /// Whether no transfer has worked in the snapshot for a while.
    pub(super) fn is_unattended(&self) -> bool {
        let attended = used(&self.locked).and_then(|used| used.checked_add(2 * SIGN_OF_LIFE).ok());
        attended.is_some_and(|until| until < Timestamp::now())
    }

    fn is_there(&self) -> bool {
        let same = |there: &fs::Metadata, own: &fs::Metadata| {
            (there.dev(), there.ino()) == (own.dev(), own.ino())
        };
        match (fs::metadata(&self.file), self.locked.metadata()) {
            (Ok(there), Ok(own)) => same(&there, &own),
            (Err(error), _) => error.kind() != io::ErrorKind::NotFound,
            (_, Err(_)) => true,
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.is_there() {
            // Without it nothing is wrong, only untidy: the lock goes with the process.
            let _ = fs::remove_file(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::os::unix::fs::PermissionsExt;

    fn note(limit_seconds: u64) -> Note {
        let table = |name: &str| TableName {
            schema: "a.b".into(),
            name: name.into(),
        };
        let exported = Exported {
            name: "00000003-1".into(),
            taken: Timestamp::now(),
            identity: "00000003-1 at".into(),
            visible: "100:100:".into(),
            before: HashMap::from([(table("t"), "1/2".into()), (table("ü\"x"), "3".into())]),
        };
        Note::of(exported, "run".into(), limit_seconds, "host:1/db".into())
    }

    fn session() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.toml");
        (folder, file)
    }

    #[test]
    fn a_note_tells_what_was_written_and_whether_its_holder_lives() {
        let (_folder, session) = session();
        assert!(look(&session).is_none());
        let own = Own::write(&session, note(60)).unwrap();
        let held = look(&session).unwrap();
        assert_eq!(held.note, own.note);
        assert_eq!(held.note.exported().before.len(), 2);
        assert!(held.is_alive() && held.is_alive() && own.stands());
        let mode = fs::metadata(held.file()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(own);
        assert!(look(&session).is_none() && !held.is_alive());
    }

    #[test]
    fn the_note_of_a_holder_that_was_killed_is_not_alive() {
        let (_folder, session) = session();
        let text = toml::to_string(&note(60)).unwrap();
        fs::write(file_of(&session), text).unwrap();
        assert!(!look(&session).unwrap().is_alive());
    }

    #[test]
    fn a_holder_whose_note_is_gone_or_anothers_is_told_to_end() {
        let (_folder, session) = session();
        let own = Own::write(&session, note(60)).unwrap();
        let released = find(&session).unwrap().release().unwrap();
        assert!(!own.stands() && released.0.is_alive());
        let other = Own::write(&session, note(60)).unwrap();
        assert!(!own.stands() && other.stands());
        drop(own);
        assert!(other.stands(), "the other's note was removed");
    }

    #[test]
    fn a_holder_whose_note_cannot_be_read_is_told_to_end() {
        let (_folder, session) = session();
        let own = Own::write(&session, note(60)).unwrap();
        let text = toml::to_string(&own.note).unwrap();
        fs::write(&own.file, format!("newer = 1\n{text}")).unwrap();
        assert!(look(&session).is_none());
        let found = find(&session).unwrap().read().unwrap_err();
        assert!(found.is_alive() && own.stands());
        let released = found.release().unwrap();
        assert!(!own.stands() && released.0.is_alive());
        drop(own);
        assert!(!released.0.is_alive());
    }

    #[test]
    fn a_file_of_that_name_is_not_replaced() {
        let (_folder, session) = session();
        fs::write(file_of(&session), "mine").unwrap();
        assert!(matches!(
            Own::write(&session, note(60)),
            Err(Error::Note { .. })
        ));
        assert_eq!(fs::read_to_string(file_of(&session)).unwrap(), "mine");
    }

    #[test]
    fn the_time_limit_counts_from_the_last_use() {
        let (_folder, session) = session();
        let own = Own::write(&session, note(60)).unwrap();
        let held = look(&session).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(61);
        own.locked.set_modified(long_ago).unwrap();
        assert!(!own.stands() && held.until() < Timestamp::now());
        held.put_off();
        assert!(own.stands() && held.until() > Timestamp::now());
        assert!(!own.is_unattended());
        own.locked.set_modified(long_ago - SIGN_OF_LIFE).unwrap();
        assert!(own.is_unattended());
    }
}
