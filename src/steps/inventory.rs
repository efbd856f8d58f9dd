//! What there is to move, counted, and written to a file as the guide wants it. Only reads.

use super::{Error, NOT_SELECTED, Work, left_behind, size};
use crate::postgres::catalogue::{self, ForeignKey, Table as Found, TableName};
use crate::postgres::{Connection, Retrying, count, large_object};
use crate::session::Session;
use crate::session::report::{Collection, Extension, Inventory, LeftOut, Table, VectorColumn};
use crate::source::Selected;
use crate::wizard::Side;
use jiff::Timestamp;
use std::fmt::Write;
use std::fs;
use std::path::Path;

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
    let found = selected.apply(&all);
    let mut inventory = Inventory {
        taken: Some(Timestamp::now()),
        left_out: left_out(&selected),
        selection: work.session.select.in_words(),
        ..Inventory::default()
    };
    inventory.extensions = extensions(&connection).await?;
    let counting = count_all(work, &connection, &found, &mut inventory);
    connection.until_cancelled(work.cancel, counting).await??;
    inventory.warnings = warnings(&found);
    inventory
        .warnings
        .extend(cut_keys(&selected, &connection).await?);
    let objects = large_object::count(&connection).await?;
    match left_behind::large_objects(&selected, objects) {
        Some(left_out) => inventory.left_out.push(left_out),
        None => inventory.large_objects = objects,
    }
    let listing = left_behind::list(work, &connection, &selected, &string);
    inventory.left_behind = connection.until_cancelled(work.cancel, listing).await??;
    let folder = &work.context.config.backup.folder;
    let file = std::path::absolute(folder.join(stats_file(work.session)))
        .map_err(Error::file("find", folder))?;
    inventory.stats_file = file.display().to_string();
    write_stats(&file, &string.endpoint(), &inventory)?;
    Ok(inventory)
}

async fn extensions(connection: &Connection) -> Result<Vec<Extension>, Error> {
    let found = catalogue::extensions(connection).await?;
    let named = |found: catalogue::Extension| Extension {
        name: found.name,
        version: found.version,
    };
    Ok(found.into_iter().map(named).collect())
}

async fn count_all(
    work: Work<'_>,
    connection: &Connection,
    found: &[Found],
    inventory: &mut Inventory,
) -> Result<(), Error> {
    let meter = work.progress.tables("tables counted", found.len() as u64);
    meter.begin();
    for table in found {
        work.progress.activity(format!("Counting {}", table.name));
        inventory.tables.push(counted(connection, table).await?);
        if let Some(column) = work.context.config.compare.grouping() {
            inventory
                .collections
                .extend(collections(connection, table, column).await?);
        }
        meter.add(1, 0);
    }
    meter.finish();
    Ok(())
}

async fn counted(connection: &Connection, table: &Found) -> Result<Table, Error> {
    let mut vectors = Vec::new();
    for column in table.columns.iter().filter(|column| column.is_vector()) {
        vectors.push(VectorColumn {
            column: column.name.clone(),
            sql_type: column.sql_type.clone(),
            rows: count::values(connection, table, &column.name).await?,
        });
    }
    Ok(Table {
        schema: table.name.schema.clone(),
        name: table.name.name.clone(),
        rows: count::rows(connection, table).await?,
        condition: table.condition.clone(),
        row_bytes: table.row_bytes(),
        index_bytes: table.index_bytes,
        vectors,
        indexes: catalogue::index_definitions(connection, table.oid).await?,
    })
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

/// What stays behind, table by table.
fn left_out(selected: &Selected) -> Vec<LeftOut> {
    let tables = selected.left_out().into_iter();
    let table = |table: TableName| LeftOut {
        what: format!("table {table}"),
        why: NOT_SELECTED.to_owned(),
    };
    tables.map(table).collect()
}

/// The foreign keys that cannot come along, because what they point to stays behind.
async fn cut_keys(selected: &Selected, connection: &Connection) -> Result<Vec<String>, Error> {
    let select = selected.select();
    if select.takes_all_tables() || !select.takes_definitions() {
        return Ok(Vec::new());
    }
    let keys = catalogue::foreign_keys(connection).await?.into_iter();
    let cut = keys.filter(|key| selected.has(&key.table) && !selected.has(&key.refers_to));
    Ok(cut
        .map(|ForeignKey { name, table, refers_to }| {
            format!("The foreign key {name} of {table} stays behind: it points to {refers_to}, which is left out.")
        })
        .collect())
}

fn warnings(found: &[Found]) -> Vec<String> {
    let unlogged = found.iter().filter(|table| table.unlogged).map(|table| {
        format!(
            "{} is UNLOGGED: Neon empties it whenever the compute sleeps or restarts.",
            table.name
        )
    });
    unlogged.collect()
}

fn write_stats(file: &Path, source: &str, inventory: &Inventory) -> Result<(), Error> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(file, stats(source, inventory)).map_err(Error::file("write", file))
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
    for table in &inventory.tables {
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
