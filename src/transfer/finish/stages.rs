//! What comes after rows and indexes, in its stages: a meter for each from the beginning, so that
//! none comes as a surprise and the whole is done only when the last one is.

use super::definition::{Standing, standing};
use super::{Finish, LAST, is_first};
use crate::postgres::script::{Class, Entry};
use crate::progress::{Meter, Progress};
use std::collections::HashSet;
use std::sync::Arc;

/// One of them.
pub(super) struct Stage {
    /// What is done, for people.
    pub(super) doing: &'static str,
    all: usize,
    meter: Option<Arc<Meter>>,
    progress: Progress,
}

/// How many definitions a stage has, and how many of them stand already.
#[derive(Clone, Copy)]
struct Count {
    all: usize,
    stand: usize,
}

impl Stage {
    /// A stage with nothing to do has no meter.
    fn new(finish: &Finish<'_>, doing: &'static str, label: &str, count: Count) -> Self {
        let progress = finish.progress.clone();
        let meter = (count.all > 0).then(|| progress.definitions(label, count.all as u64));
        let stage = Self {
            doing,
            all: count.all,
            meter,
            progress,
        };
        stage.leaves(count.all - count.stand);
        stage
    }

    pub(super) fn begin(&self) {
        if let Some(meter) = &self.meter {
            self.progress.activity(self.doing);
            meter.begin();
        }
    }

    /// So many definitions are left to be made: others were built before, or with the indexes.
    pub(super) fn leaves(&self, count: usize) {
        if let Some(meter) = &self.meter {
            meter.set(self.all.saturating_sub(count) as u64, self.all as u64);
        }
    }

    /// So many of its definitions are made.
    pub(super) fn made(&self, count: usize) {
        if let Some(meter) = &self.meter {
            meter.add(count as u64, 0);
        }
    }

    pub(super) fn end(&self) {
        if let Some(meter) = &self.meter {
            meter.finish();
        }
    }
}

/// All of them, in their order; materialized views have a meter once it is known which are to be
/// filled.
pub(super) struct Stages {
    pub(super) constraints: Stage,
    pub(super) sequences: Stage,
    pub(super) foreign_keys: Stage,
    pub(super) last: Stage,
}

impl Stages {
    pub(super) fn new(finish: &Finish<'_>, entries: &[&Entry], built: &HashSet<String>) -> Self {
        let count = |of: &dyn Fn(Class) -> bool| {
            let of_class = entries.iter().filter(|entry| of(entry.class()));
            let stands = |entry: &&&Entry| standing(entry, built) == Standing::All;
            Count {
                all: of_class.clone().count(),
                stand: of_class.filter(stands).count(),
            }
        };
        let first = count(&is_first);
        let keys = count(&|class| class == Class::ForeignKey);
        let last = count(&|class| LAST.contains(&class) || class == Class::EventTrigger);
        // Their values are set again.
        let sequences = Count {
            all: finish.sequences.len(),
            stand: 0,
        };
        let stage = |doing, label, count| Stage::new(finish, doing, label, count);
        Self {
            constraints: stage("Creating what needs keys and indexes", "constraints", first),
            sequences: stage("Setting sequences", "sequences", sequences),
            foreign_keys: stage("Adding foreign keys", "foreign keys", keys),
            // The last one is always there: before it ends, not all is done.
            last: stage(
                "Creating triggers, policies and comments",
                "triggers, policies and the rest",
                Count {
                    all: last.all.max(1),
                    ..last
                },
            ),
        }
    }
}
