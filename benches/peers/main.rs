//! neonlift against the tools that people use today, side by side on the same data.
//!
//! ```text
//! cargo bench --bench peers                                       everything; medians of three where a figure is required
//! cargo bench --bench peers -- --runs 1 --only small,far,neonlift,pgcopydb
//! ```
//!
//! `--only` takes data sets (`both small vectors events fewvectors fewevents`), roads (`near far`)
//! and contenders (`neonlift rows pgcopydb pgcopydbbinary guide directory pipe`); of what it does not
//! name, everything. Only a whole run writes `RESULTS.md`. A required figure that is missed makes
//! the exit code 1.
//!
//! Every run starts with an empty target database and after a checkpoint of both servers; the
//! contenders take turns, so that drift hits all; and afterwards the target must have the source's
//! rows, indexes and keys, or else the run has failed. Both servers have the practice servers'
//! settings; all contenders go the same road as the same role. Started without `--bench`
//! (`cargo test --all-targets`), it only looks whether it works, with few rows.
//!
//! neonlift's time is that of one process, `neonlift run --until transfer`, after the steps up to
//! the inventory were run and the backup was taken for made.

// The figures are for people and for RESULTS.md.
#![allow(clippy::print_stdout)]

mod contender;
mod data;
#[path = "../machine/mod.rs"]
mod machine;
mod measured;
mod migration;
mod pipe;
mod program;
#[path = "../resident/mod.rs"]
mod resident;
mod results;
mod road;
#[path = "../section/mod.rs"]
mod section;
mod servers;
mod wanted;

use contender::{Contender, Job, Pgcopydb, Timing};
use data::{Data, Set};
use measured::{Measured, Measurements};
use neonlift::failure::chain;
use program::Folder;
use results::Results;
use road::{Relay, Road};
use servers::Servers;
use std::error::Error;
use std::process::ExitCode;
use wanted::Wanted;

