//! What an entry of a schema dump is for, what it belongs to, and whether Neon would take it.

use super::Entry;
use super::lexer::{Kind, Token, tokens};

/// What kind of work an entry is on the target. From `Index` on they are made after the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Everything without a class of its own: schemas, types, functions, sequences, defaults …
    Other,
    /// `CREATE EXTENSION`.
    Extension,
    /// A table, foreign ones included, or the attachment of a partition.
    Table,
    /// A view: also one that pg_dump puts after the rows, as a rule `_RETURN`, because it needs a
    /// primary key.
    View,
    /// A materialized view, made empty: it still has to be refreshed.
    MaterializedView,
    /// `CREATE INDEX`.
    Index,
    /// `ALTER INDEX … ATTACH PARTITION`.
    IndexAttach,
    /// A primary key or unique constraint: builds an index.
    PrimaryOrUnique,
    /// An exclusion constraint: builds an index.
    Exclusion,
    /// A check, or in PostgreSQL 18 a not-null constraint, that is added to an existing table or
    /// domain.
    Check,
    /// A foreign key.
    ForeignKey,
    /// Extended statistics.
    Statistics,
    /// A rewrite rule.
    Rule,
    /// A trigger.
    Trigger,
    /// A row-level security policy.
    Policy,
    /// The switch that puts a table's policies in force.
    RowSecurity,
    /// A comment on anything.
    Comment,
    /// An event trigger, or a comment on one: last of all, because it may refuse what comes after
    /// it. Whether the target allows it, only trying tells.
    EventTrigger,
}

impl Class {
    fn of(entry: &Entry) -> Self {
        match entry.kind.as_str() {
            "EXTENSION" => Self::Extension,
            "TABLE" | "FOREIGN TABLE" | "TABLE ATTACH" => Self::Table,
            "VIEW" => Self::View,
            "MATERIALIZED VIEW" => Self::MaterializedView,
            "INDEX" => Self::Index,
            "INDEX ATTACH" => Self::IndexAttach,
            "CONSTRAINT" => Self::of_constraint(&entry.sql),
            "CHECK CONSTRAINT" => Self::Check,
            "FK CONSTRAINT" => Self::ForeignKey,
            "STATISTICS" => Self::Statistics,
            "RULE" if has_word(&entry.sql, "view") && entry.name == "_RETURN" => Self::View,
            "RULE" => Self::Rule,
            "TRIGGER" => Self::Trigger,
            "POLICY" => Self::Policy,
            "ROW SECURITY" => Self::RowSecurity,
            "COMMENT" if entry.name.starts_with("EVENT TRIGGER ") => Self::EventTrigger,
            "COMMENT" => Self::Comment,
            "EVENT TRIGGER" => Self::EventTrigger,
            _ => Self::Other,
        }
    }

    /// pg_dump calls all that build an index `CONSTRAINT`.
    fn of_constraint(sql: &str) -> Self {
        let deciding = tokens(sql).find_map(|token| {
            [
                ("primary", Self::PrimaryOrUnique),
                ("unique", Self::PrimaryOrUnique),
                ("exclude", Self::Exclusion),
            ]
            .into_iter()
            .find_map(|(word, class)| token.is_word(word).then_some(class))
        });
        deciding.unwrap_or(Self::Check)
    }
}

impl Entry {
    /// What kind of work it is.
    pub fn class(&self) -> Class {
        Class::of(self)
    }

    /// Why a database's owner on Neon, who is no superuser, cannot take this entry, or has no use
    /// for it there; `None` for what can be made. The rights are those that PostgreSQL's
    /// manual names at each `CREATE …`.
    pub fn left_out(&self) -> Option<&'static str> {
        match self.kind.as_str() {
            "COMMENT" => commented_object(&self.name),
            "SCHEMA" if self.name == "public" => Some("every new database has this schema"),
            "FUNCTION" | "PROCEDURE" => untrusted_language(&self.sql),
            "AGGREGATE" => has_word(&self.sql, "internal").then_some(INTERNAL_STATE),
            "CAST" => is_between_own_types(&self.name).then_some(CAST),
            "TYPE" => is_base_type(&self.sql).then_some(BASE_TYPE),
            kind => whole_kind(kind),
        }
    }
}

impl Entry {
    /// A function without its mark `LEAKPROOF`, which only a superuser may give; `None` for what
    /// is not marked. Without it a function is called later than a policy's conditions, so queries
    /// may be slower, never wrong.
    pub fn without_leakproof(&self) -> Option<Self> {
        // pg_dump writes a function's attributes behind its language and before its body.
        let mut attributes = tokens(&self.sql)
            .skip_while(|token| !token.is_word("language"))
            .take_while(|token| !token.is_word("as") && !token.is_word("begin"));
        let mark = attributes.find(|token| token.is_word("leakproof"))?;
        let mut entry = self.clone();
        entry.sql.replace_range(mark.start..mark.end(), "");
        (self.kind == "FUNCTION").then_some(entry)
    }
}

