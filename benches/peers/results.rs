//! The tables, for people and for RESULTS.md.

use crate::contender::{Contender, Pgcopydb};
use crate::data::{Data, Set};
use crate::measured::{Measured, Measurements};
use crate::migration::ROWS;
use crate::road::Road;
use crate::wanted::Wanted;
use neonlift::figures::{bytes, counted};
use std::fmt::Write;

/// The first line of the section.
pub(crate) const HEADING: &str = "## Other tools: `cargo bench --bench peers`";

/// Everything that the tables are made of.
pub(crate) struct Results<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) measurements: &'a Measurements,
    pub(crate) data: &'a [Data],
    pub(crate) pgcopydb: Option<&'a Pgcopydb>,
    /// Machine, versions and settings in a paragraph.
    pub(crate) made_on: String,
    /// Jobs of tools that must be told how many: on the same machine, and far away.
    pub(crate) jobs: fn(Road) -> usize,
}

impl Results<'_> {
    /// The section of RESULTS.md.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("{HEADING}\n\n{}\n", self.made_on);
        for data in self.data {
            for road in Road::ALL {
                text.push_str(&self.table(data, road));
            }
        }
        text.push_str(&self.own());
        if self.wanted.measuring {
            text.push_str(&self.requirements());
        }
        text
    }

    fn table(&self, data: &Data, road: Road) -> String {
        let rows: Vec<&Measured> = (Contender::ALL.into_iter())
            .filter_map(|contender| self.measurements.of(data.set, road, contender))
            .collect();
        if rows.is_empty() {
            return String::new();
        }
        let count: i64 = data.contents.rows.values().sum();
        let mut text = format!(
            "\n### {}, {}\n\n{} in {}, {} with {} indexes.\n\n| way | seconds | neonlift takes | runs |\n|---|---:|---:|---|\n",
            data.set.title(),
            road.title(),
            counted(count.unsigned_abs(), "row"),
            counted(data.contents.rows.len() as u64, "table"),
            bytes(data.bytes),
            data.contents.indexes,
        );
        for measured in rows {
            text.push_str(&self.row(measured));
        }
        if self.pgcopydb.is_none() && self.wanted.contenders.contains(&Contender::Pgcopydb) {
            text.push_str("| pgcopydb | not installed: not measured | | |\n");
        }
        text
    }

    fn row(&self, measured: &Measured) -> String {
        let Measured { set, road, .. } = *measured;
        let contender = measured.contender;
        let name = self.name(contender, road);
        if let Some(why) = measured.failure() {
            return format!("| {name} | FAILED: {} | | |\n", why.replace('|', "/"));
        }
        let share = match contender {
            Contender::Neonlift | Contender::Rows => String::new(),
            Contender::Pipe => self.rows_shares(set, road),
            _ => times(self.measurements.share(set, road, contender), ""),
        };
        let runs: Vec<String> = (measured.runs.iter().flatten())
            .map(|run| format!("{:.2}", run.seconds))
            .collect();
        let seconds = measured.seconds().unwrap_or(f64::NAN);
        format!("| {name} | {seconds:.2} | {share} | {} |\n", runs.join(" "))
    }

    /// Against the limit: the rows alone, and as they go while indexes are built beside them.
    fn rows_shares(&self, set: Set, road: Road) -> String {
        let share = |own| self.measurements.rows_share(set, road, own);
        let alone = times(share(Contender::Rows), " for the rows alone");
        let beside = times(share(Contender::Neonlift), " with indexes beside them");
        let both = [alone, beside];
        let told: Vec<&str> = (both.iter().map(String::as_str))
            .filter(|told| !told.is_empty())
            .collect();
        told.join(", ")
    }

    fn name(&self, contender: Contender, road: Road) -> String {
        let version = self.pgcopydb.map_or("", |found| found.version.as_str());
        let jobs = (self.jobs)(road);
        match contender {
            Contender::Neonlift => "**neonlift**, schema and transfer".to_owned(),
            Contender::Rows => "**neonlift**, rows alone, no indexes: --data-only".to_owned(),
            Contender::Pgcopydb => format!("pgcopydb {version} clone"),
            Contender::PgcopydbBinary => format!("pgcopydb {version} clone --use-copy-binary"),
            Contender::Guide => "the guide: pg_dump -F c, pg_restore".to_owned(),
            Contender::Directory => format!("pg_dump -F d -j{jobs}, pg_restore -j{jobs}"),
            Contender::Pipe => {
                format!("rows alone, no indexes: binary psql into psql, {jobs} at once")
            }
        }
    }

    /// Where neonlift's own time goes.
    fn own(&self) -> String {
        let mut text = "\n### neonlift's parts\n\n| data | road | schema s | rows s | the rest s | whole s | peak MB |\n|---|---|---:|---:|---:|---:|---:|\n".to_owned();
        let own = (self.measurements.0.iter())
            .filter(|measured| matches!(measured.contender, Contender::Neonlift | Contender::Rows));
        for measured in own {
            let alone = match measured.contender {
                Contender::Rows => ", rows alone",
                _ => "",
            };
            let figure = |value: Option<f64>| {
                value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
            };
            let peak = measured.median(|timing| timing.peak.map(|peak| peak as f64 / 1024.0));
            // Writing to a String does not fail.
            let _ = writeln!(
                text,
                "| {}{alone} | {} | {} | {} | {} | {} | {} |",
                measured.set.title(),
                measured.road.title(),
                figure(measured.part("schema")),
                figure(measured.part(ROWS)),
                figure(measured.part("the rest")),
                figure(measured.seconds()),
                figure(peak),
            );
        }
        text
    }

    fn requirements(&self) -> String {
        let mut text =
            "\n### Required\n\n| what | is | at most | |\n|---|---:|---:|---|\n".to_owned();
        for requirement in self.measurements.requirements() {
            let is = requirement
                .is
                .map_or_else(|| "–".to_owned(), |is| format!("{is:.3}"));
            let _ = writeln!(
                text,
                "| {} | {is} | {} | {} |",
                requirement.what,
                requirement.limit,
                requirement.verdict()
            );
        }
        text
    }
}

/// A share for people; nothing when it was not measured.
fn times(share: Option<f64>, of: &str) -> String {
    share.map_or_else(String::new, |share| format!("{share:.3} ×{of}"))
}
