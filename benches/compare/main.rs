//! How long proof takes: both sides' contents, and the rows that differ, beside what else could tell.
//!
//! ```text
//! cargo bench --bench compare                  vectors + events; medians of three
//! cargo bench --bench compare -- --quick       a fiftieth of the rows, once: whether it works
//! ```
//!
//! The real program migrates the data; the time that its rows took is what the comparison's is held
//! against. Then the ways take turns on the same two databases, so that drift hits all. A required
//! figure that is missed makes the exit code 1. Only a whole run writes `RESULTS.md`. Started without
//! `--bench` (`cargo test --all-targets`), it is quick, and requires nothing.

// The figures are for people and for RESULTS.md.
#![allow(clippy::print_stdout)]

#[allow(dead_code, reason = "the race against peers needs more of it")]
#[path = "../peers/data.rs"]
mod data;
#[path = "../machine/mod.rs"]
mod machine;
#[path = "../peers/program.rs"]
#[allow(dead_code, reason = "the race against peers needs more of it")]
mod program;
#[path = "../resident/mod.rs"]
mod resident;
#[path = "../section/mod.rs"]
mod section;
#[allow(dead_code, reason = "the race against peers needs more of it")]
#[path = "../peers/servers.rs"]
mod servers;
mod ways;

use data::{Data, Scale, Set};
use neonlift::failure::chain;
use neonlift::figures::counted;
use program::Folder;
use servers::Servers;
use std::error::Error;
use std::fmt::Write;
use std::process::ExitCode;
use ways::{Migrated, Ways};

/// Only told, never told apart.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const HEADING: &str = "## Comparing: `cargo bench --bench compare`";

/// The program's own resident memory stays below, in MB of 1,024 kB.
const MEMORY_MB: f64 = 64.0;

/// What to measure.
struct Wanted {
    scale: Scale,
    runs: usize,
    /// Whether the figures count.
    whole: bool,
}

