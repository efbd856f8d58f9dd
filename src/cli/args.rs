//! The command line's form.

use crate::config::{JOBS, Onto, TablePattern};
use crate::report::Format;
use crate::session::Step;
use crate::source::holder;
use crate::steps::Sampling;
use crate::switch::EditedFiles;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Takes a PostgreSQL database to Neon, step by step, and proves that every row arrived.
///
/// Without a command: the wizard on the whole screen. It offers the sessions to go on with, a new
/// migration and a practice run.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(super) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Common {
    /// The configuration file; otherwise config.toml in your configuration folder, if it exists
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The session's file; otherwise a file in your state folder
    #[arg(long, global = true, value_name = "FILE")]
    pub session: Option<PathBuf>,
    /// The database to move: postgresql://user@host/database
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub source: Option<String>,
    /// The Neon database to move it to
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    pub target: Option<String>,
    /// The application's folder, to plan the change of its files and run its tests there; otherwise
    /// application.folder of the configuration
    #[arg(long, global = true, value_name = "FOLDER")]
    pub app: Option<PathBuf>,
    /// Plain lines instead of the screen: without a command the wizard asks numbered questions.
    /// ACCESSIBLE=1 and TERM=dumb do the same
    #[arg(long, global = true)]
    pub plain: bool,
    /// One JSON object a line instead of the screen
    #[arg(long, global = true, conflicts_with = "plain")]
    pub json: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// At most this many connections at a time move rows or build indexes; otherwise transfer.jobs of
    /// the configuration, or what both servers have free
    #[arg(long, global = true, value_name = "N", value_parser = jobs_at_a_time)]
    pub jobs: Option<usize>,
    /// Accept what is safe: a pooled target host is exchanged for the direct one; cleanup archives the
    /// backup
    #[arg(long, global = true)]
    pub yes: bool,
    /// The log's file; otherwise neonlift.log in your state folder
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Log more (-vv: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// No lines about progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// What is moved, and onto what.
    #[command(flatten)]
    pub choice: Choice,
}

/// What is moved, and onto what: the same as in the configuration, for one run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "What is moved")]
pub(super) struct Choice {
    /// Take this schema whole; a pattern with * and ?; may be repeated
    #[arg(long, global = true, value_name = "PATTERN")]
    pub include_schema: Vec<String>,
    /// Take this table or view, with what it needs: NAME or SCHEMA.NAME, a pattern; may be repeated
    #[arg(long, global = true, value_name = "PATTERN")]
    pub table: Vec<String>,
    /// Leave this schema out; wins over what is taken
    #[arg(long, global = true, value_name = "PATTERN")]
    pub exclude_schema: Vec<String>,
    /// Leave this table or view out; wins over what is taken
    #[arg(long, global = true, value_name = "PATTERN")]
    pub exclude_table: Vec<String>,
    /// Of this table, only the rows that an SQL condition chooses; may be repeated
    #[arg(long = "where", global = true, value_name = "TABLE=CONDITION")]
    pub rows: Vec<String>,
    /// Definitions alone, no rows
    #[arg(long, global = true, conflicts_with = "data_only")]
    pub schema_only: bool,
    /// Rows alone, into empty tables that the target has
    #[arg(long, global = true)]
    pub data_only: bool,
    /// What the target may hold: nothing (empty), anything, which stays (existing), anything, of which
    /// goes all of it, or what a selection takes (overwrite, needs consent)
    #[arg(long, global = true, value_name = "POLICY", value_parser = onto)]
    pub onto: Option<Onto>,
    /// Consent to drop what the target holds, or what a selection takes: the name of its database, exactly
    #[arg(long, global = true, value_name = "DBNAME")]
    pub overwrite_target: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Practice servers with sample data, and the wizard on them
    Demo(Demo),
    /// All remaining steps up to the cutover's checklist, without a screen
    Run(Run),
    /// Look at prerequisites and connections, without a screen
    Check,
    /// Count what there is to move
    Inventory,
    /// Dump the source and check the dump
    Backup,
    /// Create the target's extensions, types, tables and functions
    Schema,
    /// Copy the rows and build what stands on them
    Transfer,
    /// Prove that both sides are equal: those of a migration, or any two databases
    Compare(Compare),
    /// Try the target as the application would, and plan its files
    Application(Application),
    /// Show the cutover's checklist, with what is still open; with consent, cut the application over
    Cutover(Cutover),
    /// Show what the way back to the old database would undo and lose; with consent, go it
    Rollback(Rollback),
    /// Watch the target after the cutover, for a day or two; goes on where it was stopped
    Watch(Watch),
    /// Put away what the migration needs no more: shows what, and does it with consent
    Cleanup(Cleanup),
    /// Sign an item of the checklist
    Sign(Sign),
    /// The report of a session, finished or not, to hand over
    Report(ReportWanted),
    /// What an error means and what to do about it: its text, from any program, or its SQLSTATE
    Explain {
        /// The text or the SQLSTATE; - reads standard input. Behind -- it may begin with a hyphen
        #[arg(value_name = "ERROR")]
        error: Vec<String>,
    },
    /// Where a session stands
    Status,
    /// Which sessions there are
    Sessions,
    /// The practice servers alone
    Practice(Practice),
    /// Holds a snapshot of the source for a session: started by the transfer, not by people
    #[command(name = holder::COMMAND, hide = true)]
    Hold {
        /// The session's file
        file: PathBuf,
    },
}

