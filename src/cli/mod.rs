//! The command line: arguments to front ends, outcomes to exit codes.

mod application;
mod args;
mod choice;
mod cleanup;
mod connect;
mod cutover;
mod demo;
mod ending;
mod error;
mod explain;
mod opening;
mod practice;
mod questions;
mod report;
mod rollback;
mod sessions;
mod standing;
mod start;
mod steps;
mod watch;

pub use error::Error;

use crate::failure::{Explain, Failure, Severity, chain};
use crate::headless::{self, Json, Output, Plain, Ran, Voice};
use crate::invocation::Invocation;
use crate::session::Step;
use crate::source::holder;
use crate::wizard::Outcome;
use args::{Arguments, Command, Common};
use clap::Parser;
use std::fs::{self, OpenOptions};
use std::io::IsTerminal;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Does what the process's arguments say; its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(refused) => bad_usage(&refused),
    };
    let common = arguments.common.clone();
    // A snapshot is held, and an error explained, without a log, too.
    let optional = matches!(
        arguments.command,
        Some(Command::Hold { .. } | Command::Explain { .. })
    );
    let mut voice = voice(&common);
    voice.invoked(Invocation::new(
        common.config.as_deref(),
        common.session.as_deref(),
        matches!(arguments.command, Some(Command::Demo(_))),
    ));
    let log = match start_log(&common) {
        Err(_) if optional => Ok(None),
        started => started.map(Some),
    };
    let done = log.and_then(|_log| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let done = runtime.block_on(command(arguments, voice.as_mut()));
        // A read of standard input that nobody will ever answer must not keep the process.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => {
            let failure = error.failure();
            tracing::error!(cause = chain(&error), "ended");
            voice.failure(&failure);
            ExitCode::from(failure.severity.exit_code())
        }
    }
}

/// Wrong arguments end in clap's own message and exit code 2; with `--json` in events besides, which
/// do not repeat what was typed: it may hold a password.
fn bad_usage(refused: &clap::Error) -> ! {
    let asked = |option: &str| std::env::args_os().any(|argument| argument == option);
    if refused.use_stderr() && asked("--json") && !asked("--plain") {
        let failure = Failure::new(
            "The command line cannot be used",
            format!("{}.", refused.kind()),
        );
        let failure = failure
            .advise(
                "`neonlift help` lists commands and options; standard error says which is wrong.",
            )
            .severity(Severity::Usage);
        Json::new(Output::stdout()).failure(&failure);
    }
    refused.exit()
}

async fn command(arguments: Arguments, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    let common = &arguments.common;
    let single = |step: Step| headless::Options {
        until: Some(step),
        ..Default::default()
    };
    match &arguments.command {
        None => start::run(common, voice).await,
        Some(Command::Demo(demo)) => demo::run(common, demo, voice).await,
        Some(Command::Run(run)) => {
            let (until, from) = (run.until, run.from);
            let options = headless::Options {
                until,
                from,
                signer: None,
            };
            steps::run(common, options, None, voice).await
        }
        Some(Command::Check) => {
            steps::run(
                common,
                single(Step::Connections),
                Some(Step::Prerequisites),
                voice,
            )
            .await
        }
        Some(Command::Inventory) => steps::one(common, Step::Inventory, voice).await,
        Some(Command::Backup) => steps::one(common, Step::Backup, voice).await,
        Some(Command::Schema) => steps::one(common, Step::Schema, voice).await,
        Some(Command::Transfer) => steps::one(common, Step::Transfer, voice).await,
        Some(Command::Compare(wanted)) => steps::compare(common, wanted, voice).await,
        Some(Command::Application(wanted)) => application::run(common, wanted, voice).await,
        Some(Command::Cutover(wanted)) => cutover::run(common, wanted, voice).await,
        Some(Command::Rollback(wanted)) => rollback::run(common, wanted, voice).await,
        Some(Command::Report(wanted)) => report::run(common, wanted),
        Some(Command::Watch(wanted)) => watch::run(common, wanted, voice).await,
        Some(Command::Cleanup(wanted)) => cleanup::run(common, wanted, voice).await,
        Some(Command::Sign(sign)) => standing::sign(common, sign, voice).await,
        Some(Command::Explain { error }) => explain::run(common, error),
        Some(Command::Status) => standing::status(common),
        Some(Command::Sessions) => standing::list(common),
        Some(Command::Practice(wanted)) => practice::run(common, wanted, voice).await,
        Some(Command::Hold { file }) => {
            holder::serve(file).await?;
            Ok(Outcome::Partial)
        }
    }
}

