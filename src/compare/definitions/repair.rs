//! SQL that would make the target as the source is, where that loses nothing. Pure.

use super::difference::Found;
use super::object::{Id, Object};
use crate::postgres::quote;

/// The statements, or nothing where a person has to decide: what holds rows is never dropped, and
/// no type changed.
pub(super) fn sql(found: &Found<'_>) -> Option<String> {
    match found {
        Found::Missing(object) => missing(object),
        Found::Extra(object) => drop(&object.id).filter(|_| !object.follows_parent),
        Found::Changed {
            source,
            target,
            aspect,
        } => changed(source, target, aspect),
    }
}

/// Its creation, and what its creation does not say.
fn missing(object: &Object) -> Option<String> {
    let mut sql = object.sql.clone()?;
    let told = ["state", "comment"];
    let aspects = told.iter().filter(|aspect| object.aspect(aspect).is_some());
    let usual = object.aspect("state") == Some("enabled");
    let aspects = aspects.filter(|aspect| **aspect != "state" || !usual);
    for aspect in aspects {
        sql = format!("{sql}\n{}", setting(object, aspect)?);
    }
    Some(sql)
}

fn changed(source: &Object, target: &Object, aspect: &str) -> Option<String> {
    let id = &source.id;
    let again = || Some(format!("{}\n{}", drop(id)?, source.sql.as_ref()?));
    match (id.kind.as_str(), aspect) {
        (_, "comment") => comment(id, source.aspect("comment")),
        ("view", "definition" | "settings") => source.sql.clone(),
        ("function" | "procedure", "result" | "form" | "mark LEAKPROOF") => None,
        ("function" | "procedure", _) => source.sql.clone(),
        ("index" | "trigger" | "rule" | "statistics", "definition") => again(),
        ("index", "validity") if target.aspect(aspect) == Some("not valid") => {
            Some(format!("REINDEX INDEX {};", qualified(id)?))
        }
        ("policy", _) => again(),
        (_, "definition") if id.is_constraint() => again(),
        (_, "validity") if id.is_constraint() && source.aspect(aspect) == Some("valid") => {
            let (of, table, name) = (owner_word(source), table(id)?, quote::identifier(&id.name));
            Some(format!("ALTER {of} {table} VALIDATE CONSTRAINT {name};"))
        }
        _ => setting(source, aspect),
    }
}

/// The statement that gives an object an aspect that the source's has.
fn setting(source: &Object, aspect: &str) -> Option<String> {
    let (id, value) = (&source.id, source.aspect(aspect));
    let alter = |what: &str| Some(format!("ALTER TABLE {} {what};", qualified(id)?));
    match (id.kind.as_str(), aspect) {
        (_, "comment") => comment(id, value),
        ("column", _) => column(id, aspect, value),
        ("table", "persistence") => alter(&format!("SET {}", value?.to_uppercase())),
        ("table", "row security") => alter(match value? {
            "enabled" => "ENABLE ROW LEVEL SECURITY",
            _ => "DISABLE ROW LEVEL SECURITY",
        }),
        ("table", "row security of the owner") => alter(match value? {
            "forced" => "FORCE ROW LEVEL SECURITY",
            _ => "NO FORCE ROW LEVEL SECURITY",
        }),
        ("table", "clustering") => match value {
            Some(index) => alter(&format!("CLUSTER ON {}", quote::identifier(index))),
            None => alter("SET WITHOUT CLUSTER"),
        },
        ("table", "replica identity") => alter(&format!(
            "REPLICA IDENTITY {}",
            match value?.split_once("index ") {
                Some(("", index)) => format!("USING INDEX {}", quote::identifier(index)),
                _ => value?.to_uppercase(),
            }
        )),
        ("trigger" | "rule", "state") => {
            let (kind, name) = (id.kind.to_uppercase(), quote::identifier(&id.name));
            let state = match value? {
                "disabled" => "DISABLE",
                "enabled on replicas" => "ENABLE REPLICA",
                "always enabled" => "ENABLE ALWAYS",
                _ => "ENABLE",
            };
            Some(format!("ALTER TABLE {} {state} {kind} {name};", table(id)?))
        }
        ("materialized view", "rows") if value? == "filled" => {
            Some(format!("REFRESH MATERIALIZED VIEW {};", qualified(id)?))
        }
        ("sequence", _) => sequence(id, aspect, value?),
        ("extension", "version") => Some(format!(
            "ALTER EXTENSION {} UPDATE TO {};",
            quote::identifier(&id.name),
            quote::literal(value?)
        )),
        ("domain", "default") => Some(format!(
            "ALTER DOMAIN {} {};",
            qualified(id)?,
            default(value)
        )),
        ("domain", "nullability") => Some(format!(
            "ALTER DOMAIN {} {};",
            qualified(id)?,
            nullability(value?)
        )),
        _ => None,
    }
}

