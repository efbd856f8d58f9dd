//! One table on both sides: its count and its hash, its groups, and where it differs its rows.

use super::hash::{self, Agreed, Method};
use super::rows::{Refusal, Unequal};
use super::side::Side;
use super::{Compare, Error, content, on_source, on_target};
use crate::failure::chain;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Error as PostgresError, count};
use crate::progress::{Meter, Tone};
use crate::session::report::{ComparedCollection, ComparedTable};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A table on either side.
#[derive(Debug, Default)]
pub(super) struct Pair {
    pub(super) source: Option<Table>,
    pub(super) target: Option<Table>,
}

impl Pair {
    /// Whether it is the table with this name.
    pub(super) fn is_named(&self, name: &TableName) -> bool {
        let mut sides = self.source.iter().chain(&self.target);
        sides.any(|table| table.name == *name)
    }

    /// What both sides read of it.
    pub(super) fn bytes(&self) -> u64 {
        let both = self.source.iter().chain(&self.target);
        both.map(Table::row_bytes).sum()
    }
}

/// What was found of a table, and of its groups.
pub(super) type Compared = (ComparedTable, Vec<ComparedCollection>);

/// A comparison whose sides are open.
pub(super) struct Comparing<'a> {
    pub(super) compare: &'a Compare<'a>,
    pub(super) source: &'a Side,
    pub(super) target: &'a Side,
    pub(super) method: Method,
    pub(super) source_meter: Arc<Meter>,
    pub(super) target_meter: Arc<Meter>,
    pub(super) tables_meter: Arc<Meter>,
}

