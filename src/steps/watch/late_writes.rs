//! Whether the old database is written to although the application was cut over: the target lacks what
//! is written there. Only reads.

use super::super::cutover::{Counters, counters_and_source};
use super::super::{Error, Work};
use crate::figures::hex;
use crate::postgres::catalogue::TableName;
use crate::session::NotedCounters;
use crate::session::report::{Check, LATE_WRITES, Recovered, SourceLook};
use crate::watch::threshold;
use sha2::{Digest, Sha256};

/// What was found, and by what the next probe recognises writes in between.
pub(super) struct LateWrites {
    pub(super) check: Check,
    pub(super) counters: Option<String>,
}

/// Asks the old database; `before` is what the probe before recognised it by. `None` where there is
/// nothing to ask for: nobody cut over here, or the old server counts no writes.
pub(super) async fn asked(
    work: Work<'_>,
    before: Option<&str>,
) -> Result<Option<LateWrites>, Error> {
    let session = work.session;
    let noted = session.noted_counters();
    let over = session.cutting.as_ref().and_then(|cutting| cutting.ended);
    if over.is_none() || noted.is_empty() {
        return Ok(None);
    }
    let (counters, look) = counters_and_source(work).await?;
    let counters = (!counters.is_empty()).then(|| fingerprint(noted, &counters));
    let was_taken_over = session.recovered.iter().any(|saved| match saved {
        Recovered::Applied(applied) => Some(applied.at) > over,
        _ => false,
    });
    let goes_on = counters.as_deref() != before;
    let check = judged(&look, goes_on, was_taken_over);
    Ok(Some(LateWrites { check, counters }))
}

/// Writes since the probe before are an alarm; those that were told stay worth knowing.
fn judged(look: &SourceLook, goes_on: bool, was_taken_over: bool) -> Check {
    const NAME: &str = threshold::LATE_WRITES;
    let unknown = |why: &str| {
        let found = format!("whether the old database is still written to is not known: {why}");
        Check::warning(NAME, found)
    };
    let check = match look {
        SourceLook::Quiet { .. } => {
            return Check::good(
                NAME,
                "none: the old database was not written to since the cutover",
            );
        }
        SourceLook::Unreached { why } => return unknown(why),
        SourceLook::NoPassword => return unknown("its password is not at hand"),
        SourceLook::Written { tables } => {
            let tables = tables.join(", ");
            let written = format!("the old database was written to since the cutover: {tables}");
            match (was_taken_over, goes_on) {
                (true, _) => Check::warning(
                    NAME,
                    format!(
                        "{written}; neonlift took rows over into it, and others may have written, too"
                    ),
                ),
                (false, true) => Check::bad(NAME, format!("{written}; the target lacks it")),
                (false, false) => {
                    Check::warning(NAME, format!("{written}; not since the last probe"))
                }
            }
        }
    };
    LATE_WRITES
        .iter()
        .fold(check, |check, step| check.advise(*step))
}

/// Another one after each write to a table that was moved.
fn fingerprint(noted: Vec<NotedCounters>, counters: &Counters) -> String {
    let mut hash = Sha256::new();
    for NotedCounters { schema, table, .. } in noted {
        let name = table;
        let now = counters.get(&TableName { schema, name });
        hash.update(format!("{now:?}\n"));
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::report::Verdict;

    #[test]
    fn writes_are_an_alarm_while_they_go_on_and_stay_worth_knowing() {
        let written = SourceLook::Written {
            tables: vec!["shop.orders".to_owned()],
        };
        let told = |goes_on, was_taken_over| {
            let check = judged(&written, goes_on, was_taken_over);
            assert!(check.found.contains("shop.orders") && !check.advice.is_empty());
            check.verdict
        };
        assert_eq!(told(true, false), Verdict::Bad);
        assert_eq!(told(false, false), Verdict::Warning);
        assert_eq!(told(true, true), Verdict::Warning, "neonlift's own writes");
        let quiet = SourceLook::Quiet {
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(judged(&quiet, true, false).verdict, Verdict::Good);
        assert_eq!(
            judged(&SourceLook::NoPassword, true, false).verdict,
            Verdict::Warning
        );
    }
}
