//! The target tried as the application would use it, its files planned, its own tests run. Changes
//! nothing: what is written on the target is rolled back, and files are switched by [`switch`].

mod own_tests;
mod performance;
mod pool;
mod probe;

use super::{Error, Work};
use crate::failure::Explain;
use crate::figures::{counted, grouped};
use crate::postgres::{Connection, ConnectionString, Retrying};
use crate::session::report::{Application, Check, Report, SwitchedFile};
use crate::session::{Session, Step};
use crate::switch::{self, Goal, Plan};
use crate::wizard::Side;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Where the application leads now, and is to lead.
pub(super) fn goal(context: &super::Context) -> Result<Goal, Error> {
    let (source, target) = (Side::Source, Side::Target);
    Ok(Goal::new(
        context.required(source)?,
        &context.required(target)?,
    ))
}

impl Work<'_> {
    /// The application's folder: as it was named in the wizard, else as it is given, else the one that
    /// the step `application` looked at.
    pub(super) fn application_folder(&self) -> Option<PathBuf> {
        let given = self.context.config.application.folder.as_ref();
        let named = self.session.application.as_ref().or(given).cloned();
        let known = named.or_else(|| match self.session.report(Step::Application)? {
            Report::Application(found) => found.folder.as_ref().map(PathBuf::from),
            _ => None,
        })?;
        Some(std::path::absolute(&known).unwrap_or(known))
    }
}

pub(super) async fn run(work: Work<'_>) -> Result<Application, Error> {
    let goal = goal(work.context)?;
    work.progress.begin("Connecting as the application would");
    let mut report = Application {
        at: Timestamp::now(),
        endpoint: goal.application().endpoint(),
        checks: tried(work, goal.application()).await?,
        folder: None,
        files: Vec::new(),
        left: Vec::new(),
        tests: Vec::new(),
    };
    if let Some(folder) = work.application_folder() {
        work.progress.activity("Looking at the application's files");
        let plan = planned(
            folder,
            work.context.config.application.files.clone(),
            goal.clone(),
        );
        let plan = plan.await?;
        report.folder = Some(plan.folder.display().to_string());
        report.checks.extend(advice_on_files(&plan));
        report.tests = own_tests::run(work, &plan.folder, &goal).await?;
        report.files = plan.files.into_iter().map(|file| file.shown).collect();
        report.left = plan.left;
    }
    Ok(report)
}

/// A plan; reading files and asking git may take a moment.
async fn planned(folder: PathBuf, files: Vec<PathBuf>, goal: Goal) -> Result<Plan, Error> {
    let made = tokio::task::spawn_blocking(move || Plan::make(&folder, &files, &goal)).await;
    Ok(made.map_err(Error::Broken)??)
}

/// What a person has to know of the files that would change.
fn advice_on_files(plan: &Plan) -> Vec<Check> {
    let mut checks: Vec<Check> = plan
        .cautions
        .iter()
        .map(|caution| Check::warning("Application: git", caution.clone()))
        .collect();
    checks.extend(plan.lacking.iter().map(|lacking| {
        Check::warning("Application: connection", lacking.clone())
            .advise("Where the application has that from (a default, another file, the environment), the target's has to stand, too.")
    }));
    let parts = plan.files.iter().filter(|file| file.adds_sslmode());
    checks.extend(parts.map(|file| {
        let found = format!("{} gets POSTGRES_SSLMODE=require", file.shown.file);
        Check::warning("Application: encryption", found)
            .advise("Neon insists on TLS. Make sure that the application passes it on as sslmode: in parts, nothing else says it.")
    }));
    checks
}

/// Everything that an application does with its database, each with what came of it.
async fn tried(work: Work<'_>, place: &ConnectionString) -> Result<Vec<Check>, Error> {
    let connection = match Connection::open(place, &Retrying::default(), work.cancel).await {
        Ok(connection) => connection,
        Err(error) if work.cancel.is_cancelled() => return Err(error.into()),
        Err(error) => {
            let failure = error.failure();
            let mut check = Check::bad("Connection", format!("{}: {}", failure.what, failure.why));
            check.advice = failure.advice;
            return Ok(vec![check]);
        }
    };
    let tried = async {
        work.recognise(Side::Target, &connection).await?;
        let mut checks = vec![connected(place, &connection).await?];
        checks.extend(probe::extension(&connection).await?);
        work.progress
            .activity("Trying a row in each table with vectors; each is rolled back");
        checks.extend(probe::tables(&connection, &work.session.id).await?);
        checks.extend(collections(work.session, &connection).await?);
        checks.extend(performance::checks(work.session));
        checks.push(pool::advice(&connection, place, &work.context.config.application).await?);
        Ok(checks)
    };
    connection.until_cancelled(work.cancel, tried).await?
}