fn default(value: Option<&str>) -> String {
    match value {
        Some(value) => format!("SET DEFAULT {value}"),
        None => "DROP DEFAULT".to_owned(),
    }
}

fn nullability(value: &str) -> &'static str {
    match value {
        "NOT NULL" => "SET NOT NULL",
        _ => "DROP NOT NULL",
    }
}

fn column(id: &Id, aspect: &str, value: Option<&str>) -> Option<String> {
    let change = match aspect {
        "default" => default(value),
        "nullability" => nullability(value?).to_owned(),
        "statistics target" => format!("SET STATISTICS {}", value.unwrap_or("-1")),
        // `DEFAULT` is understood from PostgreSQL 16 on.
        "storage" => format!("SET STORAGE {}", value.unwrap_or("DEFAULT")),
        "compression" => format!("SET COMPRESSION {}", value.unwrap_or("default")),
        _ => return None,
    };
    let (table, name) = (table(id)?, quote::identifier(&id.name));
    Some(format!("ALTER TABLE {table} ALTER COLUMN {name} {change};"))
}

fn sequence(id: &Id, aspect: &str, value: &str) -> Option<String> {
    let change = match (aspect, value) {
        ("type", value) => format!("AS {value}"),
        ("increment", value) => format!("INCREMENT BY {value}"),
        ("minimum", value) => format!("MINVALUE {value}"),
        ("maximum", value) => format!("MAXVALUE {value}"),
        ("start", value) => format!("START WITH {value}"),
        ("cache", value) => format!("CACHE {value}"),
        ("cycling", "on") => "CYCLE".to_owned(),
        ("cycling", _) => "NO CYCLE".to_owned(),
        ("persistence", value) => format!("SET {}", value.to_uppercase()),
        _ => return None,
    };
    Some(format!("ALTER SEQUENCE {} {change};", qualified(id)?))
}

/// What can be dropped without a loss: it can be made again from its definition.
fn drop(id: &Id) -> Option<String> {
    let name = quote::identifier(&id.name);
    if id.is_constraint() {
        return Some(format!(
            "ALTER TABLE {} DROP CONSTRAINT {name};",
            table(id)?
        ));
    }
    match id.kind.as_str() {
        "trigger" | "rule" | "policy" => {
            let kind = id.kind.to_uppercase();
            Some(format!("DROP {kind} {name} ON {};", table(id)?))
        }
        "index" | "view" | "statistics" => {
            let kind = id.kind.to_uppercase();
            Some(format!("DROP {kind} {};", qualified(id)?))
        }
        _ => None,
    }
}

fn comment(id: &Id, text: Option<&str>) -> Option<String> {
    let on = match id.kind.as_str() {
        "column" | "attribute" => {
            format!("COLUMN {}.{}", table(id)?, quote::identifier(&id.name))
        }
        "trigger" | "rule" | "policy" => {
            let (kind, name) = (id.kind.to_uppercase(), quote::identifier(&id.name));
            format!("{kind} {name} ON {}", table(id)?)
        }
        "schema" => format!("SCHEMA {}", quote::identifier(&id.name)),
        "table" | "foreign table" | "view" | "materialized view" | "sequence" | "index"
        | "statistics" | "type" | "domain" | "collation" => {
            format!("{} {}", id.kind.to_uppercase(), qualified(id)?)
        }
        "function" | "procedure" | "aggregate" => {
            let (name, arguments) = id.name.split_once('(')?;
            let (kind, schema) = (id.kind.to_uppercase(), id.schema.as_ref()?);
            format!("{kind} {}({arguments}", quote::qualified(schema, name))
        }
        _ if id.is_constraint() => {
            format!(
                "CONSTRAINT {} ON {}",
                quote::identifier(&id.name),
                table(id)?
            )
        }
        _ => return None,
    };
    let text = text.map_or("NULL".to_owned(), quote::literal);
    Some(format!("COMMENT ON {on} IS {text};"))
}

/// What a constraint is one of.
fn owner_word(object: &Object) -> &'static str {
    match object.aspect("of") {
        Some("domain") => "DOMAIN",
        _ => "TABLE",
    }
}

fn qualified(id: &Id) -> Option<String> {
    Some(quote::qualified(id.schema.as_ref()?, &id.name))
}

fn table(id: &Id) -> Option<String> {
    Some(quote::qualified(id.schema.as_ref()?, id.table.as_ref()?))
}
