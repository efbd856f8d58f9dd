//! Going back: what the target has that the old database has not, saved in three ways (a dump restored
//! into a new database, a file of rows, rows taken over into the old database), and all of it tried
//! before it is needed.
//!
//! The old database is only read, with one exception: [`rows::Since::apply`], which takes a
//! [`rows::Consent`].

pub mod bridge;
pub mod dump;
mod error;
mod new_database;
pub mod rehearse;
pub mod rows;
mod workroom;

pub use error::Error;

use jiff::Zoned;
use std::path::{Path, PathBuf};

/// A new file in this folder, which is made if need be: `<stem>_<date>_<time>.<ending>`, never one that
/// is there.
fn new_file(folder: &Path, stem: &str, at: &Zoned, ending: &str) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    let folder = std::path::absolute(folder).map_err(Error::file("find", folder))?;
    let dated = at.strftime("%Y%m%d_%H%M%S");
    let named = |number: u32| match number {
        1 => folder.join(format!("{stem}_{dated}.{ending}")),
        _ => folder.join(format!("{stem}_{dated}-{number}.{ending}")),
    };
    let mut free = (1..100).map(named).filter(|file| !file.exists());
    Ok(free.next().unwrap_or_else(|| named(100)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All of them work in tasks.
    #[allow(dead_code, reason = "that it compiles is the test")]
    fn go_to_tasks(
        since: &rows::Since<'_>,
        dumping: &dump::Dumping<'_>,
        rehearsing: &rehearse::Rehearsing<'_>,
        consent: rows::Consent,
    ) {
        fn goes(_: impl Send) {}
        let here = std::path::Path::new(".");
        goes(since.count());
        goes(since.export(here));
        goes(since.apply(consent, rows::Changed::Keep));
        goes(dumping.dump_target(since.target, here));
        goes(dumping.restore_into_new(since.source, here, "name"));
        goes(rehearsing.run());
    }
}
