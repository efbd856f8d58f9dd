//! The folders that practice servers live in, and how orphans are found.
//!
//! `<cache>/practice/` is the register: a folder in it (`temp-…`) is a temporary place, a symbolic
//! link (`kept-…`) points to a folder that was given. Whoever works with a place holds the lock on
//! its file `lock`; the system lets go of it when that process dies, however it dies. So a server
//! in a place whose lock is free is an orphan. The register has a lock of its own, held while
//! places are claimed or swept.

use super::account::{self, Account};
use super::error::Error;
use super::postmaster::{self, Manner};
use super::sample::Sample;
use crate::figures::hex;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The two data folders of a place.
pub(super) const SERVERS: [&str; 2] = ["source", "target"];
const RECORD: &str = "practice.json";
/// The servers' connection strings without passwords, those of the source and of the target.
const STRINGS: &str = "connections.json";

/// What a place remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The sample data that the source has in full.
    pub(super) sample: Option<Sample>,
    /// Whether `practice down` without a folder means this place too.
    pub(super) standing: bool,
}

/// A place that this process works with; its lock is held as long as this lives.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) temporary: bool,
    _lock: File,
}

impl Place {
    /// The record, with its defaults when the place is new.
    pub(super) fn record(&self) -> Result<Record, Error> {
        read_record(&self.path)
    }

    /// Puts the record on disk, whole or not at all.
    pub(super) fn write_record(&self, record: &Record) -> Result<(), Error> {
        write_record(&self.path, record)
    }

    /// Notes how its servers are reached, without passwords: for `practice status`.
    pub(super) fn write_strings(&self, strings: &[String; 2]) -> Result<(), Error> {
        let path = self.path.join(STRINGS);
        let text = serde_json::json!(strings).to_string();
        fs::write(&path, text).map_err(Error::io("write", &path))
    }

    /// Deletes everything in it.
    pub(super) fn delete(&self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(Error::io("delete", &self.path)(source))
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Place {
    /// What is left by a failure here is removed by the next start.
    fn drop(&mut self) {
        if self.temporary {
            let _ = self.delete();
        }
    }
}

fn read_record(place: &Path) -> Result<Record, Error> {
    let path = place.join(RECORD);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|source| Error::Damaged { path, source }),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(Record::default()),
        Err(source) => Err(Error::io("read", &path)(source)),
    }
}

fn write_record(place: &Path, record: &Record) -> Result<(), Error> {
    let path = place.join(RECORD);
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(place)?;
        serde_json::to_writer(&mut file, record)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    };
    write().map_err(Error::io("write", &path))
}

/// Takes a file's lock, waiting for whoever has it. Closing the file lets go.
pub(super) async fn lock(path: &Path) -> io::Result<File> {
    loop {
        if let Some(file) = try_lock(path)? {
            return Ok(file);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    hold(file)
}

/// As [`try_lock`], for a place of anybody's: makes no file where its owner is deleting the place.
fn try_lock_existing(path: &Path) -> io::Result<Option<File>> {
    hold(OpenOptions::new().write(true).open(path)?)
}

fn hold(file: File) -> io::Result<Option<File>> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(source) => Err(source.into()),
    }
}

/// The register of all places, locked.
pub(super) struct Register {
    path: PathBuf,
    _lock: File,
}

impl Register {
    pub(super) async fn open(account: Option<&Account>) -> Result<Self, Error> {
        let path = account::cache_folder(account)?.join("practice");
        make_passable(&path)?;
        // Servers are recognised by the path in their arguments, so it has to be spelt one way.
        let path = path.canonicalize().map_err(Error::io("find", &path))?;
        let file = path.join("lock");
        let lock = lock(&file).await.map_err(Error::io("lock", &file))?;
        Ok(Self { path, _lock: lock })
    }

    /// The places known: where each is, and whether it is temporary.
    fn places(&self) -> Result<Vec<(PathBuf, bool)>, Error> {
        let mut places = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(Error::io("read", &self.path))? {
            let path = entry.map_err(Error::io("read", &self.path))?.path();
            if !path.is_symlink() && path.is_dir() {
                places.push((path, true));
            } else if let Ok(target) = fs::read_link(&path) {
                if target.is_dir() {
                    places.push((target, false));
                } else {
                    fs::remove_file(&path).map_err(Error::io("delete", &path))?;
                }
            }
        }
        Ok(places)
    }

    /// Ends the servers of dead processes and removes their temporary places. Gives how many
    /// servers there were.
    pub(super) async fn sweep(&self) -> Result<usize, Error> {
        let mut ended = 0;
        for (path, temporary) in self.places()? {
            let file = path.join("lock");
            let lock = match try_lock_existing(&file) {
                Ok(Some(lock)) => lock,
                Err(source) if temporary && source.kind() == ErrorKind::NotFound => {
                    // Its owner is deleting it, or was killed while deleting it.
                    let _ = fs::remove_dir_all(&path);
                    continue;
                }
                // A kept folder may have become unreadable since: that is for its owner to see.
                _ => continue,
            };
            ended += end_servers(&path, Manner::Immediate).await?;
            if temporary {
                drop(Place {
                    path,
                    temporary,
                    _lock: lock,
                });
            }
        }
        Ok(ended)
    }

    /// Makes a place of one's own: the folder given, or a temporary one.
    pub(super) async fn claim(
        &self,
        folder: Option<&Path>,
        account: Option<&Account>,
    ) -> Result<Place, Error> {
        match folder {
            Some(folder) => self.claim_given(folder, account).await,
            None => self.claim_temporary(),
        }
    }

