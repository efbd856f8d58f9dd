//! The session's file: read with care, locked while open, written so that it is always whole.

use super::format::{self, Unread};
use super::{Session, VERSION, found};
use crate::durable::write_whole;
use crate::failure::{Explain, Failure, Severity, chain};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// About as long as somebody looks at a session.
const A_LOOK: Duration = Duration::from_millis(5);

/// Longer than a process takes to start a child.
const A_START: Duration = Duration::from_millis(100);

/// What can go wrong with a session's file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another neonlift has it open.
    #[error("the session {0} is open in another neonlift")]
    Locked(PathBuf),
    /// It is not a session, or a damaged one; it was moved aside untouched.
    #[error("the session {file} cannot be read; it was kept as {aside}")]
    Damaged {
        /// The session's file.
        file: PathBuf,
        /// Where it was kept.
        aside: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Some other program's file.
    #[error("{0} is not a session of neonlift")]
    Foreign(PathBuf),
    /// Written by a newer neonlift.
    #[error(
        "the session {file} was written by a newer neonlift, in format {found}; this one reads up to format {VERSION}"
    )]
    Newer {
        /// The session's file.
        file: PathBuf,
        /// The format it has.
        found: i64,
    },
    /// It cannot be put into TOML.
    #[error("the session cannot be written as TOML")]
    Encode(#[source] toml::ser::Error),
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
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = Failure::new("The session cannot be used", chain(self));
        match self {
            Self::Locked(_) => failure
                .advise("Close the other neonlift, or give another file with --session FILE."),
            Self::Damaged { aside, .. } => failure
                .advise(format!("Look at {} and mend what the message names, then move it back.", aside.display()))
                .advise("Or start again without it: what is on the target is found by the connection test."),
            Self::Foreign(_) => failure
                .advise("Give the file of a session with --session FILE, or a name that does not exist yet."),
            Self::Newer { .. } => failure
                .advise("Nothing is wrong with it, and it stays as it is: go on with the newer neonlift, or begin a new session with --session FILE."),
            Self::Encode(_) => failure,
            Self::Io { .. } => failure
                .advise("Check the folder's rights and the room on the disk, or give another file with --session FILE."),
        }
        .severity(Severity::Usage)
    }
}

/// The sessions in a folder that can be read, the one that changed last first. Does not lock
/// them: what is found may change while another neonlift works on it.
pub fn list(folder: &Path) -> Vec<(PathBuf, Session)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(PathBuf, Session)> = entries
        .filter_map(|entry| {
            let file = entry.ok()?.path();
            let session = found::read(&file).ok()?;
            Some((file, session))
        })
        .collect();
    found.sort_by_key(|(_, session)| std::cmp::Reverse(session.updated));
    found
}

/// Whether a neonlift works on a session. Creates nothing.
pub(super) fn is_in_use(file: &Path) -> bool {
    File::open(lock_file(file)).is_ok_and(|lock| {
        let shared = Hold::Shared.try_on(&lock);
        matches!(shared, Err(TryLockError::WouldBlock))
    })
}

/// A session as its file says it is now, and whether a neonlift has it open; `None` when there is
/// no such file. Creates nothing.
///
/// # Errors
/// It cannot be used; a damaged file is moved aside as [`Store::open`] does.
pub fn look(file: &Path) -> Result<Option<(Session, bool)>, Error> {
    if !file.exists() {
        return Ok(None);
    }
    match Store::open_with(file, Hold::Shared) {
        Err(Error::Locked(_)) => {
            let text = fs::read_to_string(file).map_err(io_error("read", file))?;
            // What another neonlift works with is whole; a newer one's cannot be told from here.
            let session = format::parse(&text).map_err(|source| {
                tracing::warn!(%source, "the session in use cannot be read");
                Error::Locked(file.to_owned())
            })?;
            Ok(Some((session, true)))
        }
        opened => Ok(opened?.1.map(|session| (session, false))),
    }
}

/// An open session file: holds its lock until dropped.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    // Held open for its lock. The lock file stays with the session, so that two programs always
    // lock the same one.
    _lock: File,
}

/// A session that was never saved leaves nothing behind.
impl Drop for Store {
    fn drop(&mut self) {
        if !self.file.exists() {
            // At worst an empty file stays.
            let _ = fs::remove_file(lock_file(&self.file));
        }
    }
}

impl Store {
    /// Locks the file's session and reads it; `None` when there is none yet.
    /// A damaged file is moved aside, explained and never overwritten.
    pub fn open(file: &Path) -> Result<(Self, Option<Session>), Error> {
        Self::open_with(file, Hold::Alone)
    }