impl Wanted {
    fn of(arguments: &[String]) -> Self {
        let has = |word: &str| arguments.iter().any(|argument| argument == word);
        match has("--bench") && !has("--quick") {
            true => Self {
                scale: Scale::WHOLE,
                runs: 3,
                whole: true,
            },
            false => Self {
                scale: Scale {
                    vectors: Scale::WHOLE.vectors / 50,
                    events: Scale::WHOLE.events / 50,
                    ..Scale::TINY
                },
                runs: 1,
                whole: false,
            },
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = Wanted::of(&arguments);
    let done = tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(measure(&wanted)));
    done.unwrap_or_else(|error| {
        println!("{}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

async fn measure(wanted: &Wanted) -> Result<ExitCode> {
    let servers = Servers::start().await?;
    let done = race(wanted, &servers).await;
    let version = servers.version();
    servers.stop().await?;
    let figures = done?;
    let text = figures.markdown(wanted, &version);
    println!("\n{text}");
    if !wanted.whole {
        return Ok(ExitCode::SUCCESS);
    }
    section::write(HEADING, &text)?;
    println!("Written to benches/RESULTS.md");
    Ok(match figures.required().iter().all(Required::holds) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// What was measured: seconds, where nothing else is said; medians.
struct Figures {
    rows: u64,
    migrated: Migrated,
    content: f64,
    md5: f64,
    /// `None` without a pgcopydb that compares.
    pgcopydb: Option<f64>,
    /// Of the events alone: content, and content with three changed rows found.
    events: f64,
    events_found: f64,
}

async fn race(wanted: &Wanted, servers: &Servers) -> Result<Figures> {
    println!("Making {} on the source", Set::Both.title());
    let data = Data::make(servers, Set::Both, wanted.scale).await?;
    let target = servers.fresh_target().await?;
    let folder = Folder::fresh(servers.folder())?;
    let ways = Ways {
        servers,
        source: &data.login,
        target: &target,
        folder: &folder,
    };
    println!("Migrating it");
    let migrated = ways.migrate().await?;
    servers.settle().await?;
    let (mut content, mut md5, mut pgcopydb) = (Vec::new(), Vec::new(), Vec::new());
    let (mut events, mut found) = (Vec::new(), Vec::new());
    for _ in 0..wanted.runs {
        content.push(ways.content(&[], 0).await?);
        md5.push(ways.md5(data.contents.rows.keys()).await?);
        pgcopydb.extend(ways.pgcopydb().await?);
        events.push(ways.content(&["events"], 0).await?);
        ways.change_three(true).await?;
        found.push(ways.content(&["events"], 3).await?);
        ways.change_three(false).await?;
    }
    let rows: i64 = data.contents.rows.values().sum();
    Ok(Figures {
        rows: rows.unsigned_abs(),
        migrated,
        content: median(content),
        md5: median(md5),
        pgcopydb: (!pgcopydb.is_empty()).then(|| median(pgcopydb)),
        events: median(events),
        events_found: median(found),
    })
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A figure with its bound.
struct Required {
    what: &'static str,
    found: f64,
    at_most: f64,
}

impl Required {
    fn holds(&self) -> bool {
        self.found <= self.at_most
    }
}

impl Figures {
    fn required(&self) -> Vec<Required> {
        let rows = self.migrated.row_seconds;
        let find = self.events_found - self.events;
        let bounds = [
            ("content ÷ transfer of the rows", self.content / rows, 0.5),
            (
                "content ÷ md5 of each row's text",
                self.content / self.md5,
                1.0 / 3.0,
            ),
            (
                "finding 3 changed events ÷ their content",
                find / self.events,
                2.0,
            ),
            (
                "peak MB of the program",
                self.migrated.compare_peak_mb,
                MEMORY_MB,
            ),
        ];
        let peer = self.pgcopydb.map(|seconds| {
            (
                "content ÷ pgcopydb compare data",
                self.content / seconds,
                1.0 / 3.0,
            )
        });
        let all = bounds.into_iter().chain(peer);
        all.map(|(what, found, at_most)| Required {
            what,
            found,
            at_most,
        })
        .collect()
    }

    fn markdown(&self, wanted: &Wanted, version: &str) -> String {
        let mut text = format!(
            "{HEADING}\n\n{}, neonlift {}, PostgreSQL {version} with pgvector on both sides.\n{}.\nSource, target and the program on the same machine, no TLS. {} in vectors + events; medians of {}.\n\n| way | seconds |\n|---|---:|\n",
            jiff::Zoned::now().strftime("%F"),
            env!("CARGO_PKG_VERSION"),
            machine::describe(),
            counted(self.rows, "row"),
            counted(wanted.runs as u64, "run"),
        );
        let seconds = |seconds: f64| format!("{seconds:.2}");
        let peer = self.pgcopydb.map(seconds);
        let peer = peer.unwrap_or_else(|| "not installed, or too old to compare".to_owned());
        let lines = [
            (
                "neonlift, transfer of the rows (one run)",
                seconds(self.migrated.row_seconds),
            ),
            ("**neonlift, content of both sides**", seconds(self.content)),
            (
                "count and sum of md5(row::text), both sides at once",
                seconds(self.md5),
            ),
            ("pgcopydb compare data", peer),
            (
                "neonlift, content of the events alone",
                seconds(self.events),
            ),
            (
                "the same, with 3 changed rows found",
                seconds(self.events_found),
            ),
        ];
        for (way, seconds) in lines {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "| {way} | {seconds} |");
        }
        text.push_str("\n| required | found | at most | |\n|---|---:|---:|---|\n");
        for required in self.required() {
            let verdict = if required.holds() { "holds" } else { "MISSED" };
            let Required {
                what,
                found,
                at_most,
            } = required;
            let _ = writeln!(text, "| {what} | {found:.2} | {at_most:.2} | {verdict} |");
        }
        text
    }
}
