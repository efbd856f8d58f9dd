//! A file replaced by another that looks the same from outside.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Where a file's new text is written before it takes the old one's place. Always the same name, so
/// that what a crash leaves is found.
fn fresh(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.neonlift-new"))
}

/// Takes away what a crash may have left beside a file.
pub(super) fn clear(file: &Path) -> io::Result<()> {
    match fs::remove_file(fresh(file)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file, so that whoever reads it, or a crash at any moment, finds the old or the new
/// text whole. Mode and owner stay.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let like = fs::metadata(file)?;
    clear(file)?;
    let fresh = fresh(file);
    let written = write(&fresh, text, &like, like.mode());
    let placed = written.and_then(|()| fs::rename(&fresh, file));
    if placed.is_err() {
        // The reason is told by the first error.
        clear(file).ok();
    }
    placed?;
    sync_folder(file)
}

/// Writes a copy that only the file's owner can read. It must not be there yet.
pub(super) fn copy(file: &Path, to: &Path, text: &[u8]) -> io::Result<()> {
    write(to, text, &fs::metadata(file)?, 0o600)?;
    sync_folder(to)
}

/// The directory entry of a file, on the disk.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn write(file: &Path, text: &[u8], like: &Metadata, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut open = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    let own = open.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        fchown(&open, Some(like.uid()), Some(like.gid()))?;
    }
    open.set_permissions(fs::Permissions::from_mode(mode & 0o7777))?;
    open.write_all(text)?;
    open.sync_all()
}
