//! What happens as JSON, one object a line, for machines.

mod sample;

use super::{End, Gauge, Output, Voice};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::progress::{Note, Stage, Tone};
use crate::session::report::{
    ComparedTable, ComparedVectors, Comparison, Estimate, Inventory, Phase, Report, SPEED_LIMIT,
    SearchSide, Share, Table, Watch, WayBack,
};
use crate::session::{CutPhase, Session, Step};
use crate::wizard::{CleanupPlan, Excerpt, News, Outcome, checklist};
use serde_json::{Value, json};
use std::path::Path;

/// Tells as JSON.
pub struct Json {
    output: Output,
    invocation: Invocation,
    /// The session's file, once it is open.
    session: Option<String>,
}

impl Json {
    /// JSON lines to this output.
    pub fn new(output: Output) -> Self {
        Self {
            output,
            invocation: Invocation::default(),
            session: None,
        }
    }

    fn emit(&mut self, value: &Value) {
        self.output.line(&value.to_string());
    }

    fn step_finished(&mut self, step: Step, outcome: &str, session: &Session) {
        let record = session.steps.get(&step);
        let seconds = record.and_then(crate::session::Record::seconds);
        let mut finished = json!({
            "event": "step_finished", "step": step, "outcome": outcome, "seconds": seconds,
        });
        for (field, value) in session.report(step).into_iter().flat_map(figures) {
            finished[field] = value;
        }
        self.emit(&finished);
    }

    /// A failure as an event; also for failures before any step.
    fn failed(&mut self, failure: &Failure, step: Option<Step>) {
        let advice = failure.advice.iter();
        let advice: Vec<String> = advice.map(|step| self.invocation.advice(step)).collect();
        self.emit(&json!({
            "event": "failure", "step": step, "what": failure.what, "why": failure.why,
            "advice": advice, "retry": failure.retry,
        }));
    }

    /// A probe, the alarms that are new with it, and those that are over.
    fn watched(&mut self, found: &Watch) {
        let alarms: Vec<&str> = found.standing().map(|check| check.name.as_str()).collect();
        self.emit(&json!({
            "event": "watch_sample", "at": found.at, "since": found.since, "until": found.until,
            "next": found.next, "probes": found.probes, "missed": found.missed,
            "woken": found.woken, "sample": found.last, "checks": found.checks, "alarms": alarms,
        }));
        for alarm in found.new_alarms() {
            let advice = alarm.advice.iter();
            let advice: Vec<String> = advice.map(|step| self.invocation.advice(step)).collect();
            self.emit(&json!({
                "event": "alarm", "step": Step::Watch, "what": alarm.what, "why": alarm.why,
                "advice": advice,
            }));
        }
        for name in &found.over_now {
            self.emit(&json!({"event": "alarm_over", "step": Step::Watch, "name": name}));
        }
    }

    fn comparison(&mut self, session: &Session) {
        if let Some(Report::Compare(found)) = session.report(Step::Compare) {
            self.emit(&comparison(found));
        }
    }
}

