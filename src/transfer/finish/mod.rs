//! What follows the rows: indexes and keys, sequences, materialized views, foreign keys, triggers
//! and policies, statistics. In this order, because each is cheaper, or only possible, after the
//! one before. Indexes of a large table are built while other tables' rows still move. What is built
//! stands in the ledger and is not built again.

mod build;
mod building;
mod definition;
mod foreign_key;
mod queue;
mod sequences;
mod stages;
mod statistics;
mod vector;
mod views;
mod watch;

pub use definition::{count_kinds, describe};

use super::retry::Attempts;
use super::throttle::AtWork;
use super::{Arrival, Error, Throttle};
use crate::failure::chain;
use crate::postgres::catalogue::{Key, Sequence, TableName};
use crate::postgres::script::{Class, Entry};
use crate::postgres::{ConnectionString, Error as PostgresError};
use crate::progress::{Progress, Tone};
use crate::session::report::{KindCount, LeftOut};
use crate::target::{self, Control, Ledger, Statement, build_together};
use building::{build_on_arrival, planned};
use definition::{Standing, apart, last_mark, noted, standing, using_index, what_stands};
use queue::{Queue, large_tables};
use stages::{Stage, Stages};
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Definitions made in one transaction: each holds locks until its end.
const BATCH: usize = 500;

/// How much a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Rows, as they were counted.
    pub rows: u64,
    /// Bytes of heap and TOAST on the source.
    pub bytes: u64,
}

/// What to finish, and with what.
#[derive(Debug)]
pub struct Finish<'a> {
    /// Where.
    pub target: &'a ConnectionString,
    /// The run in the ledger.
    pub run: &'a str,
    /// Indexes built at a time.
    pub workers: usize,
    /// The definitions to make after the rows, in pg_dump's order.
    pub entries: &'a [Entry],
    /// The source's keys, with the definitions of their indexes.
    pub keys: &'a [Key],
    /// The source's sequences with their values.
    pub sequences: &'a [Sequence],
    /// Materialized views that hold no rows on the source.
    pub empty_views: &'a [TableName],
    /// The loaded tables.
    pub tables: &'a HashMap<TableName, Extent>,
    /// The board.
    pub progress: &'a Progress,
    /// Says when to pause, and when there are to be fewer builds.
    pub throttle: &'a Throttle,
    /// Stops the work.
    pub cancel: &'a CancellationToken,
}

/// What was made.
#[derive(Debug, Default)]
pub struct Finished {
    /// How many of each kind stand now.
    pub built: Vec<KindCount>,
    /// What was left out, and why.
    pub left_out: Vec<LeftOut>,
}

