//! Practice servers: two real PostgreSQL servers on this machine, one of them behaving like Neon.
//!
//! [`binaries`] finds the programs, fetching them (`fetch`) where none are installed. A practice
//! lives in a folder (`folder`) with a data folder and a log for each of the two servers
//! (`server`). The source has [`sample`] data, the target ([`target`]) is an empty practice Neon.
//! When neonlift is killed its servers live on; the next start, or `practice down`, ends them.

mod account;
pub mod binaries;
mod error;
mod fetch;
mod folder;
mod plan;
mod postmaster;
pub mod relay;
pub mod sample;
mod server;
pub mod target;
mod wheel;

pub use error::Error;
pub use fetch::FetchError;
pub use folder::Standing;

use crate::secret::Secret;
use account::Account;
use binaries::ServerBinaries;
use folder::{Place, Record, Register};
use plan::Plan;
use postmaster::Manner;
use relay::{Faults, Relay};
use sample::Sample;
use server::Server;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// The endpoint id of practice Neon.
const ENDPOINT: &str = "ep-practice-neon-00000001";

/// The documents of a practice source when nothing else is asked for.
pub const DOCUMENTS: u64 = 20_000;

/// What is being done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// A sentence without a full stop.
    pub doing: String,
    /// How much of it is done, and of how much, where that is known.
    pub progress: Option<(u64, u64)>,
}

impl Happening {
    fn new(doing: impl Into<String>) -> Self {
        Self {
            doing: doing.into(),
            progress: None,
        }
    }

    fn of(doing: impl Into<String>, done: u64, total: u64) -> Self {
        Self {
            doing: doing.into(),
            progress: Some((done, total)),
        }
    }
}

/// Who is told what happens; called often while rows are written.
pub type Say<'a> = dyn Fn(Happening) + Send + Sync + 'a;

/// How the practice is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The folder it lives in, kept afterwards; `None` is a temporary one.
    pub folder: Option<PathBuf>,
    /// Rows of `vector_documents`; `None` takes what the folder has, else [`DOCUMENTS`]. Another
    /// number than the folder has makes the source's data anew.
    pub documents: Option<u64>,
    /// Whether the source's embeddings get an HNSW index.
    pub vector_index: bool,
    /// Whether [`down`] without a folder ends this one too: for `practice up`.
    pub standing: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            folder: None,
            documents: None,
            vector_index: true,
            standing: false,
        }
    }
}

/// Two running servers, the target behind its relay. Dropped without [`Practice::stop`], they are ended at once.
#[derive(Debug)]
pub struct Practice {
    // The relay and the servers come first: they have to be gone before their place is.
    relay: Relay,
    source: Server,
    target: Server,
    owner_password: Secret,
    binaries: ServerBinaries,
    sample: Sample,
    place: Place,
}

impl Practice {
    /// Starts both servers and fills the source where that has not been done yet. Servers that a
    /// dead neonlift left behind are ended first.
    ///
    /// # Errors
    /// No server programs, a folder that cannot be used, a server that does not start; and
    /// [`Error::Cancelled`], with nothing left running.
    pub async fn start(
        options: &Options,
        say: &Say<'_>,
        cancel: &CancellationToken,
    ) -> Result<Self, Error> {
        // What is begun cleans up after itself when it is dropped: programs and servers are
        // ended, half-made data is made again next time.
        match cancel.run_until_cancelled(Self::begin(options, say)).await {
            Some(result) => result,
            None => Err(Error::Cancelled),
        }
    }

    async fn begin(options: &Options, say: &Say<'_>) -> Result<Self, Error> {
        let account = Account::for_servers()?;
        let binaries = binaries::find_for(account.as_ref(), say).await?;
        let place = claim(options, account.as_ref(), say).await?;
        let mut record = place.record()?;
        let sample = wanted(options, &record);
        record.standing = options.standing;
        place.write_record(&record)?;

        say(Happening::new("Starting two PostgreSQL servers"));
        let (source, target) =
            start_servers(&place, &binaries, account.as_ref(), sample.documents).await?;
        let owner_password = target::prepare(&target, binaries.vector_trusted).await?;
        if record.sample.as_ref() != Some(&sample) {
            record.sample = None;
            place.write_record(&record)?;
            sample::create(&source, &sample, say).await?;
            record.sample = Some(sample.clone());
            place.write_record(&record)?;
        }
        let relay = Relay::start(target.address(), ENDPOINT).await?;
        let practice = Self {
            relay,
            source,
            target,
            owner_password,
            binaries,
            sample,
            place,
        };
        let strings = [practice.source_with(""), practice.target_with("")];
        practice.place.write_strings(&strings)?;
        Ok(practice)
    }

    /// The source's connection string, its password included.
    pub fn source_url(&self) -> Secret {
        let password = self.source.password().expose();
        Secret::new(self.source_with(&format!(":{password}")))
    }

    fn source_with(&self, password: &str) -> String {
        format!(
            "postgresql://{}{password}@{}/{}?sslmode=disable",
            sample::USER,
            self.source.address(),
            sample::DATABASE,
        )
    }

    /// The connection string of practice Neon, its password included. The name is found at the
    /// address given beside it, on systems that do not know `*.localhost` too.
    pub fn target_url(&self) -> Secret {
        let password = self.owner_password.expose();
        Secret::new(self.target_with(&format!(":{password}")))
    }

