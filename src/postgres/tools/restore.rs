//! An archive restored into a database by `pg_restore`.

use super::child::Call;
use super::{ClientTools, ToolError};
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

/// So many of its errors are kept.
const ERRORS_KEPT: usize = 20;

/// Owners, rights and the like belong to the server that the dump is from.
const LEFT: [&str; 5] = [
    "--no-owner",
    "--no-acl",
    "--no-tablespaces",
    "--no-publications",
    "--no-subscriptions",
];

/// What `pg_restore` says of a setting that the server is too old to know.
const UNKNOWN_SETTING: &str = "unrecognized configuration parameter";

/// The settings that every restoring makes whatever the server is, and that not every server knows
/// (`_doSetFixedOutputState` and `_selectTableAccessMethod` of `pg_backup_archiver.c`). Without them
/// nothing is missing; any other one belongs to an object, a function say, which is missing then.
const OWN_SETTINGS: [&str; 5] = [
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "transaction_timeout",
    "row_security",
    "default_table_access_method",
];

/// What stands before the errors of an object, as `pg_restore` tells it: what it says before is about
/// its own settings.
const OF_AN_OBJECT: &str = "pg_restore: from TOC entry ";

/// Restores an archive into the database that `environment` and `database` lead to, without owners and
/// rights; `table` is told whose rows come next.
///
/// # Errors
/// [`ToolError::Failed`] when it ended otherwise than well, unless it complained only of settings of its
/// own that an older server does not know; [`ToolError::Cancelled`]. What it has restored until then is there.
pub async fn restore_archive(
    tools: &ClientTools,
    (environment, database): (&[(&'static str, OsString)], &str),
    archive: &Path,
    table: &(dyn Fn(&str) + Send + Sync),
    cancel: &CancellationToken,
) -> Result<(), ToolError> {
    let pg_restore = tools.pg_restore();
    let mut arguments: Vec<OsString> = LEFT.iter().map(OsString::from).collect();
    arguments.extend(["--verbose".into(), "--no-password".into()]);
    arguments.push(format!("--dbname={}", named(database)).into());
    arguments.push(archive.into());
    let call = Call {
        tool: &pg_restore,
        environment,
        arguments,
    };
    let (running, mut stdout) = call.start()?;
    let errors = Mutex::new(Errors::default());
    let on_line = |line: &str| {
        if let Some(name) = table_begun(line) {
            table(name);
        }
        let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.read(line);
    };
    let silence = async {
        let mut rest = Vec::new();
        let read = stdout.read_to_end(&mut rest).await;
        read.map(drop)
            .map_err(|source| ToolError::pipe(&call.name(), source))
    };
    let ended = running.finish(silence, &on_line, cancel).await;
    let errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
    match ended {
        Err(ToolError::Failed { .. }) if errors.are_harmless() => Ok(()),
        // Its other lines may quote rows.
        Err(ToolError::Failed { tool, status, .. }) => Err(ToolError::Failed {
            tool,
            status,
            stderr: errors.harmful,
        }),
        ended => ended,
    }
}

/// What `pg_restore` complained of.
#[derive(Default)]
struct Errors {
    /// Whether an object's have begun.
    of_an_object: bool,
    /// Whether there were some that do no harm.
    harmless: bool,
    /// The first of those that do.
    harmful: Vec<String>,
}

impl Errors {
    fn read(&mut self, line: &str) {
        self.of_an_object |= line.starts_with(OF_AN_OBJECT);
        let Some(error) = complaint(line) else {
            return;
        };
        if self.is_harmless(&error) {
            self.harmless = true;
        } else if self.harmful.len() < ERRORS_KEPT {
            self.harmful.push(error);
        }
    }

    fn is_harmless(&self, error: &str) -> bool {
        let setting = error.split_once(UNKNOWN_SETTING);
        let setting =
            setting.and_then(|(_, rest)| rest.trim().strip_prefix('"')?.strip_suffix('"'));
        // The access method is set amid the objects, with words of its own.
        let is_own = !self.of_an_object || error.contains("could not set");
        is_own && setting.is_some_and(|setting| OWN_SETTINGS.contains(&setting))
    }

    /// Whether they explain that it failed, and nothing is missing for all that.
    fn are_harmless(&self) -> bool {
        self.harmless && self.harmful.is_empty()
    }
}

/// A database's name as a connection string: as it stands it could be read as one.
fn named(database: &str) -> String {
    let quoted = database.replace('\\', "\\\\").replace('\'', "\\'");
    format!("dbname='{quoted}'")
}

/// `public.songs` from `pg_restore: processing data for table "public.songs"`.
fn table_begun(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("processing data for table \"")?;
    rest.strip_suffix('"')
}

/// An error without the values that its message may quote behind a colon.
fn complaint(line: &str) -> Option<String> {
    let is_error = ["pg_restore: error:", "pg_restore: fatal:"]
        .iter()
        .any(|words| line.starts_with(words));
    let quoted = line.find(": \"").filter(|_| line.contains("COPY failed"));
    is_error.then(|| line[..quoted.unwrap_or(line.len())].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_errors_are_kept_and_no_value() {
        let line = "pg_restore: error: COPY failed for table \"t\": ERROR:  invalid input syntax for type integer: \"canary\"";
        let kept = complaint(line).unwrap();
        assert!(!kept.contains("canary"), "{kept}");
        assert_eq!(complaint("DETAIL:  Key (mail)=(canary) is there"), None);
    }

    #[test]
    fn settings_of_its_own_do_no_harm_and_those_of_an_object_do() {
        let unknown = |setting| {
            format!(
                "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"{setting}\""
            )
        };
        let mut errors = Errors::default();
        assert!(!errors.are_harmless(), "it failed for another reason");
        errors.read("pg_restore: while INITIALIZING:");
        for _ in 0..ERRORS_KEPT {
            errors.read(&unknown("transaction_timeout"));
        }
        errors.read("Command was: SET transaction_timeout = 0;");
        assert!(errors.are_harmless());
        errors.read("pg_restore: error: could not set \"default_table_access_method\": ERROR:  unrecognized configuration parameter \"default_table_access_method\"");
        assert!(errors.are_harmless());
        // A function with such a setting is not made, and that behind any number of the others.
        errors.read("pg_restore: from TOC entry 9; 1255 1 FUNCTION slow() songs");
        errors.read(&unknown("transaction_timeout"));
        assert_eq!(errors.harmful, [unknown("transaction_timeout")]);
        let mut errors = Errors::default();
        errors.read(&unknown("newer_setting"));
        assert!(!errors.are_harmless());
    }

    #[test]
    fn a_name_is_never_read_as_a_connection_string() {
        assert_eq!(named("it's=a\\b"), "dbname='it\\'s=a\\\\b'");
    }
}
