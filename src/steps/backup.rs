//! A dump of the source, checked by reading its contents back. Only reads the source.

use super::prerequisites::free_bytes;
use super::{Error, Work, size};
use crate::postgres::tools::{Watch, dump_archive};
use crate::postgres::{Connection, Retrying, count};
use crate::session::Step;
use crate::session::report::{Backup, Report};
use crate::wizard::Side;
use jiff::Zoned;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A compressed dump is smaller than its database, but embeddings hardly compress: half is the
/// least that must be free before it is worth starting.
const LEAST_SHARE: u64 = 2;

pub(super) async fn run(work: Work<'_>) -> Result<Backup, Error> {
    work.progress.begin("Preparing the backup");
    let string = work.known(Side::Source).await?;
    let (version, bytes) = {
        let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
        (
            connection.server_version().await?,
            count::database_bytes(&connection).await?,
        )
    };
    let folder = &work.context.config.backup.folder;
    fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    enough_room(folder, bytes)?;
    let tools = work.context.tools().for_server(version).await?;
    let name = format!("local_db_{}.dump", Zoned::now().strftime("%Y%m%d_%H%M%S"));
    let file = std::path::absolute(folder.join(name)).map_err(Error::file("find", folder))?;
    work.progress.activity(format!(
        "pg_dump {} writes {}",
        tools.version(),
        file.display()
    ));
    let meter = work.progress.meter("dump", 0, 0);
    meter.begin();
    let tables = tables(work).map(|total| {
        let meter = work.progress.tables("tables written", total);
        meter.begin();
        (meter, total)
    });
    let begun = AtomicU64::new(0);
    let watch = Watch {
        bytes: &|bytes| meter.set_bytes(bytes),
        table: &|table| {
            let before = begun.fetch_add(1, Relaxed);
            if let Some((meter, total)) = &tables {
                meter.set(before.min(*total), *total);
            }
            work.progress
                .activity(format!("pg_dump writes the rows of {table}"))
        },
        written: &|| work.progress.activity("pg_restore reads the dump back"),
    };
    let environment = string.tool_environment();
    let archive = dump_archive(&tools, &environment, &[], &file, &watch, work.cancel).await?;
    meter.finish();
    if let Some((tables, total)) = &tables {
        tables.set(*total, *total);
        tables.finish();
    }
    Ok(archive.into())
}

/// How many tables there are, as the inventory found. A dump is smaller than its database, nobody
/// knows by how much: so the tables written give the share, not the bytes.
fn tables(work: Work<'_>) -> Option<u64> {
    match work.session.report(Step::Inventory) {
        Some(Report::Inventory(found)) => Some(found.tables.len() as u64),
        _ => None,
    }
    .filter(|total| *total > 0)
}

fn enough_room(folder: &Path, database: u64) -> Result<(), Error> {
    let free = free_bytes(folder).map_err(Error::file("look for room in", folder))?;
    tracing::info!("{} free in {}", size(free), folder.display());
    if free < database / LEAST_SHARE {
        return Err(Error::NoRoom {
            folder: folder.to_owned(),
            needed: database,
            free,
        });
    }
    Ok(())
}