impl Finish<'_> {
    /// Makes all of it: indexes while rows arrive, everything else when all have. What fails
    /// because a connection was lost is tried again; what is built by then is not built again.
    pub async fn all(&self, mut arrivals: mpsc::Receiver<Arrival>) -> Result<Finished, Error> {
        let mut control = Control::open(self.target, self.cancel).await?;
        planned(self, &mut arrivals).await?;
        let built = self.built(&mut control).await?;
        let mut left_out = Vec::new();
        let entries = self.wanted(&mut left_out);
        let large = large_tables(self, &entries);
        let queue = Queue::new(self, &entries, &built, &large);
        let stages = Stages::new(self, &entries, &built);
        build_on_arrival(self, queue, &mut arrivals).await?;
        let mut attempts = Attempts::new("what follows the rows", self.progress, self.cancel);
        loop {
            match self.rest(&mut control, &entries, &stages).await {
                Ok(mut finished) => {
                    finished.left_out.extend(left_out);
                    return Ok(finished);
                }
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn built(&self, control: &mut Control) -> Result<HashSet<String>, Error> {
        let connection = control.connection().await?;
        let ledger = Ledger::new(connection, self.run);
        Ok(connection
            .until_cancelled(self.cancel, ledger.built())
            .await??)
    }

    /// What is left when the tables' indexes stand.
    async fn rest(
        &self,
        control: &mut Control,
        entries: &[&Entry],
        stages: &Stages,
    ) -> Result<Finished, Error> {
        let mut finished = Finished::default();
        let connection = control.connection().await?;
        let ledger = Ledger::new(connection, self.run);
        let reading = async { tokio::try_join!(ledger.built(), self.unfilled_views(connection)) };
        let (built, unfilled) = connection.until_cancelled(self.cancel, reading).await??;
        let missing = |of: &dyn Fn(Class) -> bool| -> Vec<Made<'_>> {
            let of_class = entries.iter().filter(|entry| of(entry.class()));
            of_class
                .filter_map(|entry| self.made(entry, &built))
                .collect()
        };
        let first = missing(&is_first);
        stages.constraints.leaves(first.len());
        self.batch(&stages.constraints, control, &first).await?;
        stages.constraints.end();
        self.analyze(control, &built).await?;
        stages.sequences.begin();
        self.set_sequences(control, &built, &mut finished).await?;
        stages.sequences.end();
        let connection = control.connection().await?;
        let unfilled = match first.is_empty() {
            true => unfilled,
            false => self.unfilled_views(connection).await?,
        };
        let (empty, told) = self.refresh_views(connection, unfilled).await?;
        finished.left_out.extend(told);
        let keys = missing(&|class| class == Class::ForeignKey);
        let refused = foreign_key::add(self, &stages.foreign_keys, control, &keys).await?;
        stages.foreign_keys.end();
        let keys_refused = !refused.is_empty();
        finished.left_out.extend(refused);
        let begun = self.begins().await?;
        let connection = control.connection().await?;
        let (unchecked, ()) = tokio::try_join!(
            foreign_key::unchecked(connection, entries),
            self.analyze_partitioned(connection)
        )?;
        drop(begun);
        finished.left_out.extend(unchecked);
        let last = missing(&|class| LAST.contains(&class));
        let refused = self.make_last(&stages.last, control, last, keys_refused);
        finished.left_out.extend(refused.await?);
        let triggers = missing(&|class| class == Class::EventTrigger);
        let refused = self.try_each(&stages.last, control, &triggers, &[NOT_ALLOWED, UNDEFINED]);
        finished.left_out.extend(refused.await?);
        let ledger = Ledger::new(control.connection().await?, self.run);
        let built = ledger.marks().await?;
        let kinds = count_kinds(&what_stands(entries, &built, &empty));
        finished.built.extend(kinds);
        stages.last.end();
        Ok(finished)
    }

    /// Triggers, policies, comments and the rest; gives what the target refuses.
    async fn make_last(
        &self,
        stage: &Stage,
        control: &mut Control,
        last: Vec<Made<'_>>,
        keys_refused: bool,
    ) -> Result<Vec<LeftOut>, Error> {
        let (of_constraints, others): (Vec<_>, Vec<_>) = last
            .into_iter()
            .partition(|made| keys_refused && is_of_constraint(made));
        let tried = self.try_each(stage, control, &of_constraints, &[UNDEFINED]);
        let mut refused = tried.await?;
        match self.batch(stage, control, &others).await {
            // A policy for a role that the target does not have: without it fewer rows are seen.
            Err(error) if has_state(&error, UNDEFINED) => {
                let tried = self.try_each(stage, control, &others, &[UNDEFINED]);
                refused.extend(tried.await?);
            }
            done => done?,
        }
        Ok(refused)
    }

    /// What is still to be made of an entry after the large tables' indexes; `None` when nothing.
    fn made<'e>(&self, entry: &'e Entry, built: &HashSet<String>) -> Option<Made<'e>> {
        let on_index = match (standing(entry, built), entry.class()) {
            (Standing::All, _) => return None,
            (Standing::Index, Class::Index) => Some(apart(entry).1),
            (Standing::Index, Class::PrimaryOrUnique) => {
                self.key(entry).map(|key| using_index(entry, key))
            }
            _ => None,
        };
        let sql = on_index.unwrap_or_else(|| entry.sql.clone());
        let mark = last_mark(entry);
        (!sql.is_empty()).then_some(Made { entry, mark, sql })
    }

    /// The source's key of an entry.
    fn key(&self, entry: &Entry) -> Option<&Key> {
        self.keys.iter().find(|key| {
            key.name == entry.name
                && Some(&key.table.schema) == entry.schema.as_ref()
                && Some(&key.table.name) == entry.table.as_ref()
        })
    }

    /// The entries that the target can take; the others are reported.
    fn wanted(&self, left_out: &mut Vec<LeftOut>) -> Vec<&Entry> {
        let mut wanted = Vec::new();
        for entry in self.entries {
            match entry.left_out() {
                None => wanted.push(entry),
                Some(why) => {
                    left_out.push(LeftOut {
                        what: describe(entry),
                        why: why.to_owned(),
                    });
                }
            }
        }
        wanted
    }

    /// Makes small definitions in batches, noted in the ledger in the same transactions.
    async fn batch(
        &self,
        stage: &Stage,
        control: &mut Control,
        made: &[Made<'_>],
    ) -> Result<(), Error> {
        stage.begin();
        for made in made.chunks(BATCH) {
            self.make(stage.doing, control, made).await?;
            stage.made(made.len());
        }
        Ok(())
    }

    /// Makes these definitions in one transaction, with patience.
    async fn make(
        &self,
        doing: &str,
        control: &mut Control,
        made: &[Made<'_>],
    ) -> Result<(), Error> {
        let statements: Vec<Statement> = made.iter().map(|made| made.statement(self.run)).collect();
        let mut attempts = Attempts::new(doing, self.progress, self.cancel);
        while let Err(error) = self.build_together(control, doing, &statements).await {
            attempts.again(error).await?;
        }
        Ok(())
    }

    /// Makes definitions one by one; gives those that the target refuses with one of these
    /// SQLSTATEs.
    async fn try_each(
        &self,
        stage: &Stage,
        control: &mut Control,
        definitions: &[Made<'_>],
        refusals: &[&str],
    ) -> Result<Vec<LeftOut>, Error> {
        let mut refused = Vec::new();
        stage.begin();
        for made in definitions {
            let what = describe(made.entry);
            match self.make(&what, control, std::slice::from_ref(made)).await {
                Err(error) if refusals.iter().any(|state| has_state(&error, state)) => {
                    let why = chain(&error);
                    self.progress
                        .note(Tone::Warning, format!("{what} is left out: {why}"));
                    refused.push(LeftOut { what, why });
                }
                done => done?,
            }
        }
        Ok(refused)
    }

    /// Waits until something new may begin; what is begun then is counted as long as this lives.
    async fn begins(&self) -> Result<AtWork<'_>, Error> {
        let go = self.cancel.run_until_cancelled(self.throttle.go()).await;
        go.ok_or(Error::Stopped)?;
        Ok(self.throttle.builds())
    }

    async fn build_together(
        &self,
        control: &mut Control,
        doing: &str,
        statements: &[Statement],
    ) -> Result<(), Error> {
        let _builds = self.begins().await?;
        let connection = control.connection().await?;
        let work = build_together(connection, doing, statements);
        built(connection.until_cancelled(self.cancel, work).await?)
    }
}

/// A definition that an earlier attempt has built is built.
fn built(result: Result<(), target::Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.is_built_already() => Ok(()),
        result => Ok(result?),
    }
}

