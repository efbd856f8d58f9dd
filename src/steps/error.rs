//! How a step can end without a report.

use super::schema::from_source::{Elsewhere, Missing};
use crate::failure::{Explain, Failure, Retry, Severity, chain};
use crate::figures::counted;
use crate::invocation::quoted;
use crate::postgres::tools::ToolError;
use crate::postgres::{ConnectionString, quote};
use crate::session::Step;
use crate::wizard::Side;
use std::io;
use std::path::PathBuf;

/// So many of the objects that need an extension are named.
const NAMED: usize = 5;

/// How a step can end without a report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server refused, or was lost.
    #[error(transparent)]
    Postgres(#[from] crate::postgres::Error),
    /// One of PostgreSQL's client tools failed or is missing.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// Reading the source.
    #[error(transparent)]
    Source(#[from] crate::source::Error),
    /// Writing to the target.
    #[error(transparent)]
    Target(#[from] crate::target::Error),
    /// The transfer.
    #[error(transparent)]
    Transfer(#[from] crate::transfer::Error),
    /// What is to be moved.
    #[error(transparent)]
    Selection(#[from] crate::source::SelectionError),
    /// The comparison.
    #[error(transparent)]
    Compare(#[from] crate::compare::Error),
    /// The history of a watch could not be kept.
    #[error(transparent)]
    Watch(#[from] crate::watch::history::Error),
    /// Archiving the backup.
    #[error(transparent)]
    Archive(#[from] crate::archive::Error),
    /// The process that holds a snapshot of the source.
    #[error(transparent)]
    Holder(#[from] crate::source::holder::Error),
    /// The target has no ledger of this session's migration, though it had one.
    #[error("{0} has no ledger of this migration any more")]
    LedgerGone(String),
    /// A connection string is missing.
    #[error("no connection string was given for the {}", .0.name())]
    NotGiven(Side),
    /// The connection string leads to another database than the session's.
    #[error("{endpoint} is not the {} that this session began with", .side.name())]
    OtherDatabase {
        /// Which side.
        side: Side,
        /// Where it leads.
        endpoint: String,
    },
    /// A database was to be compared with itself.
    #[error("source and target are the same database, {0}")]
    SameDatabase(String),
    /// The target's host is Neon's connection pooler, where a session's settings and transactions
    /// are not its own.
    #[error("{host} goes through Neon's connection pooler")]
    Pooled {
        /// The pooled host.
        host: String,
        /// The connection string of the direct host, without the password.
        direct: String,
    },
    /// The backup would not fit on the disk.
    #[error("{} needs about {needed} bytes, {free} are free", .folder.display())]
    NoRoom {
        /// The backup folder.
        folder: PathBuf,
        /// Bytes that the backup may need.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A file of ours could not be read or written.
    #[error("cannot {doing} {}", .file.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        file: PathBuf,
        /// The refusal.
        #[source]
        source: io::Error,
    },
    /// The schema folder cannot be used.
    #[error("{} {why}", .folder.display())]
    SchemaFolder {
        /// The folder or file.
        folder: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// One of the schema folder's files has something that cannot be run.
    #[error("{} {why}", .file.display())]
    SchemaFile {
        /// The file.
        file: PathBuf,
        /// What it has.
        why: String,
    },
    /// The schema folder's files put rows into tables.
    #[error("the SQL files put rows into {tables}")]
    SeedRows {
        /// The tables.
        tables: String,
        /// The refusal.
        #[source]
        source: crate::target::Error,
    },
    /// A selected table cannot be made without one that is left out.
    #[error("{table} cannot be made without {lacks}, which is left out")]
    NeedsLeftOut {
        /// The table.
        table: String,
        /// What it needs.
        lacks: String,
    },
    /// Rows alone, and no tables that they could go into.
    #[error("the target lacks {0}")]
    NowhereToPut(String),
    /// The target's tables have columns that the source's do not have.
    #[error("the target has more: {0}")]
    TargetHasMore(String),
    /// What is to be made on the target is there already.
    #[error("the target has {0} already")]
    InTheWay(String),
    /// Something on the target that is not selected stands on what would have to be dropped.
    #[error("{0} of the target would be lost with what is overwritten")]
    StandsOnDropped(String),
    /// So many large objects that would have to be dropped belong to another role.
    #[error("another role owns {} on the target", counted(*.0, "large object"))]
    ObjectsOfOthers(u64),
    /// Tables of the target that rows are to go into hold some.
    #[error("{tables} of the target hold rows already")]
    TargetHasRows {
        /// The tables.
        tables: String,
        /// The refusal.
        #[source]
        source: crate::target::Error,
    },
    /// The target was begun with another selection.
    #[error("the target was begun with another selection")]
    OtherSelection,
    /// Overwriting without the consent of a person.
    #[error("nobody has consented to overwriting {0} as it is now")]
    NoConsent(String),
    /// The target holds more than a person has consented to lose.
    #[error("the consent to overwrite {database} was given before it had {more}")]
    MoreAtStake {
        /// The target's database.
        database: String,
        /// What is new.
        more: String,
    },
    /// Something on the source needs extensions that the target does not offer.
    #[error("the target does not offer what these need: {0}")]
    MissingExtensions(String),
    /// The target has an extension in another schema than the source.
    #[error(
        "the source has the extension {extension} in the schema {wanted}, the target in {there}"
    )]
    ExtensionElsewhere {
        /// The extension.
        extension: String,
        /// Its schema on the target.
        there: String,
        /// Its schema on the source.
        wanted: String,
    },
    /// The target holds rows of another migration, or tables that we did not create.
    #[error("the target is not empty: {0}")]
    TargetNotEmpty(String),
    /// An earlier step's report is missing from the session.
    #[error("the report of the step {0} is missing")]
    NoReport(Step),
    /// A few rows of a table were not read in time.
    #[error("{table} was not read in time")]
    TooSlow {
        /// The table.
        table: String,
        /// The refusal.
        #[source]
        source: crate::postgres::Error,
    },
    /// What was rolled back is there nevertheless.
    #[error("a row that was rolled back is still in {0}")]
    TrialStayed(String),
    /// The application's files.
    #[error(transparent)]
    Switch(#[from] crate::switch::Error),
    /// What the target has could not be recovered.
    #[error(transparent)]
    Recovery(#[from] crate::recovery::Error),
    /// A cutting over does not go on.
    #[error(transparent)]
    CutOver(#[from] super::cutting::Refusal),
    /// A task of ours broke off.
    #[error("a task broke off")]
    Broken(#[source] tokio::task::JoinError),
}

impl From<Elsewhere> for Error {
    fn from(found: Elsewhere) -> Self {
        let Elsewhere {
            extension,
            there,
            wanted,
        } = found;
        Self::ExtensionElsewhere {
            extension,
            there,
            wanted,
        }
    }
}

impl Error {
    /// The refusal of a pooled host; `None` for a direct one.
    pub(super) fn pooled(string: &ConnectionString) -> Option<Self> {
        string.is_pooled().then(|| Self::Pooled {
            host: string.host().to_owned(),
            direct: string.direct().url(),
        })
    }

    /// Whether the source's snapshot is gone, so that the work can go on only in a new one.
    pub(super) fn is_snapshot_lost(&self) -> bool {
        match self {
            Self::Source(error) => matches!(error, crate::source::Error::SnapshotLost(_)),
            Self::Transfer(error) => error.is_snapshot_lost(),
            _ => false,
        }
    }

    /// The refusal to make a schema whose parts need extensions that the target does not offer.
    pub(super) fn missing_extensions(missing: &[Missing]) -> Self {
        let named = missing.iter().map(|missing| {
            let Missing {
                extension,
                dependents,
            } = missing;
            let shown = dependents.iter().take(NAMED).cloned().collect::<Vec<_>>();
            let more = match dependents.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("extension {extension} ({}{more})", shown.join(", "))
        });
        Self::MissingExtensions(named.collect::<Vec<_>>().join("; "))
    }

    /// For `map_err`: a file error.
    pub(super) fn file<'a>(
        doing: &'static str,
        file: &'a std::path::Path,
    ) -> impl Fn(io::Error) -> Self + 'a {
        move |source| Self::File {
            doing,
            file: file.to_owned(),
            source,
        }
    }
}

impl Explain for Error {
    fn failure(&self) -> Failure {
        match self {
            Self::Postgres(error) => error.failure(),
            Self::Tool(error) => error.failure(),
            Self::Source(error) => error.failure(),
            Self::Target(error) => error.failure(),
            Self::Transfer(error) => error.failure(),
            Self::Selection(error) => error.failure(),
            Self::Compare(error) => error.failure(),
            Self::Watch(error) => error.failure(),
            Self::Archive(error) => error.failure(),
            Self::Holder(error) => error.failure(),
            Self::LedgerGone(_) => Failure::new(
                "The ledger of this migration is gone",
                format!("{}: it was cleaned up. Without it nobody can tell which rows are in, so nothing is resumed, and nothing is begun anew over them.", chain(self)),
            )
            .advise("To migrate once more, begin a new session with an empty database, or one that may be overwritten:")
            .advise("$ neonlift run --session ANOTHER.toml")
            .severity(Severity::Usage),
            Self::NotGiven(side) => not_given(*side),
            Self::OtherDatabase { side, .. } => Failure::new(
                "This session is about another database",
                format!("{}.", chain(self)),
            )
            .advise(format!(
                "Give the connection string of this session's {}.",
                side.name()
            ))
            .advise("Or begin a new session for this database: --session FILE.")
            .severity(Severity::Usage),
            Self::SameDatabase(_) => Failure::new(
                "A database cannot be compared with itself",
                format!("{}: that would prove nothing.", chain(self)),
            )
            .advise("Give the connection strings of two databases: --source and --target, or NEONLIFT_SOURCE_URL and NEONLIFT_TARGET_URL.")
            .severity(Severity::Usage),
            Self::Pooled { direct, .. } => Failure::new(
                "The target's host is a connection pooler",
                format!("{}. It gives each transaction another session: settings, locks and cursors that a migration holds from one statement to the next would be lost, or reach other clients.", chain(self)),
            )
            .advise(format!("Migrate over the direct host: drop -pooler from the host's name ({direct}). Your application may use the pooled one afterwards."))
            .advise("Or let neonlift take the direct host:")
            .advise("$ neonlift run --yes"),
            Self::NoRoom {
                folder,
                needed,
                free,
            } => Failure::new(
                "There is no room for the backup",
                format!(
                    "{} has {} free; the dump may need {}.",
                    folder.display(),
                    super::size(*free),
                    super::size(*needed)
                ),
            )
            .advise(
                "Free some room, or name a folder on another disk as backup.folder in config.toml.",
            ),
            Self::File { .. } => Failure::new("A file cannot be used", chain(self))
                .advise("Check that the folder exists, is yours to write to, and has room."),
            Self::SchemaFolder { .. } => Failure::new("The SQL files cannot be used", chain(self))
                .advise("Correct schema.from in config.toml, or set it to \"source\"."),
            Self::SchemaFile { .. } => Failure::new("An SQL file cannot be used", chain(self))
                .advise("Take that out of the file. neonlift runs all files in one transaction, so that the target gets all of the schema or nothing: leave out BEGIN and COMMIT, and CONCURRENTLY.")
                .advise("Nothing was sent to the target."),
            Self::SeedRows { tables, .. } => Failure::new(
                "The SQL files bring rows of their own",
                format!("They put rows into {tables}; all rows come from the source, and would collide with these."),
            )
            .advise("Take the INSERTs out of the files, or move those files out of the folder: what the source has arrives with the transfer.")
            .advise("What only the target is to have, insert after the cutover.")
            .advise("Everything was rolled back: the target is as it was."),
            Self::NeedsLeftOut { table, lacks } => Failure::new("The selection is not complete", format!("{}.", chain(self)))
                .advise(format!("Take {lacks} too, or leave {table} out as well."))
                .severity(Severity::Usage),
            Self::NowhereToPut(_) => Failure::new("The target has no such tables for the rows", format!("{}. Rows alone (--data-only) go into tables that are there, with the source's columns.", chain(self)))
                .advise("Make them first, with SQL of your own; or from the source, in a session of its own:")
                .advise("$ neonlift run --schema-only --session ANOTHER.toml")
                .advise("Or move definitions and rows together: begin a new session (--session FILE) without --data-only.")
                .advise("Or leave these tables out: --exclude-table."),
            Self::TargetHasMore(_) => Failure::new("The target's tables do not fit the source's", format!("{}. Rows of such tables could not be proved equal.", chain(self)))
                .advise("Drop these columns on the target, or add them to the source; or leave those tables out: --exclude-table."),
            Self::InTheWay(_) => Failure::new("What is to be made is there already", format!("{}. What the target holds stays as it is (onto = \"existing\").", chain(self)))
                .advise("To move rows into these tables, give --data-only.")
                .advise("To replace them, consent to it: --overwrite-target DBNAME, with the name of the target's database.")
                .advise("Or leave them out: --exclude-table."),
            Self::StandsOnDropped(_) => Failure::new("Others on the target stand on what would be dropped", format!("{}. They are not selected, so nothing was dropped.", chain(self)))
                .advise("Drop them yourself if nobody needs them, or select them too."),
            Self::ObjectsOfOthers(_) => Failure::new("Large objects of others would have to be dropped", format!("{}. Only their owner can remove them, so nothing was dropped.", chain(self)))
                .advise("Let their owner remove them, or give them to the role that neonlift writes as: ALTER LARGE OBJECT … OWNER TO …"),
            // Its source is our own check, which names the same tables.
            Self::TargetHasRows { .. } => Failure::new("The target's tables are not empty", format!("{self}; rows of the source would mix with them."))
                .advise("Empty them yourself, or consent to it: --overwrite-target DBNAME, with the name of the target's database.")
                .advise("Everything was rolled back: the target is as it was."),
            Self::TooSlow { .. } => Failure::new("The table cannot be shown", format!("{}.", chain(self)))
                .advise("Another session may hold its lock, or a server has to read all of it to find a few rows: where the key's index is missing, or few rows are meant.")
                .advise("Open it again later. What compare has proved stays as it is.")
                .retry(Retry::Now),
            Self::OtherSelection => Failure::new("The selection has changed", format!("{}, and rows of two selections must not mix.", chain(self)))
                .advise("Begin a new session (--session FILE) with an empty target database, or go on with the selection that this one was begun with.")
                .severity(Severity::Usage),
            Self::NoConsent(name) => Failure::new("Nobody has consented to overwriting the target", format!("{}. --yes is not enough for that.", chain(self)))
                .advise("Type the database's name on the screen (o), or give it:")
                .advise(format!("$ neonlift run --overwrite-target {}", quoted(name)))
                .severity(Severity::Usage),
            Self::MoreAtStake { database, .. } => Failure::new("The target holds more than was consented to", format!("{}. Nothing was dropped.", chain(self)))
                .advise("Move what is to stay out of this database. If all of the rest may go, consent again.")
                .advise("On the screen, run the step connections again and type the database's name there (o); or give it, and it is listed once more:")
                .advise(format!("$ neonlift run --overwrite-target {}", quoted(database))),
            Self::MissingExtensions(_) => Failure::new(
                "The target lacks extensions that the source uses",
                format!("{}.", chain(self)),
            )
            .advise("Neon lists what it offers: SELECT name FROM pg_available_extensions. Some are switched on in the console.")
            .advise("Otherwise change or drop on the source what needs them; the inventory names all of it under what is left behind.")
            .advise("Nothing was created on the target."),
            Self::ExtensionElsewhere { extension, .. } => Failure::new(
                "An extension is in another schema on the target",
                format!("{}. Definitions name its types with the schema, and only a superuser may move it.", chain(self)),
            )
            .advise("Drop it on the target, which nothing uses yet; neonlift creates it where the source has it:")
            .advise(format!("$ psql \"$NEONLIFT_TARGET_URL\" -c 'DROP EXTENSION {}'", quote::identifier(extension)))
            .advise("Nothing was created on the target."),
            Self::TargetNotEmpty(_) => target_not_empty(&chain(self)),
            Self::NoReport(step) => Failure::new("The session lacks a report", chain(self))
                .advise("Run the step again:")
                .advise(format!("$ neonlift {step}")),
            Self::TrialStayed(_) => Failure::new("The target keeps what was rolled back", format!("{}.", chain(self)))
                .advise("Look for the row whose text begins with \"neonlift trial\" and delete it; then see what stands between neonlift and the target."),
            Self::Switch(error) => error.failure(),
            Self::Recovery(error) => error.failure(),
            Self::CutOver(refusal) => refusal.failure(),
            Self::Broken(error) => Failure::new("The step broke off", format!("{error}."))
                .advise("This is a fault in neonlift: please report it with the log. Running it again goes on where it was."),
        }
    }
}

/// The advice for a missing connection string.
fn not_given(side: Side) -> Failure {
    let failure = Failure::new(
        format!("The {} is not known yet", side.name()),
        format!("No connection string was given for the {}.", side.name()),
    )
    .severity(Severity::Usage);
    match side {
        Side::Source => failure
            .advise("Give it with --source, in NEONLIFT_SOURCE_URL, in LOCAL_DB_USER, LOCAL_DB_NAME, LOCAL_DB_HOST and LOCAL_DB_PORT, or as source in config.toml."),
        Side::Target => failure
            .advise("Copy it from Neon's console: Connect, without connection pooling.")
            .advise("Give it with --target, in NEONLIFT_TARGET_URL or NEON_DATABASE_URL, or as target in config.toml."),
    }
}

/// The advice for a target with something in it.
pub(super) fn target_not_empty(why: &str) -> Failure {
    Failure::new("The target is not empty", format!("{why}."))
        .advise("Make a new, empty database on Neon and give its connection string.")
        .advise("To leave what is there as it is and put the source's beside it: --onto existing.")
        .advise("To drop what is there, type the database's name on the screen (o), or give it: --overwrite-target DBNAME.")
}
