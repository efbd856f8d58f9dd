//! Backups: `pg_dump`'s custom format written to a file, and its table of contents.

use super::child::Call;
use super::{ClientTools, ToolError};
use crate::durable;
use crate::figures::hex;
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// A finished backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Where it is.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    /// How long it took.
    pub took: Duration,
    /// What it holds, as it was read back.
    pub contents: Contents,
    /// The file with the listing, beside it.
    pub contents_file: PathBuf,
}

/// What `pg_restore --list` says of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// How many objects it lists.
    pub entries: usize,
    /// The listing, which `pg_restore --use-list` takes.
    pub text: String,
}

/// Who is told how a backup goes on. Both are called often, from the task that writes.
pub struct Watch<'a> {
    /// The bytes written so far.
    pub bytes: &'a (dyn Fn(u64) + Send + Sync),
    /// The table whose rows come next, as `schema.table` without quotes.
    pub table: &'a (dyn Fn(&str) + Send + Sync),
    /// All is written, and is read back now.
    pub written: &'a (dyn Fn() + Send + Sync),
}

/// Backs a database up with `pg_dump -Fc -b -v` into `file`, which only its owner may read.
///
/// `environment` holds libpq's variables (`PGHOST`, `PGDATABASE`, `PGPASSWORD` …), `arguments`
/// further options without secrets (`--table=…`, `--snapshot=…`). The bytes come through a pipe, to be
/// counted and hashed on the way, into `file` with `.partial` behind its name; it gets its own name
/// when complete, on the disk, and read back by `pg_restore --list`, whose listing stands beside it then,
/// with `.list` for its ending. Since a pipe cannot go back, the archive does not hold the places of its
/// tables' rows: `pg_restore -j` has to search for them, and does.
///
/// # Errors
/// [`ToolError::NoSpace`], [`ToolError::File`] (also when `file` exists), [`ToolError::Failed`] and
/// [`ToolError::Cancelled`]; then nothing is left behind.
pub async fn dump_archive(
    tools: &ClientTools,
    environment: &[(&'static str, OsString)],
    arguments: &[String],
    file: &Path,
    watch: &Watch<'_>,
    cancel: &CancellationToken,
) -> Result<Archive, ToolError> {
    let began = Instant::now();
    let mut partial = Partial::create(file).await?;
    let pg_dump = tools.pg_dump();
    let fixed = ["--format=custom", "-b", "--verbose", "--no-password"];
    let arguments = fixed
        .into_iter()
        .map(OsString::from)
        .chain(arguments.iter().map(OsString::from));
    let call = Call {
        tool: &pg_dump,
        environment,
        arguments: arguments.collect(),
    };
    let (running, stdout) = call.start()?;
    let on_line = |line: &str| {
        if let Some(table) = table_begun(line) {
            (watch.table)(table);
        }
    };
    let (bytes, sha256) = running
        .finish(
            partial.fill(stdout, &call.name(), watch.bytes),
            &on_line,
            cancel,
        )
        .await?;
    (watch.written)();
    let contents = list_archive(tools, &partial.path, cancel).await?;
    let contents_file = file.with_extension("list");
    partial.complete(file, (&contents_file, &contents)).await?;
    Ok(Archive {
        file: file.to_owned(),
        bytes,
        sha256,
        took: began.elapsed(),
        contents,
        contents_file,
    })
}

/// Reads an archive's table of contents, which shows that `pg_restore` understands the file.
///
/// # Errors
/// [`ToolError::Failed`] when it is no archive, or one of a newer pg_dump.
pub async fn list_archive(
    tools: &ClientTools,
    file: &Path,
    cancel: &CancellationToken,
) -> Result<Contents, ToolError> {
    let pg_restore = tools.pg_restore();
    let arguments = vec!["--list".into(), file.into()];
    let call = Call {
        tool: &pg_restore,
        environment: &[],
        arguments,
    };
    let output = call.output(cancel).await?;
    // Names stand in it in the database's encoding, which need not be UTF-8.
    let text = String::from_utf8_lossy(&output).into_owned();
    let entries = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
        .count();
    Ok(Contents { entries, text })
}

/// `public.songs` from `pg_dump: dumping contents of table "public.songs"`.
fn table_begun(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("dumping contents of table \"")?;
    rest.strip_suffix('"')
}

/// Removes what killed runs left in the folder of this partial file, under a name of the same kind:
/// whoever writes one holds its lock. What cannot be removed only takes room.
fn remove_abandoned(partial: &Path) {
    let Some(Ok(entries)) = partial.parent().map(fs::read_dir) else {
        return;
    };
    let kind = undated(partial);
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    for path in paths.filter(|path| undated(path) == kind) {
        let abandoned = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .is_ok_and(|file| file.try_lock().is_ok());
        if abandoned && let Err(error) = fs::remove_file(&path) {
            tracing::info!(file = %path.display(), %error, "an abandoned backup stays");
        }
    }
}

/// A file's name without the date and time in it: the same for all backups of a kind, and for nothing
/// of anybody else's.
fn undated(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let undated = |c: char| if c.is_ascii_digit() { '0' } else { c };
    Some(name.chars().map(undated).collect())
}

/// A new file, locked and with our mode. Between its making and its lock another one may have taken it
/// for abandoned and removed it: then another one is made.
fn new_and_locked(path: &Path) -> std::io::Result<fs::File> {
    let id = |about: fs::Metadata| (about.dev(), about.ino());
    loop {
        let mut options = fs::OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        // Waits no longer than somebody needs to remove it. Without a lock (not every network file system
        // has them) only the tidying is lost.
        if let Err(error) = file.lock() {
            tracing::debug!(%error, "the backup's file cannot be locked");
        }
        let named = fs::metadata(path).map(id);
        if named.is_ok_and(|named| file.metadata().is_ok_and(|about| id(about) == named)) {
            return Ok(file);
        }
    }
}

/// A file on its way, locked while it is written and removed unless completed.
struct Partial {
    path: PathBuf,
    file: File,
    written: u64,
}

impl Partial {
    async fn create(complete: &Path) -> Result<Self, ToolError> {
        let refused = |source| ToolError::file("create", complete, source);
        if tokio::fs::try_exists(complete).await.map_err(refused)? {
            return Err(refused(std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = complete.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        remove_abandoned(&path);
        let opened = new_and_locked(&path);
        let opened = opened.map_err(|source| ToolError::write("create", &path, 0, source))?;
        let file = File::from_std(opened);
        Ok(Self {
            path,
            file,
            written: 0,
        })
    }

    /// Writes all that comes; gives the bytes and their SHA-256.
    async fn fill(
        &mut self,
        mut from: impl AsyncRead + Unpin,
        tool: &str,
        on_bytes: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<(u64, String), ToolError> {
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let length = from
                .read(&mut buffer)
                .await
                .map_err(|e| ToolError::pipe(tool, e))?;
            if length == 0 {
                break;
            }
            let piece = &buffer[..length];
            hash.update(piece);
            let written = self.file.write_all(piece).await;
            written.map_err(|source| self.failed(source))?;
            self.written += length as u64;
            on_bytes(self.written);
        }
        let synced = async {
            self.file.flush().await?;
            self.file.sync_all().await
        };
        synced.await.map_err(|source| self.failed(source))?;
        Ok((self.written, hex(&hash.finalize())))
    }

    /// Writes the listing, gives the file its own name, and waits until the folder knows both for good.
    async fn complete(
        self,
        name: &Path,
        (listing, contents): (&Path, &Contents),
    ) -> Result<(), ToolError> {
        durable::write_whole(listing, contents.text.as_bytes())
            .map_err(|source| ToolError::write("write", listing, 0, source))?;
        let renamed = tokio::fs::rename(&self.path, name).await;
        renamed.map_err(|source| {
            fs::remove_file(listing).ok();
            ToolError::file("rename", &self.path, source)
        })?;
        durable::sync_folder(name).map_err(|source| ToolError::file("write", name, source))
    }

    fn failed(&self, source: std::io::Error) -> ToolError {
        ToolError::write("write", &self.path, self.written, source)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename there is none; an error here would hide the one that led here.
        std::fs::remove_file(&self.path).ok();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::failure::Explain;

    #[tokio::test]
    async fn a_full_disk_is_an_error_of_its_own_and_the_partial_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.dump.partial");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut partial = Partial {
            path: path.clone(),
            file: File::from_std(file),
            written: 0,
        };
        let rows = tokio::io::repeat(1).take(1_000_000);
        let error = partial.fill(rows, "pg_dump", &|_| {}).await.unwrap_err();
        drop(partial);
        assert!(matches!(error, ToolError::NoSpace { .. }), "{error:?}");
        assert!(error.failure().advice[1].starts_with("$ df"));
        assert!(path.symlink_metadata().is_err());
    }

    #[tokio::test]
    async fn an_abandoned_backup_goes_and_what_is_not_ours_stays() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str| folder.path().join(name);
        let left = named("local_db_20260102_030405.dump.partial");
        let others = ["mine.dump.partial", "local_db_today.dump.partial"].map(named);
        for file in others.iter().chain([&left]) {
            fs::write(file, "").unwrap();
        }
        let used = new_and_locked(&named("local_db_20260102_030406.dump.partial")).unwrap();
        let partial = Partial::create(&named("local_db_20261123_030405.dump")).await;
        assert!(!left.exists() && others.iter().all(|file| file.exists()));
        drop(partial.unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        drop(used);
    }

    #[test]
    fn names_of_tables_are_read_from_verbose_lines() {
        let line = "pg_dump: dumping contents of table \"Odd \"x\".T\"";
        assert_eq!(table_begun(line), Some("Odd \"x\".T"));
        assert_eq!(table_begun("pg_dump: reading policies"), None);
    }
}
