//! The ways to tell whether two databases hold the same rows, each timed.

use crate::Result;
use crate::program::{Folder, program};
use crate::resident::{self, Resident};
use crate::servers::{Login, Servers};
use neonlift::compare::{Compare, Meant, Searching};
use neonlift::config::Select;
use neonlift::postgres::ConnectionString;
use neonlift::progress::Progress;
use neonlift::session::Step;
use neonlift::session::report::Report;
use neonlift::session::store::Store;
use std::collections::HashMap;
use std::fs;
use std::time::Instant;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// Connections to each side, as the configuration has it when it says nothing.
const JOBS: usize = 4;

/// Two databases with the same rows.
pub(crate) struct Ways<'a> {
    pub(crate) servers: &'a Servers,
    pub(crate) source: &'a Login,
    pub(crate) target: &'a Login,
    pub(crate) folder: &'a Folder,
}

/// What the program told of a migration, and what was seen of it.
pub(crate) struct Migrated {
    pub(crate) row_seconds: f64,
    pub(crate) compare_peak_mb: f64,
}

impl Ways<'_> {
    /// The real program, to the checklist; then it compares once more, watched.
    pub(crate) async fn migrate(&self) -> Result<Migrated> {
        fs::write(self.folder.path("config.toml"), "")?;
        self.folder.run(&mut self.neonlift("run")).await?;
        let (_, session) = Store::open(&self.folder.path("session.toml"))?;
        let session = session.ok_or("neonlift left no session")?;
        let Some(Report::Transfer(transfer)) = session.report(Step::Transfer) else {
            return Err("nothing was transferred".into());
        };
        let mut child = self
            .neonlift("compare")
            .current_dir(self.folder.path(""))
            .stdout(self.folder.log()?)
            .stderr(self.folder.log()?)
            .spawn()?;
        let mut resident = Resident::of(child.id().ok_or("neonlift ended at once")?);
        let mut tick = tokio::time::interval(resident::EVERY);
        let status = loop {
            tokio::select! {
                status = child.wait() => break status?,
                _ = tick.tick() => resident.look("compare"),
            }
        };
        self.folder.succeeded(status)?;
        Ok(Migrated {
            row_seconds: transfer.row_seconds,
            compare_peak_mb: resident.peak as f64 / 1024.0,
        })
    }

    fn neonlift(&self, command: &str) -> Command {
        let mut neonlift = program(env!("CARGO_BIN_EXE_neonlift"));
        neonlift
            .args([command, "--plain", "--quiet", "--config", "config.toml"])
            .args(["--session", "session.toml", "--log", "neonlift.log"])
            .env("NEONLIFT_SOURCE_URL", self.source.whole_url().expose())
            .env("NEONLIFT_TARGET_URL", self.target.whole_url().expose())
            .env("NEONLIFT_PG_BIN", self.servers.bin());
        neonlift
    }

    /// neonlift's comparison of some tables, or all; from the first connection to the verdict, which
    /// has to name so many changed rows.
    pub(crate) async fn content(&self, tables: &[&str], changed: u64) -> Result<f64> {
        let parsed = |login: &Login| ConnectionString::parse(login.whole_url().expose());
        let (source, target) = (parsed(self.source)?, parsed(self.target)?);
        let select = Select {
            tables: tables.iter().map(|table| (*table).to_owned()).collect(),
            ..Select::default()
        };
        let compare = Compare {
            source: &source,
            target: &target,
            one_sided: None,
            group_by: None,
            select: &select,
            beside_others: !tables.is_empty(),
            counters: &HashMap::new(),
            // Searching is no part of any other way.
            searching: Searching {
                searches: 0,
                neighbours: 1,
            },
            jobs: JOBS,
            definitions: &Meant::default(),
            progress: &Progress::default(),
            cancel: &CancellationToken::new(),
        };
        let began = Instant::now();
        let found = compare.all().await?;
        let seconds = began.elapsed().as_secs_f64();
        let rows = found
            .tables
            .iter()
            .filter_map(|table| table.differing.as_ref());
        let count: u64 = rows.map(|rows| rows.changed).sum();
        let other = found.equal != (changed == 0) || count != changed;
        match other {
            true => Err("the comparison found something else".into()),
            false => Ok(seconds),
        }
    }

    /// As people do it by hand: a count and a sum over each row's text, both sides at once.
    pub(crate) async fn md5(&self, tables: impl Iterator<Item = &String>) -> Result<f64> {
        let sums = tables.map(|table| {
            format!(
                "SELECT count(*), sum(('x' || left(md5(t::text), 16))::bit(64)::bigint) FROM {table} t"
            )
        });
        let sql = sums.collect::<Vec<_>>().join("; ");
        let began = Instant::now();
        let side = async |login: &Login| -> Result<_> {
            let told = login.connect().await?.client.simple_query(&sql).await?;
            Ok(format!("{told:?}"))
        };
        let (here, there) = tokio::try_join!(side(self.source), side(self.target))?;
        let seconds = began.elapsed().as_secs_f64();
        match here == there {
            true => Ok(seconds),
            false => Err("md5 tells the two sides apart".into()),
        }
    }

    /// `None` where it is not installed, or has no such command yet (0.10 has none).
    pub(crate) async fn pgcopydb(&self) -> Result<Option<f64>> {
        let asked = program("pgcopydb")
            .args(["compare", "data", "--help"])
            .output();
        let knows = match asked.await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            said => said?.status.success(),
        };
        if !knows {
            return Ok(None);
        }
        let mut command = program("pgcopydb");
        command
            .args(["compare", "data", "--dir"])
            .arg(self.folder.path("pgcopydb"))
            .env("PGCOPYDB_SOURCE_PGURI", self.source.whole_url().expose())
            .env("PGCOPYDB_TARGET_PGURI", self.target.whole_url().expose());
        let began = Instant::now();
        self.folder.run(&mut command).await?;
        Ok(Some(began.elapsed().as_secs_f64()))
    }

    /// Changes three events on the target, in different places; and back.
    pub(crate) async fn change_three(&self, there: bool) -> Result<()> {
        let value = if there { "-value" } else { "abs(value)" };
        let sql = format!(
            "UPDATE events SET value = {value}
             WHERE id IN (SELECT unnest(ARRAY[7, count(*) / 2, count(*)]) FROM events)"
        );
        let target = self.target.connect().await?;
        Ok(target.client.batch_execute(&sql).await?)
    }
}
