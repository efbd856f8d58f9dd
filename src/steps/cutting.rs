//! The phases of a cutting over: each looks or does one thing and says what it found. The order, and
//! what is saved between them, is the machine's.

mod quiet;
mod refusal;
mod sequences;
mod stillness;
mod unwritten;

pub use refusal::Refusal;

use super::{Context, Error, Work, application, compare, cutover};
use crate::failure::{Explain, Failure};
use crate::session::report::{Application, Comparison, Report, SourceLook};
use crate::session::{CutPhase, Session, Step};
use crate::wizard::{Brought, PhaseEnd, Side};
use unwritten::Unwritten;

/// Carries a phase out.
pub(super) async fn run(phase: CutPhase, work: Work<'_>) -> Result<PhaseEnd, Error> {
    match phase {
        CutPhase::Checklist => {
            let brought = Brought::Look(cutover::run(work).await?);
            let found = vec!["every item is ticked or signed".to_owned()];
            Ok(PhaseEnd { found, brought })
        }
        CutPhase::Quiet => Ok(only_found(quiet::reached(work).await?)),
        CutPhase::Sequences => {
            work.progress.begin("Comparing sequences");
            Ok(only_found(sequences::raised(work).await?))
        }
        CutPhase::Compare => last_comparison(work).await,
        CutPhase::Switch => switched(work).await,
        CutPhase::Check => checked(work).await,
    }
}

fn only_found(found: Vec<String>) -> PhaseEnd {
    PhaseEnd {
        found,
        ..PhaseEnd::default()
    }
}

/// The proof that the target has all rows, now that no more are written; or the earlier one, where
/// that was chosen and the source's counters do not speak against it.
async fn last_comparison(work: Work<'_>) -> Result<PhaseEnd, Error> {
    let cutting = work.session.cutting.as_ref();
    if let Some(found) = compared(work.session).filter(|found| {
        let is_trusted = cutting.is_some_and(|cutting| cutting.options.trusting);
        is_trusted && is_counted(found)
    }) {
        work.progress.begin("Asking the source's counters");
        if matches!(cutover::source(work).await?, SourceLook::Quiet { .. }) {
            let at = found.at.strftime("%F %H:%M UTC");
            let text = format!(
                "no write was counted since both sides were equal at {at}: not compared again"
            );
            return Ok(only_found(vec![text]));
        }
    }
    let unwritten = Unwritten::so_far(work).await?;
    let found = compare::again(work).await?;
    unwritten.is_still_so(work).await?;
    Ok(PhaseEnd {
        found: vec![format!("{}, equal", found.equal_in_words())],
        brought: Brought::Comparison(Box::new(found)),
    })
}

fn compared(session: &Session) -> Option<&Comparison> {
    match session.report(Step::Compare) {
        Some(Report::Compare(found)) => Some(found),
        _ => None,
    }
}

/// Whether the source counts the writes to all that was compared.
fn is_counted(found: &Comparison) -> bool {
    let mut tables = found.tables.iter().filter(|table| !table.left_out);
    found.equal && tables.all(|table| table.written_since == Some(false))
}

/// Nothing may have been written since the last comparison when the application is switched.
async fn is_still_quiet(work: Work<'_>) -> Result<(), Error> {
    match cutover::source(work).await? {
        SourceLook::Quiet { .. } => Ok(()),
        SourceLook::Written { tables } => Err(Refusal::WrittenSince(tables).into()),
        SourceLook::Unreached { why } => Err(Refusal::Unasked(why).into()),
        SourceLook::NoPassword => {
            Err(Refusal::Unasked("its password is not at hand".to_owned()).into())
        }
    }
}

async fn switched(work: Work<'_>) -> Result<PhaseEnd, Error> {
    work.progress
        .begin("Asking the source's counters once more");
    is_still_quiet(work).await?;
    let (context, session) = (work.context, work.session);
    if let Some(switched) = &session.switched {
        let at = switched.at.strftime("%F %H:%M UTC");
        return Ok(only_found(vec![format!("its files were switched at {at}")]));
    }
    let cutting = session.cutting.as_ref();
    if cutting.is_some_and(|cutting| cutting.options.by_hand) {
        let text = "a person has set its connection; neonlift has changed no file";
        return Ok(only_found(vec![text.to_owned()]));
    }
    let planned = match session.report(Step::Application) {
        Some(Report::Application(found)) => !found.files.is_empty(),
        _ => false,
    };
    if !planned {
        return by_hand(context);
    }
    work.progress.activity("Replacing the application's files");
    let stand = application::switch(context, session).await?;
    let mut found = stand.in_words();
    if let Some(Report::Application(report)) = session.report(Step::Application) {
        found.extend(stays(report));
    }
    Ok(PhaseEnd {
        found,
        brought: Brought::Files(stand),
    })
}

/// What a person has to set, without the password.
fn by_hand(context: &Context) -> Result<PhaseEnd, Error> {
    let goal = application::goal(context)?;
    let direct = context.required(Side::Target)?.direct().encrypted();
    let found = vec![
        "set the application's connection to, with the target's password:".to_owned(),
        goal.application().url(),
        "its migrations, if it has any, take the direct host:".to_owned(),
        direct.url(),
    ];
    let brought = Brought::ByHand;
    Ok(PhaseEnd { found, brought })
}

/// The target once more, as the application reaches it, with its own tests; and its files: none that can
/// be changed may lead to the source any longer, those that cannot are told.
async fn checked(work: Work<'_>) -> Result<PhaseEnd, Error> {
    let report = application::run(work).await?;
    if let Some(failure) = objection(&report) {
        return Ok(refused(failure));
    }
    match is_still_quiet(work).await {
        Err(error) if work.cancel.is_cancelled() => return Err(error),
        Err(error) => return Ok(refused(error.failure())),
        Ok(()) => {}
    }
    let checks = report.checks.iter();
    let checks = checks.map(|check| format!("{}: {}", check.name, check.found));
    let tests = report.tests.iter().map(|test| test.in_words());
    Ok(only_found(
        checks.chain(tests).chain(stays(&report)).collect(),
    ))
}

/// The switched application is not called cut over.
fn refused(failure: Failure) -> PhaseEnd {
    PhaseEnd {
        brought: Brought::Refused(going_on(failure)),
        ..PhaseEnd::default()
    }
}

/// Connections in the application's files that were not changed: a person has to look where they lead.
fn stays(report: &Application) -> impl Iterator<Item = String> {
    let left = report.left.iter();
    left.map(|left| {
        format!(
            "look yourself, it was not changed: {} ({})",
            left.what, left.why
        )
    })
}

fn objection(report: &Application) -> Option<Failure> {
    if report.files.is_empty() {
        return Report::Application(report.clone()).failure(true);
    }
    let files = report.files.iter().map(|file| file.file.as_str());
    let files = files.collect::<Vec<_>>().join(", ");
    let what = "The application's files still lead to the source";
    Some(Failure::new(
        what,
        format!("{files}: not changed, or changed since."),
    ))
}

fn going_on(failure: Failure) -> Failure {
    failure
        .advise("The application is switched, and not called cut over. When the cause is mended, the same command tries it again:")
        .advise("$ neonlift cutover --confirm DBNAME")
        .advise("Or put its files back as they were:")
        .advise("$ neonlift cutover --undo")
        .advise("Was it in use meanwhile? What it has written to the target this shows first, and saves:")
        .advise("$ neonlift rollback")
}
