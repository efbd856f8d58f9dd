//! What is known of writes to the source: what its counters said when it was compared, and at the
//! last look. They cannot prove everything: where the two sides are equal although the source counted
//! writes, or where it does not count, only a person knows whether anything still writes.

use super::{Known, look};
use crate::session::report::{ComparedTable, Report, SourceLook};
use crate::session::{ItemKind, Session, Step};

/// What is known of them now.
pub(super) fn known(session: &Session) -> Known {
    seen_since(session, writes(session))
}

const STOP: &str = "stop what writes to the source";

fn writes(session: &Session) -> Known {
    let open = |why: String| (ItemKind::Machine, false, why);
    let asked = |why: String| (ItemKind::Person, false, why);
    let named = |tables: Vec<String>| match tables.join(", ") {
        none if none.is_empty() => None,
        some => Some(format!("written to since the copy began: {some}")),
    };
    let found = match (
        session.report(Step::Compare),
        session.report(Step::Transfer),
    ) {
        (Some(Report::Compare(found)), _) => found,
        (_, Some(Report::Transfer(moved))) => {
            return open(named(moved.changed_since()).map_or_else(
                || "the step compare has not been run".to_owned(),
                |written| format!("{written}; {STOP}, and run the step compare"),
            ));
        }
        _ => return open("the step transfer has not been run".to_owned()),
    };
    if !found.rows_compared {
        let why = "rows were not asked for: what is written to the source changes nothing here";
        return (ItemKind::Machine, true, why.to_owned());
    }
    let tables = found.tables.iter();
    let uncounted: Vec<&ComparedTable> = tables
        .filter(|table| table.written_since.is_none() && !table.left_out)
        .collect();
    match named(found.changed_since()) {
        Some(written) if found.equal => asked(format!(
            "{written}, although both sides are equal; {STOP}, compare again, then sign"
        )),
        Some(written) => open(format!("{written}; {STOP}")),
        None if !found.equal => open("the comparison found differences".to_owned()),
        None if uncounted.iter().any(|table| !table.is_large_objects()) => asked(format!(
            "this source does not count writes to all of its tables; {STOP}, compare again, then sign"
        )),
        None if !uncounted.is_empty() => asked(format!(
            "no server counts writes to large objects, so only you know whether something still writes to them; {STOP}, compare again, then sign"
        )),
        None => {
            let at = found.at.strftime("%F %H:%M UTC");
            let why = format!("no write was counted until {at}");
            (ItemKind::Machine, true, why)
        }
    }
}

/// What the look at the source before the cutover adds to what the comparison found.
fn seen_since(session: &Session, known: Known) -> Known {
    let (Some(Report::Compare(found)), Some(look)) = (session.report(Step::Compare), look(session))
    else {
        return known;
    };
    if !found.rows_compared || !found.equal {
        return known;
    }
    let (kind, ticked, until_compared) = known;
    let machine = kind == ItemKind::Machine && ticked;
    match &look.source {
        SourceLook::Written { tables } => {
            let tables = tables.join(", ");
            let why =
                format!("written to since it was compared: {tables}; {STOP}, and compare again");
            (ItemKind::Machine, false, why)
        }
        SourceLook::Quiet { at } if machine => {
            let at = at.strftime("%F %H:%M UTC");
            (kind, ticked, format!("no write was counted until {at}"))
        }
        SourceLook::NoPassword if machine => (
            ItemKind::Person,
            false,
            vouched(&until_compared, "its password is not at hand"),
        ),
        SourceLook::Unreached { why } if machine => {
            (ItemKind::Person, false, vouched(&until_compared, why))
        }
        // A person vouches for it already.
        _ => (kind, ticked, until_compared),
    }
}

/// What a person vouches for where the source was not looked at again.
fn vouched(until_compared: &str, why: &str) -> String {
    format!(
        "{until_compared}, but the source could not be asked again ({why}); sign only if nothing writes to it any more"
    )
}
