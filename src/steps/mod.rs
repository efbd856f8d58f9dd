//! The steps: each does its work with the words of the floors below and ends in a report.

mod application;
mod backup;
mod cleanup;
mod compare;
mod connections;
mod cutover;
mod cutting;
mod definitions;
mod error;
mod excerpt;
mod fitting;
mod identity;
mod inventory;
mod kept;
mod left_behind;
mod prerequisites;
mod private_file;
mod rollback;
mod samples;
mod schema;
mod transfer;
mod watch;

pub use cutting::Refusal;
pub use error::Error;
use identity::identity;
use kept::Kept;
pub use samples::{Sampling, samples};
pub use watch::Watching;

use crate::config::Config;
use crate::failure::chain;
use crate::postgres::catalogue::TableName;
use crate::postgres::tools::Search;
use crate::postgres::{Connection, ConnectionString, Error as PostgresError, Retrying};
use crate::progress::{Progress, Tone};
use crate::session::report::{Report, Watch};
use crate::session::{CutPhase, Identity, Session, Step};
use crate::target::Ledger;
use crate::transfer::Throttle;
use crate::wizard::{Errand, ErrandEnd, Look, Seen, Side, Switching};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the steps work with besides the session. The only place that holds passwords.
#[derive(Debug, Default)]
pub struct Context {
    /// What is wanted.
    pub config: Config,
    /// Folders with client tools, besides those that the system has.
    pub tool_folders: Vec<PathBuf>,
    /// This program, to be started again as the holder of a snapshot; without it, a snapshot
    /// lives only as long as the process that works on it.
    pub program: Option<PathBuf>,
    /// The session's file; the [`Runner`](crate::runner::Runner) fills it in.
    pub session_file: PathBuf,
    /// How the target is watched in this run.
    pub watching: Watching,
    connections: Mutex<[Option<ConnectionString>; 2]>,
    password_origins: Mutex<[Option<String>; 2]>,
    kept: Kept,
}

impl Context {
    /// A context without connections yet.
    pub fn new(config: Config, tool_folders: Vec<PathBuf>) -> Self {
        Self {
            config,
            tool_folders,
            ..Self::default()
        }
    }

    /// Takes a connection string in.
    pub fn connect(&self, side: Side, string: ConnectionString) {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connections[side as usize] = Some(string);
        self.password_is_from(side, None);
    }

    /// Notes where the password of a side was found ("~/.pgpass, line 3"); `None` when it was typed.
    pub fn password_is_from(&self, side: Side, origin: Option<String>) {
        let origins = self.password_origins.lock();
        origins.unwrap_or_else(PoisonError::into_inner)[side as usize] = origin;
    }

    /// Where the password of a side was found, unless it was typed.
    pub fn password_origin(&self, side: Side) -> Option<String> {
        let origins = self.password_origins.lock();
        origins.unwrap_or_else(PoisonError::into_inner)[side as usize].clone()
    }

    /// The connection string of a side, if it was given.
    pub fn connection(&self, side: Side) -> Option<ConnectionString> {
        let connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connections[side as usize].clone()
    }

    fn required(&self, side: Side) -> Result<ConnectionString, Error> {
        self.connection(side).ok_or(Error::NotGiven(side))
    }

    /// Where client tools are looked for.
    fn tools(&self) -> Search {
        Search::on_this_machine(&self.tool_folders)
    }
}

/// What every step gets.
#[derive(Debug, Clone, Copy)]
struct Work<'a> {
    context: &'a Context,
    session: &'a Session,
    progress: &'a Progress,
    throttle: &'a Throttle,
    cancel: &'a CancellationToken,
    /// The one check that is wanted, of a step that makes several.
    only: Option<&'a str>,
    /// Takes reports of a step that tells before its end how it stands.
    interim: &'a Interim,
}

/// Where a step sends the report of how it stands while it goes on.
pub type Interim = tokio::sync::mpsc::Sender<Box<Watch>>;

/// The board and the throttle of work beside the steps: nobody sees or steers it.
struct Unseen {
    progress: Progress,
    throttle: Throttle,
    interim: Interim,
}

