//! What the way back to the old database would undo.

use super::{Check, Verdict};
use crate::session::Switched;
use jiff::Timestamp;

/// What the way back to the old database would undo, and whether that is fit for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// When it was looked at.
    pub at: Timestamp,
    /// The old database: host, port and name.
    pub source: String,
    /// Whether it answers, and what was read of it.
    pub alive: Check,
    /// The files that would be put back.
    pub switched: Option<Switched>,
    /// When the application was cut over.
    pub cut_over: Option<Timestamp>,
}

impl WayBack {
    /// Whether the old database is fit to be gone back to.
    pub fn is_open(&self) -> bool {
        self.alive.verdict != Verdict::Bad
    }

    /// What would be undone, line by line.
    pub fn undone(&self) -> Vec<String> {
        let mut lines = match &self.switched {
            Some(switched) => {
                let files = switched.files.iter();
                files
                    .map(|file| format!("put back as it was, from {}: {}", file.copy, file.file))
                    .collect()
            }
            None => vec![format!(
                "no file was switched by neonlift: the application's connection is to be set back to {} by hand",
                self.source
            )],
        };
        lines.push("signatures go; compare, application and cutover are to be done again".to_owned());
        lines
    }
}
