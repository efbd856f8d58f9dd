//! What the report tells: derived from the session alone, and the form of `--format json`. It takes
//! over field by field, so that nothing comes in unseen: no secret, and no row's value.

use super::verdict::{Verdict, found};
use crate::postgres::ConnectionString;
use crate::session::report::{
    Backup, ComparedTable, Comparison, Connections, KindCount, LeftOut, Report, Server,
    Verdict as Checked,
};
use crate::session::{Item, Place, Session, State, Step};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A migration as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// The program's version.
    pub neonlift: String,
    /// The session's id.
    pub session: String,
    /// When the migration was begun.
    pub created: Timestamp,
    /// When the session last changed: what the report shows.
    pub updated: Timestamp,
    /// Whether it ran on practice servers.
    pub practice: bool,
    /// What is proved.
    pub verdict: Verdict,
    /// Where the rows come from.
    pub source: Side,
    /// Where they go.
    pub target: Side,
    /// The dump.
    pub backup: Option<Backup>,
    /// What the transfer moved.
    pub moved: Option<Moved>,
    /// What the comparison found.
    pub comparison: Option<Compared>,
    /// What the target does not have as the source has it, and why.
    pub left_out: Vec<LeftOut>,
    /// What of the target was dropped or emptied, with consent.
    pub overwritten: Vec<String>,
    /// Warnings of all steps, and failures that stand.
    pub warnings: Vec<Warning>,
    /// The checklist with its signatures.
    pub checklist: Vec<Item>,
    /// Each step with its time.
    pub steps: Vec<Timing>,
}

/// One of the two databases.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Host, port and database.
    pub endpoint: String,
    /// The server's version: `16.14`.
    pub version: Option<String>,
    /// The TLS protocol, or `none`.
    pub encryption: Option<String>,
    /// A round trip's median time in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// The database's size in bytes when the connections were tested.
    pub bytes: Option<u64>,
    /// pgvector's version.
    pub pgvector: Option<String>,
}

/// What the transfer moved.
#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    /// All rows.
    pub rows: u64,
    /// All bytes of COPY data.
    pub bytes: u64,
    /// Each table, the largest first.
    pub tables: Vec<MovedTable>,
    /// What was built over the rows.
    pub built: Vec<KindCount>,
    /// Large objects.
    pub large_objects: u64,
    /// Snapshots that were used.
    pub snapshots: u32,
    /// Chunks that had to be tried again.
    pub retries: u64,
    /// Seconds of the last run for rows.
    pub row_seconds: f64,
    /// Seconds of the last run for what was built.
    pub build_seconds: f64,
    /// Bytes in a second; `None` when more than one snapshot was used: the seconds are the last run's.
    pub bytes_per_second: Option<f64>,
}

/// A table that was moved.
#[derive(Debug, Clone, Serialize)]
pub struct MovedTable {
    /// `schema.table`.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its bytes of COPY data.
    pub bytes: u64,
}

/// What the comparison found.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// When.
    pub at: Timestamp,
    /// How contents were hashed.
    pub method: String,
    /// Each table, what differs first.
    pub tables: Vec<ReportedTable>,
    /// How counts for the grouping column's values agree, for each table; not the values.
    pub collections: Vec<Grouped>,
}

/// A compared table.
#[derive(Debug, Clone, Serialize)]
pub struct ReportedTable {
    /// `schema.table`, or all large objects.
    pub name: String,
    /// `equal`, `differs`, `not proved` or `left out`.
    pub verdict: &'static str,
    /// Rows on the source.
    pub source_rows: Option<u64>,
    /// Rows on the target.
    pub target_rows: Option<u64>,
    /// The hash of the source's rows.
    pub source_hash: Option<String>,
    /// The hash of the target's rows.
    pub target_hash: Option<String>,
}

/// A table's grouping column.
#[derive(Debug, Clone, Serialize)]
pub struct Grouped {
    /// `schema.table`.
    pub table: String,
    /// How many values there are.
    pub values: u64,
    /// For how many of them the counts differ.
    pub differing: u64,
}

/// Something worth knowing.
#[derive(Debug, Clone, Serialize)]
pub struct Warning {
    /// What it is about.
    pub about: String,
    /// The warning.
    pub text: String,
}

/// A step with its time.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// The step.
    pub step: Step,
    /// How it stands, in words.
    pub standing: &'static str,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// From the last start to the last end.
    pub seconds: Option<f64>,
}

impl Document {
    /// What a session tells.
    pub fn of(session: &Session) -> Self {
        let connections = match session.report(Step::Connections) {
            Some(Report::Connections(found)) => Some(&**found),
            _ => None,
        };
        Self {
            neonlift: env!("CARGO_PKG_VERSION").to_owned(),
            session: session.id.clone(),
            created: session.created,
            updated: session.updated,
            practice: session.practice,
            verdict: Verdict::of(session),
            source: side(
                session.source.as_ref(),
                connections.map(|both| &both.source),
            ),
            target: side(
                session.target.as_ref(),
                connections.map(|both| &both.target),
            ),
            backup: match session.report(Step::Backup) {
                Some(Report::Backup(made)) => Some(made.clone()),
                _ => None,
            },
            moved: moved(session),
            comparison: found(session).map(compared),
            left_out: left_out(session),
            overwritten: match session.report(Step::Schema) {
                Some(Report::Schema(made)) => made.overwritten.clone(),
                _ => Vec::new(),
            },
            warnings: warnings(session, connections),
            checklist: session.checklist.clone(),
            steps: Step::ALL.map(|step| timing(session, step)).to_vec(),
        }
    }

    /// The report's title.
    pub fn title(&self) -> String {
        let kind = if self.practice {
            "Practice migration"
        } else {
            "Migration"
        };
        format!(
            "{kind}: {} → {}",
            self.source.endpoint, self.target.endpoint
        )
    }