impl Unseen {
    fn new() -> Self {
        let progress = Progress::default();
        let throttle = Throttle::new(&progress);
        let (interim, _) = tokio::sync::mpsc::channel(1);
        Self {
            progress,
            throttle,
            interim,
        }
    }

    fn work<'a>(
        &'a self,
        context: &'a Context,
        session: &'a Session,
        cancel: &'a CancellationToken,
    ) -> Work<'a> {
        Work {
            context,
            session,
            progress: &self.progress,
            throttle: &self.throttle,
            cancel,
            only: None,
            interim: &self.interim,
        }
    }
}

impl Work<'_> {
    /// The connection string of a side as it was given. Retries on the way there leave a note.
    fn given(&self, side: Side) -> Result<ConnectionString, Error> {
        let string = self.context.required(side)?;
        let progress = self.progress.clone();
        Ok(string.telling(move |retry| {
            let (pause, why) = (retry.pause, chain(retry.error));
            let text = format!("{}: trying again in {pause:?} ({why})", side.name());
            progress.note(Tone::Warning, text);
        }))
    }

    /// The connection string of a side to work with: of the right database, and not through a
    /// pooler where it is to be written to.
    async fn known(&self, side: Side) -> Result<ConnectionString, Error> {
        let string = self.given(side)?;
        match Error::pooled(&string).filter(|_| side == Side::Target) {
            Some(refusal) => Err(refusal),
            None => self.recognised(side).await,
        }
    }

    /// Tells how the step stands. Nobody need listen.
    async fn tell(&self, report: Watch) {
        if self.interim.send(Box::new(report)).await.is_err() {
            tracing::debug!("nobody listens to the step");
        }
    }

    /// Makes sure that what this session selects is what the target was begun with.
    async fn same_selection(&self, target: &Connection) -> Result<(), Error> {
        let begun = Ledger::new(target, &self.session.id).selection().await?;
        match begun {
            Some(begun) if begun != self.session.select.fingerprint() => Err(Error::OtherSelection),
            _ => Ok(()),
        }
    }

    /// The connection string of a side, after making sure that it still leads to the database
    /// that this session is about.
    async fn recognised(&self, side: Side) -> Result<ConnectionString, Error> {
        let string = self.given(side)?;
        if self.expected(side).is_some() {
            let connection = Connection::open(&string, &Retrying::default(), self.cancel).await?;
            self.recognise(side, &connection).await?;
        }
        Ok(string)
    }

    /// The target, as [`Work::known`] has it, with a connection that is open and pinned: the one
    /// that the step before has left, or a new one.
    async fn reach_target(&self) -> Result<(ConnectionString, Connection), Error> {
        let string = self.given(Side::Target)?;
        if let Some(refusal) = Error::pooled(&string) {
            return Err(refusal);
        }
        if let Some(left) = self.context.kept.take(&string)
            && left.pin().await.is_ok()
        {
            return Ok((string, left));
        }
        let connection = Connection::open(&string, &Retrying::default(), self.cancel).await?;
        tokio::try_join!(
            async { Ok(connection.pin().await?) },
            self.recognise(Side::Target, &connection)
        )?;
        Ok((string, connection))
    }

    async fn recognise(&self, side: Side, connection: &Connection) -> Result<(), Error> {
        match self.expected(side) {
            Some(expected) if identity(connection).await? != *expected => {
                let endpoint = self.context.required(side)?.endpoint();
                Err(Error::OtherDatabase { side, endpoint })
            }
            _ => Ok(()),
        }
    }

    /// What this session knows a side by.
    fn expected(&self, side: Side) -> Option<&Identity> {
        let place = match side {
            Side::Source => &self.session.source,
            Side::Target => &self.session.target,
        };
        place.as_ref()?.identity.as_ref()
    }
}

/// Runs a step to its end, or only one check of it; a transfer is steered by the throttle.
pub async fn run(
    (step, only): (Step, Option<&str>),
    context: &Context,
    session: &Session,
    (progress, throttle, interim): (&Progress, &Throttle, &Interim),
    cancel: &CancellationToken,
) -> Result<Report, Error> {
    let work = Work {
        context,
        session,
        progress,
        throttle,
        cancel,
        only,
        interim,
    };
    if step != Step::Transfer {
        context.kept.close();
    }
    tokio::select! {
        done = carry_out(step, work) => done,
        () = patience_over(cancel) => Err(PostgresError::Cancelled.into()),
    }
}

