//! The SQL text that `pg_dump --schema-only` writes, taken apart into its entries, so that each can
//! be run, retried, shown and left out on its own. Nothing here talks to a server.

mod bare;
mod class;
mod condition;
mod header;
mod lexer;
mod masked;
mod statements;
mod transaction;

pub use bare::bare;
pub use class::{Class, PUBLICATION, SECURITY_LABEL, SUBSCRIPTION};
pub use condition::{enclosed, refuse_condition};
pub use masked::masked;
pub use statements::{needs_psql, split_statements};
pub use transaction::needs_own_transaction;

use header::{Header, Recogniser};
use lexer::{Kind, tokens};

/// A schema dump taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The settings that pg_dump puts in front (`SET …;`, `SELECT … set_config(…);`), one
    /// statement each. The entries rely on it: their function bodies must not be checked yet
    /// (`check_function_bodies`), and their names are meant for an empty `search_path`.
    pub preamble: Vec<String>,
    /// The entries in pg_dump's order, in which each finds what it depends on.
    pub entries: Vec<Entry>,
}

/// One object's, or one object's part's, definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The object's name as pg_dump's header has it, line ends replaced by blanks, without the
    /// table that stands before it there: `vector_documents_pkey`, `f(integer)`, `TABLE "x"` for
    /// a comment.
    pub name: String,
    /// The header's type in capitals: `TABLE`, `FK CONSTRAINT`, `COMMENT`.
    pub kind: String,
    /// The schema that the object is in; none for schemas, extensions and the like.
    pub schema: Option<String>,
    /// The table (or view) that an index, constraint, trigger, policy, default and the like
    /// belongs to, or that this is. It is in the same schema. As it is, without quotes.
    pub table: Option<String>,
    /// The statements, with their semicolons, without the comments around them.
    pub sql: String,
    /// The entry's number in its dump, where that tells it: see
    /// [`dump_definitions`](crate::postgres::tools::dump_definitions).
    pub id: Option<u32>,
    /// The numbers of the entries that this one needs, likewise.
    pub needs: Vec<u32>,
}

impl Script {
    /// Takes a dump apart at pg_dump's headers. Text in a function's body, a literal or a name that
    /// looks like a header is left alone. Entries without a statement, and the lines
    /// `\restrict` and `\unrestrict` (written by pg_dump since August 2025), are left out.
    ///
    /// pg_dump puts `SET default_table_access_method = …;` (and its like) behind an entry for the
    /// sake of the following ones. It goes to the front of the next entry: run in order on one
    /// connection the entries mean what they mean to psql, and an entry run alone on another
    /// connection gets the target's default, which on Neon is always `heap`.
    ///
    /// Only for dumps without rows: `COPY … FROM stdin` is not understood.
    pub fn parse(dump: &str) -> Self {
        let mut script = Self::default();
        let mut defaults = String::new();
        for (header, sql) in pieces(dump) {
            let (own, trailing) = split_defaults(&sql);
            match header {
                Some(header) if !own.is_empty() => {
                    script
                        .entries
                        .push(Entry::new(header, &std::mem::take(&mut defaults), own));
                }
                Some(_) => {}
                None => {
                    script.preamble = split_statements(own)
                        .into_iter()
                        .map(str::to_owned)
                        .collect()
                }
            }
            if !trailing.is_empty() {
                defaults.push_str(trailing);
                defaults.push('\n');
            }
        }
        script
    }

    /// The preamble as one text, without the settings that a server of this version
    /// (`server_version_num`) does not know: pg_dump 17 and later set `transaction_timeout`.
    pub fn preamble_for(&self, server_version_num: u32) -> String {
        let unknown =
            |s: &&String| server_version_num < 170_000 && s.starts_with("SET transaction_timeout ");
        let known: Vec<_> = self
            .preamble
            .iter()
            .filter(|s| !unknown(s))
            .map(String::as_str)
            .collect();
        known.join("\n")
    }
}

impl Entry {
    fn new(header: Header, defaults: &str, own: &str) -> Self {
        let table = class::table(&header.kind, own);
        let name = match &table {
            Some(table) => without_table(&header.tag, table).to_owned(),
            None => header.tag,
        };
        Self {
            name,
            kind: header.kind,
            schema: header.schema,
            table,
            sql: defaults.to_owned() + own,
            id: header.id,
            needs: header.needs,
        }
    }

    /// Its statements one by one: an index may be followed by `ALTER TABLE … CLUSTER ON`.
    pub fn statements(&self) -> Vec<&str> {
        split_statements(&self.sql)
    }
}

/// The tag of a constraint, trigger and the like is `table name`, in which both may hold blanks.
fn without_table<'a>(tag: &'a str, table: &str) -> &'a str {
    let as_in_header = table.replace(['\n', '\r'], " ");
    tag.strip_prefix(&as_in_header)
        .and_then(|rest| rest.strip_prefix(' '))
        .unwrap_or(tag)
}

/// Each header with the SQL under it; first, without a header, what stands above all of them.
fn pieces(dump: &str) -> Vec<(Option<Header>, String)> {
    let mut pieces = vec![(None, String::new())];
    let mut recogniser = Recogniser::default();
    let mut statement: Option<std::ops::Range<usize>> = None;
    for token in tokens(dump) {
        let header = match token.kind {
            Kind::Space => continue,
            Kind::LineComment => recogniser.line(token.text),
            _ => {
                recogniser.interrupt();
                None
            }
        };
        if header.is_some() || token.kind == Kind::PsqlCommand {
            append(&mut pieces, dump, statement.take());
        }
        if header.is_some() {
            pieces.push((header, String::new()));
        } else if token.is_sql() {
            let start = statement.map_or(token.start, |range| range.start);
            statement = Some(start..token.end());
        }
    }
    append(&mut pieces, dump, statement);
    pieces
}

fn append(
    pieces: &mut [(Option<Header>, String)],
    dump: &str,
    statement: Option<std::ops::Range<usize>>,
) {
    if let (Some((_, sql)), Some(range)) = (pieces.last_mut(), statement) {
        if !sql.is_empty() {
            sql.push('\n');
        }
        sql.push_str(&dump[range]);
    }
}

/// An entry's SQL and the `SET default_…` statements at its end.
fn split_defaults(sql: &str) -> (&str, &str) {
    let mut own = sql.len();
    if sql.contains("SET default_") {
        let statements = split_statements(sql);
        let trailing = statements
            .iter()
            .rev()
            .take_while(|s| s.starts_with("SET default_"));
        own = trailing.fold(own, |end, s| sql[..end].rfind(s).unwrap_or(end));
    }
    (sql[..own].trim_end(), &sql[own..])
}

#[cfg(test)]
mod tests;
