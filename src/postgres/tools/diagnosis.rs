//! What the tools' words on stderr mean to a person.

use crate::failure::Failure;
use crate::postgres::diagnosis::explain;
use std::process::ExitStatus;

/// The lines of the error itself, without the progress that `-v` writes before it.
const SHOWN_LINES: usize = 8;
const SHOWN_CHARS: usize = 400;

/// Before a statement that failed, in the tools' details.
const QUERY: &str = "Query was:";

/// The error in one line.
pub(super) fn cause(stderr: &[String]) -> String {
    let line = own_words(stderr)
        .first()
        .map_or("it gave no reason", String::as_str);
    cut(line)
}

/// A tool's failure explained.
pub(super) fn failure(tool: &str, status: ExitStatus, stderr: &[String]) -> Failure {
    let words = own_words(stderr);
    let shown: Vec<_> = words
        .iter()
        .take(SHOWN_LINES)
        .map(|line| cut(line))
        .collect();
    let why = if shown.is_empty() {
        "It gave no reason.".to_owned()
    } else {
        shown.join("\n")
    };
    let failure = Failure::new(format!("{tool} failed ({status})"), why);
    // What a tool asked the server for holds names that mean nothing here.
    let said = words.iter().take_while(|line| !line.contains(QUERY));
    let said: Vec<&str> = said.map(String::as_str).collect();
    match explain(&said.join("\n")).causes.first() {
        Some(known) => {
            let advice = known.cause.advice().iter();
            let advised = advice.fold(failure, |failure, step| failure.advise(*step));
            advised.retry(known.cause.retry())
        }
        None => failure.advise(format!(
            "See what {tool} says, mend its cause, then try again."
        )),
    }
}

/// From the first line that is an error on; all lines when none is marked as one.
fn own_words(stderr: &[String]) -> &[String] {
    let marks = ["error:", "fatal:", "FATAL:", "ERROR:"];
    let first = stderr
        .iter()
        .position(|line| marks.iter().any(|mark| line.contains(mark)));
    &stderr[first.unwrap_or(0)..]
}

/// Lines may hold a whole query.
fn cut(line: &str) -> String {
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::os::unix::process::ExitStatusExt;

    fn explained(stderr: &str) -> Failure {
        let lines: Vec<_> = stderr.lines().map(str::to_owned).collect();
        failure("pg_dump", ExitStatus::from_raw(256), &lines)
    }

    /// Messages as the tools wrote them.
    #[rstest]
    #[case(
        "pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server version: 18.4; pg_dump version: 15.18",
        "at least as new"
    )]
    #[case(
        "pg_dump: error: query failed: ERROR:  permission denied for table accounts\npg_dump: detail: Query was: LOCK TABLE public.accounts IN ACCESS SHARE MODE",
        "pg_read_all_data"
    )]
    #[case(
        "pg_dump: reading policies\npg_dump: error: query failed: ERROR:  query would be affected by row-level security policy for table \"accounts\"",
        "BYPASSRLS"
    )]
    #[case(
        "pg_dump: error: connection to server at \"localhost\" (127.0.0.1), port 1 failed: Connection refused",
        "server runs"
    )]
    #[case(
        "pg_dump: error: connection to server on socket \"/x\" failed: FATAL:  database \"nope\" does not exist",
        "database's name"
    )]
    #[case(
        "pg_dump: error: sslmode value \"require\" invalid when SSL support is not compiled in",
        "TLS"
    )]
    #[case(
        "pg_dump: error: query failed: ERROR:  invalid snapshot identifier: \"0000-1\"",
        "takes a new one"
    )]
    #[case(
        "pg_restore: error: input file is too short (read 3, expected 5)",
        "Make the backup again"
    )]
    #[case(
        "pg_dump: error: Dumping the contents of table \"t\" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  could not write to file \"base/x\": No space left on device",
        "Make room"
    )]
    fn known_words_get_their_advice(#[case] stderr: &str, #[case] advice: &str) {
        let failure = explained(stderr);
        assert!(failure.advice.join("\n").contains(advice), "{failure:?}");
        assert!(failure.why.contains("error:") && !failure.why.contains("reading policies"));
    }

    #[test]
    fn a_statement_that_is_quoted_is_no_cause() {
        let stderr = "pg_dump: error: query failed: strange\npg_dump: detail: Query was: SELECT 'quota exceeded'";
        let failure = explained(stderr);
        assert!(
            failure.advice[0].contains("what pg_dump says"),
            "{failure:?}"
        );
    }

    #[test]
    fn unknown_words_are_shown_as_they_are() {
        assert_eq!(explained("strange\nthings").why, "strange\nthings");
        assert_eq!(explained("").why, "It gave no reason.");
        assert!(explained(&"ä".repeat(2_000)).why.chars().count() < 500);
    }
}