impl Comparing<'_> {
    pub(super) fn begin(&self) {
        self.meters().for_each(Meter::begin);
    }

    pub(super) fn finish(&self) {
        self.meters().for_each(Meter::finish);
    }

    fn meters(&self) -> impl Iterator<Item = &Meter> {
        let meters = [&self.source_meter, &self.target_meter, &self.tables_meter];
        meters.into_iter().map(Arc::as_ref)
    }

    /// Compares a table. One that a server cannot hash leaves the others their proof.
    pub(super) async fn table(&self, pair: &Pair) -> Result<Compared, Error> {
        let compared = match (&pair.source, &pair.target) {
            (Some(left), Some(right)) => self.on_both(left, right).await,
            (Some(table), None) => self.on_one(table, true).await,
            (None, Some(table)) => self.on_one(table, false).await,
            (None, None) => Err(PostgresError::Cancelled.into()),
        };
        self.tables_meter.add(1, 0);
        compared
    }

    /// A table that the other side lacks.
    async fn on_one(&self, table: &Table, is_source: bool) -> Result<Compared, Error> {
        let TableName { schema, name } = &table.name;
        let mut compared = ComparedTable::new(schema, name);
        let (side, meter) = match is_source {
            true => (self.source, &self.source_meter),
            false => (self.target, &self.target_meter),
        };
        let rows = async { count::rows(&*side.lease().await?, table).await };
        let may_lack = self.compare.one_sided;
        if is_source {
            compared.condition.clone_from(&table.condition);
            compared.source_rows = Some(on_source(rows).await?);
            compared.left_out = may_lack.is_some_and(|lacked| lacked.contains(&table.name));
        } else {
            let rows = on_target(rows).await?;
            compared.target_rows = Some(rows);
            compared.left_out = may_lack.is_some() && rows == 0;
        }
        meter.add(0, table.row_bytes());
        Ok((compared, Vec::new()))
    }

    async fn on_both(&self, left: &Table, right: &Table) -> Result<Compared, Error> {
        let TableName { schema, name } = &left.name;
        let mut compared = ComparedTable::new(schema, name);
        compared.condition.clone_from(&left.condition);
        self.compare
            .progress
            .activity(format!("Comparing {}", left.name));
        let agreed = hash::agree(left, right);
        if !self.compare.select.takes_rows() {
            compared.equal = agreed.is_some();
            return Ok((compared, Vec::new()));
        }
        let content = match &agreed {
            Some(agreed) => self.contents(left, right, agreed, &mut compared).await,
            None => self.counts(left, right, &mut compared).await,
        };
        if let Err(error) = content {
            let why = refused(&error).ok_or(error)?;
            compared.unproved = Some(why);
            return Ok((compared, Vec::new()));
        }
        if let Some(agreed) = agreed.filter(|_| !compared.equal) {
            let agreed = agreed.with_one_nan();
            self.rows(left, right, &agreed, &mut compared).await?;
            // No row differs: then it was the sign of a NaN.
            if compared.differing.take_if(|rows| rows.is_none()).is_some() {
                self.contents(left, right, &agreed, &mut compared).await?;
            }
        }
        let groups = self.groups(left, right).await?;
        Ok((compared, groups))
    }

    /// Hashes both sides.
    async fn contents(
        &self,
        left: &Table,
        right: &Table,
        agreed: &Agreed,
        compared: &mut ComparedTable,
    ) -> Result<(), Error> {
        let (method, from, to) = (self.method, &self.source_meter, &self.target_meter);
        let (here, there) = tokio::try_join!(
            on_source(content::content(
                self.source,
                left,
                &agreed.source,
                method,
                from
            )),
            on_target(content::content(
                self.target,
                right,
                &agreed.target,
                method,
                to
            )),
        )?;
        compared.equal = here == there;
        (compared.source_rows, compared.target_rows) = (Some(here.rows), Some(there.rows));
        compared.source_hash = Some(here.sum.to_string());
        compared.target_hash = Some(there.sum.to_string());
        Ok(())
    }

    /// Tables whose columns are not the same are only counted.
    async fn counts(
        &self,
        left: &Table,
        right: &Table,
        compared: &mut ComparedTable,
    ) -> Result<(), Error> {
        let (here, there) = tokio::try_join!(
            on_source(async { count::rows(&*self.source.lease().await?, left).await }),
            on_target(async { count::rows(&*self.target.lease().await?, right).await })
        )?;
        (compared.source_rows, compared.target_rows) = (Some(here), Some(there));
        self.source_meter.add(here, left.row_bytes());
        self.target_meter.add(there, right.row_bytes());
        Ok(())
    }

    /// Finds the rows in which the table differs. That it differs is known already.
    async fn rows(
        &self,
        left: &Table,
        right: &Table,
        agreed: &Agreed,
        compared: &mut ComparedTable,
    ) -> Result<(), Error> {
        let progress = self.compare.progress;
        progress.activity(format!("Looking for the rows of {} that differ", left.name));
        let key = async { catalogue::row_key(&*self.source.lease().await?, left.oid).await };
        let mut key = on_source(key).await?;
        let is_on_target = |name: &String| right.columns.iter().any(|column| column.name == *name);
        if !key.iter().all(is_on_target) {
            key.clear();
        }
        let unequal = Unequal {
            left,
            right,
            agreed,
            method: self.method,
            key: &key,
            rows: compared.source_rows.max(compared.target_rows).unwrap_or(0),
        };
        let label = format!("differing rows of {}", left.name);
        let bytes = left.row_bytes() + right.row_bytes();
        let meter = progress.meter(&label, 0, bytes);
        meter.begin();
        let found = unequal.rows((self.source, self.target), &meter, None).await;
        meter.finish();
        match found.map_err(Error::from) {
            Ok(rows) => compared.differing = Some(rows),
            Err(error) => {
                let why = refused(&error).ok_or(error)?;
                let text = format!(
                    "{} differs; its rows could not be told apart: {why}",
                    left.name
                );
                progress.note(Tone::Warning, text);
            }
        }
        Ok(())
    }

    async fn groups(&self, left: &Table, right: &Table) -> Result<Vec<ComparedCollection>, Error> {
        let has = |table: &Table, column| table.columns.iter().any(|c| c.name == column);
        let column = self.compare.group_by;
        let Some(column) = column.filter(|column| has(left, *column) && has(right, *column)) else {
            return Ok(Vec::new());
        };
        let (here, there) = tokio::try_join!(
            on_source(async { count::groups(&*self.source.lease().await?, left, column).await }),
            on_target(async { count::groups(&*self.target.lease().await?, right, column).await })
        )?;
        let mut rows: BTreeMap<Option<String>, (u64, u64)> = BTreeMap::new();
        here.into_iter()
            .for_each(|(value, count)| rows.entry(value).or_default().0 = count);
        there
            .into_iter()
            .for_each(|(value, count)| rows.entry(value).or_default().1 = count);
        let compared = |(value, (source_rows, target_rows))| ComparedCollection {
            schema: left.name.schema.clone(),
            table: left.name.name.clone(),
            value,
            source_rows,
            target_rows,
        };
        Ok(rows.into_iter().map(compared).collect())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Source(error) => Self::Postgres(error),
            Refusal::Target(error) => Self::Target(error),
        }
    }
}

/// The classes of SQLSTATEs that speak of a statement and its data alone: the next table's may
/// succeed.
const OF_THE_STATEMENT: [&str; 6] = ["0A", "22", "38", "42", "54", "XX"];

/// Why this one table cannot be compared, where the error is about nothing else; one that has a
/// remedy is told as such instead.
pub(super) fn refused(error: &Error) -> Option<String> {
    let (side, error) = match error {
        Error::Postgres(error) => ("source", error),
        Error::Target(error) => ("target", error),
        Error::Selection(_) => return None,
    };
    let state = error.sqlstate().filter(|_| error.cause().is_none())?;
    let is_of_it = OF_THE_STATEMENT
        .iter()
        .any(|class| state.starts_with(class));
    is_of_it.then(|| format!("{side}: {}", chain(error)))
}
