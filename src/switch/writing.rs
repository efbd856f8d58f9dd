//! A file replaced by another that looks the same from outside.

use crate::durable;
use jiff::Timestamp;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// Where a file's new text is written before it takes the old one's place. Always the same name, so
/// that what a crash leaves is found.
fn fresh(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.neonlift-new"))
}

/// A dated name beside a file that is free.
pub(super) fn dated(file: &Path, word: &str, at: Timestamp) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let numbered = |number: u32| {
        let number = match number {
            1 => String::new(),
            _ => format!("-{number}"),
        };
        let date = at.strftime("%Y%m%d-%H%M%S");
        file.with_file_name(format!("{name}{word}{date}{number}"))
    };
    let free = (1..100).map(numbered).find(|name| !is_there(name));
    free.unwrap_or_else(|| numbered(100))
}

/// Takes away what a crash may have left beside a file.
pub(super) fn clear(file: &Path) -> io::Result<()> {
    let fresh = fresh(file);
    // Where nothing can be taken away, a name that is not there would be refused, too.
    match is_there(&fresh) {
        true => fs::remove_file(fresh),
        false => Ok(()),
    }
}

/// Whether a name is taken, be it by a link that leads nowhere.
pub(super) fn is_there(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok()
}

/// Replaces a file, so that whoever reads it, or a crash at any moment, finds the old or the new
/// text whole. Mode and owner stay.
pub(super) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    let like = fs::metadata(file)?;
    place(file, text, &like, like.mode())
}

/// Makes a copy that only the file's owner can read; it is there whole, or not at all. Its name must
/// be free.
pub(super) fn copy(file: &Path, to: &Path, text: &[u8]) -> io::Result<()> {
    if is_there(to) {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    place(to, text, &fs::metadata(file)?, 0o600)
}

fn place(file: &Path, text: &[u8], like: &Metadata, mode: u32) -> io::Result<()> {
    clear(file)?;
    let fresh = fresh(file);
    let written = write(&fresh, text, like, mode);
    moment();
    let placed = written.and_then(|()| fs::rename(&fresh, file));
    moment();
    if placed.is_err() {
        // The reason is told by the first error.
        clear(file).ok();
    }
    placed?;
    durable::sync_folder(file)
}

/// Between any two acts the program may be killed: the tests do so at each of these.
pub(super) fn moment() {
    #[cfg(test)]
    super::crash_tests::killed_here();
}

fn write(file: &Path, text: &[u8], like: &Metadata, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut open = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    moment();
    let own = open.metadata()?;
    if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
        fchown(&open, Some(like.uid()), Some(like.gid()))?;
    }
    open.set_permissions(fs::Permissions::from_mode(mode & 0o7777))?;
    open.write_all(text)?;
    moment();
    open.sync_all()
}
