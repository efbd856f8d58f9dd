//! The command line's form.

use crate::config::{Onto, TablePattern};
use crate::session::Step;
use crate::source::holder;
use crate::steps::Sampling;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

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
    /// Accept what is safe: a pooled target host is exchanged for the direct one
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
    /// Show the cutover's checklist, with what is still open
    Cutover,
    /// Sign an item of the checklist
    Sign(Sign),
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

/// `neonlift sign`.
#[derive(Debug, Clone, Args)]
pub(super) struct Sign {
    /// The item's key, as `neonlift cutover` shows it
    pub item: String,
    /// Your name
    #[arg(long, value_name = "NAME")]
    pub by: String,
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

fn step(name: &str) -> Result<Step, String> {
    Step::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Step::ALL.into_iter().map(Step::name).collect();
        format!("the steps are {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_form_is_sound() {
        Arguments::command().debug_assert();
    }
}
