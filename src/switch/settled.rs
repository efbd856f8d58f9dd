//! How an application's files stand, in words.

use crate::session::report::LeftOut;
use crate::session::{Replaced, Switched};

/// How an application's files stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What is switched; `None` when nothing is.
    pub switched: Option<Switched>,
    /// Files that were put back.
    pub restored: Vec<String>,
    /// Files that somebody has changed since, so that they were not put back.
    pub left: Vec<LeftOut>,
    /// Files that somebody has changed since, which are kept under other names.
    pub aside: Vec<Replaced>,
    /// Files that stay as somebody has changed them, for good, and the copies of what stood there before.
    pub kept: Vec<Replaced>,
}

impl Settled {
    /// Whether files were put back, or should have been.
    pub fn is_mended(&self) -> bool {
        let is_none = self.restored.is_empty() && self.left.is_empty() && self.kept.is_empty();
        !is_none
    }

    /// What was done, in words.
    pub fn in_words(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.restored.is_empty() {
            let files = self.restored.join(", ");
            lines.push(format!("put back as it was, byte for byte: {files}"));
        }
        let aside = self.aside.iter();
        lines.extend(aside.map(|aside| {
            let (file, copy) = (&aside.file, &aside.copy);
            format!("{file}, as it was changed since, is kept as {copy}")
        }));
        let kept = self.kept.iter();
        lines.extend(kept.map(|kept| {
            let (file, copy) = (&kept.file, &kept.copy);
            format!("stays as it was changed since: {file}; its old text: {copy}")
        }));
        let left = self.left.iter();
        lines.extend(left.map(|left| format!("not put back: {} ({})", left.what, left.why)));
        if self.switched.is_some() && !self.left.is_empty() {
            lines.push("to keep what was changed as a copy, and put the old file back: neonlift rollback --confirm DBNAME --edited-files aside".to_owned());
        }
        if self.switched.is_none() && !self.left.is_empty() {
            lines.push("nothing is switched now: look yourself where the connection leads in what was not put back".to_owned());
        }
        if let (Some(switched), true) = (&self.switched, self.left.is_empty()) {
            let files = switched.files.iter();
            lines.extend(files.map(|file| {
                format!(
                    "leads to the target now: {}; its old text: {}",
                    file.file, file.copy
                )
            }));
            lines.push("restart the application, so that it reads them".to_owned());
        }
        lines
    }
}
