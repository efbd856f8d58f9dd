//! An archive on its way to the disk.

use super::{Error, Sum, Summing, Watch};
use crate::durable;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// zstd's own default. `pg_dump` has compressed most of what comes already: more effort would find
/// nothing.
const LEVEL: i32 = 3;

/// An archive on its way: removed unless completed. Always the same name, so that the next start
/// finds what a kill has left.
pub(super) struct Partial {
    path: PathBuf,
    file: File,
}

impl Partial {
    /// Begins an archive; what a killed run has left of it goes.
    pub(super) fn create(archive: &Path) -> Result<Self, Error> {
        let mut path = archive.as_os_str().to_owned();
        path.push(".partial");
        let path = PathBuf::from(path);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Error::file("remove", &path)(error));
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(Error::writing(&path))?;
        Ok(Self { path, file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Compresses all of a file into it, down to the disk.
    pub(super) fn fill(
        &mut self,
        mut from: File,
        original: &Path,
        watch: &Watch<'_>,
    ) -> Result<Sum, Error> {
        let failed = |source| Error::writing(&self.path)(source);
        let mut encoder = zstd::Encoder::new(&self.file, LEVEL).map_err(failed)?;
        // `zstd -t` finds damage by it, also years later.
        encoder.include_checksum(true).map_err(failed)?;
        let mut sum = Summing::default();
        while let Some(piece) = sum.next(&mut from, original, watch)? {
            encoder.write_all(piece).map_err(failed)?;
            (watch.passed)(piece.len() as u64);
        }
        encoder.finish().map_err(failed)?;
        self.file.sync_all().map_err(failed)?;
        Ok(sum.finish())
    }

    /// Gives it its own name, for good.
    pub(super) fn complete(self, archive: &Path) -> Result<(), Error> {
        fs::rename(&self.path, archive).map_err(Error::file("rename", &self.path))?;
        durable::sync_folder(archive).map_err(Error::file("write", archive))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After the rename there is none; an error here would hide the one that led here.
        fs::remove_file(&self.path).ok();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn a_full_disk_is_an_error_of_its_own_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let original = folder.path().join("x.dump");
        // Random enough that zstd has to write.
        let bytes: Vec<u8> = (0..3_000_000_u64)
            .map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8)
            .collect();
        fs::write(&original, bytes).unwrap();
        let path = folder.path().join("x.dump.zst.partial");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let mut partial = Partial { path, file };
        let cancel = CancellationToken::new();
        let watch = Watch {
            passed: &|_| {},
            cancel: &cancel,
        };
        let from = File::open(&original).unwrap();
        let error = partial.fill(from, &original, &watch).unwrap_err();
        drop(partial);
        assert!(matches!(error, Error::NoSpace { .. }), "{error:?}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}