/// `neonlift demo`.
#[derive(Debug, Clone, Args)]
pub(super) struct Demo {
    /// Without the screen; the checklist is signed by itself
    #[arg(long)]
    pub headless: bool,
    /// Documents in the sample data
    #[arg(long, value_name = "N", default_value_t = crate::practice::DOCUMENTS,
          value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub documents: u64,
    /// Keep the practice databases and the backup when everything is done
    #[arg(long)]
    pub keep: bool,
}

impl Demo {
    /// As without options.
    pub(super) fn usual() -> Self {
        Self {
            headless: false,
            documents: crate::practice::DOCUMENTS,
            keep: false,
        }
    }
}

/// `neonlift run`.
#[derive(Debug, Clone, Args)]
pub(super) struct Run {
    /// The last step to run
    #[arg(long, value_name = "STEP", value_parser = step)]
    pub until: Option<Step>,
    /// Run again from this step on, also what is done
    #[arg(long, value_name = "STEP", value_parser = step)]
    pub from: Option<Step>,
}

/// `neonlift compare`.
#[derive(Debug, Clone, Args)]
pub(super) struct Compare {
    /// Also print N sample rows of each compared table, source and target side by side: those that
    /// differ, then the first by key. Their values are printed only, and never kept or logged
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub samples: Option<u16>,
    /// Samples of this table alone: NAME or SCHEMA.NAME, a pattern with * and ?; may be repeated
    #[arg(long, value_name = "PATTERN", requires = "samples", value_parser = table)]
    pub samples_of: Vec<TablePattern>,
}

impl Compare {
    /// The sample rows that are wanted.
    pub(super) fn sampling(&self) -> Option<Sampling> {
        let of = self.samples_of.clone();
        self.samples.map(|rows| Sampling {
            rows: rows.into(),
            of,
        })
    }
}

/// `neonlift application`.
#[derive(Debug, Clone, Args)]
pub(super) struct Application {
    /// Switch the application's files to the target, as the step has shown it. The consent is the name
    /// of its folder, without the path
    #[arg(long, value_name = "FOLDERNAME", conflicts_with = "undo")]
    pub switch: Option<String>,
    /// Put the switched files back, byte for byte, each if it is still what was written
    #[arg(long)]
    pub undo: bool,
}

