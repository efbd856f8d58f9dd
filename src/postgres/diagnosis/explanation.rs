//! The answer to a pasted error: which causes fit, the most specific first.

use super::texts::{SQLSTATES, TEXTS, sqlstate_in};
use super::{Cause, by_sqlstate, place_in_order};
use std::ops::Range;

/// What is known of an error's text. Holds nothing of the text but its SQLSTATE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The causes that fit, the most specific first; empty when none is known.
    pub causes: Vec<Recognised>,
    /// The SQLSTATE that the text names.
    pub sqlstate: Option<String>,
    /// What the SQLSTATE's class means in general, in PostgreSQL's own words.
    pub class: Option<&'static str>,
}

/// A cause that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// The cause.
    pub cause: Cause,
    /// What it was recognised by: words of our own table, or the SQLSTATE.
    pub by: String,
}

/// The classes of SQLSTATEs
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const CLASSES: &[(&str, &str)] = &[
    ("00", "successful completion"),
    ("01", "warning"),
    ("02", "no data"),
    ("03", "SQL statement not yet complete"),
    ("08", "connection exception"),
    ("09", "triggered action exception"),
    ("0A", "feature not supported"),
    ("0B", "invalid transaction initiation"),
    ("0F", "locator exception"),
    ("0L", "invalid grantor"),
    ("0P", "invalid role specification"),
    ("0Z", "diagnostics exception"),
    ("10", "XQuery error"),
    ("20", "case not found"),
    ("21", "cardinality violation"),
    ("22", "data exception"),
    ("23", "integrity constraint violation"),
    ("24", "invalid cursor state"),
    ("25", "invalid transaction state"),
    ("26", "invalid SQL statement name"),
    ("27", "triggered data change violation"),
    ("28", "invalid authorization specification"),
    ("2B", "dependent privilege descriptors still exist"),
    ("2D", "invalid transaction termination"),
    ("2F", "SQL routine exception"),
    ("34", "invalid cursor name"),
    ("38", "external routine exception"),
    ("39", "external routine invocation exception"),
    ("3B", "savepoint exception"),
    ("3D", "invalid catalog name"),
    ("3F", "invalid schema name"),
    ("40", "transaction rollback"),
    ("42", "syntax error or access rule violation"),
    ("44", "WITH CHECK OPTION violation"),
    ("53", "insufficient resources"),
    ("54", "program limit exceeded"),
    ("55", "object not in prerequisite state"),
    ("57", "operator intervention"),
    ("58", "system error outside of PostgreSQL itself"),
    ("72", "snapshot failure"),
    ("F0", "configuration file error"),
    ("HV", "foreign data wrapper error"),
    ("P0", "PL/pgSQL error"),
    ("XX", "internal error"),
];

/// Words before a SQLSTATE, in small letters: psql with `VERBOSITY verbose`, drivers, PL/pgSQL.
const INTRODUCTIONS: [&str; 8] = [
    "sqlstate", "pgcode", "code", "state", "error", "fatal", "panic", "warning",
];

/// Reads an error as people paste it: a SQLSTATE alone, or the output of a program in several lines.
/// Pure.
pub fn explain(text: &str) -> Explanation {
    let sqlstate = stated(text).or_else(|| sqlstate_in(text));
    let mut causes = recognised(text.lines());
    if causes.is_empty() {
        // A terminal may have broken the lines.
        let whole: Vec<&str> = text.split_whitespace().collect();
        causes = recognised([&*whole.join(" ")].into_iter());
    }
    if causes.is_empty()
        && let Some((code, cause)) = sqlstate
            .as_deref()
            .and_then(|code| Some((code, by_sqlstate(code)?)))
    {
        let by = format!("SQLSTATE {code}");
        causes.push(Recognised { cause, by });
    }
    let class = sqlstate.as_deref().and_then(class);
    Explanation {
        causes,
        sqlstate,
        class,
    }
}

/// The causes whose words stand in a line. Words that a more particular line of the table has used
/// count for that one alone.
fn recognised<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Recognised> {
    let lines: Vec<String> = lines.map(str::to_lowercase).collect();
    let mut used: Vec<(usize, Range<usize>)> = Vec::new();
    let mut found: Vec<Recognised> = Vec::new();
    for (parts, cause) in TEXTS {
        for (number, line) in lines.iter().enumerate() {
            let Some(place) = place_in_order(line, parts) else {
                continue;
            };
            let overlaps = |(other, range): &(usize, Range<usize>)| {
                *other == number && range.start < place.end && place.start < range.end
            };
            if used.iter().any(overlaps) {
                continue;
            }
            used.push((number, place));
            if found.iter().all(|known| known.cause != *cause) {
                let by = parts.join(" … ");
                found.push(Recognised { cause: *cause, by });
            }
        }
    }
    found
}

/// The SQLSTATE that a text is, or introduces as such; a class alone is one, too.
fn stated(text: &str) -> Option<String> {
    let is_class = |word: &str| class(word).is_some();
    let whole = text.trim().to_ascii_uppercase();
    if matches!(whole.len(), 2 | 5) && is_class(&whole) && is_code(&whole) {
        return Some(whole);
    }
    let words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let pairs = words.windows(2);
    let mut codes = pairs.filter_map(|pair| {
        let (introduction, code) = (pair[0].to_ascii_lowercase(), pair[1].to_ascii_uppercase());
        let introduced = INTRODUCTIONS.contains(&&*introduction);
        (introduced && code.len() == 5 && is_code(&code) && is_class(&code)).then_some(code)
    });
    codes.next()
}

/// Whether a word can be a SQLSTATE: no English word has a digit, and `XX…` is one of ours anyway.
fn is_code(word: &str) -> bool {
    let known = || SQLSTATES.iter().any(|(state, _)| *state == word);
    word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (word.bytes().any(|byte| byte.is_ascii_digit()) || known())
}

fn class(sqlstate: &str) -> Option<&'static str> {
    let key = sqlstate.get(..2)?;
    let found = CLASSES.iter().find(|(class, _)| *class == key);
    found.map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests;
