//! What the step `application` reports: the target tried as an application would, the plan for its
//! files, its own tests.

use super::{Check, LeftOut, Verdict, checks_failure};
use crate::failure::Failure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the checks of the comparison's searches are called, before the column's name.
pub const SEARCH_IN: &str = "Search in ";

/// The target tried, and what would change in the application's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// When.
    pub at: Timestamp,
    /// Where the application would connect to: host, port and database.
    pub endpoint: String,
    /// What was tried.
    pub checks: Vec<Check>,
    /// The application's folder, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// What would change in its files. Passwords are masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SwitchedFile>,
    /// What in its files stays as it is, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeftOut>,
    /// The application's own tests, run with the new connection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<OwnTest>,
}

impl Application {
    /// The folder's own name, which a consent to switch its files repeats.
    pub fn folder_name(&self) -> Option<&str> {
        Path::new(self.folder.as_ref()?).file_name()?.to_str()
    }

    /// Whether the application's own tests ran, and all passed.
    pub fn is_tested(&self) -> bool {
        let passed = |check: &Check| check.verdict != Verdict::Bad;
        !self.tests.is_empty()
            && self.tests.iter().all(OwnTest::passed)
            && self.checks.iter().all(passed)
    }

    /// How many of the application's own tests failed.
    pub fn tests_failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.passed()).count()
    }

    /// How many lines of how many files would change, in words; `None` without a folder.
    pub fn plan_in_words(&self) -> Option<String> {
        let folder = self.folder.as_ref()?;
        let lines: usize = self.files.iter().map(|file| file.lines.len()).sum();
        let (files, lines) = (self.files.len() as u64, lines as u64);
        Some(match files {
            0 => format!("Nothing would change in {folder}."),
            _ => {
                let lines = crate::figures::counted(lines, "line");
                let files = crate::figures::counted(files, "file");
                format!("{lines} of {files} would change in {folder}.")
            }
        })
    }

    /// What was not done for want of a folder, or of tests.
    pub fn not_done(&self) -> Option<&'static str> {
        match (&self.folder, self.tests.is_empty()) {
            (None, _) => Some(
                "No application's folder was given (a names it in the wizard; --app FOLDER, or application.folder in config.toml): its files were not looked at, and its own tests were not run.",
            ),
            (Some(_), true) => Some(
                "No tests of the application are named (application.tests in config.toml): none were run.",
            ),
            _ => None,
        }
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        let mut failure =
            checks_failure("The application is not ready for the target", &self.checks);
        let failed: Vec<&OwnTest> = self.tests.iter().filter(|test| !test.passed()).collect();
        if let (None, Some(first)) = (&failure, failed.first()) {
            let why = failed.iter().map(|test| test.in_words());
            let why = why.collect::<Vec<_>>().join("; ");
            failure = Some(
                Failure::new(
                    "The application's own tests fail on the target",
                    format!("{why}."),
                )
                .advise(format!(
                    "Read what it said, mend it, and try again; by hand: {}",
                    first.command
                ))
                .advise("The application's files were not changed."),
            );
        }
        failure
    }
}

/// A file of the application that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchedFile {
    /// Its path in the application's folder.
    pub file: String,
    /// The lines that change.
    pub lines: Vec<ChangedLine>,
}

/// A line that changes; of both texts only the variable, with any password masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedLine {
    /// Its number, from 1, before the change.
    pub line: usize,
    /// As it is now; `None` for a line that is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// As it would be.
    pub after: String,
}

/// A test of the application's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnTest {
    /// The command, as the configuration has it.
    pub command: String,
    /// Its exit code; `None` when a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// How long it took.
    pub milliseconds: u64,
    /// Its last lines, with the password masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl OwnTest {
    /// Whether it ended well.
    pub fn passed(&self) -> bool {
        self.code == Some(0)
    }

    /// How it ended.
    pub fn in_words(&self) -> String {
        let time = crate::figures::duration(self.milliseconds as f64 / 1000.0);
        match self.code {
            Some(0) => format!("{}: passed in {time}", self.command),
            Some(code) => format!(
                "{}: failed with exit code {code} after {time}",
                self.command
            ),
            None => format!("{}: ended by a signal after {time}", self.command),
        }
    }
}
