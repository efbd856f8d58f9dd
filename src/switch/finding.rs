//! The files of an application that may hold its connection.

use super::Error;
use super::journal::COPY;
use crate::secret::Secret;
use crate::session::report::LeftOut;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// No configuration is larger.
const LARGEST: u64 = 1 << 20;

/// What files are called that only show how the real ones look.
const TEMPLATES: [&str; 11] = [
    "example", "sample", "template", "tmpl", "tpl", "dist", "bak", "backup", "orig", "swp", "old",
];

/// A file that was found.
pub(super) enum Found {
    File {
        /// As people call it: its path in the folder.
        name: String,
        /// Behind all links.
        path: PathBuf,
        text: Secret,
    },
    Left(LeftOut),
}

/// The application's folder as a person types it, `~/` included.
///
/// # Errors
/// There is no such folder.
pub fn named_folder(typed: &str) -> Result<PathBuf, Error> {
    let typed = typed.trim();
    let home = std::env::home_dir().filter(|_| typed == "~" || typed.starts_with("~/"));
    let folder = match home {
        Some(home) => home.join(typed[1..].trim_start_matches('/')),
        None => PathBuf::from(typed),
    };
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    match folder.is_dir() && !typed.is_empty() {
        true => Ok(folder),
        false => Err(Error::NoFolder(folder)),
    }
}

/// `.env` and its variants, Streamlit's secrets, and what the configuration names, each once.
pub(super) fn files(folder: &Path, named: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut names = usual(folder)?;
    for name in named {
        let path = folder.join(name);
        if !path.is_file() {
            return Err(Error::NoSuchFile(path));
        }
        names.push(name.clone());
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for name in names {
        let file = folder.join(&name);
        let path = file.canonicalize().map_err(Error::file("read", &file))?;
        if seen.insert(path.clone()) {
            found.push(read(&name, path)?);
        }
    }
    Ok(found)
}

fn usual(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = || Error::file("read", folder);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed())? {
        let name = entry.map_err(failed())?.file_name();
        let Some(text) = name.to_str() else { continue };
        let is_env = text == ".envrc" || text == ".env" || text.starts_with(".env.");
        let is_env = is_env || text.ends_with(".env");
        let mut words = text.split(['.', '-', '_']);
        let is_template = words.any(|word| TEMPLATES.contains(&word));
        let is_copy = text.contains(COPY) || text.ends_with('~');
        if is_env && !is_template && !is_copy && folder.join(&name).is_file() {
            names.push(PathBuf::from(name));
        }
    }
    names.sort();
    let secrets = PathBuf::from(".streamlit/secrets.toml");
    if folder.join(&secrets).is_file() {
        names.push(secrets);
    }
    Ok(names)
}

fn read(name: &Path, path: PathBuf) -> Result<Found, Error> {
    let name = name.to_string_lossy().into_owned();
    let about = fs::metadata(&path).map_err(Error::file("read", &path))?;
    let left = |why: &str| {
        let (what, why) = (name.clone(), why.to_owned());
        Ok(Found::Left(LeftOut { what, why }))
    };
    if about.len() > LARGEST {
        return left("it is larger than a configuration");
    }
    // A replaced file is another one: the other names would keep the old text.
    if about.nlink() > 1 {
        return left("it has another name (a hard link): change it by hand");
    }
    let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = Secret::new(text);
            Ok(Found::File { name, path, text })
        }
        Err(_) => left("it is not UTF-8"),
    }
}