    fn target_with(&self, password: &str) -> String {
        format!(
            "postgresql://{}{password}@{}:{}/{}?sslmode=require&hostaddr={}",
            target::OWNER,
            self.relay.host_name(),
            self.relay.address().port(),
            target::DATABASE,
            self.relay.address().ip(),
        )
    }

    /// The target's superuser and its plain address, past the relay: what Neon's own operators
    /// would have. For tests that break or inspect the target.
    pub fn target_superuser_url(&self) -> Secret {
        Secret::new(format!(
            "postgresql://{}:{}@{}/{}?sslmode=disable",
            target::SUPERUSER,
            self.target.password().expose(),
            self.target.address(),
            target::DATABASE,
        ))
    }

    /// The relay in front of the target.
    pub fn relay(&self) -> &Relay {
        &self.relay
    }

    /// The handle on the faults of the road to the target.
    pub fn faults(&self) -> Faults {
        self.relay.faults()
    }

    /// PostgreSQL's programs, `pg_dump` and the like among them.
    pub fn binaries(&self) -> &ServerBinaries {
        &self.binaries
    }

    /// The sample data that the source has.
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The folder that everything is in.
    pub fn folder(&self) -> &Path {
        &self.place.path
    }

    /// Waits until one of the servers ends without having been asked to by [`Practice::stop`]
    /// (`practice down`, a crash), and says which. May be dropped and called again.
    pub async fn ended(&mut self) -> Error {
        tokio::select! {
            error = self.source.ended() => error,
            error = self.target.ended() => error,
        }
    }

    /// Stops both servers in good order; a temporary folder is removed.
    ///
    /// # Errors
    /// When a server does not end, or the folder cannot be removed.
    pub async fn stop(self) -> Result<(), Error> {
        let temporary = self.place.temporary;
        self.finish(temporary).await
    }

    /// Stops both servers and removes the folder, whether temporary or given.
    ///
    /// # Errors
    /// As [`Practice::stop`].
    pub async fn remove(self) -> Result<(), Error> {
        self.finish(true).await
    }

    async fn finish(self, delete: bool) -> Result<(), Error> {
        self.relay.stop().await;
        let (source, target) = tokio::join!(self.source.stop(), self.target.stop());
        source.and(target)?;
        if delete { self.place.delete() } else { Ok(()) }
    }
}

/// The source is an ordinary server that changes can be followed from.
const SOURCE_SETTINGS: &str = "max_connections = 100\nwal_level = logical\n";

async fn claim(
    options: &Options,
    account: Option<&Account>,
    say: &Say<'_>,
) -> Result<Place, Error> {
    let register = Register::open(account).await?;
    let mut orphans = register.sweep().await?;
    let place = register.claim(options.folder.as_deref(), account).await?;
    orphans += folder::end_servers(&place.path, Manner::Fast).await?;
    if orphans > 0 {
        say(Happening::new(format!(
            "Ended {orphans} servers that a killed neonlift left behind"
        )));
    }
    Ok(place)
}

async fn start_servers(
    place: &Place,
    binaries: &ServerBinaries,
    account: Option<&Account>,
    documents: u64,
) -> Result<(Server, Server), Error> {
    let plan = |name, superuser, settings| Plan {
        name,
        place: &place.path,
        superuser,
        settings,
        binaries,
        account,
    };
    let [source, target] = folder::SERVERS;
    let source = plan(source, sample::USER, SOURCE_SETTINGS.to_owned());
    let target = plan(target, target::SUPERUSER, target::settings(documents));
    tokio::try_join!(Server::start(&source), Server::start(&target))
}

fn wanted(options: &Options, record: &Record) -> Sample {
    let there = record.sample.as_ref();
    match (options.documents, there) {
        (None, Some(there)) => there.clone(),
        (documents, _) => Sample {
            documents: documents.unwrap_or(DOCUMENTS),
            vector_index: options.vector_index,
        },
    }
}

/// The folder of the practice that `neonlift demo` and `practice up` come back to.
///
/// # Errors
/// When no cache folder is known.
pub fn usual_folder() -> Result<PathBuf, Error> {
    let account = Account::for_servers()?;
    Ok(account::cache_folder(account.as_ref())?.join("demo"))
}

/// How practice servers stand: those of a folder, or all that are known.
///
/// # Errors
/// When the folder is none of ours or cannot be read.
pub async fn status(folder: Option<&Path>) -> Result<Vec<Standing>, Error> {
    Register::open(Account::for_servers()?.as_ref())
        .await?
        .standings(folder)
}

/// Ends the servers of a folder; without one, those of `practice up` and all orphans, leaving
/// alone what other running commands and tests work with. Gives what was ended, as it stood.
///
/// # Errors
/// As [`status`], and when a server does not end.
pub async fn down(folder: Option<&Path>) -> Result<Vec<Standing>, Error> {
    let register = Register::open(Account::for_servers()?.as_ref()).await?;
    let mut ended = register.standings(folder)?;
    ended.retain(|standing| {
        let meant = folder.is_some() || standing.standing || !standing.in_use;
        meant && !standing.servers.is_empty()
    });
    for standing in &ended {
        folder::end_servers(&standing.folder, Manner::Fast).await?;
    }
    register.sweep().await?;
    Ok(ended)
}

#[cfg(test)]
mod tests;
