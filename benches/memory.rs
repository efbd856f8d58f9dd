//! The memory of a migration does not grow with the database: practice servers with a million
//! documents, the real program from the first step to the checklist, its peak resident memory.
//!
//! ```text
//! cargo bench --bench memory                  1,000,000 documents
//! cargo bench --bench memory -- 200000        fewer
//! cargo bench --bench memory -- 200000 8      with eight chunks at a time
//! ```
//!
//! It fails when the peak is 64 MB or more, and when both sides are not found equal. Only the
//! program's own process counts; `pg_dump`, which it calls, and the servers do not. The documents
//! have no HNSW index: building one on a million vectors, twice, takes hours and is the servers'
//! work. The two servers, their logs of changes and the dump take about 12 kB a document on disk,
//! in the practice servers' folder; all of it is removed at the end. Started without `--bench`
//! (`cargo test --all-targets`), it only looks whether it works, with few documents.

// The figures are for people and for RESULTS.md.
#![allow(clippy::print_stdout)]

mod machine;
mod resident;

use neonlift::failure::chain;
use neonlift::figures::{bytes, counted, grouped};
use neonlift::practice::{self, Practice};
use neonlift::session::report::{Report, Transfer};
use neonlift::session::store::Store;
use neonlift::session::{Record, Session, Step};
use resident::Resident;
use serde_json::Value;
use std::error::Error;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::{env, fs};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

/// The resident memory that the program stays below, in MB of 1,024 kB.
const LIMIT: f64 = 64.0;
const DOCUMENTS_TABLE: &str = "vector_documents";
/// Documents when no other number is given, and when it is not a benchmark but a test.
const DOCUMENTS: u64 = 1_000_000;
const DOCUMENTS_OF_A_TEST: u64 = 2_000;
/// Bytes on disk for one document: both servers, their WAL, the dump. Rounded up.
const ROOM: u64 = 12 * 1024;

/// Only told, never told apart.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A migration that came to its end.
struct Measured {
    session: Session,
    resident: Resident,
}

