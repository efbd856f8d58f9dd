//! What there is to move, counted, and written to a file as the guide wants it. Only reads.

use super::private_file;
use super::{Error, Work, left_behind, size};
use crate::postgres::catalogue::{self, Table as Found, TableName, Traits};
use crate::postgres::{Connection, Retrying, count, large_object};
use crate::session::Session;
use crate::session::report::{Collection, Extension, Inventory, Room, Table, VectorColumn};
use crate::source::Selected;
use crate::target;
use crate::wizard::Side;
use jiff::Timestamp;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The file's name in the backup folder: the guide's, and the session's, so that another migration
/// does not write over it.
fn stats_file(session: &Session) -> String {
    format!("pre_migration_stats_{}.txt", session.id)
}

pub(super) async fn run(work: Work<'_>) -> Result<Inventory, Error> {
    work.progress.begin("Reading the source's catalogue");
    let string = work.known(Side::Source).await?;
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    connection.pin_for_reading().await?;
    connection.begin_reading().await?;
    let all = catalogue::tables(&connection).await?;
    let selected = Selected::resolve(&work.session.select, &connection).await?;
    selected.check_conditions(&connection).await?;
    let mut inventory = Inventory {
        taken: Some(Timestamp::now()),
        extensions: extensions(&connection).await?,
        source_large_objects: large_object::count(&connection).await?,
        relations: selected.relations(),
        foreign_keys: catalogue::foreign_keys(&connection).await?,
        views: catalogue::views(&connection).await?,
        ..Inventory::default()
    };
    let counting = count_all(work, &connection, (&selected, &all), &mut inventory);
    connection.until_cancelled(work.cancel, counting).await??;
    selected.mark(&mut inventory);
    let target = target::open(&work.known(Side::Target).await?, work.cancel).await?;
    let asking = room(work, &target);
    inventory.target = Some(target.until_cancelled(work.cancel, asking).await??);
    let listing = left_behind::list(work, (&connection, &string), &target, &selected);
    inventory.left_behind = connection.until_cancelled(work.cancel, listing).await??;
    let folder = &work.context.config.backup.folder;
    let file = std::path::absolute(folder.join(stats_file(work.session)))
        .map_err(Error::file("find", folder))?;
    inventory.stats_file = file.display().to_string();
    write_stats(&file, &string.endpoint(), &inventory)?;
    Ok(inventory)
}

/// What goes over the road to the target to see how fast it is: enough that a fast one is seen to
/// be fast, in steps, so that a slow one is not waited for long.
const PROBES: [usize; 3] = [64 << 10, 256 << 10, 1 << 20];

/// A probe that takes longer is enough.
const LONG_PROBE: Duration = Duration::from_millis(250);

/// Asks the target how much it takes, and how fast one connection carries something there.
async fn room(work: Work<'_>, target: &Connection) -> Result<Room, Error> {
    work.progress
        .activity("Asking the target what it can take".to_owned());
    let (limit, used) = count::cluster_room(target).await?;
    let mut bytes_per_second = 0.0;
    for bytes in PROBES {
        let took = target.carry(bytes).await?;
        bytes_per_second = bytes as f64 / took.as_secs_f64().max(1e-6);
        if took > LONG_PROBE {
            break;
        }
    }
    Ok(Room {
        limit,
        used,
        bytes_per_second,
    })
}

async fn extensions(connection: &Connection) -> Result<Vec<Extension>, Error> {
    let found = catalogue::extensions(connection).await?;
    let named = |found: catalogue::Extension| Extension {
        name: found.name,
        version: found.version,
    };
    Ok(found.into_iter().map(named).collect())
}