async fn connected(place: &ConnectionString, connection: &Connection) -> Result<Check, Error> {
    let time = connection.round_trip().await?;
    let version = connection.server_version().await? / 10_000;
    let how = match place.is_pooled() {
        true => {
            "through the connection pooler, as applications should; migrations take the direct host"
        }
        false => "directly: this host has no connection pooler",
    };
    let found = format!(
        "PostgreSQL {version} answers in {:.1} ms, {how}",
        time.as_secs_f64() * 1000.0
    );
    Ok(Check::good("Connection", found))
}

/// The guide's functional counts: rows per collection, as the comparison found them.
async fn collections(session: &Session, connection: &Connection) -> Result<Vec<Check>, Error> {
    let Some(Report::Compare(compared)) = session.report(Step::Compare) else {
        return Ok(Vec::new());
    };
    let mut checks = Vec::new();
    for table in &compared.tables {
        let groups = compared.collections.iter();
        let groups: Vec<_> = groups
            .filter(|group| (&group.schema, &group.table) == (&table.schema, &table.table))
            .collect();
        if groups.is_empty() {
            continue;
        }
        let expected: u64 = groups.iter().map(|group| group.target_rows).sum();
        let rows = probe::count(connection, &table.schema, &table.table).await?;
        let counts = groups.iter().take(LISTED).map(|group| {
            let value = group.value.as_deref().unwrap_or("(null)");
            format!("{value} {}", grouped(group.target_rows))
        });
        let found = format!(
            "{} in {}: {}{}",
            counted(rows, "row"),
            counted(groups.len() as u64, "collection"),
            counts.collect::<Vec<_>>().join(", "),
            if groups.len() > LISTED { ", …" } else { "" },
        );
        let name = format!("Collections of {}", table.table);
        checks.push(match rows == expected {
            true => Check::good(name, found),
            false => Check::warning(
                name,
                format!("{found}; the comparison counted {}", grouped(expected)),
            )
            .advise("Somebody wrote to the target since. Compare again:")
            .advise("$ neonlift compare"),
        });
    }
    Ok(checks)
}

/// So many collections are listed.
const LISTED: usize = 8;

/// What became of the files.
pub(super) async fn switch(
    context: &super::Context,
    session: &Session,
) -> Result<switch::Settled, Error> {
    let file = context.session_file.clone();
    let plan = as_shown(context, session).await?;
    let done = tokio::task::spawn_blocking(move || {
        switch::carry_out(&plan, &file, Timestamp::now()).map(|switched| switch::Settled {
            switched: Some(switched),
            ..switch::Settled::default()
        })
    });
    Ok(done.await.map_err(Error::Broken)??)
}

/// The plan again, when it is what was shown and consented to.
async fn as_shown(context: &super::Context, session: &Session) -> Result<Plan, Error> {
    let Some(Report::Application(shown)) = session.report(Step::Application) else {
        return Err(Error::NoReport(Step::Application));
    };
    let folder = shown.folder.as_deref().map(Path::new);
    let folder = folder.ok_or(switch::Error::Nothing)?.to_owned();
    let files = context.config.application.files.clone();
    let plan = planned(folder.clone(), files, goal(context)?).await?;
    match plan.is_as_shown(&shown.files) {
        true => Ok(plan),
        false => Err(switch::Error::Changed(first_changed(&plan, &shown.files, &folder)).into()),
    }
}

fn first_changed(plan: &Plan, shown: &[SwitchedFile], folder: &Path) -> String {
    let now = plan.files.iter().map(|file| &file.shown);
    let other = now.zip(shown).find(|(now, shown)| now != shown);
    other.map_or_else(|| folder.display().to_string(), |(now, _)| now.file.clone())
}
