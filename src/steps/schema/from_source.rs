//! What the source's definitions become on the target.

use crate::config::Onto;
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::script::{Class, Entry};
use crate::postgres::{Connection, Error as PostgresError, quote};
use crate::session::report::{KindCount, LeftOut};
use crate::steps::definitions::Definitions;
use crate::steps::{Error, Work};
use crate::target::Statement;
use crate::transfer::finish::{count_kinds, describe};
use std::collections::HashSet;

/// What to create before the rows, and what is not created.
pub(in crate::steps) struct Plan {
    /// In an order in which each finds what it depends on.
    pub(super) statements: Vec<Statement>,
    /// How many of each kind.
    pub(super) created: Vec<KindCount>,
    /// The tables and views among them.
    pub(super) relations: HashSet<TableName>,
    /// What the target cannot take, and what needs something that is left out.
    pub(in crate::steps) left_out: Vec<LeftOut>,
    /// Extensions that the target does not offer, and that something depends on.
    pub(in crate::steps) missing: Vec<Missing>,
    /// Extensions that the target has already, in another schema, and that we may not move.
    pub(in crate::steps) elsewhere: Vec<Elsewhere>,
}

/// An extension that the target does not offer.
pub(in crate::steps) struct Missing {
    /// Its name.
    pub(in crate::steps) extension: String,
    /// What people made with it.
    pub(in crate::steps) dependents: Vec<String>,
}

/// What the target says of itself.
struct Target {
    version: u32,
    is_superuser: bool,
    extensions: Vec<catalogue::Extension>,
    offers: HashSet<String>,
}

impl Target {
    /// Asks all of it in one round trip.
    async fn ask(target: &Connection) -> Result<Self, Error> {
        let (version, is_superuser, extensions, offers) = tokio::try_join!(
            async { Ok(target.server_version().await?) },
            is_superuser(target),
            async { Ok(catalogue::extensions(target).await?) },
            async { Ok(catalogue::offered_extensions(target).await?) },
        )?;
        Ok(Self {
            version,
            is_superuser,
            extensions,
            offers,
        })
    }
}

/// What becomes of the source's definitions on the target, which is asked what it can take. Changes
/// nothing.
pub(in crate::steps) async fn plan(
    work: Work<'_>,
    found: &Definitions,
    source: &Connection,
    target: &Connection,
) -> Result<Plan, Error> {
    let (target, wanted) = tokio::try_join!(Target::ask(target), async {
        Ok(catalogue::extensions(source).await?)
    })?;
    let entries = &found.script.entries;
    let is_superuser = target.is_superuser;
    let keeps = work.session.target_policy() != Onto::Empty;
    let mut plan = Plan {
        statements: vec![Statement {
            what: "pg_dump's settings".to_owned(),
            sql: found.script.preamble_for(target.version),
        }],
        created: Vec::new(),
        relations: HashSet::new(),
        left_out: found.left_out.clone(),
        missing: Vec::new(),
        elsewhere: elsewhere(wanted, &target.extensions, entries),
    };
    let mut wanted: Vec<&Entry> = Vec::new();
    for entry in entries {
        if entry.class() == Class::Extension && !target.offers.contains(&entry.name) {
            plan.miss(&entry.name, found.dependents(source, &entry.name).await?);
        } else if let Some(why) = entry.left_out() {
            plan.leave_out(entry, why);
        } else {
            let sql = match entry.without_leakproof().filter(|_| !is_superuser) {
                Some(plain) => {
                    plan.left_out.push(leakproof(entry));
                    plain.sql
                }
                None => entry.sql.clone(),
            };
            let sql = match keeps && is_shared(entry, &found.guests) {
                true => unless_there(&sql),
                false => sql,
            };
            let what = describe(entry);
            plan.statements.push(Statement { what, sql });
            plan.relations.extend(relation(entry));
            wanted.push(entry);
            let is_this = |other: &mut Elsewhere| {
                is_superuser && entry.class() == Class::Extension && other.extension == entry.name
            };
            let moved = plan.elsewhere.extract_if(.., is_this);
            plan.statements.extend(moved.map(|moved| moved.moving()));
        }
    }
    plan.created = count_kinds(&wanted);
    Ok(plan)
}

