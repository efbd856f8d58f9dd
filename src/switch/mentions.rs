//! Files of an application that name the database it has left: to be read by people, and changed by
//! them. Only names of files ever leave this.

use super::journal::COPY;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// No document is larger.
const LARGEST: u64 = 1 << 20;

/// So many files are listed.
const LISTED: usize = 100;

/// So many files are looked at: more has no application that is written by hand.
const LOOKED_AT: usize = 50_000;

/// Folders of what is fetched or made, and of versions.
const SKIPPED: [&str; 13] = [
    ".git",
    ".hg",
    ".svn",
    ".tox",
    ".venv",
    ".mypy_cache",
    "__pycache__",
    "build",
    "dist",
    "node_modules",
    "target",
    "vendor",
    "venv",
];

/// What ends the names of files that are written for people.
const DOCUMENTS: [&str; 7] = ["md", "rst", "adoc", "txt", "org", "html", "mdx"];

/// Databases that every server has: their names say nothing.
const OF_EVERY_SERVER: [&str; 3] = ["postgres", "template0", "template1"];

/// Hosts that are this machine: only with their port they say anything.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Which database was left.
#[derive(Debug, Clone, Copy)]
pub struct Left<'a> {
    /// Its host, or the folder of its socket.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// Its name.
    pub database: &'a str,
}

impl Left<'_> {
    /// The words that tell it from others.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !OF_EVERY_SERVER.contains(&self.database) {
            words.push(self.database.to_owned());
        }
        words.push(match THIS_MACHINE.contains(&self.host) {
            true => format!("{}:{}", self.host, self.port),
            false => self.host.to_owned(),
        });
        words.retain(|word| !word.is_empty());
        words
    }
}

/// Files that name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Their paths in the folder; documents come first.
    pub files: Vec<String>,
    /// There are more, or not all files were looked at.
    pub more: bool,
}

/// The files in a folder, and in those below it, that name a database. Binary files, large ones and
/// what is fetched or made are not looked at, nor is what lies behind a symbolic link. Reads files:
/// not for the threads of an async runtime.
///
/// # Errors
/// The folder cannot be read. A file or folder in it that cannot be read is passed over.
pub fn mentions(folder: &Path, left: Left<'_>, cancel: &CancellationToken) -> io::Result<Mentions> {
    let words = left.words();
    let mut found = Mentions::default();
    let mut folders = vec![folder.to_owned()];
    let mut looked_at = 0;
    fs::read_dir(folder)?;
    while let Some(inner) = folders.pop() {
        for (path, kind) in entries(&inner) {
            if cancel.is_cancelled() || looked_at == LOOKED_AT {
                found.more = true;
                break;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if kind.is_dir() && !SKIPPED.contains(&&*name) {
                folders.push(path);
            } else if kind.is_file() {
                looked_at += 1;
                if !name.contains(COPY) && names_any(&path, &words) {
                    let inside = path.strip_prefix(folder).unwrap_or(&path);
                    found.files.push(inside.display().to_string());
                }
            }
        }
    }
    let is_document = |file: &String| {
        let ending = Path::new(file).extension().unwrap_or_default();
        DOCUMENTS
            .iter()
            .any(|known| ending.eq_ignore_ascii_case(known))
    };
    found
        .files
        .sort_by_cached_key(|file| (!is_document(file), file.clone()));
    found.more |= found.files.len() > LISTED;
    found.files.truncate(LISTED);
    Ok(found)
}

fn entries(folder: &Path) -> Vec<(PathBuf, fs::FileType)> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let known = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        Some((entry.path(), entry.file_type().ok()?))
    };
    entries.filter_map(known).collect()
}

fn names_any(file: &Path, words: &[String]) -> bool {
    let is_small = fs::metadata(file).is_ok_and(|found| found.len() <= LARGEST);
    let Some(bytes) = is_small.then(|| fs::read(file).ok()).flatten() else {
        return false;
    };
    // Text has no zeros.
    !bytes.contains(&0) && words.iter().any(|word| has_word(&bytes, word.as_bytes()))
}

/// Whether a word stands in a text as a whole.
fn has_word(text: &[u8], word: &[u8]) -> bool {
    let goes_on = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
    };
    let mut places = text.windows(word.len()).enumerate();
    places.any(|(at, part)| {
        part == word
            && !goes_on(at.checked_sub(1).and_then(|before| text.get(before)))
            && !goes_on(text.get(at + word.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(files: &[(&str, &str)], left: Left<'_>) -> Mentions {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        mentions(folder.path(), left, &CancellationToken::new()).unwrap()
    }

    const CHAT: Left<'static> = Left {
        host: "localhost",
        port: 5433,
        database: "chat_pgvector",
    };

    #[test]
    fn documents_come_first_and_what_was_fetched_or_made_not_at_all() {
        let found = in_folder(
            &[
                ("app.py", "connect(dbname='chat_pgvector')"),
                ("docs/setup.md", "createdb chat_pgvector"),
                ("README.md", "psql -h localhost:5433"),
                (
                    "docs/other.md",
                    "chat_pgvector_test and my_chat_pgvector, localhost",
                ),
                ("node_modules/a/README.md", "chat_pgvector"),
                (".git/config", "chat_pgvector"),
                (".env.before-neon-20261122-120000", "chat_pgvector"),
                ("picture.png", "\0chat_pgvector"),
            ],
            CHAT,
        );
        assert_eq!(found.files, ["README.md", "docs/setup.md", "app.py"]);
        assert!(!found.more);
    }

    #[test]
    fn a_name_that_every_server_has_says_nothing_and_a_host_of_its_own_does() {
        let left = Left {
            host: "db.example.org",
            port: 5432,
            database: "postgres",
        };
        let files = [("a.md", "postgres"), ("b.md", "on db.example.org.")];
        assert_eq!(in_folder(&files, left).files, ["b.md"]);
    }

    #[test]
    fn no_more_are_listed_than_anybody_reads() {
        let names: Vec<String> = (0..=LISTED).map(|at| format!("{at}.md")).collect();
        let files: Vec<(&str, &str)> = names
            .iter()
            .map(|n| (n.as_str(), "chat_pgvector"))
            .collect();
        let found = in_folder(&files, CHAT);
        assert_eq!((found.files.len(), found.more), (LISTED, true));
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let gone = mentions(
            Path::new("/nowhere/at/all"),
            CHAT,
            &CancellationToken::new(),
        );
        assert!(gone.is_err());
    }
}
