//! What differs now, table by table, with the keys of the rows that only the target has or has
//! otherwise: for who wants to read those rows themselves.

use super::equality::Equality;
use super::hash::{self, Agreed, Method};
use super::rows::{Unequal, Written};
use super::side::{Leader, Running, Side};
use super::table::{Pair, refused};
use super::{Error, content, on_source, on_target, pairs};
use crate::config::Select;
use crate::postgres::catalogue::{self, Table, TableName};
use crate::postgres::{Connection, ConnectionString, count, large_object, quote};
use crate::progress::{Meter, Progress};
use crate::session::report::{DifferingRows, DivergedTable};
use crate::source::Selected;
use crate::source::postgres::counters;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// How both sides are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looking<'a> {
    /// The source.
    pub(crate) source: &'a ConnectionString,
    /// The target.
    pub(crate) target: &'a ConnectionString,
    /// What of the source was moved.
    pub(crate) select: &'a Select,
    /// Whether the target may hold tables that are not selected.
    pub(crate) beside_others: bool,
    /// Connections to each side at most.
    pub(crate) jobs: usize,
    /// The board.
    pub(crate) progress: &'a Progress,
    /// Stops the work.
    pub(crate) cancel: &'a CancellationToken,
}

/// Both sides, each in one snapshot.
pub(crate) struct Differences {
    source: Side,
    target: Side,
    /// A session of the target's that sees the same, for the rows themselves.
    pub(crate) reader: Connection,
    method: Method,
    pairs: Vec<Pair>,
    progress: Progress,
    meter: Arc<Meter>,
    /// Whether large objects were moved, and then whether the target may have others besides.
    objects: Option<bool>,
}

impl Looking<'_> {
    /// Opens both sides; the source in a snapshot that a session of the caller's has taken, if there
    /// is one.
    pub(crate) async fn open(
        &self,
        source_snapshot: Option<&str>,
        running: &Running,
    ) -> Result<Differences, Error> {
        let stop = (running, self.cancel);
        let (source, target, reader) = tokio::try_join!(
            on_source(Leader::connect(self.source, stop)),
            on_target(Leader::connect(self.target, stop)),
            on_target(Leader::connect(self.target, stop)),
        )?;
        let source = on_source(async {
            match source_snapshot {
                Some(snapshot) => Leader::join(source, snapshot.to_owned()).await,
                None => Leader::begin(source).await,
            }
        });
        let (source, target) = tokio::try_join!(source, on_target(Leader::begin(target)))?;
        let shared = target.snapshot().map(str::to_owned);
        let reader = on_target(async {
            let leader = match shared {
                Some(snapshot) => Leader::join(reader, snapshot).await?,
                None => Leader::begin(reader).await?,
            };
            Ok(leader.session)
        });
        let reader = reader.await?;
        let (here, there) = (&source.session, &target.session);
        let method = hash::trusted(here, there).await;
        let selected = Selected::resolve(self.select, here).await?;
        let pairs = pairs((here, there), &selected, self.beside_others).await?;
        let (source, target) = tokio::try_join!(
            on_source(Side::of(source, self.source, self.jobs, stop)),
            on_target(Side::of(target, self.target, self.jobs, stop))
        )?;
        let bytes = pairs.iter().map(Pair::bytes).sum();
        self.progress
            .begin(format!("Comparing {} tables", pairs.len()));
        let meter = self.progress.meter("both sides", 0, bytes);
        meter.begin();
        Ok(Differences {
            source,
            target,
            reader,
            method,
            pairs,
            progress: self.progress.clone(),
            meter,
            objects: self
                .select
                .takes_large_objects()
                .then_some(self.beside_others),
        })
    }
}

/// A table that is not the same on both sides.
pub(crate) enum Apart<'a> {
    /// Its rows can be told apart.
    Rows(Rows<'a>),
    /// They cannot; this says why.
    Whole(DivergedTable),
}

impl Differences {
    /// The tables that may hold rows that only the target has: those that it has.
    pub(crate) fn tables(&self) -> impl ExactSizeIterator<Item = Option<&Table>> {
        self.pairs.iter().map(|pair| pair.source.as_ref())
    }

    /// The source's counters as they are now, in the form in which a comparison notes them.
    ///
    /// # Errors
    /// The source's.
    pub(crate) async fn source_counters(&self) -> Result<HashMap<TableName, String>, Error> {
        on_source(async { counters(&*self.source.lease().await?).await }).await
    }

    /// The large objects as one table, where they are not the same on both sides and the target has
    /// some.
    ///
    /// # Errors
    /// A side's.
    pub(crate) async fn large_objects(&self) -> Result<Option<DivergedTable>, Error> {
        let Some(beside_others) = self.objects else {
            return Ok(None);
        };
        self.progress.activity("Comparing large objects");
        let source = on_source(self.source.lease()).await?;
        let among = beside_others.then_some(&*source);
        let (here, there) = tokio::try_join!(
            on_source(large_object::digest(&source, None)),
            on_target(large_object::digest(&self.reader, among))
        )?;
        let name = TableName {
            schema: large_object::SCHEMA.to_owned(),
            name: large_object::TABLE.to_owned(),
        };
        let why = "large objects differ, and only a dump saves them";
        Ok((here != there && there.0 > 0).then(|| DivergedTable {
            source_rows: Some(here.0),
            target_rows: Some(there.0),
            apart: Some(why.to_owned()),
            ..DivergedTable::of(&name)
        }))
    }