/// The table or view that an entry makes.
fn relation(entry: &Entry) -> Option<TableName> {
    let kinds = ["TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW"];
    let (schema, name) = (entry.schema.clone()?, entry.table.clone()?);
    kinds
        .contains(&entry.kind.as_str())
        .then_some(TableName { schema, name })
}

/// Whether others may have it on the target already: a schema, or what only comes along. An
/// extension's definition leaves alone what is there by itself.
fn is_shared(entry: &Entry, guests: &[u32]) -> bool {
    let is_guest = entry.id.is_some_and(|id| guests.contains(&id));
    entry.kind == "SCHEMA" || is_guest && entry.class() != Class::Extension
}

/// A definition that leaves alone what is there already.
fn unless_there(sql: &str) -> String {
    let body = format!(
        "BEGIN EXECUTE {}; EXCEPTION WHEN duplicate_schema OR duplicate_object
           OR duplicate_function OR duplicate_table THEN NULL; END",
        quote::literal(sql)
    );
    format!("DO {}", quote::literal(&body))
}

impl Plan {
    fn leave_out(&mut self, entry: &Entry, why: &str) {
        // The schema public is there already: nothing is lost.
        if entry.kind != "SCHEMA" {
            self.left_out.push(LeftOut {
                what: describe(entry),
                why: why.to_owned(),
            });
        }
    }

    fn miss(&mut self, extension: &str, dependents: Vec<String>) {
        self.left_out.push(LeftOut {
            what: format!("extension {extension}"),
            why: "the target does not offer it".to_owned(),
        });
        if !dependents.is_empty() {
            self.missing.push(Missing {
                extension: extension.to_owned(),
                dependents,
            });
        }
    }
}

fn leakproof(entry: &Entry) -> LeftOut {
    LeftOut {
        what: format!("the mark LEAKPROOF of the {}", describe(entry)),
        why: "only a superuser may give it: the function is made without".to_owned(),
    }
}

/// Whether we are a superuser on the target.
pub(in crate::steps) async fn is_superuser(target: &Connection) -> Result<bool, Error> {
    let sql = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    let row = target.query_one(sql, &[]).await;
    let row = row.map_err(PostgresError::while_doing(
        "asking who we are on the target",
    ))?;
    Ok(row.get(0))
}

/// An extension that the target has in another schema than the source's definitions say.
pub(in crate::steps) struct Elsewhere {
    pub(in crate::steps) extension: String,
    /// Its schema on the target.
    pub(in crate::steps) there: String,
    /// Its schema on the source.
    pub(in crate::steps) wanted: String,
}

impl Elsewhere {
    /// SQL that moves it. Only a superuser may: the extension's types are not ours.
    fn moving(&self) -> Statement {
        let name = quote::identifier(&self.extension);
        let schema = quote::identifier(&self.wanted);
        Statement {
            what: format!("extension {}", self.extension),
            sql: format!("ALTER EXTENSION {name} SET SCHEMA {schema};"),
        }
    }
}

/// Of the extensions that are to be created, those that the target has in another schema.
fn elsewhere(
    wanted: Vec<catalogue::Extension>,
    there: &[catalogue::Extension],
    entries: &[Entry],
) -> Vec<Elsewhere> {
    let is_created = |extension: &catalogue::Extension| {
        let mut entries = entries.iter();
        entries.any(|entry| entry.class() == Class::Extension && entry.name == extension.name)
    };
    let moved = |wanted: catalogue::Extension| {
        let found = there.iter().find(|found| found.name == wanted.name)?;
        (found.schema != wanted.schema).then(|| Elsewhere {
            extension: wanted.name,
            there: found.schema.clone(),
            wanted: wanted.schema,
        })
    };
    let wanted = wanted.into_iter();
    wanted.filter(is_created).filter_map(moved).collect()
}
