//! The target's extensions, types, tables and functions, created in one transaction together with
//! the ledger: after it the target has all of them, or none.

mod deferral;
mod folder;
pub(super) mod from_source;

pub(super) use from_source::plan;

use super::{Error, Work, left_behind};
use crate::config::SchemaFrom;
use crate::postgres::catalogue;
use crate::postgres::{Connection, Retrying};
use crate::session::report::Schema;
use crate::target::{Ledger, Statement, build_together};
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
    let source = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    source.pin_for_reading().await?;
    let plan = plan(work, &source, target, &string).await?;
    if !plan.missing.is_empty() {
        return Err(Error::missing_extensions(&plan.missing));
    }
    if let Some(elsewhere) = plan.elsewhere.into_iter().next() {
        return Err(elsewhere.into());
    }
    let mut left_out = plan.left_out;
    left_out.extend(left_behind::undumped(&source).await?);
    let report = Schema {
        from: "source".to_owned(),
        created: plan.created,
        left_out,
    };
    Ok((plan.statements, report))
}