    fn open_with(file: &Path, hold: Hold) -> Result<(Self, Option<Session>), Error> {
        if let Some(folder) = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder).map_err(io_error("create the folder of", file))?;
        }
        let store = Self {
            file: file.to_owned(),
            _lock: lock(file, hold)?,
        };
        let session = match fs::read_to_string(file) {
            Ok(text) => Some(store.parse(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(Error::Foreign(file.to_owned()));
            }
            Err(error) => return Err(io_error("read", file)(error)),
        };
        Ok((store, session))
    }

    /// The session's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    fn parse(&self, text: &str) -> Result<Session, Error> {
        format::parse(text).map_err(|unread| match unread {
            Unread::Damaged(error) => self.keep_aside(error),
            Unread::Foreign => Error::Foreign(self.file.clone()),
            Unread::Newer(found) => Error::Newer {
                file: self.file.clone(),
                found,
            },
            Unread::Io(error) => io_error("read", &self.file)(error),
        })
    }

    fn keep_aside(&self, source: Box<toml::de::Error>) -> Error {
        let aside = (1..)
            .map(|n| self.file.with_extension(format!("damaged-{n}.toml")))
            .find(|aside| !aside.exists());
        let Some(aside) = aside else {
            return Error::Foreign(self.file.clone());
        };
        match fs::rename(&self.file, &aside) {
            Ok(()) => Error::Damaged {
                file: self.file.clone(),
                aside,
                source,
            },
            Err(error) => io_error("move aside", &self.file)(error),
        }
    }

    /// Writes the session: into a new file, to the disk, then in place of the old one.
    pub fn save(&self, session: &Session) -> Result<(), Error> {
        let text = toml::to_string_pretty(session).map_err(Error::Encode)?;
        write_whole(&self.file, text.as_bytes()).map_err(io_error("write", &self.file))
    }
}

fn io_error<'a>(doing: &'static str, file: &'a Path) -> impl Fn(io::Error) -> Error + 'a {
    move |source| Error::Io {
        doing,
        file: file.to_owned(),
        source,
    }
}

fn lock_file(file: &Path) -> PathBuf {
    file.with_extension("lock")
}

/// Who else may have the session open meanwhile.
#[derive(Debug, Clone, Copy)]
enum Hold {
    /// Nobody: it is worked on.
    Alone,
    /// Others that only look.
    Shared,
}

impl Hold {
    fn is_alone(self) -> bool {
        matches!(self, Self::Alone)
    }

    fn try_on(self, lock: &File) -> Result<(), TryLockError> {
        match self {
            Self::Alone => lock.try_lock(),
            Self::Shared => lock.try_lock_shared(),
        }
    }
}

fn lock(file: &Path, hold: Hold) -> Result<File, Error> {
    let path = lock_file(file);
    let began = Instant::now();
    loop {
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(io_error("open", &path))?;
        match hold.try_on(&lock) {
            // The one before may just have taken its lock file away.
            Ok(()) if !is_at(&lock, &path) => {}
            Ok(()) => return Ok(lock),
            // A child that is just started holds what its parent had open, until it runs its program.
            Err(TryLockError::WouldBlock) if hold.is_alone() && began.elapsed() < A_START => {
                drop(lock);
                thread::sleep(A_LOOK);
            }
            // Nobody works on it, somebody looks at it: that is over in a moment.
            Err(TryLockError::WouldBlock) if Hold::Shared.try_on(&lock).is_ok() => {
                drop(lock);
                thread::sleep(A_LOOK);
            }
            Err(TryLockError::WouldBlock) => return Err(Error::Locked(file.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
        }
    }
}

/// Whether an open file is the one that a path names.
fn is_at(open: &File, path: &Path) -> bool {
    let id = |found: fs::Metadata| (found.dev(), found.ino());
    let (open, there) = (open.metadata().map(id), fs::metadata(path).map(id));
    matches!((open, there), (Ok(open), Ok(there)) if open == there)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn session() -> Session {
        Session::new(Timestamp::from_second(1_790_000_000).unwrap(), 7)
    }

    #[test]
    fn what_was_saved_is_read_back() {
        let folder = folder();
        let file = folder.path().join("new/s.toml");
        let (store, none) = Store::open(&file).unwrap();
        assert_eq!(none, None);
        store.save(&session()).unwrap();
        drop(store);
        assert_eq!(Store::open(&file).unwrap().1, Some(session()));
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_second_program_is_refused() {
        let folder = folder();
        let file = folder.path().join("s.toml");
        let _open = Store::open(&file).unwrap();
        assert!(matches!(Store::open(&file), Err(Error::Locked(_))));
    }

    #[test]
    fn what_was_never_saved_leaves_nothing_behind() {
        let folder = folder();
        let file = folder.path().join("s.toml");
        drop(Store::open(&file).unwrap());
        assert_eq!(look(&file).unwrap(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_look_tells_whether_somebody_works_on_it() {
        let folder = folder();
        let file = folder.path().join("s.toml");
        let (store, _) = Store::open(&file).unwrap();
        store.save(&session()).unwrap();
        assert_eq!(look(&file).unwrap(), Some((session(), true)));
        drop(store);
        assert_eq!(look(&file).unwrap(), Some((session(), false)));
    }

    #[test]
    fn a_look_keeps_nobody_from_working() {
        let folder = folder();
        let file = folder.path().join("s.toml");
        Store::open(&file).unwrap().0.save(&session()).unwrap();
        let working = std::sync::atomic::AtomicBool::new(true);
        thread::scope(|scope| {
            let looks = scope.spawn(|| {
                while working.load(std::sync::atomic::Ordering::Relaxed) {
                    look(&file).unwrap();
                }
            });
            let opened: Vec<bool> = (0..300).map(|_| Store::open(&file).is_ok()).collect();
            working.store(false, std::sync::atomic::Ordering::Relaxed);
            looks.join().unwrap();
            assert_eq!(opened, [true; 300]);
        });
    }

    #[test]
    fn a_damaged_file_is_kept_aside_untouched() {
        let folder = folder();
        let file = folder.path().join("s.toml");
        fs::write(&file, "version = 1\nsteps = {").unwrap();
        let Err(Error::Damaged { aside, .. }) = Store::open(&file) else {
            panic!("not refused")
        };
        assert_eq!(fs::read_to_string(aside).unwrap(), "version = 1\nsteps = {");
        assert!(!file.exists());
    }
}
