//! The backup's files, archived one after another.

use super::{Error, Work, backup};
use crate::archive::{self, Archived, Watch, remove_original};
use crate::session::Step;
use crate::session::report::{ArchivedFile, Check, Report};
use crate::steps::prerequisites::free_bytes;
use std::fs;
use std::path::{Path, PathBuf};

/// The name of the check of what lies beside the dump.
const BESIDE: &str = "Beside the dump";

/// A file of the backup.
struct Original {
    file: PathBuf,
    /// Its SHA-256 when it was made, where that was noted.
    sha256: Option<String>,
}

/// Archives the dump, and beside it its table of contents and the statistics. The dump itself goes
/// when that is wanted, once its archive was read back; the other two are small, and stay to be read.
pub(super) async fn store(
    work: Work<'_>,
    remove_dump: bool,
    checks: &mut Vec<Check>,
) -> Result<Vec<ArchivedFile>, Error> {
    let made = backup(work)?;
    let dump = Original {
        file: PathBuf::from(&made.file),
        sha256: Some(made.sha256.clone()),
    };
    enough_room(&dump.file)?;
    let (dump, archived) = one(work, dump).await?;
    let mut files = vec![told(&dump, &archived)];
    for file in beside(work) {
        match one(work, Original { file, sha256: None }).await {
            Ok((file, archived)) => files.push(told(&file, &archived)),
            // Of these two nothing is lost by it: the dump is what counts.
            Err(Error::Archive(archive::Error::Missing(file))) => {
                checks.push(Check::warning(
                    BESIDE,
                    format!("{} is gone", file.display()),
                ));
            }
            Err(Error::Archive(archive::Error::Unlike { archive, .. })) => {
                let found = format!("{} is of an earlier one, and stays", archive.display());
                checks.push(Check::warning(BESIDE, found));
            }
            Err(error) => return Err(error),
        }
    }
    if remove_dump && archived.has_original() {
        remove_original(&dump, &archived)?;
        files[0].removed = true;
    }
    checks.push(check(&files[0]));
    Ok(files)
}

fn check(dump: &ArchivedFile) -> Check {
    let removed = match dump.removed {
        true => "the dump itself is removed",
        false => "the dump itself stays beside it",
    };
    let found = format!(
        "{}, read back and equal; {} (pg_dump had compressed it already); {removed}",
        dump.archive,
        dump.saving()
    );
    Check::good("Backup", found)
}

/// What lies beside the dump: its table of contents, and the statistics.
fn beside(work: Work<'_>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    if let Some(Report::Backup(made)) = work.session.report(Step::Backup) {
        files.push(PathBuf::from(&made.contents_file));
    }
    if let Some(Report::Inventory(found)) = work.session.report(Step::Inventory) {
        files.push(PathBuf::from(&found.stats_file));
    }
    files
}

/// An archive is about as large as the dump: a disk that it would fill may be a database's, too.
fn enough_room(dump: &Path) -> Result<(), Error> {
    let Ok(needed) = fs::metadata(dump).map(|found| found.len()) else {
        return Ok(());
    };
    if archive::name_of(dump).exists() {
        return Ok(());
    }
    let folder = dump.parent().unwrap_or(Path::new("."));
    let free = free_bytes(folder).map_err(Error::file("look for room in", folder))?;
    match free < needed {
        true => Err(archive::Error::NoRoom {
            folder: folder.to_owned(),
            needed,
            free,
        }
        .into()),
        false => Ok(()),
    }
}

/// Archives one file in a thread of its own, and tells how far it is.
async fn one(work: Work<'_>, original: Original) -> Result<(PathBuf, Archived), Error> {
    let Original { file, sha256 } = original;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    work.progress
        .activity(format!("Compressing {name} with zstd, and reading it back"));
    let bytes = fs::metadata(&file).map_or(0, |found| found.len());
    // Once when it is compressed, once when it is read back.
    let meter = work.progress.meter(&name, 0, 2 * bytes);
    meter.begin();
    let (counter, cancel) = (meter.clone(), work.cancel.clone());
    let storing = tokio::task::spawn_blocking(move || {
        let watch = Watch {
            passed: &|bytes| counter.add(0, bytes),
            cancel: &cancel,
        };
        archive::store(&file, sha256.as_deref(), &watch).map(|archived| (file, archived))
    });
    let stored = storing.await.map_err(Error::Broken)??;
    meter.finish();
    Ok(stored)
}

fn told(file: &Path, archived: &Archived) -> ArchivedFile {
    ArchivedFile {
        file: file.display().to_string(),
        bytes: archived.original_bytes,
        sha256: archived.sha256.clone(),
        archive: archived.file.display().to_string(),
        archive_bytes: archived.bytes,
        removed: !archived.has_original(),
    }
}
