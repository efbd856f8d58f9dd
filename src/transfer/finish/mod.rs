//! What follows the rows: indexes and keys, sequences, materialized views, foreign keys, triggers
//! and policies, statistics. In this order, because each is cheaper, or only possible, after the
//! one before. What is built stands in the ledger and is not built again.

mod foreign_key;
mod index;

use super::Error;
use super::retry::Attempts;
use crate::failure::chain;
use crate::postgres::catalogue::{self, Sequence, TableName};
use crate::postgres::script::{Class, Entry};
use crate::postgres::{Connection, ConnectionString, quote};
use crate::progress::{Progress, Tone};
use crate::session::report::{KindCount, LeftOut};
use crate::target::{self, Ledger, Statement, build_together};
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio_util::sync::CancellationToken;

/// Tables analyzed by one statement.
const ANALYZE_BATCH: usize = 50;

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
    /// The source's sequences with their values.
    pub sequences: &'a [Sequence],
    /// Materialized views that hold no rows on the source.
    pub empty_views: &'a [TableName],
    /// The loaded tables with their rows.
    pub tables: &'a HashMap<TableName, u64>,
    /// The board.
    pub progress: &'a Progress,
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
    /// Makes all of it. What fails because a connection was lost is tried again; what is built by
    /// then is not built again.
    pub async fn all(&self) -> Result<Finished, Error> {
        let mut attempts = Attempts::new("what follows the rows", self.progress);
        loop {
            match self.attempt().await {
                Ok(finished) => return Ok(finished),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn attempt(&self) -> Result<Finished, Error> {
        let mut connection = target::open(self.target, self.cancel).await?;
        self.progress.begin("Looking at what is built already");
        let ledger = Ledger::new(&connection, self.run);
        let built = connection
            .until_cancelled(self.cancel, ledger.built())
            .await??;
        let mut finished = Finished::default();
        let entries = self.wanted(&mut finished.left_out);
        let missing = |of: &dyn Fn(Class) -> bool| -> Vec<&Entry> {
            let missing = entries.iter().copied();
            missing
                .filter(|entry| of(entry.class()) && !built.contains(&definition(entry)))
                .collect()
        };
        let doing = "Creating views that need keys";
        index::build(self, missing(&|class| KEYS.contains(&class))).await?;
        let views = missing(&|class| VIEWS.contains(&class));
        self.batch(doing, &mut connection, &views).await?;
        index::build(self, missing(&|class| class == Class::Index)).await?;
        let doing = "Attaching indexes, adding checks and statistics";
        self.batch(doing, &mut connection, &missing(&is_in_between))
            .await?;
        self.revive(&mut connection).await?;
        self.set_sequences(&connection, &built, &mut finished)
            .await?;
        self.refresh_views(&connection).await?;
        let keys = missing(&|class| class == Class::ForeignKey);
        let refused = foreign_key::add(self, &mut connection, &keys).await?;
        let keys_refused = !refused.is_empty();
        finished.left_out.extend(refused);
        let unchecked = foreign_key::unchecked(&connection, &entries).await?;
        finished.left_out.extend(unchecked);
        let doing = "Creating triggers, policies and comments";
        let mut last = missing(&|class| LAST.contains(&class));
        if keys_refused {
            let (of_constraints, others) = last.into_iter().partition(is_of_constraint);
            last = others;
            let orphans = self.try_each(&mut connection, of_constraints, &[UNDEFINED]);
            finished.left_out.extend(orphans.await?);
        }
        self.batch(doing, &mut connection, &last).await?;
        self.analyze(&connection).await?;
        let triggers = missing(&|class| class == Class::EventTrigger);
        let refused = self.try_each(&mut connection, triggers, &[NOT_ALLOWED, UNDEFINED]);
        finished.left_out.extend(refused.await?);
        Ledger::new(&connection, self.run).finish().await?;
        finished.built.extend(count_kinds(&entries));
        Ok(finished)
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

    /// Makes small definitions in one batch, noted in the ledger in the same transaction.
    async fn batch(
        &self,
        doing: &str,
        connection: &mut Connection,
        entries: &[&Entry],
    ) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        self.progress.begin(format!("{doing} ({})", entries.len()));
        let statements: Vec<Statement> =
            entries.iter().map(|entry| noted(self.run, entry)).collect();
        let mut attempts = Attempts::new(doing, self.progress);
        while let Err(error) = self.build_together(connection, doing, &statements).await {
            attempts.again(error).await?;
        }
        Ok(())
    }

    /// Makes definitions one by one; gives those that the target refuses with one of these
    /// SQLSTATEs.
    async fn try_each(
        &self,
        connection: &mut Connection,
        entries: Vec<&Entry>,
        refusals: &[&str],
    ) -> Result<Vec<LeftOut>, Error> {
        let mut refused = Vec::new();
        for entry in entries {
            let what = describe(entry);
            match self.batch(&what, connection, &[entry]).await {
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

    async fn build_together(
        &self,
        connection: &mut Connection,
        doing: &str,
        statements: &[Statement],
    ) -> Result<(), Error> {
        self.revive(connection).await?;
        let work = build_together(connection, doing, statements);
        built(connection.until_cancelled(self.cancel, work).await?)
    }

    /// Opens a connection again that was ended while it idled behind long builds.
    async fn revive(&self, connection: &mut Connection) -> Result<(), Error> {
        if connection.is_closed() {
            *connection = target::open(self.target, self.cancel).await?;
        }
        Ok(())
    }

    /// Sets every sequence once: a repeated transfer must not set back what an application on
    /// the target has used since.
    async fn set_sequences(
        &self,
        connection: &Connection,
        built: &HashSet<String>,
        finished: &mut Finished,
    ) -> Result<(), Error> {
        const MARK: &str = "sequence values";
        let there = catalogue::sequences(connection).await?;
        let there: HashSet<&TableName> = there.iter().map(|sequence| &sequence.name).collect();
        let (set, missing): (Vec<_>, Vec<_>) = self
            .sequences
            .iter()
            .partition(|sequence| there.contains(&sequence.name));
        for sequence in missing {
            let what = format!("value of the sequence {}", sequence.name);
            let why = "the target has no such sequence".to_owned();
            finished.left_out.push(LeftOut { what, why });
        }
        if !set.is_empty() {
            let kind = MARK.to_owned();
            finished.built.push(KindCount {
                kind,
                count: set.len() as u64,
            });
        }
        if set.is_empty() || built.contains(MARK) {
            return Ok(());
        }
        self.progress
            .begin(format!("Setting {} sequences", set.len()));
        let values = set
            .iter()
            .map(|sequence| set_value(sequence))
            .collect::<String>();
        let sql = format!(
            "BEGIN; {values} {} COMMIT",
            Ledger::mark_built(self.run, MARK)
        );
        Ok(connection.batch("setting the sequences", &sql).await?)
    }

    /// Refreshes the materialized views that hold rows on the source. One that reads another
    /// waits until that one is filled.
    async fn refresh_views(&self, connection: &Connection) -> Result<(), Error> {
        loop {
            let mut views = catalogue::materialized_views(connection, false).await?;
            views.retain(|view| !self.empty_views.contains(view));
            if views.is_empty() {
                return Ok(());
            }
            self.progress
                .begin(format!("Refreshing {} materialized views", views.len()));
            let mut refusal = None;
            let mut refreshed = 0;
            for view in &views {
                let sql = format!("REFRESH MATERIALIZED VIEW {}", view.sql());
                let doing = format!("refreshing {view}");
                let work = connection.batch(&doing, &sql);
                match connection.until_cancelled(self.cancel, work).await? {
                    Ok(()) => refreshed += 1,
                    Err(error) => refusal = Some(error),
                }
            }
            if let (0, Some(refusal)) = (refreshed, refusal) {
                return Err(refusal.into());
            }
        }
    }

    async fn analyze(&self, connection: &Connection) -> Result<(), Error> {
        let mut names: Vec<&TableName> = self.tables.keys().collect();
        names.sort();
        self.progress.begin("Gathering statistics (ANALYZE)");
        let meter = self.progress.tables("tables analyzed", names.len() as u64);
        meter.begin();
        for batch in names.chunks(ANALYZE_BATCH) {
            let list: Vec<String> = batch.iter().map(|name| name.sql()).collect();
            let sql = format!("ANALYZE {}", list.join(", "));
            let work = connection.batch("gathering statistics", &sql);
            connection.until_cancelled(self.cancel, work).await??;
            meter.add(batch.len() as u64, 0);
        }
        meter.finish();
        for notice in connection.take_notices() {
            self.progress
                .note(Tone::Warning, format!("the target says: {notice}"));
        }
        Ok(())
    }
}

/// A definition that an earlier attempt has built is built.
fn built(result: Result<(), target::Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.is_built_already() => Ok(()),
        result => Ok(result?),
    }
}

/// What builds an index as a constraint. First of all: views may need a primary key, and adding
/// one locks its table, so that it would wait for a long index there.
const KEYS: [Class; 2] = [Class::PrimaryOrUnique, Class::Exclusion];

/// Views that pg_dump puts after the rows because they need a primary key.
const VIEWS: [Class; 2] = [Class::View, Class::MaterializedView];

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

/// SQLSTATE `undefined_object`: a comment on what was refused.
const UNDEFINED: &str = "42704";

/// What has no place of its own in the order.
fn is_in_between(class: Class) -> bool {
    const SINGLE: [Class; 3] = [Class::Index, Class::ForeignKey, Class::EventTrigger];
    let placed = [&KEYS[..], &VIEWS, &SINGLE, &LAST];
    !placed.iter().any(|classes| classes.contains(&class))
}

/// A comment on a constraint: nothing to comment on when the target took no such key.
fn is_of_constraint(entry: &&Entry) -> bool {
    entry.class() == Class::Comment && entry.name.starts_with("CONSTRAINT ")
}

/// Whether the target refused a definition with this SQLSTATE.
fn has_state(error: &Error, state: &str) -> bool {
    match error {
        Error::Target(
            target::Error::Definition { source, .. } | target::Error::Postgres(source),
        ) => source.sqlstate() == Some(state),
        _ => false,
    }
}

fn set_value(sequence: &Sequence) -> String {
    let name = quote::literal(&sequence.name.sql());
    format!(
        "SELECT setval({name}::regclass, {}, {});",
        sequence.last_value, sequence.is_called
    )
}

/// The name of an entry in the ledger: unique in a dump.
fn definition(entry: &Entry) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let (schema, table) = (part(&entry.schema), part(&entry.table));
    format!("{} {schema} {table} {}", entry.kind, entry.name)
}

/// An entry's SQL with its note in the ledger.
fn noted(run: &str, entry: &Entry) -> Statement {
    let sql = format!(
        "{}\n{}",
        Ledger::mark_built(run, &definition(entry)),
        entry.sql
    );
    Statement {
        what: describe(entry),
        sql,
    }
}

/// An entry for people: "index songs_title_idx".
pub fn describe(entry: &Entry) -> String {
    format!("{} {}", entry.kind.to_lowercase(), entry.name)
}

/// How many entries there are of each kind.
pub fn count_kinds(entries: &[&Entry]) -> Vec<KindCount> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.kind.to_lowercase()).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(kind, count)| KindCount { kind, count })
        .collect()
}
