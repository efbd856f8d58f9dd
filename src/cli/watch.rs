//! `neonlift watch`: the target watched in this terminal, or the unit of a service that does it.

use super::args::{Common, Watch};
use super::opening::open_existing;
use super::{Error, ending, sessions, settled};
use crate::config::Config;
use crate::headless::{self, Output, Ran, Voice};
use crate::runner::Runner;
use crate::session::report::Report;
use crate::session::standing::name;
use crate::session::{State, Step};
use crate::signals::Stops;
use crate::steps::Watching;
use crate::wizard::{Event, Outcome};
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) async fn run(
    common: &Common,
    wanted: &Watch,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    match wanted.unit {
        true => print_unit(common, wanted),
        false => watch(common, wanted, voice).await,
    }
}

async fn watch(common: &Common, wanted: &Watch, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    let watching = Watching {
        lasts: wanted.lasts,
        every: wanted.every,
        once: wanted.once,
    };
    let mut runner = open_existing(common, watching, voice)?;
    let is_done = runner.wizard().session().state(Step::Watch) == State::Done;
    if wanted.resume && is_done {
        let (outcome, worked) = (Outcome::Partial, false);
        return Ok(Ran { outcome, worked }.tell(&runner, voice));
    }
    let mut signals = Stops::new()?;
    let stop = async |_: Option<&_>| {
        signals.next().await;
        Event::Stop
    };
    let options = headless::Options {
        until: Some(Step::Watch),
        ..headless::Options::default()
    };
    let began = Timestamp::now();
    let ran = headless::run(&mut runner, &options, voice, stop).await;
    let down = ending::safely(voice, runner.shut_down()).await?;
    let mut ran = settled(ran.map_err(Error::from), down, voice)?;
    if wanted.once && ran.outcome == Outcome::Interrupted && has_probed(&runner, began) {
        ran.outcome = Outcome::Partial;
    }
    Ok(ran.tell(&runner, voice))
}

/// Whether a probe was made since.
fn has_probed(runner: &Runner, since: Timestamp) -> bool {
    match runner.wizard().session().report(Step::Watch) {
        Some(Report::Watch(found)) => found.at >= since,
        _ => false,
    }
}

/// Prints a unit for systemd's user manager. It holds no password.
fn print_unit(common: &Common, wanted: &Watch) -> Result<Outcome, Error> {
    let (file, session) = sessions::look_at_existing(common)?;
    let (config, found) = Config::load(common.config.as_deref())?;
    let unit = Unit {
        program: std::env::current_exe()?,
        session: std::path::absolute(file)?,
        config: found.map(std::path::absolute).transpose()?,
        lasts: wanted.lasts.unwrap_or_else(|| config.watch.lasts()),
        every: wanted.every.unwrap_or_else(|| config.watch.every()),
        target: session
            .target
            .map_or_else(String::new, |place| name(&place.url).to_owned()),
    };
    let mut output = Output::stdout();
    unit.lines().iter().for_each(|line| output.line(line));
    Ok(Outcome::Partial)
}

struct Unit {
    program: PathBuf,
    session: PathBuf,
    config: Option<PathBuf>,
    lasts: Duration,
    every: Duration,
    target: String,
}

impl Unit {
    fn lines(&self) -> Vec<String> {
        let mut command = vec![
            quoted(&self.program),
            "watch".to_owned(),
            "--resume".to_owned(),
            "--plain".to_owned(),
        ];
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        command.extend(["--for".to_owned(), seconds(self.lasts)]);
        command.extend(["--every".to_owned(), seconds(self.every)]);
        command.extend(["--session".to_owned(), quoted(&self.session)]);
        if let Some(config) = &self.config {
            command.extend(["--config".to_owned(), quoted(config)]);
        }
        let text = TEMPLATE
            .replace("{target}", &escaped(&self.target))
            .replace("{command}", &command.join(" "));
        text.lines().map(str::to_owned).collect()
    }
}

/// Exit codes: 0 its time is over, 1 an alarm stands at the end or it cannot begin, 2 it is called
/// wrongly, 130 it was stopped. With any other end, a crash say, it is started again and goes on.
const TEMPLATE: &str = "\
# Save this as ~/.config/systemd/user/neonlift-watch.service, then:
#   systemctl --user daemon-reload
#   systemctl --user enable --now neonlift-watch
#   journalctl --user -fu neonlift-watch     what it says
#   loginctl enable-linger                   lets it run while you are logged out
# While it runs, other commands that work on this session (rollback, cleanup) are refused: stop it first.
# It needs the target's password, which never belongs in here. It is found in ~/.pgpass (mode 0600), in
# the keyring, or in the file below (chmod 600), as a line PGPASSWORD=…
[Unit]
Description=neonlift watches {target} after its migration

[Service]
EnvironmentFile=-%h/.config/neonlift/watch.env
ExecStart={command}
Restart=on-failure
RestartSec=60
RestartPreventExitStatus=1 2 130
SuccessExitStatus=130
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target";

/// A path as a word of `ExecStart=` (systemd.service(5), \"Command lines\").
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{}\"", escaped(&text).replace('$', "$$"))
}

/// A text without specifiers.
fn escaped(text: &str) -> String {
    text.replace('%', "%%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_leads_to_the_session_whatever_its_path() {
        let unit = Unit {
            program: "/opt/neon lift/neonlift".into(),
            session: "/home/me/50% \"of\" $it.toml".into(),
            config: None,
            lasts: Duration::from_secs(48 * 3600),
            every: Duration::from_secs(900),
            target: "ep-x.neon.tech/neondb".to_owned(),
        };
        let lines = unit.lines();
        let command = lines
            .iter()
            .find_map(|line| line.strip_prefix("ExecStart="));
        assert_eq!(
            command,
            Some(
                r#""/opt/neon lift/neonlift" watch --resume --plain --for 172800s --every 900s --session "/home/me/50%% \"of\" $$it.toml""#
            )
        );
        assert!(
            lines
                .iter()
                .any(|line| line.contains("watches ep-x.neon.tech/neondb"))
        );
    }
}