/// What the end of a step tells besides: its figures, and what the target does not get.
fn figures(report: &Report) -> Vec<(&'static str, Value)> {
    match report {
        Report::Prerequisites(found) => vec![("checks", json!(found.checks))],
        Report::Connections(found) => vec![("checks", json!(found.checks))],
        Report::Unreached(found) => vec![
            ("checks", json!(found.checks)),
            ("source", json!(found.source)),
            ("target", json!(found.target)),
        ],
        Report::Inventory(found) => inventory(found),
        Report::Schema(made) => vec![
            ("created", json!(made.created)),
            ("left_out", json!(made.left_out)),
            ("overwritten", json!(made.overwritten)),
        ],
        Report::Transfer(moved) => vec![
            ("tables", json!(moved.tables.len())),
            (
                "rows",
                json!(moved.tables.iter().map(|table| table.rows).sum::<u64>()),
            ),
            (
                "bytes",
                json!(moved.tables.iter().map(|table| table.bytes).sum::<u64>()),
            ),
            ("large_objects", json!(moved.large_objects)),
            ("built", json!(moved.built)),
            ("left_out", json!(moved.left_out)),
            ("written_since", json!(moved.changed_since())),
            ("snapshots", json!(moved.snapshots)),
            ("retries", json!(moved.retries)),
            ("row_seconds", json!(moved.row_seconds)),
            ("build_seconds", json!(moved.build_seconds)),
        ],
        Report::Application(found) => vec![
            ("endpoint", json!(found.endpoint)),
            ("checks", json!(found.checks)),
            ("folder", json!(found.folder)),
            ("files", json!(found.files)),
            ("left", json!(found.left)),
            ("tests", json!(found.tests)),
            ("not_done", json!(found.not_done())),
        ],
        Report::Watch(found) => vec![
            ("since", json!(found.since)),
            ("until", json!(found.until)),
            ("probes", json!(found.probes)),
            ("missed", json!(found.missed)),
            ("woken", json!(found.woken)),
            ("checks", json!(found.checks)),
            ("alarms", json!(found.alarms)),
            ("figures", json!(found.figures)),
            ("history", json!(found.history)),
        ],
        Report::Cleanup(done) => vec![
            ("keep_until", json!(done.keep_until)),
            ("archives", json!(done.archives)),
            ("checks", json!(done.checks)),
            ("has_ledger", json!(done.has_ledger)),
            ("remains", json!(done.remains)),
            ("documents", json!(done.documents)),
            ("more_documents", json!(done.more_documents)),
        ],
        _ => Vec::new(),
    }
}

fn inventory(found: &Inventory) -> Vec<(&'static str, Value)> {
    let table = |table: &Table| {
        json!({
            "schema": table.schema, "table": table.name, "left_out": !table.selected,
            "rows": table.rows, "rows_estimated": table.estimated,
            "row_bytes": table.row_bytes, "index_bytes": table.index_bytes,
        })
    };
    let estimate = Estimate::of(found);
    let seconds = estimate.seconds.map(|(least, most)| [least, most]);
    vec![
        (
            "tables",
            json!(found.tables.iter().map(table).collect::<Vec<_>>()),
        ),
        ("warnings", json!(found.warnings)),
        ("left_behind", json!(found.left_behind)),
        (
            "estimate",
            json!({
                "seconds": seconds, "basis": estimate.basis(), "bytes": estimate.bytes,
                "room": estimate.room_left(), "fits": !estimate.is_tight(),
                "phases": estimate.phases().iter().map(phase).collect::<Vec<_>>(),
            }),
        ),
    ]
}

fn phase(phase: &Phase) -> Value {
    json!({
        "phase": phase.name, "guide_minutes": phase.guide_minutes, "seconds": phase.seconds(),
        "here": phase.here(),
    })
}

fn comparison(found: &Comparison) -> Value {
    let tables: Vec<Value> = found
        .tables
        .iter()
        .map(|table| {
            json!({
                "schema": table.schema, "table": table.table,
                "large_objects": table.is_large_objects(),
                "source_rows": table.source_rows, "target_rows": table.target_rows,
                "source_hash": table.source_hash, "target_hash": table.target_hash,
                "equal": table.equal, "left_out": table.left_out, "where": table.condition,
                "written_since": table.written_since,
                "rows": table.differing, "unproved": table.unproved,
            })
        })
        .collect();
    let collections: Vec<Value> = found
        .collections
        .iter()
        .map(|group| {
            json!({
                "schema": group.schema, "table": group.table, "value": group.value,
                "source_rows": group.source_rows, "target_rows": group.target_rows,
                "equal": group.source_rows == group.target_rows,
            })
        })
        .collect();
    let definitions: Vec<Value> = found
        .definitions
        .iter()
        .map(|found| {
            json!({
                "kind": found.kind, "name": found.name, "table": found.table,
                "words": found.words, "sql": found.sql, "expected": found.expected,
            })
        })
        .collect();
    // Without rows there is no verdict on them, neither true nor false.
    let equal = (found.rows_compared || !found.equal).then_some(found.equal);
    json!({
        "event": "comparison", "equal": equal, "rows_compared": found.rows_compared,
        "at": found.at, "method": found.method, "changed_since": found.changed_since(),
        "tables": tables, "collections": collections, "definitions": definitions,
        "definitions_compared": found.definitions_compared,
        "vectors": found.vectors.iter().map(vectors).collect::<Vec<_>>(),
    })
}

