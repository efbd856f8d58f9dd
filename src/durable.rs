//! Files that a crash leaves whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file so that a reader, or a crash at any moment, finds the old or the new one whole.
/// The new file is readable by its owner only.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(file);
    // tempfile makes it 0600.
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(bytes)?;
    fresh.as_file().sync_all()?;
    fresh.persist(file)?;
    sync_folder(file)
}

/// Waits until the folder knows a file's name, or that it has gone, for good.
pub(crate) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
