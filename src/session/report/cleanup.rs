//! What the step `cleanup` reports: the backup put away, what was taken away, what stays.

use super::{Check, LeftOut};
use crate::figures;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is left of a migration once it was cleaned up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    /// When.
    pub at: Timestamp,
    /// The day until which the backup is to be kept.
    pub keep_until: Date,
    /// The backup's files, compressed and read back; the dump is the first.
    pub archives: Vec<ArchivedFile>,
    /// What was to be taken away, each with what came of it.
    pub checks: Vec<Check>,
    /// Whether the target may still have this migration's ledger: without it no transfer is resumed.
    pub has_ledger: bool,
    /// What stays, and why.
    pub remains: Vec<LeftOut>,
    /// Files of the application that name the old database, by their paths in its folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<String>,
    /// Whether more files name it than are listed, or not all were looked at.
    #[serde(default)]
    pub more_documents: bool,
    /// The application's folder, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// A file of the backup and its archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchivedFile {
    /// The file.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of it, and of what comes out of the archive, in hexadecimal.
    pub sha256: String,
    /// The archive.
    pub archive: String,
    /// Its size in bytes.
    pub archive_bytes: u64,
    /// Whether the file itself was removed.
    #[serde(default)]
    pub removed: bool,
}

impl ArchivedFile {
    /// What compressing it has brought, in words. A dump is compressed by `pg_dump` already.
    pub fn saving(&self) -> String {
        let (before, after) = (
            figures::bytes(self.bytes),
            figures::bytes(self.archive_bytes),
        );
        let saved = self.bytes.saturating_sub(self.archive_bytes);
        let share = saved as f64 / self.bytes.max(1) as f64;
        match self.bytes.cmp(&self.archive_bytes) {
            std::cmp::Ordering::Greater => {
                format!("{before} became {after}, {} less", figures::percent(share))
            }
            _ => format!("{before} became {after}: nothing is saved"),
        }
    }
}

impl Cleanup {
    /// Whether the backup is still there, as an archive or as it was. Looks at the disk.
    pub fn has_backup(&self) -> bool {
        let dump = self.archives.first();
        dump.is_some_and(|dump| Path::new(&dump.archive).exists() || Path::new(&dump.file).exists())
    }

    /// Until when the backup is to be kept, or since when it need not be.
    pub fn reminder(&self, today: Date) -> String {
        match today < self.keep_until {
            true => format!("keep the backup until {}", self.keep_until),
            false => format!("the backup may go since {}", self.keep_until),
        }
    }

    /// How an archive is opened again, without neonlift.
    pub fn restoring(&self) -> Option<String> {
        let dump = self.archives.first()?;
        let archive = crate::invocation::quoted(&dump.archive);
        Some(format!(
            "zstd -dc {archive} | pg_restore --no-owner --no-acl -d NEW_DATABASE"
        ))
    }

    /// What the documents are that have to follow, in words.
    pub fn documents_in_words(&self) -> String {
        let usual = "the database setup, the README, the schema notes";
        match (&self.folder, self.documents.is_empty()) {
            (None, _) => format!(
                "Update your documents: {usual}. No application's folder was given (--app FOLDER), so none was searched."
            ),
            (Some(folder), true) => format!(
                "Update your documents: {usual}. No file in {folder} names the old database."
            ),
            (Some(folder), false) => format!(
                "Update your documents: {usual}. These files in {folder} name the old database{}:",
                if self.more_documents {
                    ", and more do"
                } else {
                    ""
                }
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: u64, archive_bytes: u64) -> ArchivedFile {
        ArchivedFile {
            file: "a.dump".to_owned(),
            bytes,
            sha256: String::new(),
            archive: "a.dump.zst".to_owned(),
            archive_bytes,
            removed: false,
        }
    }

    #[test]
    fn what_was_saved_is_told_as_it_is() {
        assert_eq!(file(1000, 750).saving(), "1000 B became 750 B, 25.0 % less");
        let more = file(1000, 1010).saving();
        assert!(more.ends_with("nothing is saved"), "{more}");
        assert!(file(0, 9).saving().ends_with("nothing is saved"));
    }

    #[test]
    fn the_backup_may_go_on_the_day_that_was_noted() {
        let report = Cleanup {
            at: Timestamp::UNIX_EPOCH,
            keep_until: "2026-12-22".parse().unwrap(),
            archives: vec![file(2, 1)],
            checks: Vec::new(),
            has_ledger: false,
            remains: Vec::new(),
            documents: Vec::new(),
            more_documents: false,
            folder: None,
        };
        let on = |day: &str| report.reminder(day.parse().unwrap());
        assert_eq!(on("2026-12-21"), "keep the backup until 2026-12-22");
        assert_eq!(on("2026-12-22"), "the backup may go since 2026-12-22");
        assert!(!report.has_backup());
    }
}
