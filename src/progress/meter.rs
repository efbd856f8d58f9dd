//! One meter: counters that work bumps, and what they show at a moment.

use super::carried::Carried;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the work behind a meter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    Waiting,
    /// Under way.
    Working,
    /// Finished and safe.
    Done,
}

/// One gauge: a table's rows, a dump's bytes, an index being built.
#[derive(Debug)]
pub struct Meter {
    label: String,
    noun: &'static str,
    rows: AtomicU64,
    rows_total: AtomicU64,
    bytes: AtomicU64,
    bytes_total: AtomicU64,
    stage: AtomicU8,
    phase: Mutex<String>,
    carried: Arc<Carried>,
}

impl Meter {
    pub(super) fn new(label: &str, noun: &'static str, rows_total: u64, bytes_total: u64) -> Self {
        Self {
            label: label.to_owned(),
            noun,
            rows: AtomicU64::new(0),
            rows_total: AtomicU64::new(rows_total),
            bytes: AtomicU64::new(0),
            bytes_total: AtomicU64::new(bytes_total),
            stage: AtomicU8::new(0),
            phase: Mutex::default(),
            carried: Arc::default(),
        }
    }

    /// Its laps count in this, too.
    pub(super) fn counting_in(self, carried: Arc<Carried>) -> Self {
        Self { carried, ..self }
    }

    /// Counts rows and bytes that have passed.
    pub fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// Sets how far it is, where a server reports it in absolute numbers.
    pub fn set(&self, rows: u64, rows_total: u64) {
        self.rows.store(rows, Relaxed);
        self.rows_total.store(rows_total, Relaxed);
    }

    /// Sets the bytes that have passed.
    pub fn set_bytes(&self, bytes: u64) {
        self.bytes.store(bytes, Relaxed);
    }

    /// Sets what is being done at this moment, where the work goes in phases of its own.
    pub fn phase(&self, text: &str) {
        text.clone_into(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The work has begun.
    pub fn begin(&self) {
        self.stage.store(1, Relaxed);
    }

    /// The work is finished and safe: only now may the gauge show 100 %.
    pub fn finish(&self) {
        self.stage.store(2, Relaxed);
    }

    /// All of it was done before the step began.
    pub fn was_done(&self) {
        self.rows.store(self.rows_total.load(Relaxed), Relaxed);
        self.bytes.store(self.bytes_total.load(Relaxed), Relaxed);
        self.finish();
    }

    pub(super) fn sample(&self) -> MeterSample {
        MeterSample {
            label: self.label.clone(),
            phase: self
                .phase
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            noun: self.noun,
            rows: self.rows.load(Relaxed),
            rows_total: self.rows_total.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            bytes_total: self.bytes_total.load(Relaxed),
            stage: match self.stage.load(Relaxed) {
                0 => Stage::Waiting,
                1 => Stage::Working,
                _ => Stage::Done,
            },
        }
    }
}

/// What one attempt adds to a meter. Taken back when it is dropped without [`Lap::keep`]: rows of
/// an attempt that failed are counted once, when they are really in.
#[derive(Debug)]
pub struct Lap<'a> {
    meter: &'a Meter,
    rows: u64,
    bytes: u64,
}

impl<'a> Lap<'a> {
    /// Begins an attempt.
    pub fn new(meter: &'a Meter) -> Self {
        Self {
            meter,
            rows: 0,
            bytes: 0,
        }
    }

    /// Counts rows and bytes that have passed.
    pub fn add(&mut self, rows: u64, bytes: u64) {
        self.meter.add(rows, bytes);
        self.meter.carried.add(rows, bytes);
        self.rows += rows;
        self.bytes += bytes;
    }

    /// The attempt has succeeded: what it counted stays.
    pub fn keep(mut self) {
        (self.rows, self.bytes) = (0, 0);
    }
}

impl Drop for Lap<'_> {
    fn drop(&mut self) {
        self.meter.rows.fetch_sub(self.rows, Relaxed);
        self.meter.bytes.fetch_sub(self.bytes, Relaxed);
        self.meter.carried.take_back(self.rows, self.bytes);
    }
}

/// What a meter counts that is a row's way into an index.
pub(super) const INDEX_ROW: &str = "index row";

/// A meter's numbers at one moment. A total of 0 means that it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterSample {
    /// What is measured: a table's or an index's name.
    pub label: String,
    /// What is being done at this moment; empty where the work has no phases.
    pub phase: String,
    /// What `rows` counts, in the singular: "row" nearly always, "index row" for an index,
    /// "object" for large objects, "table" for work by tables, "definition" for what is made of SQL.
    pub noun: &'static str,
    /// Rows so far.
    pub rows: u64,
    /// Rows expected, 0 when unknown.
    pub rows_total: u64,
    /// Bytes so far.
    pub bytes: u64,
    /// Bytes expected, 0 when unknown.
    pub bytes_total: u64,
    /// Waiting, working or done.
    pub stage: Stage,
}

impl MeterSample {
    /// What `rows` counts, for people: an index is built of rows, too.
    pub fn word(&self) -> &'static str {
        match self.noun {
            INDEX_ROW => "row",
            noun => noun,
        }
    }

    /// What this kind of work is, for people, where others are told beside it.
    pub fn work(&self) -> String {
        match self.noun {
            INDEX_ROW => "indexes".to_owned(),
            noun => format!("{noun}s"),
        }
    }

    /// The share done, 0 to 1; `None` when no total is known. Below 1 until the work is done:
    /// a gauge never shows 100 % before that.
    pub fn share(&self) -> Option<f64> {
        if self.stage == Stage::Done {
            return Some(1.0);
        }
        let (done, total) = match (self.rows_total, self.bytes_total) {
            (0, 0) => return None,
            (0, bytes) => (self.bytes, bytes),
            (rows, _) => (self.rows, rows),
        };
        Some((done as f64 / total as f64).min(0.999))
    }
}
