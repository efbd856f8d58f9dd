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

/// What `pg_restore` says of a setting that the server is too old to know: newer ones set
/// `transaction_timeout` whatever the server is. It does no harm.
const UNKNOWN_SETTING: &str = "unrecognized configuration parameter";

/// Restores an archive into the database that `environment` and `database` lead to, without owners and
/// rights; `table` is told whose rows come next.
///
/// # Errors
/// [`ToolError::Failed`] when it ended otherwise than well, unless it complained only of settings that
/// an older server does not know; [`ToolError::Cancelled`]. What it has restored until then is there.
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
    let errors = Mutex::new(Vec::new());
    let on_line = |line: &str| {
        if let Some(name) = table_begun(line) {
            table(name);
        }
        if let Some(error) = complaint(line) {
            let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
            if errors.len() < ERRORS_KEPT {
                errors.push(error);
            }
        }
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
        Err(ToolError::Failed { .. }) if !errors.is_empty() && errors.iter().all(is_harmless) => {
            Ok(())
        }
        // Its other lines may quote rows.
        Err(ToolError::Failed { tool, status, .. }) => Err(ToolError::Failed {
            tool,
            status,
            stderr: errors,
        }),
        ended => ended,
    }
}

fn is_harmless(error: &String) -> bool {
    error.contains(UNKNOWN_SETTING)
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
        assert!(is_harmless(
            &complaint("pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter \"transaction_timeout\"").unwrap()
        ));
    }

    #[test]
    fn a_name_is_never_read_as_a_connection_string() {
        assert_eq!(named("it's=a\\b"), "dbname='it\\'s=a\\\\b'");
    }
}