/// Only told, never told apart.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let done = Wanted::of(std::env::args().skip(1))
        .and_then(|wanted| tokio::runtime::Runtime::new()?.block_on(measure(&wanted)));
    done.unwrap_or_else(|error| {
        println!("{}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

async fn measure(wanted: &Wanted) -> Result<ExitCode> {
    let servers = Servers::start().await?;
    let done = compare(wanted, &servers).await;
    servers.stop().await?;
    done
}

async fn compare(wanted: &Wanted, servers: &Servers) -> Result<ExitCode> {
    let pgcopydb = Pgcopydb::find().await?;
    let relay = Relay::start(servers.target.port).await?;
    let bench = Bench {
        wanted,
        servers,
        relay: &relay,
        pgcopydb: pgcopydb.as_ref(),
    };
    let mut measurements = Measurements::default();
    let mut all_data = Vec::new();
    for set in &wanted.sets {
        println!("Making {} on the source", set.title());
        let data = Data::make(servers, *set, wanted.scale).await?;
        for road in &wanted.roads {
            bench.contest(&data, *road, &mut measurements).await?;
        }
        servers.drop_left().await?;
        all_data.push(data);
    }
    let results = Results {
        wanted,
        measurements: &measurements,
        data: &all_data,
        pgcopydb: pgcopydb.as_ref(),
        made_on: bench.made_on(),
        jobs,
    };
    bench.conclude(&results)
}

/// What all contests share.
struct Bench<'a> {
    wanted: &'a Wanted,
    servers: &'a Servers,
    relay: &'a Relay,
    pgcopydb: Option<&'a Pgcopydb>,
}

impl Bench<'_> {
    /// All contenders on one data set over one road, by turns.
    async fn contest(&self, data: &Data, road: Road, into: &mut Measurements) -> Result<()> {
        let contenders = self.wanted.contenders(data.set, road, self.pgcopydb);
        let first = into.0.len();
        into.0
            .extend(contenders.into_iter().map(|contender| Measured {
                set: data.set,
                road,
                contender,
                runs: Vec::new(),
            }));
        for turn in 0..self.wanted.runs {
            for measured in &mut into.0[first..] {
                if turn >= self.wanted.runs_of(data.set, road, measured.contender) {
                    continue;
                }
                let run = self.run(data, road, measured.contender).await;
                let run = run.map_err(|error| chain(error.as_ref()));
                println!("{}", told(data.set, road, measured.contender, &run));
                measured.runs.push(run);
            }
        }
        Ok(())
    }

    async fn run(&self, data: &Data, road: Road, contender: Contender) -> Result<Timing> {
        let plain = self.servers.fresh_target().await?;
        let target = match road {
            Road::Near => plain.clone(),
            Road::Far => plain.port(self.relay.port),
        };
        let folder = Folder::fresh(self.servers.folder())?;
        let job = Job {
            servers: self.servers,
            data,
            target: &target,
            jobs: jobs(road),
            folder: &folder,
        };
        let timing = contender.run(&job).await?;
        let arrived = self.servers.contents(&plain).await?;
        let whole = match contender {
            Contender::Rows | Contender::Pipe => arrived.rows == data.contents.rows,
            _ => arrived == data.contents,
        };
        if whole {
            Ok(timing)
        } else {
            Err("the target does not hold what the source holds".into())
        }
    }

    fn made_on(&self) -> String {
        let pgcopydb = match self.pgcopydb {
            Some(found) if found.has_binary => format!("pgcopydb {}", found.version),
            Some(found) => format!(
                "pgcopydb {} (which has no `--use-copy-binary`: that row is missing)",
                found.version
            ),
            None => "pgcopydb is not installed: its rows are missing".to_owned(),
        };
        format!(
            "{}, neonlift {}, PostgreSQL {} with pgvector on both sides and its own client programs, {pgcopydb}.\n{}.\n\
             Source, target and tools on the same machine, no TLS (these client programs have none); the target's\n\
             settings are those of a small compute (`src/practice/target.rs`). \"40 ms away\": a relay in front of the target\n\
             that holds every byte back for 20 ms in either direction, for all contenders alike.\n\
             {}; \"neonlift takes\": its time divided by the other's. neonlift's time is that of the steps schema and\n\
             transfer, as a process from its start to its end; the others' of their commands.",
            jiff::Zoned::now().strftime("%F"),
            env!("CARGO_PKG_VERSION"),
            self.servers.version(),
            machine::describe(),
            match self.wanted.runs {
                1 => "One run each".to_owned(),
                runs => format!(
                    "Medians of {runs} runs where a required figure comes from, else one run"
                ),
            },
        )
    }

    fn conclude(&self, results: &Results<'_>) -> Result<ExitCode> {
        let markdown = results.markdown();
        println!("\n{markdown}");
        if !self.wanted.measuring {
            let failed = results.measurements.0.iter().find_map(Measured::failure);
            return failed.map_or(Ok(ExitCode::SUCCESS), |why| Err(why.to_owned().into()));
        }
        if self.wanted.everything() {
            section::write(results::HEADING, &markdown)?;
            println!("Written to benches/RESULTS.md");
        } else {
            println!("A part only: RESULTS.md stays as it is");
        }
        let requirements = results.measurements.requirements();
        Ok(if requirements.iter().any(measured::Requirement::missed) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// For tools that have to be told how many jobs: what the cores can do near by; far away the
/// connections wait for the road, and more of them help.
fn jobs(road: Road) -> usize {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    match road {
        Road::Near => cores.max(2),
        Road::Far => 8,
    }
}

fn told(
    set: Set,
    road: Road,
    contender: Contender,
    run: &std::result::Result<Timing, String>,
) -> String {
    let doing = format!("{} {} {}", set.word(), road.word(), contender.word());
    match run {
        Ok(timing) => {
            let parts = timing.parts.iter();
            let parts: String = parts
                .map(|(part, seconds)| format!(", {part} {seconds:.2}"))
                .collect();
            format!("{doing}: {:.2} s{parts}", timing.seconds)
        }
        Err(why) => format!("{doing}: FAILED: {why}"),
    }
}
