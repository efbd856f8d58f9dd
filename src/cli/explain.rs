//! `neonlift explain`: the advice for an error that somebody saw anywhere. Nothing of the text is told
//! again but its SQLSTATE: it may hold a password.

use super::Error;
use super::args::Common;
use crate::failure::{Retry, Severity};
use crate::headless::Output;
use crate::postgres::diagnosis::{Explanation, Recognised, explain};
use crate::wizard::Outcome;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Read};

/// More of a log than this, in bytes, is not read.
const LONGEST: u64 = 1 << 20;

/// Answers; [`Severity::Failed`] where no cause is known.
pub(super) fn run(common: &Common, words: &[String]) -> Result<Outcome, Error> {
    let text = match words {
        [] if io::stdin().is_terminal() => {
            let usage = "explain needs an error's text or a SQLSTATE, or - for standard input";
            return Err(Error::Refused(usage.to_owned()));
        }
        [] => read()?,
        [only] if only == "-" => read()?,
        words => words.join(" "),
    };
    let found = explain(&text);
    let mut output = Output::stdout();
    match common.json {
        true => output.line(&event(&found).to_string()),
        false => lines(&found).iter().for_each(|line| output.line(line)),
    }
    Ok(match found.causes.is_empty() {
        true => Outcome::Failed(Severity::Failed),
        false => Outcome::Partial,
    })
}

fn read() -> Result<String, Error> {
    let mut bytes = Vec::new();
    io::stdin().take(LONGEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn lines(found: &Explanation) -> Vec<String> {
    let Some((first, others)) = found.causes.split_first() else {
        return unknown(found);
    };
    let mut lines = vec![
        format!("{}.", first.cause.title()),
        format!("    Seen by: {}", seen_by(found, first)),
        format!("    Why: {}", first.cause.reason()),
    ];
    lines.extend(first.cause.advice().iter().map(|step| advice_line(step)));
    lines.push(format!("    Again: {}", again(first.cause.retry())));
    if !others.is_empty() {
        lines.push("It may also be:".to_owned());
    }
    for other in others {
        lines.push(format!("  {}.", other.cause.title()));
        lines.extend(other.cause.advice().iter().map(|step| advice_line(step)));
    }
    lines
}

fn seen_by(found: &Explanation, first: &Recognised) -> String {
    match (&found.sqlstate, found.class) {
        (Some(code), Some(class)) => {
            let by = first
                .by
                .strip_prefix("SQLSTATE ")
                .map_or_else(|| format!("\"{}\", ", first.by), |_| String::new());
            format!("{by}SQLSTATE {code} (class {}: {class})", &code[..2])
        }
        _ => format!("\"{}\"", first.by),
    }
}

fn advice_line(step: &str) -> String {
    match step.strip_prefix("$ ") {
        Some(command) => format!("        {command}"),
        None => format!("    Do:  {step}"),
    }
}

fn again(retry: Retry) -> &'static str {
    match retry {
        Retry::Now => "it may pass by itself; the same attempt can be made again after a pause.",
        Retry::AfterChange => "only when that is changed.",
        Retry::Never => "trying the same again does not help.",
    }
}

/// What can still be done about an error that is in no table.
fn unknown(found: &Explanation) -> Vec<String> {
    let mut lines = vec!["This error is not known to neonlift.".to_owned()];
    match (&found.sqlstate, found.class) {
        (Some(code), Some(class)) => lines.push(format!(
            "    SQLSTATE {code} is of class {}: {class}.",
            &code[..2]
        )),
        _ => lines.push("    Its text names no SQLSTATE that would tell its class.".to_owned()),
    }
    lines.extend(WHAT_ELSE.iter().map(|step| advice_line(step)));
    lines
}

const WHAT_ELSE: [&str; 4] = [
    "Let psql tell the SQLSTATE, and give that: \\set VERBOSITY verbose, then the statement again.",
    "Look it up: https://www.postgresql.org/docs/current/errcodes-appendix.html",
    "The server's log says more than the client; Neon's state is at https://neonstatus.com",
    "Paste the whole text, not one line of it: … 2>&1 | neonlift explain -",
];

fn event(found: &Explanation) -> Value {
    let causes: Vec<Value> = found.causes.iter().map(cause).collect();
    let advice: &[&str] = if causes.is_empty() { &WHAT_ELSE } else { &[] };
    json!({
        "event": "explanation", "known": !causes.is_empty(), "sqlstate": found.sqlstate,
        "class": found.class, "causes": causes, "advice": advice,
    })
}

fn cause(found: &Recognised) -> Value {
    json!({
        "cause": format!("{:?}", found.cause), "means": found.cause.title(),
        "why": found.cause.reason(), "advice": found.cause.advice(),
        "retry": found.cause.retry(), "seen_by": found.by,
    })
}
