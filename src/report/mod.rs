//! The report of a migration: a document that can be handed over, derived from the session alone.
//!
//! [`Document`] says what is told, and is the JSON; `sections` lays it out once for HTML and Markdown.

mod chart;
mod document;
mod escape;
mod html;
mod markdown;
mod sections;
mod verdict;

#[cfg(test)]
mod tests;

pub use document::{
    Compared, Consented, Document, FORMAT, LeftOutOfIt, Moved, MovedTable, PhaseTime,
    ReportedTable, Side, StepTime, TableVerdict, Warning, Weight,
};
pub use verdict::{Standing, Verdict};

use crate::durable::write_whole;
use crate::failure::{Explain, Failure, Severity, chain};
use crate::session::Session;
use jiff::Timestamp;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The forms of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One file for a browser, which asks for nothing from outside.
    Html,
    /// Markdown.
    Md,
    /// The document's fields.
    Json,
}

/// What ends a report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be put into JSON.
    #[error("the report cannot be written as JSON")]
    Encode(#[from] serde_json::Error),
    /// The file system refused.
    #[error("cannot write the report {}", .file.display())]
    Io {
        /// The report's file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let failure = Failure::new("The report cannot be written", chain(self));
        match self {
            Self::Encode(_) => failure,
            Self::Io { .. } => failure
                .advise("Check the folder's rights and the room on the disk, or give another file with -o FILE.")
                .severity(Severity::Usage),
        }
    }
}

/// The session's report as text.
///
/// # Errors
/// [`Error::Encode`].
pub fn render(session: &Session, format: Format) -> Result<String, Error> {
    let document = Document::of(session);
    Ok(match format {
        Format::Html => html::page(&document),
        Format::Md => markdown::text(&document),
        Format::Json => serde_json::to_string_pretty(&document)? + "\n",
    })
}

/// Where the HTML of a session is kept: beside its file.
pub fn beside(session_file: &Path) -> PathBuf {
    session_file.with_extension("report.html")
}

/// Whether two paths lead to the same file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let id = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

/// Writes the session's report into a file, whole and readable by its owner alone: it tells no secret,
/// but hosts, tables and people. What is no file, a pipe or a device, is written into.
///
/// # Errors
/// The file system refused; what stood there before stays.
pub fn write(session: &Session, format: Format, file: &Path) -> Result<(), Error> {
    let text = render(session, format)?;
    let is_special = fs::metadata(file).is_ok_and(|found| !found.is_file());
    let written = match is_special {
        true => fs::write(file, text),
        false => write_whole(file, text.as_bytes()),
    };
    written.map_err(|source| Error::Io {
        file: file.to_owned(),
        source,
    })
}

/// A moment for people.
fn at(moment: Timestamp) -> String {
    moment.strftime("%F %H:%M UTC").to_string()
}
