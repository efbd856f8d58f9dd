//! Whose processes the servers are, and which folders that user can reach.
//!
//! PostgreSQL refuses to run as root. When neonlift is root (a container, a CI machine), the
//! servers belong to `postgres` or `nobody`, and everything they read has to be open to them.

use super::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// An unprivileged user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// The user that runs the servers; `None` when that is whoever runs neonlift.
    pub(super) fn for_servers() -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let path = Path::new("/etc/passwd");
        let passwd = fs::read_to_string(path).map_err(Error::io("read", path))?;
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Self::in_passwd(&passwd, name))
            .map(Some)
            .ok_or(Error::NoServerUser)
    }

    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let account = Self {
                name: fields.next().filter(|field| *field == name)?.to_owned(),
                uid: fields.nth(1)?.parse().ok()?,
                gid: fields.next()?.parse().ok()?,
            };
            (account.uid != 0).then_some(account)
        })
    }

    /// The first of `folder` and its ancestors that this user cannot pass through.
    fn shut_out_of(&self, folder: &Path) -> Option<PathBuf> {
        let existing = folder
            .ancestors()
            .find_map(|part| part.canonicalize().ok())?;
        let mut parts: Vec<_> = existing.ancestors().collect();
        parts.reverse();
        parts
            .into_iter()
            .find(|part| !self.passes(part))
            .map(Path::to_owned)
    }

    fn passes(&self, folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|meta| {
            let bit = match () {
                () if meta.uid() == self.uid => 0o100,
                () if meta.gid() == self.gid => 0o010,
                () => 0o001,
            };
            meta.mode() & bit != 0
        })
    }
}

/// Checks that the servers' user can get into `folder`, which need not exist yet.
pub(super) fn check_reachable(account: Option<&Account>, folder: &Path) -> Result<(), Error> {
    let Some(account) = account else {
        return Ok(());
    };
    match account.shut_out_of(folder) {
        None => Ok(()),
        Some(blocking) => Err(Error::Unreachable {
            folder: folder.to_owned(),
            blocking,
            user: account.name.clone(),
        }),
    }
}

/// Hands a file or folder over to the servers' user.
pub(super) fn give(account: Option<&Account>, path: &Path) -> Result<(), Error> {
    match account {
        None => Ok(()),
        Some(account) => {
            chown(path, Some(account.uid), Some(account.gid)).map_err(Error::io("hand over", path))
        }
    }
}

/// One of PostgreSQL's programs, to be run by the servers' user inside `folder`. It gets none of
/// our environment (which may hold connection strings) but the search paths.
pub(super) fn command(account: Option<&Account>, program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(
        ["PATH", "LD_LIBRARY_PATH"]
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?))),
    );
    command
        .env("HOME", folder)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(folder);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// Where fetched servers and temporary practice data live: the user's cache folder, or for root,
/// whose home is usually closed to others, a folder that the servers' user can reach.
pub(super) fn cache_folder(account: Option<&Account>) -> Result<PathBuf, Error> {
    let own =
        directories::ProjectDirs::from("", "", "neonlift").map(|dirs| dirs.cache_dir().to_owned());
    match (own, account) {
        (Some(own), None) => Ok(own),
        (Some(own), Some(account)) if account.shut_out_of(&own).is_none() => Ok(own),
        (_, Some(_)) => Ok(PathBuf::from(OsStr::new("/var/cache/neonlift"))),
        (None, None) => Err(Error::NoCacheFolder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";

    #[test]
    fn a_user_is_read_from_passwd_and_root_never_is() {
        let nobody = Account {
            name: "nobody".into(),
            uid: 65534,
            gid: 65533,
        };
        assert_eq!(Account::in_passwd(PASSWD, "nobody"), Some(nobody));
        assert_eq!(Account::in_passwd(PASSWD, "postgres"), None);
        assert_eq!(Account::in_passwd(PASSWD, "root"), None);
    }

    #[test]
    fn a_closed_ancestor_is_named() {
        let outer = tempfile::tempdir().expect("a folder");
        let closed = outer.path().canonicalize().expect("a path");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("rights");
        let stranger = Account {
            name: "s".into(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        assert_eq!(
            stranger.shut_out_of(&closed.join("not/there")),
            Some(closed.clone())
        );
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o711)).expect("rights");
        assert_eq!(stranger.shut_out_of(&closed.join("not/there")), None);
    }
}
