//! What the target has and the old database has not: counted, saved, taken over; and the way back,
//! tried on copies.

use super::super::{Error, Work};
use crate::config::Onto;
use crate::failure::{Explain, Failure};
use crate::postgres::catalogue::TableName;
use crate::recovery::dump::{Dumping, new_name};
use crate::recovery::rehearse::{Application, Rehearsing};
use crate::recovery::rows::{Changed, Consent, Since};
use crate::session::report::{Divergence, Recovered};
use crate::wizard::{Recovery, Side};
use jiff::Zoned;
use std::collections::HashMap;
use std::path::Path;

/// A target of more bytes is not dumped for a rehearsal alone.
const REHEARSED_BYTES: u64 = 1 << 30;

/// The rows that going back would lose, or why they cannot be told.
pub(super) async fn lost(work: Work<'_>) -> Result<Result<Divergence, Failure>, Error> {
    match counted(work).await {
        Err(error) if work.cancel.is_cancelled() => Err(error),
        counted => Ok(counted.map_err(|error| error.failure())),
    }
}

async fn counted(work: Work<'_>) -> Result<Divergence, Error> {
    let sides = Sides::of(work).await?;
    let since = sides.since(work);
    Ok(Box::pin(since.count()).await?)
}

/// Both databases, and how the source's counters stood at the cutover.
struct Sides {
    source: crate::postgres::ConnectionString,
    target: crate::postgres::ConnectionString,
    counters: HashMap<TableName, String>,
}

impl Sides {
    async fn of(work: Work<'_>) -> Result<Self, Error> {
        let (source, target) =
            tokio::try_join!(work.recognised(Side::Source), work.recognised(Side::Target))?;
        Ok(Self {
            source,
            target: target.direct(),
            counters: counters(work),
        })
    }

    fn since<'a>(&'a self, work: Work<'a>) -> Since<'a> {
        let session = work.session;
        let policy = session.target_policy();
        Since {
            source: &self.source,
            target: &self.target,
            select: &session.select,
            beside_others: policy == Onto::Existing
                || !session.select.takes_all_tables() && policy == Onto::Overwrite,
            counters: &self.counters,
            jobs: work.context.config.compare.jobs,
            progress: work.progress,
            cancel: work.cancel,
        }
    }
}

fn counters(work: Work<'_>) -> HashMap<TableName, String> {
    let noted = work.session.noted_counters().into_iter();
    noted
        .map(|noted| {
            let (schema, name) = (noted.schema, noted.table);
            (TableName { schema, name }, noted.counters)
        })
        .collect()
}

/// Saves something of the target, or tries the way back. The old database is only written to where its
/// name was `typed`.
pub(crate) async fn recovered(
    work: Work<'_>,
    recovery: Recovery,
    typed: &str,
) -> Result<Recovered, Error> {
    let sides = Sides::of(work).await?;
    let folder = &work.context.config.backup.folder;
    std::fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    let folder = std::path::absolute(folder).map_err(Error::file("find", folder))?;
    match recovery {
        Recovery::Rehearse => rehearsed(work, &sides, &folder).await,
        Recovery::Rows => {
            let since = sides.since(work);
            let (_, rows) = Box::pin(since.export(&folder)).await?;
            Ok(Recovered::Rows(rows))
        }
        Recovery::Apply { changed } => {
            let changed = match changed {
                true => Changed::Overwrite,
                false => Changed::Keep,
            };
            let consent = Consent::given(typed, &sides.source)?;
            let since = sides.since(work);
            let applied = Box::pin(since.apply(consent, changed)).await?;
            Ok(Recovered::Applied(applied))
        }
        Recovery::Database => {
            let tools = work.context.tools();
            let dumping = dumping(work, &tools);
            let dump = Box::pin(dumping.dump_target(&sides.target, &folder)).await?;
            let name = new_name(sides.source.database(), Zoned::now().datetime());
            let file = Path::new(&dump.file);
            let restoring = dumping.restore_into_new(&sides.source, file, &name);
            let restored = Box::pin(restoring).await?;
            Ok(Recovered::Database { dump, restored })
        }
    }
}

fn dumping<'a>(work: Work<'a>, tools: &'a crate::postgres::tools::Search) -> Dumping<'a> {
    Dumping {
        tools,
        progress: work.progress,
        cancel: work.cancel,
    }
}

async fn rehearsed(work: Work<'_>, sides: &Sides, backups: &Path) -> Result<Recovered, Error> {
    let tools = work.context.tools();
    let folder = work.application_folder();
    let rehearsing = Rehearsing {
        source: &sides.source,
        target: &sides.target,
        application: folder.as_deref().map(|folder| Application {
            folder,
            files: &work.context.config.application.files,
        }),
        folder: backups,
        largest: REHEARSED_BYTES,
        dumping: dumping(work, &tools),
    };
    Ok(Recovered::Rehearsed(Box::pin(rehearsing.run()).await?))
}
