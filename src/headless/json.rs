//! What happens as JSON, one object a line, for machines.

mod comparison;
mod figures;
mod sample;

use super::{End, Gauge, Output, Voice};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::progress::{Note, Stage, Tone};
use crate::session::report::{ComparedTable, Report, Watch, WayBack};
use crate::session::{CutOver, CutPhase, Session, Step};
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
        for (field, value) in session.report(step).into_iter().flat_map(figures::of) {
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
            self.emit(&comparison::event(found));
        }
    }
}

/// What was done outside of the steps, as an event; `None` for other news.
fn act(news: &News, session: &Session) -> Option<Value> {
    Some(match news {
        News::AwaitingSignOff(open) => json!({"event": "awaiting_sign_off", "open": open}),
        News::Signed { item, by, replaced } => {
            json!({"event": "signed", "item": item, "by": by, "replaced": replaced})
        }
        News::SignaturesWithdrawn(items) => {
            json!({"event": "signatures_withdrawn", "items": items})
        }
        News::FilesStand(stand) => json!({
            "event": "application_files", "switched": stand.switched,
            "restored": stand.restored, "left": stand.left,
            "aside": stand.aside, "kept": stand.kept,
        }),
        News::PhaseBegun(phase) => json!({"event": "cutover_phase_started", "phase": phase}),
        News::PhasePassed(passed) => json!({
            "event": "cutover_phase_passed", "phase": passed.phase, "at": passed.at,
            "found": passed.found,
        }),
        News::SetByHand(found) => json!({"event": "cutover_waits_for_connection", "set": found}),
        News::CutOver => {
            let cutting = session.cutting.as_ref().map(|cutting| CutOver {
                counters: Vec::new(),
                ..cutting.clone()
            });
            json!({"event": "cut_over", "cut_over": cutting})
        }
        News::Recovered(recovered) => json!({"event": "recovered", "recovered": recovered}),
        News::RolledBack => json!({"event": "rolled_back", "rolled_back": session.rolled_back}),
        _ => return None,
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
        if let Some(event) = act(news, session) {
            return self.emit(&event);
        }
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
            News::NotSwitched(cause) | News::NotRecovered(cause) | News::NotRolledBack(cause) => {
                self.failed(cause, None);
            }
            News::NotCutOver(phase, cause) => {
                if *phase == CutPhase::Compare {
                    self.comparison(session);
                }
                self.failed(cause, None);
                self.emit(&json!({"event": "not_cut_over", "phase": phase}));
            }
            // Told above.
            _ => {}
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
            "written_late": found.written_late(),
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
