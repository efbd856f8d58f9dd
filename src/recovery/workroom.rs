//! A folder for what a rehearsal needs for a while: copies of files with passwords, a dump.

use super::Error;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const PREFIX: &str = "rehearsal-";

/// The file whose lock says that the folder is in use.
const LOCK: &str = "in-use";

/// A private folder that goes when it is dropped; one that a killed program left is removed by the next.
pub(super) struct Workroom {
    folder: TempDir,
    _lock: File,
}

impl Workroom {
    /// Makes one below this folder, which is made too if need be.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(super) fn open(below: &Path) -> Result<Self, Error> {
        fs::create_dir_all(below).map_err(Error::file("create", below))?;
        remove_abandoned(below);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(below)
            .map_err(Error::file("make a folder in", below))?;
        let lock = folder.path().join(LOCK);
        let lock = File::create(&lock).map_err(Error::file("create", &lock))?;
        // Without a lock (not every network file system has them) only the tidying is lost.
        if let Err(error) = lock.try_lock() {
            tracing::debug!(%error, "a rehearsal's folder cannot be locked");
        }
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of killed rehearsals: those whose lock nobody holds. What cannot be removed only
/// takes room.
fn remove_abandoned(below: &Path) {
    let entries = fs::read_dir(below).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| {
        entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
    }) {
        let lock = fs::OpenOptions::new()
            .write(true)
            .open(entry.path().join(LOCK));
        let is_abandoned = lock.is_ok_and(|lock| lock.try_lock().is_ok());
        if is_abandoned && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::info!(folder = %entry.path().display(), %error, "an abandoned rehearsal stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_rehearsal_left_goes_and_what_is_in_use_stays() {
        let backups = tempfile::tempdir().unwrap();
        let used = Workroom::open(backups.path()).unwrap();
        let left = backups.path().join("rehearsal-left");
        let others = backups.path().join("rehearsal-notes");
        for folder in [&left, &others] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(left.join(LOCK), "").unwrap();
        let next = Workroom::open(backups.path()).unwrap();
        assert!(used.path().exists() && next.path().exists() && others.exists());
        assert!(!left.exists());
        drop((used, next));
        assert_eq!(fs::read_dir(backups.path()).unwrap().count(), 1);
    }
}
