//! The workers that carry chunks from the source to the target.

use super::batch::batches;
use super::resume::Job;
use super::retry::Attempts;
use super::{Arrival, Error, Throttle};
use crate::postgres::ConnectionString;
use crate::postgres::catalogue::TableName;
use crate::progress::Progress;
use crate::source::Source;
use crate::target::{Loader, Part};
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// How to load.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where to.
    pub(super) target: ConnectionString,
    /// The run in the ledger.
    pub(super) run: String,
    /// Transactions at a time, to begin with.
    pub(super) workers: usize,
    /// Says how many from then on, and when to pause.
    pub(super) throttle: Throttle,
    /// Told of each table whose rows are all in.
    pub(super) arrived: mpsc::Sender<Arrival>,
}

/// A worker's connections to both sides.
type Connections<S> = (<S as Source>::Reader, Loader);

/// A worker's connections being opened; none if that failed.
type Opening<S> = AbortOnDropHandle<Option<Connections<S>>>;

/// Workers whose connections are being opened: on a long road that takes as long as the planning that
/// goes on meanwhile.
#[derive(Debug)]
pub struct Crew<S: Source>(Vec<Opening<S>>);

impl<S: Source> Default for Crew<S> {
    /// Nobody yet.
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: Source> Crew<S> {
    /// Begins to open connections for so many workers of a run.
    pub fn call(
        source: &Arc<S>,
        target: &ConnectionString,
        run: &str,
        count: usize,
        stop: &CancellationToken,
    ) -> Self {
        let opening = |_| {
            let (source, stop) = (Arc::clone(source), stop.clone());
            let (target, run) = (target.clone(), run.to_owned());
            let opening = async move { open(&*source, &target, &run, &stop).await.ok() };
            AbortOnDropHandle::new(tokio::spawn(opening))
        };
        Self((0..count).map(opening).collect())
    }
}

/// What the workers share.
struct Load<S: Source> {
    source: Arc<S>,
    settings: Settings,
    queue: Mutex<VecDeque<Vec<Job>>>,
    retries: AtomicU64,
    progress: Progress,
}

/// Loads all jobs; returns how many attempts had to be repeated. The first chunk that cannot be
/// loaded ends the whole: the others finish nothing more, and what is in stays in.
pub(super) async fn load_rows<S: Source>(
    source: Arc<S>,
    jobs: Vec<Job>,
    settings: Settings,
    crew: Crew<S>,
    progress: &Progress,
    cancel: &CancellationToken,
) -> Result<u64, Error> {
    let load = Arc::new(Load {
        source,
        queue: Mutex::new(batches(jobs, settings.workers).into()),
        settings,
        retries: AtomicU64::new(0),
        progress: progress.clone(),
    });
    let stop = cancel.child_token();
    let team = Team {
        load: &load,
        stop: &stop,
        called: crew.0.into_iter(),
        numbers: BTreeSet::new(),
        running: JoinSet::new(),
    };
    team.work().await?;
    Ok(load.retries.load(Relaxed))
}

/// The workers, each with a number: those whose number is too high are not wanted any more, and end
/// after their chunk.
struct Team<'a, S: Source> {
    load: &'a Arc<Load<S>>,
    stop: &'a CancellationToken,
    called: std::vec::IntoIter<Opening<S>>,
    numbers: BTreeSet<usize>,
    running: JoinSet<(usize, Result<(), Error>)>,
}

impl<S: Source> Team<'_, S> {
    /// Works until there are no batches left. The first worker that fails stops the others.
    async fn work(mut self) -> Result<(), Error> {
        let mut changes = self.load.settings.throttle.changes();
        self.fill();
        // There may be fewer batches than were called for.
        self.called = Vec::new().into_iter();
        let mut result = Ok(());
        loop {
            let ended = tokio::select! {
                ended = self.running.join_next() => ended,
                () = changes.next() => {
                    self.fill();
                    continue;
                }
            };
            let (number, ended) = match ended {
                Some(Ok(ended)) => ended,
                Some(Err(panicked)) => std::panic::resume_unwind(panicked.into_panic()),
                None => return result,
            };
            self.numbers.remove(&number);
            if ended.is_err() {
                self.stop.cancel();
            }
            // The error that came first is the cause; the others were told to stop.
            result = result.and(ended);
            self.fill();
        }
    }

    /// Starts the workers that are wanted and not there, as long as there are batches for them.
    fn fill(&mut self) {
        let mut batches = self.load.queue().len();
        for number in 0..self.load.settings.throttle.workers() {
            if batches == 0 || self.stop.is_cancelled() {
                return;
            }
            if self.numbers.insert(number) {
                let (load, stop) = (Arc::clone(self.load), self.stop.clone());
                let worker = Worker::new(number, load, stop, self.called.next());
                self.running
                    .spawn(async move { (number, worker.work().await) });
                batches -= 1;
            }
        }
    }
}