/// `neonlift watch`.
#[derive(Debug, Clone, Args)]
pub(super) struct Watch {
    /// How long, from its first start on: hours, or a number with s, m or h (otherwise watch.hours of
    /// the configuration)
    #[arg(long = "for", value_name = "HOURS", value_parser = hours)]
    pub lasts: Option<Duration>,
    /// The time between two probes: minutes, or a number with s, m or h (otherwise
    /// watch.every_minutes). Each may keep an idle Neon compute awake for 5 minutes
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    pub every: Option<Duration>,
    /// One probe, now
    #[arg(long, conflicts_with = "unit")]
    pub once: bool,
    /// Do nothing when its time is over already, where a new watch would begin: for a service
    #[arg(long)]
    pub resume: bool,
    /// Print a unit of systemd's user manager that watches in the background, and nothing else
    #[arg(long)]
    pub unit: bool,
}

/// `neonlift cleanup`. With --yes it does what is safe.
#[derive(Debug, Clone, Args)]
pub(super) struct Cleanup {
    /// Do it, and drop this migration's ledger on the target, too. The consent is the name of the
    /// target's database
    #[arg(long, value_name = "DBNAME")]
    pub confirm: Option<String>,
    /// Do it, and remove the uncompressed dump once its archive was read back and is equal
    #[arg(long)]
    pub remove_dump: bool,
}

/// `neonlift cutover`.
#[derive(Debug, Clone, Args)]
pub(super) struct Cutover {
    /// Cut the application over, once the checklist is signed: nothing may write to the source any more,
    /// both sides are compared for the last time, the application's files are switched, the target is
    /// tried. The consent is the name of the target's database. Goes on with what was interrupted
    #[arg(long, value_name = "DBNAME")]
    pub confirm: Option<String>,
    /// Do not compare again where the source's counters say that nothing was written since it was
    #[arg(long, requires = "confirm")]
    pub trust_comparison: bool,
    /// You set the application's connection yourself, or have: no file is switched
    #[arg(long, requires = "confirm")]
    pub by_hand: bool,
    /// Undo a cutting over that is not finished: the application's files are put back
    #[arg(long, conflicts_with = "confirm")]
    pub undo: bool,
    /// Your name; otherwise that of the last signature
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// `neonlift rollback`.
#[derive(Debug, Clone, Args)]
pub(super) struct Rollback {
    /// Go back: the application's files are put back, once the old database has answered. The consent is
    /// the name of the old database. Save first what would be lost, with the options below
    #[arg(long, value_name = "DBNAME")]
    pub confirm: Option<String>,
    /// What becomes of the application's files that somebody has changed since they were switched
    #[arg(long, value_name = "HOW", requires = "confirm")]
    pub edited_files: Option<EditedFiles>,
    /// Only show what would be undone and lost, as without options
    #[arg(long, conflicts_with = "confirm")]
    pub dry_run: bool,
    /// Dump the target into the backup folder, and restore that into a new database beside the old one
    #[arg(long)]
    pub recover_dump: bool,
    /// Write the rows that only the target has into a file of SQL in the backup folder
    #[arg(long)]
    pub recover_rows: bool,
    /// Take those rows over into the old database; conflicts are told and left alone. The consent is its
    /// name
    #[arg(long, value_name = "DBNAME")]
    pub apply_rows: Option<String>,
    /// Take rows over, too, that both sides have with other values: they become as on the target
    #[arg(long, requires = "apply_rows")]
    pub changed_too: bool,
    /// Try the way back on copies: of the application's files, and of the target
    #[arg(long, conflicts_with_all = ["confirm", "recover_dump", "recover_rows", "apply_rows"])]
    pub rehearse: bool,
    /// Your name; otherwise that of the last signature
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// `neonlift sign`.
#[derive(Debug, Clone, Args)]
pub(super) struct Sign {
    /// The item's key, as `neonlift cutover` shows it
    pub item: String,
    /// Your name
    #[arg(long, value_name = "NAME")]
    pub by: String,
}

/// `neonlift report`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReportWanted {
    /// Its form: html for a browser, md for Markdown, json for machines
    #[arg(long, value_enum, default_value = "html")]
    pub format: Format,
    /// Where it goes; - is standard output. Otherwise html goes beside the session's file, md and
    /// json to standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `neonlift practice`.
#[derive(Debug, Clone, Args)]
pub(super) struct Practice {
    /// Start them and print their connection strings, stop them, or say how they stand
    #[arg(value_enum)]
    pub action: PracticeAction,
    /// The folder of their data
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Documents in the sample data
    #[arg(long, value_name = "N",
          value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub documents: Option<u64>,
}

/// What to do with the practice servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PracticeAction {
    /// Start them; they end with Ctrl-C or `practice down`
    Up,
    /// Stop them
    Down,
    /// Say how they stand
    Status,
}

fn table(text: &str) -> Result<TablePattern, String> {
    TablePattern::parse(text).ok_or_else(|| "it can be NAME or SCHEMA.NAME".to_owned())
}

fn onto(name: &str) -> Result<Onto, String> {
    Onto::from_name(name).ok_or_else(|| format!("it can be {}", Onto::NAMES.join(", ")))
}

/// As many as the configuration allows.
fn jobs_at_a_time(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| JOBS.contains(jobs));
    jobs.ok_or_else(|| format!("it is a number from {} to {}", JOBS.start(), JOBS.end()))
}

