//! Builds while rows arrive: what can be begun is begun as soon as its table's rows are in, several
//! things at a time.

use super::Finish;
use super::build::{Build, Builder};
use super::queue::{PARCELS, Queue};
use crate::transfer::{Arrival, Error};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

/// Builds until all rows have arrived and everything is built. The first build that fails stops
/// the others, which are cancelled on the server too before this returns.
pub(super) async fn build_on_arrival(
    finish: &Finish<'_>,
    mut queue: Queue,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    if queue.is_empty() {
        return all_rows(finish, arrivals).await;
    }
    let stop = finish.cancel.child_token();
    let builder = Builder::open(finish, &stop, &queue).await?;
    let mut running = FuturesUnordered::new();
    let result = work_off(&builder, &mut queue, arrivals, &mut running).await;
    if result.is_err() {
        stop.cancel();
        while running.next().await.is_some() {}
    }
    result
}

/// What has been built, or not.
enum Ended {
    Build(Build, Result<(), Error>),
    Parcel(u64, Result<(), Error>),
}

type Running<'s> = FuturesUnordered<BoxFuture<'s, Ended>>;

/// Who is at work.
#[derive(Default)]
struct AtWork {
    builds: usize,
    vectors: bool,
    parcels: usize,
}

async fn work_off<'s>(
    builder: &'s Builder<'s>,
    queue: &mut Queue,
    arrivals: &mut mpsc::Receiver<Arrival>,
    running: &mut Running<'s>,
) -> Result<(), Error> {
    let mut all_in = false;
    let mut at_work = AtWork::default();
    let mut changes = builder.finish.throttle.changes();
    loop {
        let paused = builder.finish.throttle.is_paused();
        if !paused {
            begin(builder, queue, running, &mut at_work);
            if all_in && running.is_empty() {
                return Ok(());
            }
        }
        tokio::select! {
            () = changes.next() => {}
            // Those that are running hear of it themselves.
            () = builder.finish.cancel.cancelled(), if running.is_empty() => return Err(Error::Stopped),
            Some(ended) = running.next() => at_work.has_ended(ended, queue)?,
            arrival = next(builder.finish, arrivals), if !all_in => match arrival {
                Some(Arrival::Tables(tables)) => tables.into_iter().for_each(|table| queue.release(table)),
                Some(Arrival::Planned) => {}
                Some(Arrival::AllRows) => {
                    all_in = true;
                    builder.finish.progress.activity("Building indexes");
                    queue.release_all();
                }
                None => return Err(Error::Stopped),
            },
        }
    }
}

impl AtWork {
    /// Something has ended; what comes after it can be begun.
    fn has_ended(&mut self, ended: Ended, queue: &mut Queue) -> Result<(), Error> {
        match ended {
            Ended::Build(build, ended) => {
                ended?;
                self.builds -= 1;
                self.vectors &= build.need.is_none();
                queue.is_built(&build.table);
            }
            Ended::Parcel(tables, ended) => {
                ended?;
                self.parcels -= 1;
                if let Some(gauge) = &queue.gauge {
                    gauge.add(tables, 0);
                    if queue.no_parcel_is_left() && self.parcels == 0 {
                        gauge.finish();
                    }
                }
            }
        }
        Ok(())
    }
}

/// Begins what can be begun.
fn begin<'s>(
    builder: &'s Builder<'s>,
    queue: &mut Queue,
    running: &mut Running<'s>,
    at_work: &mut AtWork,
) {
    let Finish {
        throttle, workers, ..
    } = builder.finish;
    let most = throttle.workers().min(*workers).max(1);
    while at_work.builds < most {
        let Some(build) = queue.next(at_work.vectors) else {
            break;
        };
        at_work.builds += 1;
        at_work.vectors |= build.need.is_some();
        let work = async move {
            let _builds = builder.finish.throttle.builds();
            let ended = builder.build(&build).await;
            Ended::Build(build, ended)
        };
        running.push(work.boxed());
    }
    while at_work.parcels < PARCELS {
        let Some(parcel) = queue.parcel(PARCELS - at_work.parcels) else {
            break;
        };
        at_work.parcels += 1;
        queue.gauge.iter().for_each(|gauge| gauge.begin());
        let tables = parcel.tables;
        let work = async move {
            let _builds = builder.finish.throttle.builds();
            let ended = builder.build_together(parcel.pieces).await;
            Ended::Parcel(tables, ended)
        };
        running.push(work.boxed());
    }
}

/// Waits until the plan stands in the ledger.
pub(super) async fn planned(
    finish: &Finish<'_>,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    match next(finish, arrivals).await {
        Some(_) => Ok(()),
        None => Err(Error::Stopped),
    }
}

/// Waits until all rows are in.
async fn all_rows(
    finish: &Finish<'_>,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<(), Error> {
    loop {
        match next(finish, arrivals).await {
            Some(Arrival::AllRows) => return Ok(()),
            Some(Arrival::Planned | Arrival::Tables(_)) => {}
            None => return Err(Error::Stopped),
        }
    }
}

/// What has arrived; `None` when nothing more will.
async fn next(finish: &Finish<'_>, arrivals: &mut mpsc::Receiver<Arrival>) -> Option<Arrival> {
    let arrival = finish.cancel.run_until_cancelled(arrivals.recv()).await;
    arrival.flatten()
}
