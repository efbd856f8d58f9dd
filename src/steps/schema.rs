//! The target's extensions, types, tables and functions, created in one transaction together with
//! the ledger: after it the target has all of them, or none.

mod deferral;
mod folder;

use super::{Error, Work};
use crate::config::SchemaFrom;
use crate::postgres::catalogue;
use crate::postgres::script::{Class, Entry, Script};
use crate::postgres::tools::{Section, dump_schema};
use crate::postgres::{Connection, Retrying, quote};
use crate::session::report::{LeftOut, Schema};
use crate::target::{Ledger, Statement, build_together};
use crate::transfer::finish::{count_kinds, describe};
use crate::wizard::Side;

pub(super) async fn run(work: Work<'_>) -> Result<Schema, Error> {
    let (_, target) = work.reach_target().await?;
    let session = &work.session.id;
    let (runs, found) = tokio::try_join!(Ledger::runs(&target), catalogue::everything(&target))?;
    // Killed between the commit and the saving: what was made is made, only its report is lost.
    let is_made = runs.contains(session);
    if let Some(first) = found.first().filter(|_| !is_made) {
        return Err(Error::TargetNotEmpty(format!(
            "it holds {first} and {} more",
            found.len() - 1
        )));
    }
    let (statements, report) = match &work.context.config.schema.from {
        SchemaFrom::Source => from_source(work, &target).await?,
        SchemaFrom::Folder(folder) => folder::read(folder, session)?,
    };
    if !is_made {
        create(work, &target, statements).await?;
    }
    Ok(report)
}

async fn create(
    work: Work<'_>,
    target: &Connection,
    statements: Vec<Statement>,
) -> Result<(), Error> {
    let doing = format!("Creating {} definitions on the target", statements.len());
    work.progress.begin(doing);
    let mut all = vec![Statement {
        what: "the ledger".to_owned(),
        sql: Ledger::creation(&work.session.id),
    }];
    all.extend(statements);
    let creating = build_together(target, "creating the schema on the target", &all);
    let created = target.until_cancelled(work.cancel, creating).await?;
    created.map_err(deferral::explained)?;
    for notice in target.take_notices() {
        tracing::info!("notice from the target: {notice}");
    }
    Ok(())
}

async fn from_source(
    work: Work<'_>,
    target: &Connection,
) -> Result<(Vec<Statement>, Schema), Error> {
    work.progress
        .begin("pg_dump reads the source's definitions");
    let string = work.known(Side::Source).await?;
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    let tools = work
        .context
        .tools()
        .for_server(connection.server_version().await?)
        .await?;
    let section = Section::PreData;
    let environment = string.tool_environment();
    let dump = dump_schema(&tools, &environment, &[], section, None, work.cancel).await?;
    let script = Script::parse(&dump);
    let mut left_out = Vec::new();
    let mut wanted: Vec<&Entry> = Vec::new();
    let mut statements = vec![preamble(&script, target.server_version().await?)];
    for extension in catalogue::extensions(&connection).await? {
        match catalogue::available_extension(target, &extension.name).await? {
            Some(_) => statements.push(create_extension(&extension)),
            None => left_out.push(LeftOut {
                what: format!("extension {}", extension.name),
                why: "the target does not offer it".to_owned(),
            }),
        }
    }
    for entry in script
        .entries
        .iter()
        .filter(|entry| entry.class() != Class::Extension)
    {
        match entry.left_out() {
            // The schema public is there already: nothing is lost.
            Some(_) if entry.kind == "SCHEMA" => {}
            Some(why) => left_out.push(LeftOut {
                what: describe(entry),
                why: why.to_owned(),
            }),
            None => wanted.push(entry),
        }
    }
    statements.extend(wanted.iter().map(|entry| Statement {
        what: describe(entry),
        sql: entry.sql.clone(),
    }));
    let report = Schema {
        from: "source".to_owned(),
        created: count_kinds(&wanted),
        left_out,
    };
    Ok((statements, report))
}

fn preamble(script: &Script, version: u32) -> Statement {
    Statement {
        what: "pg_dump's settings".to_owned(),
        sql: script.preamble_for(version),
    }
}

fn create_extension(extension: &catalogue::Extension) -> Statement {
    let (name, schema) = (
        quote::identifier(&extension.name),
        quote::identifier(&extension.schema),
    );
    Statement {
        what: format!("extension {}", extension.name),
        sql: format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA {schema}"
        ),
    }
}
