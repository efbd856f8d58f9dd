//! Why a difference was to be expected: what Neon cannot have, and what was left out knowingly.

use super::difference::Found;
use super::object::Object;
use crate::postgres::catalogue::TableName;
use crate::postgres::script::Entry;
use crate::session::report::LeftOut;
use std::collections::HashMap;

const NOT_OFFERED: &str = "the target does not offer it";
const NOT_NEEDED: &str = "nothing of the source needs it";
const INVALID: &str = "it is not valid on the source either";
const NEWER: &str = "a newer version is good";
const NO_NEWER: &str = "the target offers no version as new";
const LEAKPROOF: &str = "only a superuser may give it";
const NO_ROWS: &str = "rows were not asked for";
/// Of sequences that have gone further on the target than on the source.
pub(super) const AHEAD: &str = "numbers are skipped, and none is given twice";

/// What is known of a comparison's sides besides their definitions.
#[derive(Debug, Default)]
pub(super) struct Expected<'a> {
    /// Why the target's definitions are its own, if they are.
    pub(super) own: Option<&'a str>,
    /// What the migration reported as left out.
    pub(super) left_out: &'a [LeftOut],
    /// Whether rows were to be moved.
    pub(super) rows: bool,
    /// The target's extensions: each version that it offers.
    pub(super) offers: HashMap<String, Vec<String>>,
}

impl Expected<'_> {
    /// The reason for each difference, or none. A left-out item excuses no more differences than
    /// there are items of its words: they do not name a schema.
    pub(super) fn reasons(&self, found: &[Found<'_>]) -> Vec<Option<String>> {
        let claims: Vec<Vec<String>> = found.iter().map(left_out_as).collect();
        let claimed = |words: &String| claims.iter().filter(|claim| claim.contains(words)).count();
        let excuse = |claim: &[String]| {
            claim.iter().find_map(|words| {
                let listed = self.left_out.iter().filter(|item| item.what == *words);
                let why = listed.clone().next()?.why.clone();
                (claimed(words) <= listed.count()).then_some(why)
            })
        };
        let reason = |(found, claim): (&Found<'_>, &Vec<String>)| {
            excuse(claim).or_else(|| {
                self.own
                    .or_else(|| self.by_itself(found))
                    .map(str::to_owned)
            })
        };
        found.iter().zip(&claims).map(reason).collect()
    }

    /// The reason that a difference has whatever was reported.
    fn by_itself(&self, found: &Found<'_>) -> Option<&'static str> {
        match found {
            Found::Missing(object) => match object.id.kind.as_str() {
                "extension" if !self.offers.contains_key(&object.id.name) => Some(NOT_OFFERED),
                "index" if object.aspect("validity") != Some("valid") => Some(INVALID),
                _ => entry(object).left_out(),
            },
            Found::Extra(object) => {
                let may_be_there = ["extension", "schema"].contains(&object.id.kind.as_str());
                may_be_there.then_some(NOT_NEEDED)
            }
            Found::Changed {
                source,
                target,
                aspect,
            } => match (source.id.kind.as_str(), *aspect) {
                ("extension", "version") => self.version(source, target),
                (_, "mark LEAKPROOF") if target.aspect(aspect).is_none() => Some(LEAKPROOF),
                ("materialized view", "rows") if !self.rows => Some(NO_ROWS),
                _ => None,
            },
        }
    }

    fn version(&self, source: &Object, target: &Object) -> Option<&'static str> {
        let wanted = source.aspect("version").unwrap_or_default();
        let found = target.aspect("version").unwrap_or_default();
        let offered = self.offers.get(&source.id.name);
        let is_offered = offered.is_some_and(|versions| versions.iter().any(|v| v == wanted));
        match numbers(found) > numbers(wanted) {
            true => Some(NEWER),
            false => (!is_offered).then_some(NO_NEWER),
        }
    }
}

/// The numbers of a version, in their order: extensions' versions are numbers with dots.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

/// The object as pg_dump would have told it, as far as its rights depend on it.
fn entry(object: &Object) -> Entry {
    let sql = match object.id.kind.as_str() {
        "aggregate" => object.aspect("state type").map(str::to_owned),
        _ => object.sql.clone(),
    };
    let kind = match object.aspect("form") {
        Some("base") => "SHELL TYPE".to_owned(),
        _ => object.id.kind.to_uppercase(),
    };
    Entry {
        name: object.id.name.clone(),
        kind,
        schema: object.id.schema.clone(),
        sql: sql.unwrap_or_default(),
        ..Entry::default()
    }
}

/// What the reports of schema and transfer would call it, had they left it out.
fn left_out_as(found: &Found<'_>) -> Vec<String> {
    let object = found.object();
    let (id, name) = (&object.id, &object.id.name);
    let kind = match id.kind.as_str() {
        "primary key" | "unique constraint" | "exclusion constraint" => "constraint",
        "foreign key" => "fk constraint",
        kind => kind,
    };
    match found {
        Found::Extra(_) => Vec::new(),
        Found::Missing(_) => {
            // pg_dump names an operator without its types, a class without its method.
            let short = match id.kind.as_str() {
                "operator" => name.split(" (").next(),
                "operator class" | "operator family" => name.split(" USING ").next(),
                _ => None,
            };
            vec![format!("{kind} {}", short.unwrap_or(name))]
        }
        Found::Changed { aspect, .. } => {
            let relation = TableName {
                schema: id.schema.clone().unwrap_or_default(),
                name: name.clone(),
            };
            let of = format!("{} {name}", id.kind.to_uppercase());
            match *aspect {
                "validity" => vec![format!("check of {kind} {name}")],
                "rows" => vec![format!("rows of the materialized view {relation}")],
                "comment" => vec![format!("comment {of}")],
                "mark LEAKPROOF" => vec![format!("the mark LEAKPROOF of the {kind} {name}")],
                _ => Vec::new(),
            }
        }
    }
}