    /// Looks at the table at this place of [`Differences::tables`]; `None` where it is the same on
    /// both sides, or where the target has nothing of it.
    ///
    /// # Errors
    /// A side's.
    pub(crate) async fn look_at(&self, at: usize) -> Result<Option<Apart<'_>>, Error> {
        let pair = &self.pairs[at];
        match (&pair.source, &pair.target) {
            (Some(left), Some(right)) => self.on_both(left, right).await,
            (None, Some(table)) => self.on_target_alone(table).await,
            (_, None) => Ok(None),
        }
    }

    async fn on_target_alone(&self, table: &Table) -> Result<Option<Apart<'_>>, Error> {
        let rows = async { count::rows(&*self.target.lease().await?, table).await };
        let rows = on_target(rows).await?;
        let apart = DivergedTable {
            target_rows: Some(rows),
            apart: Some("the old database has no such table".to_owned()),
            ..DivergedTable::of(&table.name)
        };
        Ok((rows > 0).then_some(Apart::Whole(apart)))
    }

    async fn on_both<'a>(
        &'a self,
        left: &'a Table,
        right: &'a Table,
    ) -> Result<Option<Apart<'a>>, Error> {
        self.progress.activity(format!("Comparing {}", left.name));
        let Some(agreed) = hash::agree(left, right) else {
            return self.with_other_columns(left, right).await.map(Some);
        };
        match self.equal(left, right, &agreed).await {
            Ok(None) => Ok(None),
            Ok(Some((source_rows, target_rows))) => {
                let key =
                    async { catalogue::row_key(&*self.source.lease().await?, left.oid).await };
                let key = on_source(key).await?;
                let here = async { Equality::read(&*self.source.lease().await?, left).await };
                Ok(Some(Apart::Rows(Rows {
                    all: self,
                    left,
                    right,
                    agreed: agreed.with_one_nan(),
                    key,
                    source_equality: on_source(here).await?,
                    target_equality: on_target(Equality::read(&self.reader, right)).await?,
                    source_rows,
                    target_rows,
                })))
            }
            Err(error) => {
                let why = refused(&error).ok_or(error)?;
                let apart = Some(format!("its rows cannot be told apart: {why}"));
                Ok(Some(Apart::Whole(DivergedTable {
                    apart,
                    ..DivergedTable::of(&left.name)
                })))
            }
        }
    }

    /// The rows of both sides; `None` where they are the same.
    async fn equal(
        &self,
        left: &Table,
        right: &Table,
        agreed: &Agreed,
    ) -> Result<Option<(u64, u64)>, Error> {
        let (method, meter) = (self.method, &self.meter);
        let (here, there) = tokio::try_join!(
            on_source(content::content(
                &self.source,
                left,
                &agreed.source,
                method,
                meter
            )),
            on_target(content::content(
                &self.target,
                right,
                &agreed.target,
                method,
                meter
            )),
        )?;
        Ok((here != there).then_some((here.rows, there.rows)))
    }

    async fn with_other_columns(&self, left: &Table, right: &Table) -> Result<Apart<'_>, Error> {
        let (here, there) = tokio::try_join!(
            on_source(async { count::rows(&*self.source.lease().await?, left).await }),
            on_target(async { count::rows(&*self.target.lease().await?, right).await })
        )?;
        let why = "its columns are not the same on both sides, so its rows cannot be told apart";
        Ok(Apart::Whole(DivergedTable {
            source_rows: Some(here),
            target_rows: Some(there),
            apart: Some(why.to_owned()),
            ..DivergedTable::of(&left.name)
        }))
    }
}

/// A table whose rows can be told apart.
pub(crate) struct Rows<'a> {
    all: &'a Differences,
    /// The source's.
    pub(crate) left: &'a Table,
    /// The target's.
    pub(crate) right: &'a Table,
    agreed: Agreed,
    /// The columns that tell its rows apart; may be none.
    pub(crate) key: Vec<String>,
    /// What `=` is for them in the old database.
    pub(crate) source_equality: Equality,
    target_equality: Equality,
    source_rows: u64,
    target_rows: u64,
}

impl Rows<'_> {
    fn unequal(&self) -> Unequal<'_> {
        Unequal {
            left: self.left,
            right: self.right,
            agreed: &self.agreed,
            method: self.all.method,
            key: &self.key,
            rows: self.source_rows.max(self.target_rows),
        }
    }

    /// Counts the rows that differ; who is there to be told is told of each that only the target has,
    /// or has otherwise.
    ///
    /// # Errors
    /// A side's.
    pub(crate) async fn count(&self, to: Option<Sender<Written>>) -> Result<DivergedTable, Error> {
        let (left, right) = (self.left, self.right);
        let progress = &self.all.progress;
        progress.activity(format!("Looking for the rows of {} that differ", left.name));
        let label = format!("differing rows of {}", left.name);
        let meter = progress.meter(&label, 0, left.row_bytes() + right.row_bytes());
        meter.begin();
        let sides = (&self.all.source, &self.all.target);
        let rows: DifferingRows = self.unequal().rows(sides, &meter, to).await?;
        meter.finish();
        Ok(DivergedTable {
            source_rows: Some(self.source_rows),
            target_rows: Some(self.target_rows),
            rows: Some(rows),
            ..DivergedTable::of(&left.name)
        })
    }

    /// A query for the values of the target's rows with these keys, in the order of
    /// [`Table::copied_columns`] of `left`.
    pub(crate) fn values_sql(&self, keys: &[Vec<String>]) -> String {
        let names = self
            .left
            .copied_columns()
            .map(|column| column.name.as_str());
        let columns = quote::identifiers(names);
        let unequal = self.unequal();
        unequal.again_sql(&columns, keys, &self.target_equality)
    }
}

impl DivergedTable {
    /// Nothing is known of it yet.
    fn of(name: &TableName) -> Self {
        Self {
            schema: name.schema.clone(),
            table: name.name.clone(),
            source_rows: None,
            target_rows: None,
            rows: None,
            apart: None,
            source_written: None,
        }
    }
}