fn main() -> ExitCode {
    let measured =
        wanted().and_then(|wanted| tokio::runtime::Runtime::new()?.block_on(measure(wanted)));
    measured.unwrap_or_else(|error| {
        println!("{}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

/// What to measure.
struct Wanted {
    documents: u64,
    /// Chunks at a time, when it shall not be what the program chooses.
    jobs: Option<u64>,
}

/// The numbers among the arguments.
fn wanted() -> Result<Wanted> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut numbers = Vec::new();
    // Options are what cargo hands to every benchmark and test.
    for argument in arguments.iter().filter(|text| !text.starts_with('-')) {
        let number = argument
            .parse()
            .map_err(|_| format!("{argument} is not a number"))?;
        numbers.push(number);
    }
    let measuring = arguments.iter().any(|argument| argument == "--bench");
    let usual = if measuring {
        DOCUMENTS
    } else {
        DOCUMENTS_OF_A_TEST
    };
    Ok(Wanted {
        documents: numbers.first().copied().unwrap_or(usual),
        jobs: numbers.get(1).copied(),
    })
}

async fn measure(wanted: Wanted) -> Result<ExitCode> {
    let documents = wanted.documents;
    check_room(documents)?;
    let practice = start(documents).await?;
    let mut this_process = Resident::of(std::process::id());
    this_process.look("generation");
    println!(
        "Servers with {} are up; migrating",
        counted(documents, "document")
    );
    let measured = migrate(&practice, wanted.jobs).await;
    let server = practice.binaries().version;
    practice.stop().await?;
    let measured = measured?;

    println!("\n{}", machine::describe());
    println!(
        "neonlift {}, PostgreSQL {}.{}, {}",
        env!("CARGO_PKG_VERSION"),
        server.0,
        server.1,
        jiff::Zoned::now().strftime("%F")
    );
    println!(
        "Process that generated the documents: peak {:.1} MB\n",
        mb(this_process.peak)
    );
    measured.print(documents)?;
    measured.verdict(documents)
}

/// The servers' folder, or the part of it that exists already.
fn check_room(documents: u64) -> Result<()> {
    let folder = practice::usual_folder()?;
    let folder = folder
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(Path::new("/"));
    let system = rustix::fs::statvfs(folder)?;
    let (free, needed) = (system.f_bavail * system.f_frsize, documents * ROOM);
    println!("Needs {} on disk, {} are free", bytes(needed), bytes(free));
    if free < needed {
        return Err(format!("not enough room in {}", folder.display()).into());
    }
    Ok(())
}

async fn start(documents: u64) -> Result<Practice> {
    let options = practice::Options {
        documents: Some(documents),
        vector_index: false,
        ..practice::Options::default()
    };
    let say = |happening: practice::Happening| {
        // Of the steady progress only the beginning.
        if happening.progress.is_none_or(|(done, _)| done == 0) {
            println!("{}", happening.doing);
        }
    };
    Ok(Practice::start(&options, &say, &CancellationToken::new()).await?)
}

/// Runs the program with nothing of the person's own: its configuration and all its files in the
/// practice's folder. What it needs to connect stands in its environment.
async fn migrate(practice: &Practice, jobs: Option<u64>) -> Result<Measured> {
    let folder = practice.folder().join("migration");
    fs::create_dir(&folder)?;
    let config = jobs.map_or_else(String::new, |jobs| format!("[transfer]\njobs = {jobs}\n"));
    fs::write(folder.join("config.toml"), config)?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_neonlift"))
        .args(["run", "--json", "--config", "config.toml"])
        .args(["--session", "session.toml", "--log", "neonlift.log"])
        .current_dir(&folder)
        .env("NEONLIFT_SOURCE_URL", practice.source_url().expose())
        .env("NEONLIFT_TARGET_URL", practice.target_url().expose())
        .env("NEONLIFT_PG_BIN", &practice.binaries().bin)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child
        .stdout
        .take()
        .ok_or("the program's output is not piped")?;
    let resident = watch(&mut child, output).await?;
    let (_, session) = Store::open(&folder.join("session.toml"))?;
    let session = session.ok_or("the program left no session")?;
    Ok(Measured { session, resident })
}

/// Watches the program's memory until it ends; its events tell which step it is at.
async fn watch(child: &mut Child, output: ChildStdout) -> Result<Resident> {
    let mut resident = Resident::of(child.id().ok_or("the program ended at once")?);
    let mut lines = BufReader::new(output).lines();
    let mut tick = tokio::time::interval(resident::EVERY);
    let (mut step, mut failure) = ("start".to_owned(), String::new());
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Some(line) = line? else { break };
                let event: Value = serde_json::from_str(&line)?;
                match event["event"].as_str() {
                    Some("step_started") => step = text(&event["step"]),
                    Some("failure") => {
                        failure = format!("{}: {}", text(&event["what"]), text(&event["why"]));
                    }
                    _ => {}
                }
            }
            _ = tick.tick() => resident.look(&step),
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        return Err(
            format!("the migration ended with {status} at the step {step}. {failure}").into(),
        );
    }
    Ok(resident)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn mb(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

impl Measured {
    /// The figures as Markdown: each step, then all in a line.
    fn print(&self, documents: u64) -> Result<()> {
        println!("| step | seconds | peak MB |\n|---|---:|---:|");
        for step in Step::ALL {
            let peak = self.resident.parts.get(step.name()).copied().unwrap_or(0);
            println!("| {step} | {:.1} | {:.1} |", self.seconds(step), mb(peak));
        }
        let rows = self.transfer()?;
        let count: u64 = rows.tables.iter().map(|table| table.rows).sum();
        let size: u64 = rows.tables.iter().map(|table| table.bytes).sum();
        println!(
            "\n| documents | rows in all | rows: seconds | rows/s | MB/s | indexes: seconds | all steps: seconds | peak MB |"
        );
        println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
        println!(
            "| {} | {} | {:.1} | {} | {:.0} | {:.1} | {:.1} | {:.1} |\n",
            grouped(documents),
            grouped(count),
            rows.row_seconds,
            grouped((count as f64 / rows.row_seconds) as u64),
            mb(size / 1024) / rows.row_seconds,
            rows.build_seconds,
            Step::ALL
                .into_iter()
                .map(|step| self.seconds(step))
                .sum::<f64>(),
            mb(self.resident.peak),
        );
        Ok(())
    }

    fn verdict(&self, documents: u64) -> Result<ExitCode> {
        let Some(Report::Compare(comparison)) = self.session.report(Step::Compare) else {
            return Err("nothing was compared".into());
        };
        // "All are equal" is also true of no tables at all.
        let whole = comparison.tables.iter().any(|table| {
            let rows = Some(documents);
            table.table == DOCUMENTS_TABLE && table.source_rows == rows && table.target_rows == rows
        });
        let peak = mb(self.resident.peak);
        let (equal, small) = (comparison.equal && whole, peak > 0.0 && peak < LIMIT);
        let word = |holds: bool| if holds { "yes" } else { "NO" };
        println!("Both sides equal: {}", word(equal));
        println!(
            "Peak {peak:.1} MB, allowed below {LIMIT} MB: {}",
            word(small)
        );
        Ok(if equal && small {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn transfer(&self) -> Result<&Transfer> {
        match self.session.report(Step::Transfer) {
            Some(Report::Transfer(transfer)) => Ok(transfer),
            _ => Err("nothing was transferred".into()),
        }
    }

    fn seconds(&self, step: Step) -> f64 {
        self.session
            .steps
            .get(&step)
            .and_then(Record::seconds)
            .unwrap_or(0.0)
    }
}