const SUPERUSER: &str = "only a superuser may create it, and nobody is one on Neon";
const BASE_TYPE: &str = "only a superuser may create a base type: install the extension it is from";
const CAST: &str = "only a superuser may create a cast between two of PostgreSQL's own types";
const INTERNAL_STATE: &str =
    "only a superuser may create an aggregate whose state is of the type internal";
const USER_MAPPING: &str =
    "it is for a role of the old server, often with a password: make it again";
/// Why a publication stays behind.
pub const PUBLICATION: &str = "it publishes from the old server: make it again where it is needed";
/// Why a subscription stays behind.
pub const SUBSCRIPTION: &str =
    "it would pull from another server, with its password: make it again after the cutover";
/// Why security labels stay behind.
pub const SECURITY_LABEL: &str = "labels need a provider module that is not loaded on Neon";
const LANGUAGE: &str = "only a superuser may create a language: install it as an extension";

fn whole_kind(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "USER MAPPING" => USER_MAPPING,
        "PUBLICATION" | "PUBLICATION TABLE" | "PUBLICATION TABLES IN SCHEMA" => PUBLICATION,
        "SUBSCRIPTION" | "SUBSCRIPTION TABLE" => SUBSCRIPTION,
        "SECURITY LABEL" => SECURITY_LABEL,
        "PROCEDURAL LANGUAGE" => LANGUAGE,
        "SHELL TYPE" => BASE_TYPE,
        "ACCESS METHOD"
        | "FOREIGN DATA WRAPPER"
        | "OPERATOR CLASS"
        | "OPERATOR FAMILY"
        | "TEXT SEARCH PARSER"
        | "TEXT SEARCH TEMPLATE" => SUPERUSER,
        "ACL" | "DEFAULT ACL" => "the old server's roles do not exist on Neon",
        "DATABASE" | "DATABASE PROPERTIES" => "the database is there already",
        _ => return None,
    })
}

/// A comment's name says what it is on: `EXTENSION vector`, `TABLE "x"`.
fn commented_object(name: &str) -> Option<&'static str> {
    if name.starts_with("EXTENSION ") {
        return Some(
            "an extension belongs to the platform on Neon, and only its owner may comment on it",
        );
    }
    let kinds = [
        "PUBLICATION",
        "SUBSCRIPTION",
        "PROCEDURAL LANGUAGE",
        "ACCESS METHOD",
        "FOREIGN DATA WRAPPER",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "DATABASE",
    ];
    kinds
        .into_iter()
        .find(|kind| name.strip_prefix(kind).is_some_and(|n| n.starts_with(' ')))
        .map(|_| "what it is on is left out too")
}

/// Functions in C or in an untrusted language can read the server's files.
fn untrusted_language(sql: &str) -> Option<&'static str> {
    let language = name_behind(sql, &["language"])?;
    let known = [
        "c",
        "internal",
        "plpythonu",
        "plpython2u",
        "plpython3u",
        "plperlu",
        "pltclu",
    ];
    known.contains(&language.as_str()).then_some(
        "its language is untrusted, so only a superuser may create it: install the extension it is from, or rewrite it in PL/pgSQL",
    )
}

/// `CREATE TYPE x (INPUT = …)`; enums, ranges and composites have `AS` before the parenthesis.
fn is_base_type(sql: &str) -> bool {
    let deciding = tokens(sql).find(|t| t.kind == Kind::Open || t.is_word("as"));
    deciding.is_some_and(|t| t.kind == Kind::Open)
}

/// `CAST (bigint AS date)`: people's types stand with their schema.
fn is_between_own_types(name: &str) -> bool {
    !name.replace("pg_catalog.", "").contains('.')
}

fn has_word(sql: &str, word: &str) -> bool {
    tokens(sql).any(|t| t.is_word(word))
}

/// The table that an entry's SQL names, as it is, without quotes and schema.
pub(super) fn table(kind: &str, sql: &str) -> Option<String> {
    let before: &[&str] = match kind {
        "TABLE" | "FOREIGN TABLE" | "CONSTRAINT" | "FK CONSTRAINT" | "CHECK CONSTRAINT"
        | "DEFAULT" | "ROW SECURITY" => &["table"],
        "VIEW" | "MATERIALIZED VIEW" => &["view"],
        "INDEX" | "TRIGGER" | "POLICY" => &["on"],
        "RULE" => &["to", "view"],
        "STATISTICS" => &["from"],
        "TABLE ATTACH" => &["partition"],
        _ => return None,
    };
    name_behind(sql, before)
}

/// The last part of the name behind the first of these keywords that comes.
fn name_behind(sql: &str, keywords: &[&str]) -> Option<String> {
    let is_keyword = |t: &Token<'_>| keywords.iter().any(|word| t.is_word(word));
    let mut rest = tokens(sql)
        .filter(Token::is_sql)
        .skip_while(|t| !is_keyword(t))
        .skip(1)
        .peekable();
    rest.next_if(|t| t.is_word("only"));
    let mut part = rest.next()?;
    while rest.next_if(|t| t.text == ".").is_some() {
        part = rest.next()?;
    }
    match part.kind {
        Kind::Word => Some(part.text.to_owned()),
        Kind::QuotedName => {
            let inner = part.text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    }
}