impl<S: Source> Load<S> {
    fn queue(&self) -> MutexGuard<'_, VecDeque<Vec<Job>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the worker of this number loads next, once something may begin; none when there is
    /// nothing left, or when it is not wanted any more.
    async fn next(&self, number: usize) -> Option<Vec<Job>> {
        let admitted = self.settings.throttle.admits(number).await;
        admitted.then(|| self.queue().pop_front()).flatten()
    }
}

struct Worker<S: Source> {
    number: usize,
    load: Arc<Load<S>>,
    stop: CancellationToken,
    opening: Option<Opening<S>>,
    connections: Option<Connections<S>>,
}

impl<S: Source> Worker<S> {
    fn new(
        number: usize,
        load: Arc<Load<S>>,
        stop: CancellationToken,
        opening: Option<Opening<S>>,
    ) -> Self {
        Self {
            number,
            load,
            stop,
            opening,
            connections: None,
        }
    }

    async fn work(mut self) -> Result<(), Error> {
        let stop = self.stop.clone();
        // Dropping the work closes its connections; the server rolls the open chunk back.
        tokio::select! {
            () = stop.cancelled() => Err(Error::Stopped),
            result = self.work_off() => result,
        }
    }

    async fn work_off(&mut self) -> Result<(), Error> {
        let load = Arc::clone(&self.load);
        while let Some(batch) = load.next(self.number).await {
            batch.iter().for_each(|job| job.work.meter().begin());
            self.load_with_retries(&batch).await?;
            let done = batch.iter().filter(|job| job.work.chunk_done());
            let done: Vec<TableName> = done.map(|job| job.key.table.clone()).collect();
            if !done.is_empty() {
                // Nobody listens any more when what follows the rows has failed: then this worker
                // is about to be stopped.
                let _ = self.load.settings.arrived.send(Arrival::Tables(done)).await;
            }
        }
        Ok(())
    }

    async fn load_with_retries(&mut self, batch: &[Job]) -> Result<(), Error> {
        let (load, stop) = (Arc::clone(&self.load), self.stop.clone());
        let what = describe(batch);
        let mut attempts = Attempts::new(&what, &load.progress, &stop);
        while let Err(error) = self.load(batch).await {
            // Whatever state the connections are in, they are not used again.
            self.connections = None;
            attempts.again(error).await?;
            load.settings.throttle.go().await;
        }
        load.retries.fetch_add(attempts.repeats(), Relaxed);
        Ok(())
    }

    /// The connections that were being opened for this worker, or others when that failed.
    async fn opened(&mut self) -> Result<Connections<S>, Error> {
        if let Some(opening) = self.opening.take()
            && let Ok(Some(opened)) = opening.await
        {
            return Ok(opened);
        }
        let Load {
            source, settings, ..
        } = &*self.load;
        open(&**source, &settings.target, &settings.run, &self.stop).await
    }

    async fn load(&mut self, batch: &[Job]) -> Result<(), Error> {
        let load = Arc::clone(&self.load);
        let _carries = load.settings.throttle.carries();
        let (reader, loader) = match &mut self.connections {
            Some(open) => open,
            None => {
                let opened = self.opened().await?;
                self.connections.insert(opened)
            }
        };
        let parts: Vec<Part<'_>> = batch
            .iter()
            .map(|job| Part {
                key: &job.key,
                shipment: &job.work.shipment,
                range: job.range,
                meter: job.work.meter(),
            })
            .collect();
        Ok(loader.load(&parts, reader).await?)
    }
}

async fn open<S: Source>(
    source: &S,
    target: &ConnectionString,
    run: &str,
    stop: &CancellationToken,
) -> Result<Connections<S>, Error> {
    tokio::try_join!(async { Ok(source.reader().await?) }, async {
        Ok(Loader::open(target, run, stop).await?)
    },)
}

/// A batch for people.
fn describe(batch: &[Job]) -> String {
    match batch {
        [] => String::new(),
        [job] => format!("{}, chunk {}", job.key.table, job.key.number),
        [first, others @ ..] => format!("{} and {} more", first.key.table, others.len()),
    }
}
