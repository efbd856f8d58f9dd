//! `neonlift report`, and the report that a run leaves.

use super::args::{Common, ReportWanted};
use super::{Error, sessions};
use crate::failure::chain;
use crate::headless::{Output, Voice};
use crate::progress::{Note, Tone};
use crate::report::{self, Format};
use crate::runner::Runner;
use crate::session::store;
use crate::wizard::Outcome;
use serde_json::json;
use std::path::Path;

/// The report of a session that exists.
pub(super) fn run(common: &Common, wanted: &ReportWanted) -> Result<Outcome, Error> {
    let file = sessions::existing(common)?;
    let found = store::look(&file)?;
    let (mut session, in_use) = found.ok_or_else(|| Error::NoSuchSession(file.clone()))?;
    if !in_use {
        session.stop_running();
    }
    let session_file = file;
    let beside = report::beside(&session_file);
    let to = match (wanted.output.as_deref(), wanted.format) {
        (Some(file), _) => Some(file).filter(|file| *file != Path::new("-")),
        (None, Format::Html) => Some(beside.as_path()),
        (None, Format::Md | Format::Json) => None,
    };
    let mut output = Output::stdout();
    let Some(to) = to else {
        output.line(report::render(&session, wanted.format)?.trim_end());
        return Ok(Outcome::Partial);
    };
    if report::is_same(to, &session_file) {
        return Err(Error::Refused(format!(
            "{} is the session's own file",
            to.display()
        )));
    }
    report::write(&session, wanted.format, to)?;
    let shown = to.display().to_string();
    match common.json {
        true => output.line(&json!({ "event": "report", "file": shown }).to_string()),
        false => output.line(&format!("The report is in {shown}")),
    }
    Ok(Outcome::Partial)
}

/// Leaves the report of a run beside its session. A report that cannot be written is told, and
/// takes nothing from what the run came to.
pub(super) fn leave(runner: &Runner, voice: &mut dyn Voice) {
    match runner.write_report() {
        Ok(()) => voice.say(&format!(
            "The report is in {}",
            runner.report_file().display()
        )),
        Err(error) => voice.note(&Note {
            tone: Tone::Warning,
            text: format!("There is no new report: {}", chain(&error)),
        }),
    }
}
