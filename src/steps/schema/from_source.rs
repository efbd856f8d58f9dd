//! What the source's definitions become on the target.

use crate::postgres::catalogue;
use crate::postgres::script::{Class, Entry, Script};
use crate::postgres::tools::{ClientTools, Section, dump_schema};
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, quote};
use crate::session::report::{KindCount, LeftOut};
use crate::steps::{Error, Work};
use crate::target::Statement;
use crate::transfer::finish::{count_kinds, describe};

/// What to create before the rows, and what is not created.
pub(in crate::steps) struct Plan {
    /// In an order in which each finds what it depends on.
    pub(super) statements: Vec<Statement>,
    /// How many of each kind.
    pub(super) created: Vec<KindCount>,
    /// What the target cannot take.
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

/// The client tools for the source.
pub(in crate::steps) async fn tools(
    work: Work<'_>,
    source: &Connection,
) -> Result<ClientTools, Error> {
    let version = source.server_version().await?;
    Ok(work.context.tools().for_server(version).await?)
}

/// Reads the source's definitions and asks the target what it can take. Changes nothing.
pub(in crate::steps) async fn plan(
    work: Work<'_>,
    source: &Connection,
    target: &Connection,
    string: &ConnectionString,
) -> Result<Plan, Error> {
    let tools = tools(work, source).await?;
    let environment = string.tool_environment();
    let section = Section::PreData;
    let dump = dump_schema(&tools, &environment, &[], section, None, work.cancel).await?;
    let script = Script::parse(&dump);
    let mut plan = Plan {
        statements: vec![Statement {
            what: "pg_dump's settings".to_owned(),
            sql: script.preamble_for(target.server_version().await?),
        }],
        created: Vec::new(),
        left_out: Vec::new(),
        missing: Vec::new(),
        elsewhere: Vec::new(),
    };
    let is_superuser = is_superuser(target).await?;
    plan.elsewhere = elsewhere(source, target).await?;
    let mut wanted: Vec<&Entry> = Vec::new();
    for entry in &script.entries {
        if entry.class() == Class::Extension && !is_offered(target, &entry.name).await? {
            plan.miss(source, &entry.name).await?;
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
            let what = describe(entry);
            plan.statements.push(Statement { what, sql });
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

    async fn miss(&mut self, source: &Connection, extension: &str) -> Result<(), Error> {
        self.left_out.push(LeftOut {
            what: format!("extension {extension}"),
            why: "the target does not offer it".to_owned(),
        });
        let dependents = catalogue::dependents(source, extension).await?;
        if !dependents.is_empty() {
            self.missing.push(Missing {
                extension: extension.to_owned(),
                dependents,
            });
        }
        Ok(())
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

async fn is_offered(target: &Connection, extension: &str) -> Result<bool, Error> {
    let found = catalogue::available_extension(target, extension).await?;
    Ok(found.is_some())
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

async fn elsewhere(source: &Connection, target: &Connection) -> Result<Vec<Elsewhere>, Error> {
    let there = catalogue::extensions(target).await?;
    let moved = |wanted: catalogue::Extension| {
        let found = there.iter().find(|found| found.name == wanted.name)?;
        (found.schema != wanted.schema).then(|| Elsewhere {
            extension: wanted.name,
            there: found.schema.clone(),
            wanted: wanted.schema,
        })
    };
    let wanted = catalogue::extensions(source).await?;
    Ok(wanted.into_iter().filter_map(moved).collect())
}
