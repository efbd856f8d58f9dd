//! What the tools' words on stderr mean to a person.

use crate::failure::{Failure, Retry};
use std::process::ExitStatus;

/// The lines of the error itself, without the progress that `-v` writes before it.
const SHOWN_LINES: usize = 8;
const SHOWN_CHARS: usize = 400;

/// A known trouble: the words it is known by, what to do, whether trying again helps.
struct Trouble {
    words: &'static [&'static str],
    advice: &'static [&'static str],
    retry: Retry,
}

/// In order: the first whose words occur is taken. Texts from pg_dump, pg_restore, libpq and the server
/// of PostgreSQL 12 to 18.
const TROUBLES: [Trouble; 17] = [
    Trouble {
        words: &["server version mismatch"],
        advice: &["Install client tools of the server's major version or newer."],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &["row-level security policy"],
        advice: &[
            "The role would see only some of this table's rows, so pg_dump refuses: nothing was left out silently.",
            "Connect as the table's owner or a superuser, or let a superuser give the right to see all rows:",
            "$ psql -c 'ALTER ROLE your_role BYPASSRLS'",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "permission denied for",
            "must be owner of",
            "must be superuser",
        ],
        advice: &[
            "Connect as the owner or a superuser, or give the role the right to read all (PostgreSQL 14 and later):",
            "$ psql -c 'GRANT pg_read_all_data TO your_role'",
            "Or leave the table or schema out of the migration.",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &["SSL support is not compiled in"],
        advice: &[
            "These client tools cannot speak TLS, which the connection asks for: install those of your system, or name a folder in NEONLIFT_PG_BIN.",
            "When the source is on this machine or in a trusted network: sslmode=disable in its connection string.",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "password authentication failed",
            "no password supplied",
            "Peer authentication failed",
            "Ident authentication failed",
        ],
        advice: &[
            "Check user and password of the source; with `localhost` instead of a socket the password is asked for.",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &["no pg_hba.conf entry"],
        advice: &[
            "The server does not let this user in from here: its pg_hba.conf needs a line for it, and `SELECT pg_reload_conf()`.",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &["FATAL:  database \"", "FATAL:  role \""],
        advice: &["Check the names of database and user in the source's connection string."],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "too many clients",
            "too many connections",
            "remaining connection slots",
        ],
        advice: &["Close some of the source's connections, then try again."],
        retry: Retry::Now,
    },
    Trouble {
        words: &[
            "invalid snapshot identifier",
            "ERROR:  snapshot \"",
            "could not import the requested snapshot",
        ],
        advice: &[
            "The session that held the snapshot is gone: start the step again, with a new snapshot.",
        ],
        retry: Retry::Now,
    },
    Trouble {
        words: &["out of shared memory"],
        advice: &[
            "pg_dump locks every table at once and the source has room for fewer locks. Raise it, then restart the source:",
            "$ psql -c 'ALTER SYSTEM SET max_locks_per_transaction = 1024'",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "due to lock timeout",
            "could not obtain lock",
            "could not lock table",
        ],
        advice: &[
            "Another session changes a table just now (ALTER, VACUUM FULL, REINDEX …): wait until it has finished.",
        ],
        retry: Retry::Now,
    },
    Trouble {
        words: &["No space left on device", "Disk quota exceeded"],
        advice: &["Free space on the disk that the message names; it may be the source server's."],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "server closed the connection",
            "terminating connection",
            "SSL SYSCALL error",
            "connection to server was lost",
            "could not receive data",
            "could not send data",
        ],
        advice: &[
            "The connection broke while it was in use: try again. The source server's log has the reason.",
        ],
        retry: Retry::Now,
    },
    Trouble {
        words: &[
            "connection to server",
            "could not connect to server",
            "could not translate host name",
        ],
        advice: &["Is the source running, and reachable from here under this host and port?"],
        retry: Retry::Now,
    },
    Trouble {
        words: &[
            "no matching tables were found",
            "no matching schemas were found",
        ],
        advice: &["Check the names of what is to be included; they are case-sensitive in quotes."],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "valid archive",
            "file header",
            "input file is too short",
            "unexpected end of file",
            "could not read from input file",
        ],
        advice: &[
            "The file is no complete archive that this pg_restore understands: make the backup again.",
        ],
        retry: Retry::AfterChange,
    },
    Trouble {
        words: &[
            "missing chunk number",
            "invalid page in block",
            "could not read block",
            "cache lookup failed",
        ],
        advice: &[
            "The source itself is damaged at this place. Do not go on with the migration: copy its data folder away while it is stopped, then look for the cause.",
            "$ pg_amcheck --all",
        ],
        retry: Retry::AfterChange,
    },
];

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
    let said = words.join("\n");
    match TROUBLES
        .iter()
        .find(|trouble| trouble.words.iter().any(|w| said.contains(w)))
    {
        Some(trouble) => trouble
            .advice
            .iter()
            .fold(failure, |f, line| f.advise(*line))
            .retry(trouble.retry),
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
        "major version or newer"
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
        "running"
    )]
    #[case(
        "pg_dump: error: connection to server on socket \"/x\" failed: FATAL:  database \"nope\" does not exist",
        "names"
    )]
    #[case(
        "pg_dump: error: sslmode value \"require\" invalid when SSL support is not compiled in",
        "TLS"
    )]
    #[case(
        "pg_dump: error: query failed: ERROR:  invalid snapshot identifier: \"0000-1\"",
        "new snapshot"
    )]
    #[case(
        "pg_restore: error: input file is too short (read 3, expected 5)",
        "archive"
    )]
    #[case(
        "pg_dump: error: Dumping the contents of table \"t\" failed: PQgetResult() failed.\npg_dump: detail: Error message from server: ERROR:  could not write to file \"base/x\": No space left on device",
        "space"
    )]
    fn known_words_get_their_advice(#[case] stderr: &str, #[case] advice: &str) {
        let failure = explained(stderr);
        assert!(failure.advice.join("\n").contains(advice), "{failure:?}");
        assert!(failure.why.contains("error:") && !failure.why.contains("reading policies"));
    }

    #[test]
    fn unknown_words_are_shown_as_they_are() {
        assert_eq!(explained("strange\nthings").why, "strange\nthings");
        assert_eq!(explained("").why, "It gave no reason.");
        assert!(explained(&"ä".repeat(2_000)).why.chars().count() < 500);
    }
}
