//! What the machine knows of single items: the backup, the application's tests, the target's speed, the
//! rehearsal.

use super::look;
use crate::figures;
use crate::session::report::{Backup, BackupLook, ComparedVectors, Report, SPEED_LIMIT, Verdict};
use crate::session::{Item, ItemKind, Session, Step};

/// The dump, as it was found when it was read last.
pub(super) fn backup(session: &Session, dump: &Backup) -> (bool, String) {
    let sum = dump.sha256.get(..12).unwrap_or(&dump.sha256);
    let (file, size) = (&dump.file, figures::bytes(dump.bytes));
    let found = look(session).and_then(|look| look.backup.as_ref());
    match found.map(|found| (found, found.objection())) {
        Some((_, Some(why))) => (false, format!("{why}: {file}; run the step backup again")),
        Some((BackupLook::Sound { at }, None)) => {
            let at = at.strftime("%F %H:%M UTC");
            let why = format!("{file} ({size}, read again at {at}: sha256 {sum}… still true)");
            (true, why)
        }
        _ => (true, format!("{file} ({size}, sha256 begins {sum})")),
    }
}

/// A rehearsal in which everything was tried and went well ticks its item; of another one a person
/// judges whether it is enough.
pub(super) fn follow_rehearsal(session: &Session, item: &mut Item) {
    let (kind, evidence) = match session.rehearsal() {
        None => (
            ItemKind::Person,
            "neonlift rehearses it on copies: `rollback --rehearse`".to_owned(),
        ),
        Some(rehearsal) => {
            let at = rehearsal.at.strftime("%F %H:%M UTC");
            let open = rehearsal.checks.iter();
            let open = open.filter(|check| check.verdict != Verdict::Good);
            let open: Vec<String> = open
                .map(|check| format!("{}: {}", check.name, check.found))
                .collect();
            match rehearsal.is_whole() {
                true => {
                    let count = figures::counted(rehearsal.checks.len() as u64, "part");
                    (
                        ItemKind::Machine,
                        format!("rehearsed on copies at {at}: {count}, all well"),
                    )
                }
                false => (
                    ItemKind::Person,
                    format!("rehearsed at {at}, but {}", open.join("; ")),
                ),
            }
        }
    };
    (item.kind, item.ticked, item.evidence) = (kind, kind == ItemKind::Machine, evidence);
}

/// The comparison's searches tick the item where all of them are as fast as the guide asks for,
/// network apart. Slower ones, or none, a person judges.
pub(super) fn follow_performance(session: &Session, item: &mut Item) {
    let columns = match session.report(Step::Compare) {
        Some(Report::Compare(found)) => found.vectors.as_slice(),
        _ => &[],
    };
    let measured: Vec<(&ComparedVectors, f64)> = columns
        .iter()
        .filter_map(|column| Some((column, column.search.as_ref()?.ratios().1)))
        .collect();
    let ratios = measured
        .iter()
        .map(|(column, ratio)| format!("{}.{} {ratio:.1} x", column.table, column.column));
    let ratios = ratios.collect::<Vec<_>>().join(", ");
    let within = measured.iter().all(|(_, ratio)| *ratio < SPEED_LIMIT);
    let evidence = match (measured.is_empty(), within) {
        (true, _) => String::new(),
        (false, true) => format!(
            "median search against the source's, network apart: {ratios} (limit {SPEED_LIMIT} x)"
        ),
        (false, false) => format!(
            "slower than the guide's limit of {SPEED_LIMIT} x the source, network apart: {ratios}"
        ),
    };
    let kind = match !measured.is_empty() && within {
        true => ItemKind::Machine,
        false => ItemKind::Person,
    };
    (item.kind, item.ticked, item.evidence) = (kind, kind == ItemKind::Machine, evidence);
}

/// The application's own tests, passed on the target, tick its item. Without them a person says that
/// it works.
pub(super) fn follow_application(session: &Session, item: &mut Item) {
    let found = match session.report(Step::Application) {
        Some(Report::Application(found)) => Some(found),
        _ => None,
    };
    (item.kind, item.ticked, item.evidence) = match found {
        Some(found) if found.is_tested() => {
            let (at, endpoint) = (found.at.strftime("%F %H:%M UTC"), &found.endpoint);
            let tests = found.tests.iter().map(|test| test.command.as_str());
            let tests = tests.collect::<Vec<_>>().join(", ");
            (
                ItemKind::Machine,
                true,
                format!("{tests} passed on {endpoint} at {at}"),
            )
        }
        Some(_) => {
            let why =
                "neonlift tried the target as an application would; tests of your own were not run";
            (ItemKind::Person, false, why.to_owned())
        }
        None => (ItemKind::Person, false, String::new()),
    };
}