fn vectors(found: &ComparedVectors) -> Value {
    let share =
        |share: Share| json!({"found": share.found, "of": share.of, "ratio": share.ratio()});
    let side = |side: &SearchSide| {
        json!({
            "recall": side.recall.map(share), "p50_us": side.p50, "p95_us": side.p95,
            "round_trip_us": side.round_trip,
        })
    };
    let search = found.search.as_ref().map(|search| {
        let (whole, own) = search.ratios();
        json!({
            "searches": search.searches, "neighbours": search.neighbours,
            "overlap": share(search.exact), "source": side(&search.source),
            "target": side(&search.target), "recall_lower": search.recall_is_lower(),
            "ratio": whole, "ratio_without_network": own, "limit": SPEED_LIMIT,
            "within_limit": search.within_limit(),
        })
    });
    json!({
        "schema": found.schema, "table": found.table, "column": found.column,
        "type": found.sql_type, "metric": found.metric, "equal": !found.differs(),
        "source": found.source, "target": found.target, "search": search,
        "unmeasured": found.unmeasured,
    })
}

impl Voice for Json {
    fn invoked(&mut self, invocation: Invocation) {
        self.invocation = invocation;
    }

    fn opened(&mut self, file: &Path) {
        self.session = Some(file.display().to_string());
    }

    fn news(&mut self, news: &News, session: &Session) {
        match news {
            News::Started(step) => self.emit(&json!({"event": "step_started", "step": step})),
            News::Done(step) => {
                if *step == Step::Compare {
                    self.comparison(session);
                }
                self.step_finished(*step, "done", session);
            }
            News::Failed(step, cause) => {
                if *step == Step::Compare {
                    self.comparison(session);
                }
                self.failed(cause, Some(*step));
                self.step_finished(*step, "failed", session);
            }
            News::Watched(found) => self.watched(found),
            News::Interrupted(step) => self.step_finished(*step, "interrupted", session),
            News::Refused(why) => {
                let refused = Failure::new("This cannot be done now", why.clone());
                self.failed(&refused, None);
            }
            News::AwaitingSignOff(open) => {
                self.emit(&json!({"event": "awaiting_sign_off", "open": open}));
            }
            News::Signed { item, by, replaced } => {
                self.emit(
                    &json!({"event": "signed", "item": item, "by": by, "replaced": replaced}),
                );
            }
            News::FilesStand(stand) => self.emit(&json!({
                "event": "application_files", "switched": stand.switched,
                "restored": stand.restored, "left": stand.left,
            })),
            News::NotSwitched(cause) | News::NotRecovered(cause) | News::NotRolledBack(cause) => {
                self.failed(cause, None);
            }
            News::PhaseBegun(phase) => {
                self.emit(&json!({"event": "cutover_phase_started", "phase": phase}));
            }
            News::PhasePassed(passed) => self.emit(&json!({
                "event": "cutover_phase_passed", "phase": passed.phase, "at": passed.at,
                "found": passed.found,
            })),
            News::SetByHand(found) => {
                self.emit(&json!({"event": "cutover_waits_for_connection", "set": found}));
            }
            News::NotCutOver(phase, cause) => {
                if *phase == CutPhase::Compare {
                    self.comparison(session);
                }
                self.failed(cause, None);
                self.emit(&json!({"event": "not_cut_over", "phase": phase}));
            }
            News::CutOver => self.emit(&json!({
                "event": "cut_over", "cut_over": session.cutting,
            })),
            News::Recovered(recovered) => {
                self.emit(&json!({"event": "recovered", "recovered": recovered}));
            }
            News::RolledBack => self.emit(&json!({
                "event": "rolled_back", "rolled_back": session.rolled_back,
            })),
            News::SignaturesWithdrawn(items) => {
                self.emit(&json!({"event": "signatures_withdrawn", "items": items}));
            }
        }
    }