/// Reads what a person wants to look at. Changes nothing on either side.
pub async fn look(
    at: &Look,
    context: &Context,
    session: &Session,
    cancel: &CancellationToken,
) -> Result<Seen, Error> {
    let unseen = Unseen::new();
    let work = unseen.work(context, session, cancel);
    let reading = async {
        match at {
            Look::Schema => schema::preview(work).await.map(Seen::Schema),
            Look::Table { schema, table } => {
                let name = TableName {
                    schema: schema.clone(),
                    name: table.clone(),
                };
                excerpt::read(work, &name).await.map(Seen::Table)
            }
            Look::WayBack => {
                let found = Box::pin(rollback::look(work)).await?;
                Ok(Seen::WayBack(Box::new(found)))
            }
        }
    };
    tokio::select! {
        seen = reading => seen,
        () = cancel.cancelled() => Err(PostgresError::Cancelled.into()),
    }
}

/// Does something outside of the steps. What replaces files is not cancelled half-way: it is soon
/// over, and a crash is put right by the next start.
pub async fn errand(
    errand: &Errand,
    context: &Context,
    session: &Session,
    (progress, throttle): (&Progress, &Throttle),
    cancel: &CancellationToken,
) -> Result<ErrandEnd, Error> {
    let work = Work {
        context,
        session,
        progress,
        throttle,
        cancel,
        only: None,
        interim: &tokio::sync::mpsc::channel(1).0,
    };
    context.kept.close();
    match errand {
        Errand::Switch(Switching::Write) => {
            let stand = application::switch(context, session).await?;
            Ok(ErrandEnd::Files(stand))
        }
        Errand::Switch(Switching::Undo) | Errand::Abandon => {
            Ok(ErrandEnd::Files(Box::pin(rollback::undone(work)).await?))
        }
        Errand::CutOver(CutPhase::Switch) => {
            let end = Box::pin(cutting::run(CutPhase::Switch, work)).await?;
            Ok(ErrandEnd::Phase(end))
        }
        Errand::CutOver(phase) => tokio::select! {
            end = Box::pin(cutting::run(*phase, work)) => Ok(ErrandEnd::Phase(end?)),
            () = patience_over(cancel) => Err(PostgresError::Cancelled.into()),
        },
        Errand::Recover { recovery, typed } => {
            let recovered = Box::pin(rollback::recovered(work, *recovery, typed)).await?;
            Ok(ErrandEnd::Recovered(recovered))
        }
        Errand::RollBack(edited) => Box::pin(rollback::run(work, *edited)).await,
    }
}

/// How long a step may take to end by itself when it is told to stop. It takes longer only where
/// a server or the road to it stands still; dropping it then loses no more than a kill would.
const GRACE: Duration = Duration::from_secs(5);

async fn patience_over(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(GRACE).await;
}

async fn carry_out(step: Step, work: Work<'_>) -> Result<Report, Error> {
    match step {
        Step::Prerequisites => prerequisites::run(work).await.map(Report::Prerequisites),
        Step::Connections => connections::run(work).await,
        Step::Inventory => inventory::run(work).await.map(Report::Inventory),
        Step::Backup => backup::run(work).await.map(Report::Backup),
        Step::Schema => schema::run(work).await.map(Report::Schema),
        Step::Transfer => transfer::run(work).await.map(Report::Transfer),
        Step::Compare => compare::run(work).await.map(Report::Compare),
        Step::Application => application::run(work).await.map(Report::Application),
        Step::Cutover => cutover::run(work).await.map(Report::Cutover),
        Step::Watch => watch::run(work)
            .await
            .map(|found| Report::Watch(Box::new(found))),
        Step::Cleanup => cleanup::run(work).await.map(Report::Cleanup),
    }
}

/// Bytes for people: 266 MB.
fn size(bytes: u64) -> String {
    crate::figures::bytes(bytes)
}