/// Counts the tables that are moved. The others have their estimates: a person who leaves a large
/// one out need not wait for it.
async fn count_all(
    work: Work<'_>,
    connection: &Connection,
    (selected, all): (&Selected, &[Found]),
    inventory: &mut Inventory,
) -> Result<(), Error> {
    let traits = catalogue::traits(connection).await?;
    let mut indexes = catalogue::all_index_definitions(connection).await?;
    let moved = selected.apply(all);
    let meter = work.progress.tables("tables counted", moved.len() as u64);
    meter.begin();
    // They stand in the same order as all.
    let mut moved = moved.into_iter().peekable();
    for table in all {
        let traits = traits.get(&table.oid).copied().unwrap_or_default();
        let mut told = described(table, traits);
        told.indexes = indexes.remove(&table.oid).unwrap_or_default();
        if let Some(table) = moved.next_if(|moved| moved.oid == table.oid) {
            work.progress.activity(format!("Counting {}", table.name));
            count_one(connection, &table, &mut told).await?;
            if let Some(column) = work.context.config.compare.grouping() {
                inventory
                    .collections
                    .extend(collections(connection, &table, column).await?);
            }
            meter.add(1, 0);
        }
        inventory.tables.push(told);
    }
    meter.finish();
    Ok(())
}

/// A table as the catalogue has it.
fn described(table: &Found, traits: Traits) -> Table {
    let vectors = table.columns.iter();
    let vectors = vectors.filter(|column| column.is_vector());
    Table {
        schema: table.name.schema.clone(),
        name: table.name.name.clone(),
        selected: false,
        rows: traits.about_rows,
        estimated: true,
        condition: None,
        row_bytes: table.row_bytes(),
        index_bytes: table.index_bytes,
        vectors: vectors
            .map(|column| VectorColumn {
                column: column.name.clone(),
                sql_type: column.sql_type.clone(),
                rows: 0,
            })
            .collect(),
        indexes: Vec::new(),
        columns: table.columns.len() as u64,
        keyless: traits.keyless,
        row_security: traits.row_security,
        unlogged: table.unlogged,
    }
}

async fn count_one(connection: &Connection, table: &Found, told: &mut Table) -> Result<(), Error> {
    for vector in &mut told.vectors {
        vector.rows = count::values(connection, table, &vector.column).await?;
    }
    told.rows = count::rows(connection, table).await?;
    told.estimated = false;
    told.condition.clone_from(&table.condition);
    Ok(())
}

async fn collections(
    connection: &Connection,
    table: &Found,
    column: &str,
) -> Result<Vec<Collection>, Error> {
    if !table.columns.iter().any(|found| found.name == column) {
        return Ok(Vec::new());
    }
    let TableName { schema, name } = &table.name;
    let groups = count::groups(connection, table, column).await?;
    let collection = |(value, rows)| Collection {
        schema: schema.clone(),
        table: name.clone(),
        value,
        rows,
    };
    Ok(groups.into_iter().map(collection).collect())
}

fn write_stats(file: &Path, source: &str, inventory: &Inventory) -> Result<(), Error> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    private_file::write(file, &stats(source, inventory))
}

fn stats(source: &str, inventory: &Inventory) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!("State of {source} before the migration"));
    line(
        inventory
            .taken
            .map_or_else(String::new, |at| at.strftime("%F %T UTC").to_string()),
    );
    line("\nExtensions".to_owned());
    inventory
        .extensions
        .iter()
        .for_each(|e| line(format!("  {} {}", e.name, e.version)));
    line("\nRows per collection".to_owned());
    for collection in &inventory.collections {
        let value = collection.value.as_deref().unwrap_or("(null)");
        line(format!(
            "  {}.{}  {value}  {}",
            collection.schema, collection.table, collection.rows
        ));
    }
    if let Some(selection) = &inventory.selection {
        line(format!("\nSelected: {selection}"));
    }
    for left_out in &inventory.left_out {
        line(format!("  left out: {}", left_out.what));
    }
    line("\nTables".to_owned());
    for table in inventory.selected() {
        let total = size(table.row_bytes + table.index_bytes);
        line(format!(
            "  {}.{}  {} rows, {total}",
            table.schema, table.name, table.rows
        ));
        for vector in &table.vectors {
            line(format!(
                "    {} {}, {} rows",
                vector.column, vector.sql_type, vector.rows
            ));
        }
        table
            .indexes
            .iter()
            .for_each(|index| line(format!("    {index};")));
    }
    text
}
