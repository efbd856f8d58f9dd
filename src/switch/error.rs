//! Why an application's files cannot be read or replaced.

use crate::failure::{Explain, Failure, Severity, chain};
use std::io;
use std::path::{Path, PathBuf};

/// Why an application's files cannot be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("cannot {doing} {}", .file.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// A file that the configuration names is not there.
    #[error("{} is not there", .0.display())]
    NoSuchFile(PathBuf),
    /// What was named as the application's folder is none.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
    /// The files are not what was shown any more.
    #[error("{0} has changed since it was shown")]
    Changed(String),
    /// There is nothing to be replaced.
    #[error("no file of the application would change")]
    Nothing,
    /// The application leads to the target already.
    #[error("the application's files are switched already")]
    Already,
    /// Nothing was switched.
    #[error("no file of an application was switched in this session")]
    NotSwitched,
    /// A file cannot be put back; what could be was.
    #[error("not every file could be put back")]
    NotPutBack(#[source] Box<Error>),
    /// The note of what was begun cannot be read.
    #[error("{} cannot be read", .file.display())]
    Journal {
        /// The note.
        file: PathBuf,
        /// Why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// The note of what is begun cannot be written.
    #[error("the note of what is replaced cannot be written")]
    Encode(#[source] toml::ser::Error),
}

impl Error {
    /// For `map_err`.
    pub(super) fn file<'a>(doing: &'static str, file: &'a Path) -> impl Fn(io::Error) -> Self + 'a {
        move |source| Self::File {
            doing,
            file: file.to_owned(),
            source,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        let why = format!("{}.", chain(self));
        match self {
            Self::File { .. } => Failure::new("A file of the application cannot be used", why)
                .advise("Check that the folder exists, is yours to write to, and has room.")
                .advise("No file stays half switched: what had been replaced was put back."),
            Self::NoSuchFile(_) => Failure::new("A file of the application is missing", why)
                .advise("Correct application.files in config.toml: paths in the application's folder.")
                .severity(Severity::Usage),
            Self::NoFolder(_) => Failure::new("The application's folder is not there", why)
                .advise("Name the folder that the application is started in.")
                .severity(Severity::Usage),
            Self::Changed(_) => Failure::new("The files are not what was shown", why)
                .advise("Look at the plan again; nothing is replaced that was not shown:")
                .advise("$ neonlift application"),
            Self::Nothing => Failure::new("There is nothing to switch", why)
                .advise("The step application says which files it found, and why they stay as they are.")
                .severity(Severity::Usage),
            Self::Already => Failure::new("The application is switched already", why)
                .advise("To go back to the old database:")
                .advise("$ neonlift application --undo")
                .severity(Severity::Usage),
            Self::NotSwitched => {
                Failure::new("There is nothing to undo", why).severity(Severity::Usage)
            }
            Self::NotPutBack(_) => Failure::new("A file of the application is not put back yet", why)
                .advise("Check that its folder exists, is yours to write to, and has room. The next start puts it back; its old text is in the copy beside it."),
            Self::Journal { file, .. } => Failure::new("The note of the switched files is damaged", why)
                .advise(format!("It names the old files' copies, which lie beside them: put them back by hand, then remove {}.", file.display())),
            Self::Encode(_) => Failure::new("The files cannot be switched", why),
        }
    }
}
