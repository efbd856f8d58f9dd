//! The command line: arguments to front ends, outcomes to exit codes.

mod args;
mod choice;
mod connect;
mod demo;
mod error;
mod practice;
mod sessions;
mod signals;
mod standing;

pub use error::Error;

use crate::config::Config;
use crate::failure::{Explain, Failure, Severity, chain};
use crate::headless::{self, Json, Output, Plain, Ran, Voice};
use crate::invocation::Invocation;
use crate::runner::Runner;
use crate::session::{Session, State, Step};
use crate::source::holder;
use crate::steps::Context;
use crate::tui;
use crate::wizard::{Event, Outcome};
use args::{Arguments, Command, Common};
use clap::Parser;
use sessions::Choice;
use signals::Signals;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
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
    // A snapshot is held without a log, too.
    let optional = matches!(arguments.command, Some(Command::Hold { .. }));
    let is_demo = matches!(arguments.command, Some(Command::Demo(_)));
    let log = match start_log(&common) {
        Err(_) if optional => Ok(None),
        started => started.map(Some),
    };
    let done = log.and_then(|_log| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let done = runtime.block_on(command(arguments));
        // A read of standard input that nobody will ever answer must not keep the process.
        runtime.shutdown_background();
        done
    });
    match done {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => {
            let failure = error.failure();
            tracing::error!(cause = chain(&error), "ended");
            let mut voice = voice(&common);
            voice.invoked(Invocation::new(
                common.config.as_deref(),
                common.session.as_deref(),
                is_demo,
            ));
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

async fn command(arguments: Arguments) -> Result<Outcome, Error> {
    let common = &arguments.common;
    let single = |step: Step| headless::Options {
        until: Some(step),
        ..Default::default()
    };
    match &arguments.command {
        None => wizard(common).await,
        Some(Command::Demo(demo)) => demo::run(common, demo).await,
        Some(Command::Run(run)) => {
            let (until, from) = (run.until, run.from);
            steps(
                common,
                headless::Options {
                    until,
                    from,
                    signer: None,
                },
                None,
            )
            .await
        }
        Some(Command::Check) => {
            steps(common, single(Step::Connections), Some(Step::Prerequisites)).await
        }
        Some(Command::Inventory) => one(common, Step::Inventory).await,
        Some(Command::Backup) => one(common, Step::Backup).await,
        Some(Command::Schema) => one(common, Step::Schema).await,
        Some(Command::Transfer) => one(common, Step::Transfer).await,
        Some(Command::Compare) => one(common, Step::Compare).await,
        Some(Command::Cutover) => one(common, Step::Cutover).await,
        Some(Command::Sign(sign)) => standing::sign(common, sign),
        Some(Command::Status) => standing::status(common),
        Some(Command::Sessions) => standing::list(common),
        Some(Command::Practice(wanted)) => practice::run(common, wanted).await,
        Some(Command::Hold { file }) => {
            holder::serve(file).await?;
            Ok(Outcome::Partial)
        }
    }
}

/// One step, also when it is done already; what it needs runs first.
async fn one(common: &Common, step: Step) -> Result<Outcome, Error> {
    let options = headless::Options {
        until: Some(step),
        ..Default::default()
    };
    steps(common, options, Some(step)).await
}

/// Steps without a screen. `again` is run again when it, and all before it, are done.
async fn steps(
    common: &Common,
    mut options: headless::Options,
    again: Option<Step>,
) -> Result<Outcome, Error> {
    let mut signals = Signals::listen()?;
    let mut voice = voice(common);
    let choice = match again {
        Some(_) => Choice::Last,
        None => Choice::Next,
    };
    let mut runner = open(common, choice, voice.as_mut())?;
    let session = runner.wizard().session();
    options.from = options
        .from
        .or(again.filter(|step| session.state(*step) == State::Done));
    let interrupted = async || signals.next().await;
    let ran = headless::run(&mut runner, &options, voice.as_mut(), interrupted).await;
    let down = runner.shut_down().await;
    let ran = settled(ran.map_err(Error::from), down, voice.as_mut())?;
    Ok(ran.tell(&runner, voice.as_mut()))
}

/// The wizard on the whole screen.
async fn wizard(common: &Common) -> Result<Outcome, Error> {
    if without_screen(common) {
        return steps(common, headless::Options::default(), None).await;
    }
    tui::require_terminal("run")?;
    let mut voice = voice(common);
    let mut runner = open(common, Choice::Unfinished, voice.as_mut())?;
    let ran = screen(&mut runner, common, None).await;
    let down = runner.shut_down().await;
    Ok(settled(ran, down, voice.as_mut())?.tell(&runner, voice.as_mut()))
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

/// Opens the session and tells it the connections.
fn open(common: &Common, choice: Choice, voice: &mut dyn Voice) -> Result<Runner, Error> {
    let (config, _) = Config::load(common.config.as_deref())?;
    let wanted = connect::given(common, &config);
    let (store, mut session) = sessions::open(
        common.session.as_deref(),
        false,
        choice,
        &config,
        |session| connect::fits(session, &wanted),
    )?;
    if let Some(named) = &common.config {
        session.config = std::path::absolute(named).ok();
    }
    voice.invoked(leading_to(common, store.file(), &session));
    let mut runner = Runner::new(session, store, context(config.clone(), Vec::new()));
    connect::describe(&mut runner, &wanted, common.yes, voice)?;
    choice::tell(&mut runner, common, &config)?;
    runner.dispatch(Event::Opened)?;
    Ok(runner)
}

/// How a later command is led to a session: by its name where it was named, and where a command
/// without this one's options would find another.
fn leading_to(common: &Common, file: &Path, session: &Session) -> Invocation {
    let given = [&common.source, &common.target];
    let found_again =
        common.session.is_none() && !session.practice && given.into_iter().all(Option::is_none);
    let file = (!found_again).then_some(file);
    let config = common.config.as_ref().or(session.config.as_ref());
    Invocation::new(config.map(PathBuf::as_path), file, session.practice)
}

/// What the steps work with, this program included.
fn context(config: Config, tool_folders: Vec<PathBuf>) -> Context {
    let mut context = Context::new(config, tool_folders);
    context.program = std::env::current_exe().ok();
    context
}

async fn screen(
    runner: &mut Runner,
    common: &Common,
    signer: Option<String>,
) -> Result<Ran, Error> {
    let session = runner.wizard().session();
    let options = tui::Options {
        ascii: common.ascii,
        signer,
        invocation: leading_to(common, runner.session_file(), session),
        log: log_file(common)?,
        notify: runner.context().config.screen.notify,
    };
    let outcome = tui::run(runner, &options).await?;
    let worked = true;
    Ok(Ran { outcome, worked })
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

/// Carries `work` out; a signal meanwhile cancels its token, and the work ends by itself.
async fn interruptible<T>(
    signals: &mut Signals,
    work: impl AsyncFnOnce(CancellationToken) -> T,
) -> T {
    let cancel = CancellationToken::new();
    let mut work = std::pin::pin!(work(cancel.clone()));
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = signals.next() => cancel.cancel(),
        }
    }
}

fn log_file(common: &Common) -> Result<PathBuf, Error> {
    match &common.log {
        Some(file) => Ok(file.clone()),
        None => Ok(sessions::state_folder()?.join("neonlift.log")),
    }
}

/// Whether lines are wanted instead of the screen, or the terminal cannot do more.
fn without_screen(common: &Common) -> bool {
    common.plain || common.json || std::env::var_os("TERM").is_some_and(|term| term == "dumb")
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
    use crate::wizard::News;

    /// Keeps what is said.
    #[derive(Default)]
    struct Said(Vec<String>);

    impl Voice for Said {
        fn invoked(&mut self, _: Invocation) {}
        fn news(&mut self, _: &News, _: &Session) {}
        fn locked(&mut self, _: &Session) {}
        fn progress(&mut self, _: Step, _: &Gauge<'_>) {}
        fn note(&mut self, _: &Note) {}
        fn failure(&mut self, _: &Failure) {}
        fn end(&mut self, _: &End<'_>) {}

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
