//! `[application]`: the application that uses the database.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[application]`: the application that uses the database.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// Its folder; a relative one lies in the working folder. `None`: nothing of it is looked at.
    pub folder: Option<PathBuf>,
    /// Files that hold its connection, besides `.env` and its variants and Streamlit's secrets:
    /// paths in its folder.
    pub files: Vec<PathBuf>,
    /// Its own tests: commands that are run in its folder by `sh -c`.
    pub tests: Vec<String>,
    /// Connections that each of its instances opens at most.
    pub pool_size: Option<u32>,
    /// How many instances of it run; `None`: one.
    pub instances: Option<u32>,
}
