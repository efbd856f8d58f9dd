//! The workers that carry chunks from the source to the target.

use super::Error;
use super::resume::Job;
use super::retry::Attempts;
use crate::postgres::ConnectionString;
use crate::progress::Progress;
use crate::source::{Reader, Source};
use crate::target::{Loaded, Loader};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How to load.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Where to.
    pub(super) target: ConnectionString,
    /// The run in the ledger.
    pub(super) run: String,
    /// Chunks at a time.
    pub(super) workers: usize,
}

/// What the workers share.
struct Load<S> {
    source: Arc<S>,
    settings: Settings,
    queue: Mutex<VecDeque<Job>>,
    retries: AtomicU64,
    progress: Progress,
}

/// Loads all jobs; returns how many attempts had to be repeated. The first chunk that cannot be
/// loaded ends the whole: the others finish nothing more, and what is in stays in.
pub(super) async fn load_rows<S: Source>(
    source: Arc<S>,
    jobs: Vec<Job>,
    settings: Settings,
    progress: &Progress,
    cancel: &CancellationToken,
) -> Result<u64, Error> {
    let workers = settings.workers.min(jobs.len());
    let load = Arc::new(Load {
        source,
        settings,
        queue: Mutex::new(jobs.into()),
        retries: AtomicU64::new(0),
        progress: progress.clone(),
    });
    let stop = cancel.child_token();
    let mut running = JoinSet::new();
    for _ in 0..workers {
        let (load, stop) = (Arc::clone(&load), stop.clone());
        running.spawn(async move { Worker::new(load, stop).work().await });
    }
    let mut result = Ok(());
    while let Some(ended) = running.join_next().await {
        let ended = match ended {
            Ok(ended) => ended,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        if ended.is_err() {
            stop.cancel();
        }
        // The error that came first is the cause; the others were told to stop.
        result = result.and(ended);
    }
    result.map(|()| load.retries.load(Relaxed))
}

struct Worker<S: Source> {
    load: Arc<Load<S>>,
    stop: CancellationToken,
    reader: Option<S::Reader>,
    loader: Option<Loader>,
}

impl<S: Source> Worker<S> {
    fn new(load: Arc<Load<S>>, stop: CancellationToken) -> Self {
        Self {
            load,
            stop,
            reader: None,
            loader: None,
        }
    }

    fn next_job(&self) -> Option<Job> {
        self.load
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
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
        while let Some(job) = self.next_job() {
            job.work.meter().begin();
            self.load_with_retries(&job).await?;
            job.work.chunk_done();
        }
        Ok(())
    }

    async fn load_with_retries(&mut self, job: &Job) -> Result<(), Error> {
        let load = Arc::clone(&self.load);
        let what = format!("{}, chunk {}", job.key.table, job.key.number);
        let mut attempts = Attempts::new(&what, &load.progress);
        while let Err(error) = self.load(job).await {
            // Whatever state the connections are in, they are not used again.
            (self.reader, self.loader) = (None, None);
            attempts.again(error).await?;
        }
        load.retries.fetch_add(attempts.repeats(), Relaxed);
        Ok(())
    }

    async fn load(&mut self, job: &Job) -> Result<(), Error> {
        let shipment = &job.work.shipment;
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => self.reader.insert(self.load.source.reader().await?),
        };
        let loader = match &mut self.loader {
            Some(loader) => loader,
            None => {
                let settings = &self.load.settings;
                let opened = Loader::open(&settings.target, &settings.run, &self.stop).await?;
                self.loader.insert(opened)
            }
        };
        let rows = reader.read(shipment, job.range).await?;
        let loaded = loader
            .load(&job.key, shipment, rows, job.work.meter())
            .await?;
        if loaded == Loaded::Before {
            // The unread stream must not stay in the reader's connection.
            self.reader = None;
        }
        Ok(())
    }
}
