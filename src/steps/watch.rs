//! The target in use, probed now and then until its time is over. Every probe is on the disk before
//! it is told: a watch that is stopped, or killed, goes on where it was.

mod late_writes;

use super::{Error, Work};
use crate::figures::duration;
use crate::postgres::{Cause, Connection, ConnectionString, Error as PostgresError, Retrying};
use crate::progress::Meter;
use crate::session::Step;
use crate::session::report::{Check, Probe, Sample, Verdict, Watch};
use crate::watch::summary::{Plan, later, watched};
use crate::watch::{Finding, History, Spacing, probe, threshold};
use crate::wizard::Side;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How a watch is to be in this run, where the configuration is not to decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watching {
    /// How long, from its first start on.
    pub lasts: Option<Duration>,
    /// The time between two probes.
    pub every: Option<Duration>,
    /// Whether one probe, made at once, is all.
    pub once: bool,
}

/// What is asked of the server in a probe takes no longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// No further attempt to connect is begun after this time: a compute that sleeps is awake by then.
const WAKING: Duration = Duration::from_secs(20);

/// The clock is looked at so often while a probe is not due: it goes on while a computer sleeps.
const LOOK: Duration = Duration::from_secs(30);

pub(super) async fn run(work: Work<'_>) -> Result<Watch, Error> {
    let mut watcher = Watcher::new(work)?;
    loop {
        watcher.wait().await?;
        let report = watcher.probe().await?;
        work.tell(report.clone()).await;
        if report.is_over() || work.context.watching.once {
            watcher.meter.finish();
            return Ok(report);
        }
    }
}

struct Watcher<'a> {
    work: Work<'a>,
    plan: Plan,
    place: ConnectionString,
    history: History,
    /// What the last probe that reached the target read; counters are held against it.
    before: Option<Sample>,
    /// Whether this run has reached the target, which was the right one.
    reached: bool,
    meter: Arc<Meter>,
}

impl<'a> Watcher<'a> {
    fn new(work: Work<'a>) -> Result<Self, Error> {
        let (config, watching) = (&work.context.config.watch, work.context.watching);
        let place = probe::place(&work.given(Side::Target)?);
        let record = work.session.steps.get(&Step::Watch);
        let since = record.and_then(|record| record.since);
        let since = since.unwrap_or_else(Timestamp::now);
        let history = History::open(&work.context.session_file, since)?;
        let mut samples = history.entries().iter().rev();
        let before = samples.find_map(|entry| entry.probe.sample()).cloned();
        work.progress.begin("Watching the target");
        let watcher = Self {
            plan: Plan {
                since,
                until: later(since, watching.lasts.unwrap_or_else(|| config.lasts())),
                spacing: Spacing {
                    every: watching.every.unwrap_or_else(|| config.every()),
                    sleeps: place.is_neon(),
                },
            },
            meter: work.progress.probes("Probes", 0),
            place,
            history,
            before,
            reached: false,
            work,
        };
        watcher.meter.begin();
        watcher.count();
        Ok(watcher)
    }

    /// Waits until the next probe is due: also after a restart, so that restarts make no more of them.
    async fn wait(&self) -> Result<(), Error> {
        let cancelled = || Err(PostgresError::Cancelled.into());
        let (plan, entries) = (&self.plan, self.history.entries());
        let due = plan.due(entries).filter(|_| {
            let is_late = !self.reached && Timestamp::now() >= plan.until;
            !self.work.context.watching.once && !is_late
        });
        let Some(due) = due else {
            return Ok(());
        };
        self.work.progress.activity("Waiting for the next probe");
        // A clock that was set back must not make it wait longer than is meant.
        let longest = Instant::now() + plan.spacing.longest();
        loop {
            let left = Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default();
            let left = left.min(longest.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(left.min(LOOK)) => self.count(),
                () = self.work.cancel.cancelled() => return cancelled(),
            }
        }
    }

    /// Makes a probe, keeps it, and tells what it means.
    async fn probe(&mut self) -> Result<Watch, Error> {
        self.work.progress.activity("Probing the target");
        let mut counted = self.history.entries().iter().rev();
        let counted = counted.find_map(|entry| entry.source.clone());
        let probe = match self.read().await {
            Ok(sample) => Probe::Reached(Box::new(sample)),
            Err(error) => self.missed(error)?,
        };
        let limits = &self.work.context.config.watch;
        let mut checks = threshold::judged(self.before.as_ref(), &probe, limits);
        let late = late_writes::asked(self.work, counted.as_deref()).await?;
        let (late, counted) = late.map(|late| (late.check, late.counters)).unzip();
        checks.extend(late);
        let alarms = checks.iter().filter(|check| check.verdict == Verdict::Bad);
        let alarms = alarms.map(|check| Finding {
            name: check.name.clone(),
            found: check.found.clone(),
        });
        let alarms = alarms.collect();
        self.before = probe.sample().cloned().or(self.before.take());
        self.history.add(probe, alarms, counted.flatten())?;
        self.count();
        self.report(checks)
    }

    fn report(&self, checks: Vec<Check>) -> Result<Watch, Error> {
        let report = watched(&self.history, &self.plan, checks);
        report.ok_or(Error::NoReport(Step::Watch))
    }

    /// What a probe that did not reach the target is: a failure of the step where the first one
    /// cannot have been meant so (a wrong password); an alarm otherwise.
    fn missed(&self, error: Error) -> Result<Probe, Error> {
        match error {
            Error::Postgres(error) if !self.work.cancel.is_cancelled() => {
                let is_login = matches!(
                    error.cause(),
                    Some(Cause::WrongPassword | Cause::PasswordMissing)
                );
                let known = self.before.is_some() && !is_login;
                match self.reached || known || error.is_retryable() {
                    true => Ok(Probe::Missed {
                        at: Timestamp::now(),
                        failure: error.failure_on_target(),
                    }),
                    false => Err(error.into()),
                }
            }
            error => Err(error),
        }
    }

    async fn read(&mut self) -> Result<Sample, Error> {
        let (cancel, began) = (self.work.cancel, Instant::now());
        let retrying = Retrying {
            within: WAKING,
            ..Retrying::default()
        };
        let connection = Connection::open(&self.place, &retrying, cancel).await?;
        let connecting = began.elapsed();
        let reading = async {
            if !self.reached {
                self.work.recognise(Side::Target, &connection).await?;
            }
            let sleeps = self.plan.spacing.sleeps;
            Ok::<_, Error>(probe::read(&connection, connecting, sleeps).await?)
        };
        let read = connection.until_cancelled(cancel, timeout(PATIENCE, reading));
        let read = read.await?.map_err(|_| PostgresError::Timeout {
            endpoint: connection.endpoint().to_owned(),
            after: PATIENCE,
        });
        let sample = read??;
        connection.close().await;
        self.reached = true;
        Ok(sample)
    }

    /// Shows how far it is: probes made, and those that are left if nothing changes.
    fn count(&self) {
        let (plan, entries) = (&self.plan, self.history.entries());
        let now = Timestamp::now();
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let probes: Vec<&Probe> = entries.iter().map(|entry| &entry.probe).collect();
        let between = plan.spacing.after(&probes).as_secs_f64().max(0.001);
        let from = probes.last().map_or(now, |probe| probe.at());
        let left = (seconds(from, plan.until) / between).ceil().max(0.0) as u64;
        let done = self.history.made();
        self.meter.set(done, done + left);
        let whole = seconds(plan.since, plan.until);
        let passed = seconds(plan.since, now).clamp(0.0, whole);
        self.meter
            .phase(&format!("{} of {}", duration(passed), duration(whole)));
    }
}
