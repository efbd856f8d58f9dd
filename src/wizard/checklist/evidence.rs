//! What the machine knows of single items: the backup, the application's tests, the target's speed, the
//! rehearsal.

use super::{Known, look};
use crate::figures;
use crate::session::report::{
    Backup, BackupLook, ComparedVectors, OwnTest, Rehearsal, Report, SEARCH_IN, SPEED_LIMIT,
    Verdict,
};
use crate::session::{ItemKind, Session, Step};

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

/// A rehearsal in which everything was tried and went well ticks its item, as long as it was one of
/// what would be gone back from; of another one a person judges whether it is enough.
pub(super) fn rehearsal(session: &Session) -> Known {
    let Some(rehearsal) = session.rehearsal() else {
        let how = "neonlift rehearses it on copies: `rollback --rehearse`";
        return (ItemKind::Person, false, how.to_owned());
    };
    let at = rehearsal.at.strftime("%F %H:%M UTC");
    let open = rehearsal.checks.iter();
    let open = open.filter(|check| check.verdict != Verdict::Good);
    let mut open: Vec<String> = open
        .map(|check| format!("{}: {}", check.name, check.found))
        .collect();
    open.extend(outdated(session, rehearsal));
    match open.is_empty() {
        true => {
            let count = figures::counted(rehearsal.checks.len() as u64, "part");
            let why = format!("rehearsed on copies at {at}: {count}, all well");
            (ItemKind::Machine, true, why)
        }
        false => {
            let why = format!("rehearsed at {at}, but {}", open.join("; "));
            (ItemKind::Person, false, why)
        }
    }
}

/// Why a rehearsal says nothing of the way back as it would be now.
fn outdated(session: &Session, rehearsal: &Rehearsal) -> Option<String> {
    let moved = session.steps.get(&Step::Transfer);
    if moved.and_then(|moved| moved.finished) > Some(rehearsal.at) {
        return Some("the target was filled anew since: rehearse it again".to_owned());
    }
    let Some(Report::Application(found)) = session.report(Step::Application) else {
        return None;
    };
    let tried = rehearsal.application.as_ref();
    match tried.map(|tried| &tried.folder) {
        tried if tried == found.folder.as_ref() => {}
        None => return Some("the application's files were not in it".to_owned()),
        Some(other) => {
            let why = format!("with the application in {other}, which is not the one now");
            return Some(why);
        }
    }
    let now: Vec<&String> = found.files.iter().map(|file| &file.file).collect();
    let tried: Vec<&String> = tried.iter().flat_map(|tried| &tried.files).collect();
    // Files that lead to the target already are not planned any more.
    (!now.is_empty() && now != tried).then(|| {
        "other files of the application would be switched now: rehearse it again".to_owned()
    })
}

/// The comparison's searches tick the item where all of them are as fast as the guide asks for,
/// network apart. Slower ones, or none, a person judges.
pub(super) fn performance(session: &Session) -> Known {
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
    match !measured.is_empty() && within {
        true => (ItemKind::Machine, true, evidence),
        false => (ItemKind::Person, false, evidence),
    }
}

/// The application's own tests, passed on the target, tick its item. Without them a person says that
/// it works, of this place and this folder.
pub(super) fn application(session: &Session) -> Known {
    let Some(Report::Application(found)) = session.report(Step::Application) else {
        return (ItemKind::Person, false, String::new());
    };
    let (endpoint, tests) = (&found.endpoint, found.tests.iter());
    if found.is_tested() {
        let at = found.at.strftime("%F %H:%M UTC");
        let tests = tests.map(|test| test.command.as_str());
        let tests = tests.collect::<Vec<_>>().join(", ");
        let why = format!("{tests} passed on {endpoint} at {at}");
        return (ItemKind::Machine, true, why);
    }
    let tests = match found.tests.is_empty() {
        true => "tests of your own were not run".to_owned(),
        false => tests.map(OwnTest::in_words).collect::<Vec<_>>().join(", "),
    };
    let folder = found.folder.as_ref();
    let files = folder.map_or_else(String::new, |folder| {
        format!(", and read its files in {folder}")
    });
    let open = found.checks.iter();
    // The searches' speed is an item of its own.
    let open = open
        .filter(|check| check.verdict != Verdict::Good && !check.name.starts_with(SEARCH_IN))
        .map(|check| format!("; {}: {}", check.name, check.found));
    let why = format!(
        "neonlift tried {endpoint} as an application would{files}; {tests}{}",
        open.collect::<String>()
    );
    (ItemKind::Person, false, why)
}