fn hours(text: &str) -> Result<Duration, String> {
    time(text, 3600)
}

fn minutes(text: &str) -> Result<Duration, String> {
    time(text, 60)
}

/// A time of at most a week; a number alone counts so many seconds each.
fn time(text: &str, alone: u64) -> Result<Duration, String> {
    const WEEK: u64 = 7 * 24 * 3600;
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let seconds = match unit {
        "" => alone,
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err("it is a number, alone or with s, m or h behind it".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "it is a number".to_owned())?;
    match number.checked_mul(seconds) {
        Some(time @ 1..=WEEK) => Ok(Duration::from_secs(time)),
        _ => Err("it is at least a second and at most a week (168h)".to_owned()),
    }
}

fn step(name: &str) -> Result<Step, String> {
    let known = Step::from_name(name).filter(|step| !step.is_afterwards());
    known.ok_or_else(|| {
        let names: Vec<&str> = Step::COURSE.into_iter().map(Step::name).collect();
        format!("the steps are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn times_are_read() {
        let seconds = |text| hours(text).ok().map(|time| time.as_secs());
        assert_eq!(seconds("48"), Some(48 * 3600));
        assert_eq!(seconds("90m"), Some(90 * 60));
        assert_eq!(minutes("5").unwrap().as_secs(), 300);
        for wrong in [
            "",
            "0",
            "h",
            "-1",
            "1.5",
            "169",
            "1d",
            "99999999999999999999",
        ] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    /// Every text of ours that advises a command, as the sources have it: a name or number that is
    /// filled in stands in braces.
    fn advised(folder: &std::path::Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(advised(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let rest = text.split("\"$ ").skip(1);
                let commands = rest.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()));
                found.extend(commands.filter(|command| command.starts_with("neonlift ")));
            }
        }
        found
    }

    #[test]
    fn every_advised_command_is_one() {
        let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let commands = advised(&sources);
        assert!(commands.len() > 30, "{commands:?}");
        for command in commands {
            let mut quoted = false;
            let words = command.split(|letter| {
                quoted ^= letter == '\'';
                letter == ' ' && !quoted
            });
            let filled = words.map(|word| match word.contains('{') {
                true => "compare",
                false => word,
            });
            let words = filled.filter(|word| !word.is_empty());
            let parsed = Arguments::try_parse_from(words);
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn as_many_jobs_as_the_configuration_allows() {
        for (given, taken) in [("1", Some(1)), ("64", Some(64)), ("0", None), ("65", None)] {
            let parsed = Arguments::try_parse_from(["neonlift", "run", "--jobs", given]);
            assert_eq!(parsed.ok().and_then(|parsed| parsed.common.jobs), taken);
        }
    }

    #[test]
    fn the_form_is_sound() {
        Arguments::command().debug_assert();
    }
}
