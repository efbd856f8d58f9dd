//! A table opened side by side: its columns, and a few rows of both sides. Changes nothing.

use super::{Error, Work};
use crate::compare::excerpt::{self, Asked, BEGINNING, Cell, Key, Measure, Row, Side as Reading};
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Cause, Connection, Error as PostgresError, Retrying, large_object};
use crate::session::Step;
use crate::session::report::Report;
use crate::source::Selected;
use crate::target::Error as TargetError;
use crate::wizard::{Excerpt, ExcerptCell, ExcerptColumn, ExcerptRow, Pairing, Side, Size, Value};
use std::collections::HashMap;

/// Both sides' columns, matched.
type Columns<'a> = Vec<(Option<Asked<'a>>, Option<Asked<'a>>)>;

/// Which rows are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// So many are taken from each side as its first, unless the comparison has named as many.
    pub(super) first: usize,
    /// So many are shown at most of those that have a key.
    pub(super) most: usize,
}

impl Extent {
    /// What an opened table shows: what the comparison has named, and the first rows of both sides.
    const OPENED: Self = Self {
        first: 10,
        most: usize::MAX,
    };
}

/// What both sides have of a table now.
pub(super) async fn read(work: Work<'_>, name: &TableName) -> Result<Excerpt, Error> {
    let reading = async { Opened::of(work).await?.table(name, Extent::OPENED).await };
    reading.await.map_err(|error| told(name, error))
}

/// A refusal to wait any longer is told with the table's name.
pub(super) fn told(name: &TableName, error: Error) -> Error {
    match error {
        Error::Postgres(source) | Error::Target(TargetError::Postgres(source))
            if source.cause() == Some(Cause::StatementTimeout) =>
        {
            let table = name.to_string();
            Error::TooSlow { table, source }
        }
        other => other,
    }
}

/// Both databases, open to be looked at, each in one snapshot.
pub(super) struct Opened<'a> {
    work: Work<'a>,
    source: Connection,
    target: Connection,
    here: HashMap<TableName, Table>,
    there: HashMap<TableName, Table>,
}

impl<'a> Opened<'a> {
    pub(super) async fn of(work: Work<'a>) -> Result<Self, Error> {
        let (source, target) =
            tokio::try_join!(open(work, Side::Source), open(work, Side::Target))?;
        let (here, there) = tokio::try_join!(
            async {
                let selected = Selected::resolve(&work.session.select, &source).await?;
                let conditions = selected.rows_of();
                let mut found = tables(&source).await?;
                for (name, table) in &mut found {
                    table.condition = conditions.get(name).cloned();
                }
                Ok::<_, Error>(found)
            },
            async { tables(&target).await.map_err(on_target) }
        )?;
        Ok(Self {
            work,
            source,
            target,
            here,
            there,
        })
    }

    /// What both have of a table. Large objects have neither columns nor rows to show.
    pub(super) async fn table(&self, name: &TableName, extent: Extent) -> Result<Excerpt, Error> {
        let of = (name.schema.as_str(), name.name.as_str());
        if of == (large_object::SCHEMA, large_object::TABLE) {
            return Ok(Excerpt::default());
        }
        let (source, target) = (&self.source, &self.target);
        let (left, right) = (self.here.get(name), self.there.get(name));
        let key = self.key(left, right).await?;
        let columns = excerpt::columns((source, left), (target, right)).await;
        let pairing = pairing(&key, &columns);
        let here = columns.iter().map(|(here, _)| here);
        let there = columns.iter().map(|(_, there)| there);
        let here = reading(source, left, here, (&key, extent));
        let there = reading(target, right, there, (&key, extent));
        let mut named = match pairing {
            Pairing::Key => named(self.work, name, &key),
            _ => Vec::new(),
        };
        named.truncate(extent.most);
        let rows = match self.work.session.select.takes_rows() {
            true => rows((here, there), pairing, (&named, extent), &columns).await?,
            false => Vec::new(),
        };
        Ok(Excerpt {
            on_source: left.is_some(),
            on_target: right.is_some(),
            columns: columns.iter().map(|pair| column(pair, &key)).collect(),
            pairing,
            rows,
            named: named.len(),
        })
    }

