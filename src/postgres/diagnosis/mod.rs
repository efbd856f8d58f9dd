//! The one place that turns SQLSTATEs, Neon's texts and the network's errors into a cause with advice.
//!
//! Neon's proxy sends every error of its own as XX000, so texts are looked at before codes.

mod causes;
mod explanation;
mod reasons;
mod texts;

pub use causes::Cause;
pub use explanation::{Explanation, Recognised, explain};

use crate::failure::{Failure, Retry};
use std::ops::Range;
use tokio_postgres::error::DbError;

/// The cause of an error, from its SQLSTATE and its message in any upper and lower case; `None`
/// when neither is known. Pure.
pub fn diagnose(sqlstate: Option<&str>, text: &str) -> Option<Cause> {
    let text = text.to_lowercase();
    texts::TEXTS
        .iter()
        .find(|(parts, _)| place_in_order(&text, parts).is_some())
        .map(|(_, cause)| *cause)
        .or_else(|| by_sqlstate(sqlstate?))
        .or_else(|| by_sqlstate(texts::sqlstate_in(&text)?.as_str()))
}

fn by_sqlstate(code: &str) -> Option<Cause> {
    let of_length = |length: usize| code.get(..length);
    let found = |key: Option<&str>| {
        texts::SQLSTATES
            .iter()
            .find(|(state, _)| Some(*state) == key)
            .map(|(_, cause)| *cause)
    };
    found(of_length(5)).or_else(|| found(of_length(2)))
}

/// From where to where the parts stand in the text, each behind the one before.
fn place_in_order(text: &str, parts: &[&str]) -> Option<Range<usize>> {
    let start = text.find(parts.first()?)?;
    let mut end = start;
    for part in parts {
        end += text[end..].find(part)? + part.len();
    }
    Some(start..end)
}

impl Cause {
    /// The explanation of something that failed for this cause, with the server's own words.
    pub fn failure(self, what: impl Into<String>, server_said: &str) -> Failure {
        let mut why = format!("{}.", self.title());
        if !server_said.is_empty() {
            why.push_str(&format!(" The answer was: {server_said}"));
        }
        let failure = Failure::new(what, why).retry(self.retry());
        self.advice()
            .iter()
            .fold(failure, |failure, step| failure.advise(*step))
    }

    /// What to do where it was the target that refused: the other causes have the same advice on
    /// either side.
    pub fn advice_on_target(self) -> &'static [&'static str] {
        match self {
            Self::RowSecurity => &[
                "Connect to the target as a role with BYPASSRLS: where row security is forced, the tables' owner is not exempt.",
                "On Neon that is a role made in the console.",
            ],
            Self::PermissionDenied => &[
                "On the target, let the owner of what is named there, or a superuser, grant it to the role that neonlift writes as.",
                "On Neon connect as a role made in the console. What that may not use either, leave out: --table, --exclude-table.",
            ],
            cause => cause.advice(),
        }
    }

    /// Whether it passes by itself, so that the same attempt may be made again after a pause.
    pub fn is_passing(self) -> bool {
        self.retry() == Retry::Now
    }

    /// Whether libpq's `sslmode=prefer` would go on without TLS, or `allow` with it.
    pub(crate) fn concerns_encryption(self) -> bool {
        matches!(
            self,
            Self::NoHbaEntry
                | Self::TlsRequired
                | Self::TlsFailed
                | Self::CertificateNotTrusted
                | Self::CertificateForOtherHost
                | Self::CertificateExpired
        )
    }
}

/// Stands in for an error's text that a function of the database's own made.
pub const RAISED: &str = "a function raised an error; its own text stays in the server's log";

/// The routine of the server's that carries out PL/pgSQL's RAISE, as messages name it (field `R`;
/// `src/pl/plpgsql/src/pl_exec.c`). Neither SQLSTATE nor severity tells: RAISE may choose both.
const RAISING: &str = "exec_stmt_raise";

/// The class of the SQLSTATEs that our own statements raise: their texts name tables only.
const OURS: &str = "NL";

/// Whether a function of the database's own made this message: its text may hold anything.
pub fn is_raised(said: &DbError) -> bool {
    if said.code().code().starts_with(OURS) {
        return false;
    }
    said.routine() == Some(RAISING) || said.code().code().starts_with("P0")
}

/// A server's message without the row's values that messages of this SQLSTATE quote
/// (`invalid input syntax for type integer: "…"`). Class P0 is PL/pgSQL's own.
pub fn without_values(sqlstate: &str, message: &str) -> String {
    match sqlstate {
        state if state.starts_with("P0") => RAISED.to_owned(),
        // The encoding is named in quotes; the bytes follow the colon.
        "22021" | "22P05" => message.split(": ").next().unwrap_or_default().to_owned(),
        state if state.starts_with("22") => {
            let mut parts = message.splitn(2, '"');
            let head = parts.next().unwrap_or_default().to_owned();
            // From the first quote to the last: a value may hold quotes of its own.
            match parts
                .next()
                .and_then(|rest| rest.rsplit_once('"').map(|(_, tail)| tail))
            {
                Some(tail) => format!("{head}\"…\"{tail}"),
                None => head,
            }
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
