//! All sessions of a folder as a person may choose among them: none is hidden, also one that
//! cannot be used now.

use super::format::{self, Unread};
use super::{Session, store};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

/// A session's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it is.
    pub file: PathBuf,
    /// When it last changed.
    pub changed: Timestamp,
    /// What is in it, and whether it may be worked on.
    pub content: Content,
}

/// What is in a session's file.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A session that nobody works on.
    Free(Box<Session>),
    /// A session that another neonlift has open.
    InUse(Box<Session>),
    /// It cannot be read; why.
    Damaged(String),
}

impl Found {
    /// The session, when it can be read.
    pub fn session(&self) -> Option<&Session> {
        match &self.content {
            Content::Free(session) | Content::InUse(session) => Some(session),
            Content::Damaged(_) => None,
        }
    }
}

/// All session files in a folder, the one that changed last first. Changes nothing: a damaged one
/// is moved aside only when it is opened.
pub fn all(folder: &Path) -> Vec<Found> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found: Vec<Found> = files
        .filter(|file| is_session_file(file))
        .map(look)
        .collect();
    found.sort_by_key(|found| Reverse(found.changed));
    found
}

/// `2026….toml`; not the notes and the files that were kept aside, which have a second suffix.
fn is_session_file(file: &Path) -> bool {
    let stem = file.file_stem().map(Path::new);
    file.extension().is_some_and(|suffix| suffix == "toml")
        && stem.is_some_and(|stem| stem.extension().is_none())
}

fn look(file: PathBuf) -> Found {
    let content = match read(&file) {
        Ok(session) if store::is_in_use(&file) => Content::InUse(Box::new(session)),
        Ok(mut session) => {
            session.stop_running();
            Content::Free(Box::new(session))
        }
        Err(unread) => Content::Damaged(why(&unread)),
    };
    let changed = match &content {
        Content::Free(session) | Content::InUse(session) => session.updated,
        Content::Damaged(_) => written(&file).unwrap_or(Timestamp::UNIX_EPOCH),
    };
    Found {
        file,
        changed,
        content,
    }
}

/// Reads a session's file, whoever works on it.
pub(super) fn read(file: &Path) -> Result<Session, Unread> {
    format::parse(&fs::read_to_string(file)?)
}

/// In one line: TOML's own texts quote the file over several.
fn why(unread: &Unread) -> String {
    match unread {
        Unread::Damaged(error) => error.message().replace('\n', "; "),
        other => other.to_string(),
    }
}

fn written(file: &Path) -> Option<Timestamp> {
    fs::metadata(file).ok()?.modified().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::store::Store;

    fn save(folder: &Path, name: &str, second: i64) -> Store {
        let at = Timestamp::from_second(1_790_000_000 + second).unwrap();
        let (store, _) = Store::open(&folder.join(name)).unwrap();
        store.save(&Session::new(at, 7)).unwrap();
        store
    }

    #[test]
    fn the_newest_is_first_and_none_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        save(path, "older.toml", 0);
        save(path, "newer.toml", 60);
        let open = save(path, "open.toml", 30);
        fs::write(path.join("broken.toml"), "version = 1\nsteps = {").unwrap();
        for other in ["older.snapshot.toml", "older.damaged-1.toml", "older.log"] {
            fs::write(path.join(other), "no session").unwrap();
        }
        let found = all(path);
        let names: Vec<_> = found
            .iter()
            .map(|found| found.file.file_name().unwrap().to_str().unwrap())
            .collect();
        // The broken one was written now, long before or after the others' times.
        let sound: Vec<_> = names
            .iter()
            .filter(|name| **name != "broken.toml")
            .collect();
        assert_eq!(sound, [&"newer.toml", &"open.toml", &"older.toml"]);
        assert_eq!(names.len(), 4);
        let content = |name: &str| {
            let found = found.iter().find(|found| found.file.ends_with(name));
            found.unwrap().content.clone()
        };
        assert!(matches!(content("newer.toml"), Content::Free(_)));
        assert!(matches!(content("open.toml"), Content::InUse(_)));
        assert!(matches!(content("broken.toml"), Content::Damaged(_)));
        assert!(path.join("broken.toml").exists(), "a look moves nothing");
        drop(open);
    }
}