    /// The columns that tell the table's rows apart.
    async fn key(&self, left: Option<&Table>, right: Option<&Table>) -> Result<Vec<String>, Error> {
        match (left, right) {
            (Some(table), _) => Ok(catalogue::row_key(&self.source, table.oid).await?),
            (None, Some(table)) => {
                let key = catalogue::row_key(&self.target, table.oid).await;
                key.map_err(on_target)
            }
            (None, None) => Ok(Vec::new()),
        }
    }

    /// Notes where both transactions stand, so that a refused table does not end them.
    pub(super) async fn mark(&self) -> Result<(), Error> {
        excerpt::mark(&self.source).await?;
        excerpt::mark(&self.target).await.map_err(on_target)
    }

    /// Leaves a table, also one that was refused; an error is a lost side.
    pub(super) async fn leave(&self) -> Result<(), Error> {
        excerpt::go_back(&self.source).await?;
        excerpt::go_back(&self.target).await.map_err(on_target)
    }
}

/// The keys of rows that the comparison has named as different.
fn named(work: Work<'_>, name: &TableName, key: &[String]) -> Vec<Key> {
    let compared = match work.session.report(Step::Compare) {
        Some(Report::Compare(found)) => found.table(&name.schema, &name.name),
        _ => None,
    };
    let rows = compared.and_then(|compared| compared.differing.as_ref());
    let rows = rows.filter(|rows| rows.key == key).into_iter();
    rows.flat_map(|rows| &rows.examples)
        .filter_map(|row| row.key.clone())
        .collect()
}

/// Nothing is written: a pooler is no obstacle.
async fn open(work: Work<'_>, side: Side) -> Result<Connection, Error> {
    let string = work.recognised(side).await?;
    let connection = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    excerpt::begin(&connection).await?;
    Ok(connection)
}

async fn tables(side: &Connection) -> Result<HashMap<TableName, Table>, PostgresError> {
    let tables = catalogue::tables(side).await?.into_iter();
    Ok(tables.map(|table| (table.name.clone(), table)).collect())
}

/// The target's refusal has another remedy than the source's.
fn on_target(refusal: PostgresError) -> Error {
    TargetError::Postgres(refusal).into()
}

/// What rows can stand beside each other.
fn pairing(key: &[String], columns: &Columns<'_>) -> Pairing {
    let is_shared = |name: &String| {
        columns.iter().any(|pair| match pair {
            (Some(here), Some(there)) => {
                here.column.name == *name && here.column.sql_type == there.column.sql_type
            }
            _ => false,
        })
    };
    match key {
        [] => Pairing::NoKey,
        key if key.iter().all(is_shared) => Pairing::Key,
        _ => Pairing::OtherKey,
    }
}

/// What is read on one side.
fn reading<'a>(
    connection: &'a Connection,
    table: Option<&'a Table>,
    columns: impl Iterator<Item = &'a Option<Asked<'a>>>,
    (key, extent): (&'a [String], Extent),
) -> Option<Reading<'a>> {
    let table = table?;
    let has = |name: &String| table.columns.iter().any(|column| column.name == *name);
    Some(Reading {
        connection,
        table,
        columns: columns.flatten().cloned().collect(),
        key: if key.iter().all(has) { key } else { &[] },
        first: extent.first,
    })
}