/// What an entry still has to make.
struct Made<'e> {
    entry: &'e Entry,
    mark: String,
    sql: String,
}

impl Made<'_> {
    fn statement(&self, run: &str) -> Statement {
        noted(run, describe(self.entry), &self.mark, &self.sql)
    }
}

/// What would cost time, or act on rows, if it were there before them; and comments, which may be
/// on any of these.
const LAST: [Class; 5] = [
    Class::Rule,
    Class::Trigger,
    Class::Policy,
    Class::RowSecurity,
    Class::Comment,
];

/// SQLSTATE `insufficient_privilege`: a target may allow event triggers to superusers only.
const NOT_ALLOWED: &str = "42501";

/// SQLSTATE `undefined_object`: a comment on what was refused, a role that is not there.
const UNDEFINED: &str = "42704";

/// Keys, indexes, what is attached to them and views that need them: in pg_dump's order each finds
/// what it depends on.
fn is_first(class: Class) -> bool {
    const LATER: [Class; 2] = [Class::ForeignKey, Class::EventTrigger];
    !LATER.contains(&class) && !LAST.contains(&class)
}

/// A comment on a constraint: nothing to comment on when the target took no such key.
fn is_of_constraint(made: &Made<'_>) -> bool {
    made.entry.class() == Class::Comment && made.entry.name.starts_with("CONSTRAINT ")
}

/// Whether the target refused a definition with this SQLSTATE.
fn has_state(error: &Error, state: &str) -> bool {
    error.refusal().and_then(PostgresError::sqlstate) == Some(state)
}
