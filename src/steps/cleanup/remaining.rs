//! What stays after a migration, and why.

use super::Work;
use crate::postgres::ConnectionString;
use crate::session::report::{ArchivedFile, LeftOut, Report};
use crate::session::{Step, Switched};
use crate::steps::size;
use crate::wizard::Side;
use jiff::civil::Date;

/// Where the old database is, as the session knows it.
pub(super) fn old_place(work: Work<'_>) -> Option<ConnectionString> {
    let place = work.session.source.as_ref()?;
    let known = ConnectionString::parse(&place.url).ok();
    known.or_else(|| work.context.connection(Side::Source))
}

/// Everything that is not taken away.
pub(super) fn all(
    work: Work<'_>,
    (archives, keep_until): (&[ArchivedFile], Date),
    switched: Option<&Switched>,
) -> Vec<LeftOut> {
    let mut remains = Vec::new();
    remains.extend(old_database(work, keep_until));
    remains.extend(archives.iter().take(1).map(|dump| {
        let what = match dump.removed {
            true => format!("the backup: {}", dump.archive),
            false => format!("the backup: {} and {}", dump.archive, dump.file),
        };
        stays(
            what,
            format!("to be kept until {keep_until}, best on another machine, too"),
        )
    }));
    let copies = switched.into_iter().flat_map(|switched| &switched.files);
    remains.extend(copies.map(|file| {
        let what = format!("{}, the application's file as it was", file.copy);
        stays(
            what,
            "a way back needs it; it holds the old password".to_owned(),
        )
    }));
    let session = work.context.session_file.display();
    let why = "what was done, by whom and when; neonlift status reads it";
    remains.push(stays(
        format!("the session {session}, and what lies beside it"),
        why.to_owned(),
    ));
    remains
}

fn stays(what: String, why: String) -> LeftOut {
    LeftOut { what, why }
}

/// The source: never dropped, never changed.
fn old_database(work: Work<'_>, keep_until: Date) -> Option<LeftOut> {
    let old = old_place(work)?;
    let (database, endpoint) = (old.database(), old.endpoint());
    let bytes = match work.session.report(Step::Connections) {
        Some(Report::Connections(found)) => format!(", {}", size(found.source.database_bytes)),
        _ => String::new(),
    };
    let why = format!("neonlift never drops it: when you are sure, after {keep_until}, you do");
    Some(stays(
        format!("the old database {database} ({endpoint}{bytes}), whole"),
        why,
    ))
}
