//! Files about the source that only their owner may read, like its dump.

use super::Error;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The mode of a file that only its owner reads and writes.
const OWN: u32 = 0o600;

/// Writes a file anew; one that others could read before is closed to them first.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Error> {
    let written = || {
        let mut options = OpenOptions::new();
        let mut opened = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(OWN)
            .open(file)?;
        opened.set_permissions(Permissions::from_mode(OWN))?;
        opened.write_all(text.as_bytes())
    };
    written().map_err(Error::file("write", file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_written_is_its_owners_alone_also_where_it_was_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stats.txt");
        fs::write(&file, "a longer text").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        write(&file, "text").unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWN);
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
    }
}