    /// Which session, and when.
    pub fn subtitle(&self) -> String {
        let (begun, updated) = (super::at(self.created), super::at(self.updated));
        format!(
            "Session {}, begun {begun}, as it stood {updated}",
            self.session
        )
    }
}

fn side(place: Option<&Place>, server: Option<&Server>) -> Side {
    let told = place.and_then(|place| ConnectionString::parse(&place.url).ok());
    let told = told.map(|string| string.endpoint());
    let endpoint = server.map(|server| server.endpoint.clone()).or(told);
    Side {
        endpoint: endpoint.unwrap_or_else(|| "(not given)".to_owned()),
        version: server
            .map(|server| format!("{}.{}", server.version / 10_000, server.version % 10_000)),
        encryption: server.map(|server| server.tls.clone().unwrap_or_else(|| "none".to_owned())),
        round_trip_ms: server.map(|server| server.round_trip_ms),
        bytes: server.map(|server| server.database_bytes),
        pgvector: server.and_then(|server| server.vector.clone()),
    }
}

fn moved(session: &Session) -> Option<Moved> {
    let Some(Report::Transfer(done)) = session.report(Step::Transfer) else {
        return None;
    };
    let tables = done.tables.iter().map(|table| MovedTable {
        name: format!("{}.{}", table.schema, table.table),
        rows: table.rows,
        bytes: table.bytes,
    });
    let mut tables: Vec<MovedTable> = tables.collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    let bytes = tables.iter().map(|table| table.bytes).sum();
    let measured = done.snapshots == 1 && done.row_seconds > 0.0;
    Some(Moved {
        rows: tables.iter().map(|table| table.rows).sum(),
        bytes,
        tables,
        built: done.built.clone(),
        large_objects: done.large_objects.objects,
        snapshots: done.snapshots,
        retries: done.retries,
        row_seconds: done.row_seconds,
        build_seconds: done.build_seconds,
        bytes_per_second: measured.then(|| bytes as f64 / done.row_seconds),
    })
}

fn compared(found: &Comparison) -> Compared {
    let mut collections: BTreeMap<String, Grouped> = BTreeMap::new();
    for value in &found.collections {
        let name = format!("{}.{}", value.schema, value.table);
        let grouped = collections.entry(name.clone()).or_insert(Grouped {
            table: name,
            values: 0,
            differing: 0,
        });
        grouped.values += 1;
        grouped.differing += u64::from(value.source_rows != value.target_rows);
    }
    Compared {
        at: found.at,
        method: found.method.clone(),
        tables: found.differing_first().into_iter().map(reported).collect(),
        collections: collections.into_values().collect(),
    }
}

fn reported(table: &ComparedTable) -> ReportedTable {
    ReportedTable {
        name: table.name(),
        verdict: match table {
            table if table.left_out => "left out",
            table if table.equal => "equal",
            table if table.differs() => "differs",
            _ => "not proved",
        },
        source_rows: table.source_rows,
        target_rows: table.target_rows,
        source_hash: table.source_hash.clone(),
        target_hash: table.target_hash.clone(),
    }
}

/// What schema and transfer left out; before them, what the inventory says will be.
fn left_out(session: &Session) -> Vec<LeftOut> {
    let mut left: Vec<LeftOut> = Vec::new();
    for step in [Step::Schema, Step::Transfer] {
        match session.report(step) {
            Some(Report::Schema(made)) => left.extend(made.left_out.clone()),
            Some(Report::Transfer(done)) => left.extend(done.left_out.clone()),
            _ => {}
        }
    }
    if let Some(Report::Inventory(found)) = session.report(Step::Inventory) {
        left.extend(found.left_out.clone());
        left.extend(found.left_behind.iter().map(|behind| LeftOut {
            what: behind.what.clone(),
            why: behind.happens.clone(),
        }));
    }
    let mut seen = std::collections::HashSet::new();
    left.retain(|one| seen.insert(one.what.clone()));
    left
}

fn warnings(session: &Session, connections: Option<&Connections>) -> Vec<Warning> {
    let warning = |about: &str, text: String| Warning {
        about: about.to_owned(),
        text,
    };
    let prerequisites = match session.report(Step::Prerequisites) {
        Some(Report::Prerequisites(found)) => found.checks.as_slice(),
        _ => &[],
    };
    let checks = prerequisites
        .iter()
        .chain(connections.into_iter().flat_map(|found| &found.checks));
    let checks = checks.filter(|check| check.verdict != Checked::Good);
    let mut told: Vec<Warning> = checks
        .map(|check| warning(&check.name, check.found.clone()))
        .collect();
    if let Some(Report::Inventory(found)) = session.report(Step::Inventory) {
        told.extend(
            found
                .warnings
                .iter()
                .map(|text| warning("inventory", text.clone())),
        );
    }
    if let Some(Report::Transfer(done)) = session.report(Step::Transfer) {
        let written = done.changed_since().into_iter();
        told.extend(written.map(|table| {
            warning(
                &table,
                "The source was written to since the copy.".to_owned(),
            )
        }));
    }
    for (step, record) in &session.steps {
        let failure = record.failure.iter();
        told.extend(
            failure.map(|failed| warning(step.name(), format!("{}: {}", failed.what, failed.why))),
        );
    }
    told
}

fn timing(session: &Session, step: Step) -> Timing {
    let record = session.steps.get(&step);
    Timing {
        step,
        standing: match session.state(step) {
            State::Waiting => "waiting",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Interrupted => "interrupted",
            State::AwaitingSignOff => "waits for signatures",
        },
        started: record.and_then(|record| record.started),
        seconds: record.and_then(crate::session::Record::seconds),
    }
}