/// What a command comes to after cleaning up. What it failed in itself matters more than what
/// failed while cleaning up behind it: that is only told.
fn settled(
    ran: Result<Ran, Error>,
    cleaned: Result<(), impl Into<Error>>,
    voice: &mut dyn Voice,
) -> Result<Ran, Error> {
    let succeeded = matches!(&ran, Ok(ran) if ran.outcome.exit_code() == 0);
    match cleaned.map_err(Into::into) {
        Ok(()) => ran,
        Err(error) if succeeded => Err(error),
        Err(error) => {
            voice.say(&format!("Also, while ending: {}", chain(&error)));
            ran
        }
    }
}

fn voice(common: &Common) -> Box<dyn Voice> {
    if common.json {
        Box::new(Json::new(Output::stdout()))
    } else {
        Box::new(Plain::new(
            Output::stdout(),
            common.quiet,
            log_file(common).unwrap_or_default(),
        ))
    }
}

/// Carries `work` out; a wish to `stop` meanwhile cancels its token, and the work ends by itself.
async fn interruptible<T>(
    mut stop: impl AsyncFnMut(),
    work: impl AsyncFnOnce(CancellationToken) -> T,
) -> T {
    let cancel = CancellationToken::new();
    let mut work = std::pin::pin!(work(cancel.clone()));
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = stop() => cancel.cancel(),
        }
    }
}

fn log_file(common: &Common) -> Result<PathBuf, Error> {
    match &common.log {
        Some(file) => Ok(file.clone()),
        None => Ok(sessions::state_folder()?.join("neonlift.log")),
    }
}

/// How the program talks to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    /// On the whole screen.
    Screen,
    /// In lines, with numbered questions.
    Questions,
    /// In lines, without questions.
    Lines,
}

/// The front end that was asked for, or that this terminal and its user can have.
fn front(common: &Common) -> Front {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let accessible = variable("ACCESSIBLE").is_some_and(|value| value != "0");
    let dumb = variable("TERM").is_some_and(|term| term == "dumb");
    match common.json {
        true => Front::Lines,
        false if !(common.plain || accessible || dumb) => Front::Screen,
        false if std::io::stdin().is_terminal() => Front::Questions,
        false => Front::Lines,
    }
}

/// Sends the log to its file: nothing may be written over the screen. The guard writes what is
/// left when it is dropped.
fn start_log(common: &Common) -> Result<WorkerGuard, Error> {
    let file = log_file(common)?;
    let failed = |source| Error::Log {
        file: file.clone(),
        source,
    };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&file)
        .map_err(failed)?;
    let (writer, guard) = tracing_appender::non_blocking(log);
    let filter = match common.verbose {
        0 => "neonlift=info",
        1 => "neonlift=debug",
        _ => "neonlift=trace",
    };
    tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .with_env_filter(EnvFilter::new(filter))
        .init();
    Ok(guard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::headless::{End, Gauge};
    use crate::progress::Note;
    use crate::session::Session;
    use crate::session::report::{ComparedTable, WayBack};
    use crate::wizard::{CleanupPlan, Excerpt, News};
    use std::path::Path;

    /// Keeps what is said.
    #[derive(Default)]
    struct Said(Vec<String>);

    impl Voice for Said {
        fn invoked(&mut self, _: Invocation) {}
        fn opened(&mut self, _: &Path) {}
        fn news(&mut self, _: &News, _: &Session) {}
        fn locked(&mut self, _: &Session) {}
        fn planned(&mut self, _: &CleanupPlan, _: &Session) {}
        fn sample(&mut self, _: &ComparedTable, _: &Result<Excerpt, Failure>) {}
        fn progress(&mut self, _: Step, _: &Gauge<'_>) {}
        fn note(&mut self, _: &Note) {}
        fn failure(&mut self, _: &Failure) {}
        fn end(&mut self, _: &End<'_>) {}
        fn way_back(&mut self, _: &WayBack, _: bool) {}

        fn say(&mut self, text: &str) {
            self.0.push(text.to_owned());
        }
    }

    fn ran(outcome: Outcome) -> Result<Ran, Error> {
        let worked = true;
        Ok(Ran { outcome, worked })
    }

    #[test]
    fn what_failed_first_is_the_result() {
        let mut said = Said::default();
        let after = |ran, said: &mut Said| settled(ran, Err(Error::NoHome), said);
        let failed = after(Err(Error::NoSession), &mut said);
        assert!(matches!(failed, Err(Error::NoSession)));
        let outcome = Outcome::Failed(Severity::Failed);
        let failed = after(ran(outcome), &mut said);
        assert!(failed.is_ok_and(|ran| ran.outcome == outcome));
        assert_eq!(said.0.len(), 2, "both were told: {:?}", said.0);
        let ended_badly = after(ran(Outcome::Done), &mut said);
        assert!(matches!(ended_badly, Err(Error::NoHome)));
        assert_eq!(said.0.len(), 2, "the result is not told as a note");
    }
}
