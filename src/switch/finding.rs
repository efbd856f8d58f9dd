//! The files of an application that may hold its connection.

use super::Error;
use super::journal::COPY;
use crate::secret::Secret;
use crate::session::report::LeftOut;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// No configuration is larger.
const LARGEST: u64 = 1 << 20;

/// What files are called that only show how the real ones look.
const TEMPLATES: [&str; 8] = [
    "example", "sample", "template", "dist", "bak", "orig", "swp", "old",
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
        let ending = text.trim_end_matches('~').rsplit('.').next();
        let is_template = ending.is_some_and(|ending| TEMPLATES.contains(&ending));
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
    let length = fs::metadata(&path)
        .map_err(Error::file("read", &path))?
        .len();
    let left = |why: &str| {
        let (what, why) = (name.clone(), why.to_owned());
        Ok(Found::Left(LeftOut { what, why }))
    };
    if length > LARGEST {
        return left("it is larger than a configuration");
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