async fn rows(
    (here, there): (Option<Reading<'_>>, Option<Reading<'_>>),
    pairing: Pairing,
    (named, extent): (&[Key], Extent),
    columns: &Columns<'_>,
) -> Result<Vec<ExcerptRow>, Error> {
    let (left, mut right) = match (&here, &there) {
        (Some(here), Some(there)) if pairing == Pairing::Key => {
            let keys = keys(here, there, (named, extent)).await?;
            tokio::try_join!(
                async { Ok::<_, Error>(here.with_keys(&keys).await?) },
                async { there.with_keys(&keys).await.map_err(on_target) }
            )?
        }
        _ => tokio::try_join!(
            async { Ok::<_, Error>(first(here.as_ref()).await?) },
            async { first(there.as_ref()).await.map_err(on_target) }
        )?,
    };
    let by_key = pairing == Pairing::Key;
    let mut pairs = Vec::with_capacity(left.len());
    for row in left {
        let beside = |other: &Row| !by_key || other.key == row.key;
        let other = right.iter().position(beside).map(|at| right.remove(at));
        pairs.push((Some(row), other));
    }
    pairs.extend(right.into_iter().map(|row| (None, Some(row))));
    let beside = pairs.into_iter();
    Ok(beside
        .map(|(here, there)| side_by_side(here, there, by_key, columns))
        .collect())
}

/// The keys of the rows to show: those that the comparison has named, then the first of the source
/// and of the target.
async fn keys(
    here: &Reading<'_>,
    there: &Reading<'_>,
    (named, extent): (&[Key], Extent),
) -> Result<Vec<Key>, Error> {
    let mut keys = named.to_vec();
    if keys.len() < extent.first {
        let (first, others) =
            tokio::try_join!(async { Ok::<_, Error>(here.first_keys().await?) }, async {
                there.first_keys().await.map_err(on_target)
            })?;
        for key in first.into_iter().chain(others) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.truncate(extent.most);
    }
    Ok(keys)
}

async fn first(side: Option<&Reading<'_>>) -> Result<Vec<Row>, PostgresError> {
    match side {
        Some(side) => side.first_rows().await,
        None => Ok(Vec::new()),
    }
}

fn side_by_side(
    here: Option<Row>,
    there: Option<Row>,
    by_key: bool,
    columns: &Columns<'_>,
) -> ExcerptRow {
    let (on_source, on_target) = (here.is_some(), there.is_some());
    let cells = |row: Option<Row>| row.map_or_else(Vec::new, |row| row.cells).into_iter();
    let (mut here, mut there) = (cells(here), cells(there));
    let beside = columns.iter().map(|(left, right)| {
        // Each side was asked for the columns that it has.
        let source = left.as_ref().and_then(|_| here.next());
        let target = right.as_ref().and_then(|_| there.next());
        let differs = match (&source, &target) {
            (Some(source), Some(target)) => by_key && source.hash != target.hash,
            _ => false,
        };
        ExcerptCell {
            source: value(left.as_ref(), source),
            target: value(right.as_ref(), target),
            differs,
        }
    });
    ExcerptRow {
        cells: beside.collect(),
        on_source,
        on_target,
    }
}

fn value(asked: Option<&Asked<'_>>, cell: Option<Cell>) -> Value {
    let (Some(asked), Some(cell)) = (asked, cell) else {
        return Value::Absent;
    };
    let Some(mut beginning) = cell.beginning else {
        return Value::Null;
    };
    let measure = Measure::of(asked.column);
    let end = beginning.char_indices().nth(BEGINNING).map(|(at, _)| at);
    if let Some(end) = end {
        beginning.truncate(end);
    }
    Value::Text {
        beginning,
        cut: end.is_some(),
        size: match measure {
            Measure::Characters => Size::Characters(cell.size),
            Measure::Bytes => Size::Bytes(cell.size),
            Measure::Dimensions => Size::Dimensions(cell.size),
        },
    }
}

fn column((here, there): &(Option<Asked<'_>>, Option<Asked<'_>>), key: &[String]) -> ExcerptColumn {
    let named = here.as_ref().or(there.as_ref());
    let name = named.map_or_else(String::new, |asked| asked.column.name.clone());
    let sql_type = |asked: &Asked<'_>| asked.column.sql_type.clone();
    ExcerptColumn {
        key: key.contains(&name),
        name,
        source: here.as_ref().map(sql_type),
        target: there.as_ref().map(sql_type),
    }
}