    fn locked(&mut self, session: &Session) {
        let items: Vec<Value> = checklist::evaluated(session)
            .iter()
            .map(|item| {
                json!({
                    "item": item.key, "text": item.text, "kind": item.kind,
                    "open": !item.is_closed(), "evidence": item.evidence,
                })
            })
            .collect();
        self.emit(&json!({"event": "checklist", "items": items}));
    }

    fn planned(&mut self, plan: &CleanupPlan, _session: &Session) {
        self.emit(&json!({
            "event": "cleanup_plan", "does": plan.does, "drops": plan.drops, "stays": plan.stays,
            "cautions": plan.cautions,
        }));
    }

    fn way_back(&mut self, found: &WayBack, _: bool) {
        let (lost, unknown) = match &found.lost {
            Ok(lost) => (Some(lost), None),
            Err(failure) => (None, Some(failure)),
        };
        self.emit(&json!({
            "event": "way_back", "source": found.source, "open": found.is_open(),
            "alive": found.alive, "switched": found.switched, "cut_over": found.cut_over,
            "lost": lost, "lost_unknown": unknown, "clients": found.clients,
        }));
    }

    fn sample(&mut self, table: &ComparedTable, seen: &Result<Excerpt, Failure>) {
        self.emit(&sample::event(table, seen));
    }

    fn progress(&mut self, step: Step, gauge: &Gauge<'_>) {
        let (all, pool) = (gauge.sample.in_all(), gauge.sample.pool);
        let total = |total: u64| Some(total).filter(|total| *total > 0);
        let rate = gauge.pace.rate();
        let meters: Vec<Value> = gauge
            .sample
            .meters
            .iter()
            .filter(|meter| meter.stage == Stage::Working)
            .map(|meter| {
                json!({
                    "label": meter.label, "rows": meter.rows, "rows_total": total(meter.rows_total),
                    "bytes": meter.bytes, "share": meter.share(),
                    "phase": Some(&meter.phase).filter(|phase| !phase.is_empty()),
                })
            })
            .collect();
        self.emit(&json!({
            "event": "progress", "step": step, "activity": gauge.sample.activity,
            "elapsed": gauge.elapsed.as_secs_f64(), "rows": all.rows,
            "rows_total": total(all.rows_total), "bytes": all.bytes, "share": gauge.sample.share(),
            "rows_per_second": rate.map(|rate| rate.0), "bytes_per_second": rate.map(|rate| rate.1),
            "eta": gauge.pace.eta(), "working": meters, "retries": gauge.sample.retries,
            "paused": pool.paused, "workers": (pool.wanted > 0).then_some(pool.wanted),
            "workers_at_work": pool.carrying, "builds_at_work": pool.building,
            "waited_for": pool.waited_for,
        }));
    }

    fn note(&mut self, note: &Note) {
        let tone = match note.tone {
            Tone::Info => "info",
            Tone::Warning => "warning",
        };
        self.emit(&json!({"event": "note", "tone": tone, "text": note.text}));
    }

    fn failure(&mut self, cause: &Failure) {
        self.failed(cause, None);
        let outcome = Outcome::Failed(cause.severity).name();
        self.emit(&json!({"event": "finished", "outcome": outcome, "session": self.session}));
    }

    fn say(&mut self, text: &str) {
        self.emit(&json!({"event": "note", "tone": "info", "text": text}));
    }

    fn end(&mut self, end: &End<'_>) {
        self.emit(&json!({
            "event": "finished", "outcome": end.outcome.name(), "worked": end.worked,
            "session": end.file.map(|file| file.display().to_string()),
        }));
    }
}