    fn claim_temporary(&self) -> Result<Place, Error> {
        let path = tempfile::Builder::new()
            .prefix("temp-")
            .tempdir_in(&self.path)
            .map_err(Error::io("create a folder in", &self.path))?
            .keep();
        open_to_servers(&path)?;
        locked(path, true)
    }

    async fn claim_given(&self, folder: &Path, account: Option<&Account>) -> Result<Place, Error> {
        let new = !folder.exists();
        let absolute = std::path::absolute(folder).map_err(Error::io("find", folder))?;
        let parent = absolute.parent().unwrap_or(&absolute);
        account::check_reachable(account, if new { parent } else { &absolute })?;
        if new {
            make_passable(folder)?;
        }
        let path = folder.canonicalize().map_err(Error::io("find", folder))?;
        let mut entries = fs::read_dir(&path).map_err(Error::io("read", &path))?;
        if !path.join(RECORD).exists() {
            if entries.next().is_some() {
                return Err(Error::ForeignFolder { folder: path });
            }
            write_record(&path, &Record::default())?;
        }
        let place = locked(path, false)?;
        self.enter(&place.path)?;
        Ok(place)
    }

    /// Puts a link to a given folder into the register.
    fn enter(&self, place: &Path) -> Result<(), Error> {
        let digest = Sha256::digest(place.as_os_str().as_encoded_bytes());
        let name = hex(&digest[..8]);
        let link = self.path.join(format!("kept-{name}"));
        match symlink(place, &link) {
            Err(source) if source.kind() != ErrorKind::AlreadyExists => {
                Err(Error::io("create", &link)(source))
            }
            _ => Ok(()),
        }
    }

    /// How things stand in `folder`, or in all places known: those whose servers run first, each
    /// kind by its folder.
    pub(super) fn standings(&self, folder: Option<&Path>) -> Result<Vec<Standing>, Error> {
        let places = match folder {
            Some(folder) => {
                let path = folder.canonicalize().map_err(Error::io("find", folder))?;
                if !path.join(RECORD).exists() {
                    return Err(Error::ForeignFolder { folder: path });
                }
                vec![(path, false)]
            }
            None => self.places()?,
        };
        let places = places.into_iter();
        let standings = places.map(|(path, temporary)| standing(path, temporary));
        let mut standings = standings.collect::<Result<Vec<_>, _>>()?;
        standings.sort_by(|one, other| {
            let key = |standing: &Standing| (standing.servers.is_empty(), standing.folder.clone());
            key(one).cmp(&key(other))
        });
        Ok(standings)
    }
}

fn locked(path: PathBuf, temporary: bool) -> Result<Place, Error> {
    let file = path.join("lock");
    match try_lock(&file).map_err(Error::io("lock", &file))? {
        Some(lock) => Ok(Place {
            path,
            temporary,
            _lock: lock,
        }),
        None => Err(Error::InUse { folder: path }),
    }
}

/// Ends the servers of a place. Gives how many lived.
pub(super) async fn end_servers(place: &Path, manner: Manner) -> Result<usize, Error> {
    let mut ended = 0;
    for name in SERVERS {
        ended += usize::from(postmaster::end(&place.join(name), manner).await?);
    }
    Ok(ended)
}

/// Creates a folder that the servers' user can pass through but not list.
fn make_passable(path: &Path) -> Result<(), Error> {
    let missing: Vec<_> = path.ancestors().take_while(|part| !part.exists()).collect();
    for part in missing.into_iter().rev() {
        match fs::create_dir(part) {
            Ok(()) => open_to_servers(part)?,
            // Another process was faster.
            Err(source) if source.kind() == ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::io("create", part)(source)),
        }
    }
    Ok(())
}

fn open_to_servers(path: &Path) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(0o711)).map_err(Error::io("open", path))
}

/// How one place of practice servers stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The folder.
    pub folder: PathBuf,
    /// Whether it is removed when its servers stop.
    pub temporary: bool,
    /// Whether it was made to be ended by `practice down` (see `Options::standing`).
    pub standing: bool,
    /// Whether a living neonlift works with it; if not, servers that run are orphans.
    pub in_use: bool,
    /// The servers that run, each with its TCP port on 127.0.0.1.
    pub servers: Vec<(String, u16)>,
    /// The connection strings of source and target, without passwords; none where no server runs.
    pub connections: Vec<String>,
    /// How many documents the source has; `None` while it is not filled.
    pub documents: Option<u64>,
}

fn standing(path: PathBuf, temporary: bool) -> Result<Standing, Error> {
    let file = path.join("lock");
    let in_use = match try_lock_existing(&file) {
        Err(source) if source.kind() == ErrorKind::NotFound => false,
        tried => tried.map_err(Error::io("lock", &file))?.is_none(),
    };
    let record = read_record(&path)?;
    let running =
        |name: &str| postmaster::of(&path.join(name)).map(|server| (name.to_owned(), server.port));
    let servers: Vec<(String, u16)> = SERVERS.into_iter().filter_map(running).collect();
    // What is left of servers that have ended leads nowhere.
    let strings = fs::read(path.join(STRINGS)).ok().filter(|_| in_use);
    let strings = strings.and_then(|text| serde_json::from_slice(&text).ok());
    Ok(Standing {
        connections: strings.filter(|_| !servers.is_empty()).unwrap_or_default(),
        servers,
        folder: path,
        temporary,
        standing: record.standing,
        in_use,
        documents: record.sample.map(|sample| sample.documents),
    })
}
