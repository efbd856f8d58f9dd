//! A backup's file compressed into an archive beside it, which is believed only once it was read back.
//!
//! The archive has zstd's own format, so that `zstd -d` gives the file back without neonlift. It is
//! written under another name and read back from the disk; only then does it get its own name. So an
//! archive that is there is whole, and a kill at any moment leaves the original as it was.

mod error;
mod writing;

pub use error::Error;

use crate::durable;
use crate::figures::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio_util::sync::CancellationToken;
use writing::Partial;

/// So much is read at a time; the memory that is needed does not grow with the file.
const PIECE: usize = 256 * 1024;

/// Who is told how it goes on, and may stop it.
pub struct Watch<'a> {
    /// Bytes of the original's length that were worked on since the last time: all of them once when
    /// it is read, and once more when the archive is read back.
    pub passed: &'a (dyn Fn(u64) + Send + Sync),
    /// Stops it; then nothing is left behind.
    pub cancel: &'a CancellationToken,
}

/// A file, compressed and read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The archive.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What comes out of it, in bytes: as many as went in.
    pub original_bytes: u64,
    /// SHA-256 of what comes out of it, in lower-case hexadecimal.
    pub sha256: String,
    /// The file that it was made of, as it was when it was read; `None` when that is gone already.
    original: Option<Stamp>,
}

impl Archived {
    /// Whether the file that it was made of was there.
    pub fn has_original(&self) -> bool {
        self.original.is_some()
    }
}

/// What tells whether a file is still the one that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    changed: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            file: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            changed: metadata.modified().ok(),
        }
    }
}

/// What was read: its length and its SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    bytes: u64,
    sha256: String,
}

/// The archive of a file: the same name with `.zst` behind it.
pub fn name_of(original: &Path) -> PathBuf {
    let mut name = original.as_os_str().to_owned();
    name.push(".zst");
    PathBuf::from(name)
}

/// What comes out of the archive of a file, to be read piece by piece.
///
/// # Errors
/// There is none, or it is no archive; the file system's.
pub fn content(original: &Path) -> io::Result<impl Read + use<>> {
    zstd::Decoder::new(File::open(name_of(original))?)
}

/// Compresses a file into [`name_of`] it, unless that is done already, and proves the archive: what
/// comes out of it has the SHA-256 of what the file holds now, which has to be `expected` where that
/// is known. The original stays. Reads and writes files: not for the threads of an async runtime.
///
/// # Errors
/// The file is not what it was ([`Error::Altered`]) or gone without an archive ([`Error::Missing`]);
/// an archive that is there, or was made, gives something else ([`Error::Unlike`]); the file system's.
/// Nothing that was begun is left behind then.
pub fn store(
    original: &Path,
    expected: Option<&str>,
    watch: &Watch<'_>,
) -> Result<Archived, Error> {
    let archive = name_of(original);
    let reading = match File::open(original) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        opened => Some(opened.map_err(Error::file("read", original))?),
    };
    let there = archive
        .try_exists()
        .map_err(Error::file("look for", &archive))?;
    let stamp = reading
        .as_ref()
        .map(|file| file.metadata().map(|m| Stamp::of(&m)));
    let stamp = stamp.transpose().map_err(Error::file("read", original))?;
    let sum = match (reading, there) {
        (None, false) => return Err(Error::Missing(original.to_owned())),
        (None, true) => prove(&archive, expected, watch)?,
        (Some(file), true) => {
            let sum = read(file, original, watch)?;
            is_expected(original, &sum, expected)?;
            prove(&archive, Some(&sum.sha256), watch)?
        }
        (Some(file), false) => make(file, (original, &archive), expected, watch)?,
    };
    let bytes = fs::metadata(&archive).map_err(Error::file("read", &archive))?;
    Ok(Archived {
        bytes: bytes.len(),
        file: archive,
        original_bytes: sum.bytes,
        sha256: sum.sha256,
        original: stamp,
    })
}

/// Makes the archive, proves it under its partial name, and gives it its own.
fn make(
    file: File,
    (original, archive): (&Path, &Path),
    expected: Option<&str>,
    watch: &Watch<'_>,
) -> Result<Sum, Error> {
    let mut partial = Partial::create(archive)?;
    let sum = partial.fill(file, original, watch)?;
    is_expected(original, &sum, expected)?;
    let proved = prove(partial.path(), Some(&sum.sha256), watch)?;
    partial.complete(archive)?;
    Ok(proved)
}

/// Removes the file that an archive was made of. It is gone already: fine.
///
/// # Errors
/// It is not the file any more that was read ([`Error::Altered`]), and stays; the file system's.
pub fn remove_original(original: &Path, archived: &Archived) -> Result<(), Error> {
    let now = match fs::metadata(original) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        now => now.map_err(Error::file("read", original))?,
    };
    if archived.original != Some(Stamp::of(&now)) {
        return Err(Error::Altered(original.to_owned()));
    }
    fs::remove_file(original).map_err(Error::file("remove", original))?;
    durable::sync_folder(original).map_err(Error::file("remove", original))
}

fn is_expected(original: &Path, sum: &Sum, expected: Option<&str>) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != sum.sha256 => Err(Error::Altered(original.to_owned())),
        _ => Ok(()),
    }
}

/// Reads an archive back. Without anything to hold it against, zstd's own checksum has to do.
fn prove(archive: &Path, expected: Option<&str>, watch: &Watch<'_>) -> Result<Sum, Error> {
    let unlike = |source| Error::Unlike {
        archive: archive.to_owned(),
        source,
    };
    let file = File::open(archive).map_err(Error::file("read", archive))?;
    from_the_disk(&file);
    let content = zstd::Decoder::new(file).map_err(Error::file("read", archive))?;
    let sum = match read(content, archive, watch) {
        // A file that cannot be decompressed is no fault of the file system.
        Err(Error::File { source, .. }) if source.raw_os_error().is_none() => {
            return Err(unlike(Some(source)));
        }
        sum => sum?,
    };
    match expected {
        Some(expected) if expected != sum.sha256 => Err(unlike(None)),
        _ => Ok(sum),
    }
}

/// Lets go of what memory holds of a file that is on the disk: what is read next comes from there.
fn from_the_disk(file: &File) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed) {
        // The proof is then of what the system holds of it.
        tracing::debug!(%error, "the archive may be read back from memory");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// Reads to the end; the file is named in errors.
fn read(mut from: impl Read, file: &Path, watch: &Watch<'_>) -> Result<Sum, Error> {
    let mut sum = Summing::default();
    while let Some(piece) = sum.next(&mut from, file, watch)? {
        (watch.passed)(piece.len() as u64);
    }
    Ok(sum.finish())
}

/// What is read piece by piece, and hashed on the way.
struct Summing {
    hash: Sha256,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Default for Summing {
    fn default() -> Self {
        Self {
            hash: Sha256::new(),
            bytes: 0,
            buffer: vec![0; PIECE],
        }
    }
}

impl Summing {
    /// The next piece; `None` at the end.
    fn next(
        &mut self,
        from: &mut impl Read,
        file: &Path,
        watch: &Watch<'_>,
    ) -> Result<Option<&[u8]>, Error> {
        if watch.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let length = loop {
            match from.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(Error::file("read", file))?,
            }
        };
        let piece = &self.buffer[..length];
        self.hash.update(piece);
        self.bytes += length as u64;
        Ok((length > 0).then_some(piece))
    }

    fn finish(self) -> Sum {
        Sum {
            bytes: self.bytes,
            sha256: hex(&self.hash.finalize()),
        }
    }
}

#[cfg(test)]
mod tests;
