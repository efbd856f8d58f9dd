//! The target's extensions, types, tables and functions, created in one transaction together with
//! the ledger: after it the target has all of them, or none. What the target holds already is
//! treated as the policy says, in the same transaction.

mod deferral;
mod folder;
pub(super) mod from_source;
pub(super) mod overwrite;

pub(super) use from_source::plan;

use super::definitions::{self, Definitions};
use super::fitting::fitting;
use super::{Error, Work, identity, left_behind};
use crate::config::{Onto, SchemaFrom};
use crate::figures::counted;
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::tools::Section;
use crate::postgres::{Connection, ConnectionString, Retrying};
use crate::session::report::{Schema, Stake};
use crate::source::Selected;
use crate::target::{Error as TargetError, LargeObjects, Ledger, Statement, build_together};
use crate::wizard::{Planned, Preview, Side};
use deferral::Scope;
use std::collections::HashSet;

/// The work on one target.
struct Making<'a> {
    work: Work<'a>,
    source: Connection,
    target: Connection,
    selected: Selected,
    /// What the target holds before.
    there: Vec<TableName>,
    /// The source's own definitions, when they are to be made.
    definitions: Option<Definitions>,
    /// Whether an earlier run has made it: killed between the commit and the saving, only its report
    /// is lost.
    is_made: bool,
}

pub(super) async fn run(work: Work<'_>) -> Result<Schema, Error> {
    let (to, making) = Making::read(work, work.reach_target(), None).await?;
    let mut way = making.make_way().await?;
    if !making.is_made && work.session.target_policy() == Onto::Overwrite {
        making.consented(&way.stake).await?;
    }
    let (statements, mut report) = making.plan(&way).await?;
    report.overwritten = match making.is_made {
        true => {
            Ledger::new(&making.target, &work.session.id)
                .overwritten()
                .await?
        }
        false => {
            let overwritten = way.overwritten.clone();
            making.create(way.statements(work, statements)).await?;
            overwritten
        }
    };
    // SQL files of one's own may have left any setting behind, or another role.
    if making.definitions.is_some() {
        work.context.kept.leave(to, making.target);
    }
    Ok(report)
}

/// Nobody waits longer for a look, and a server whose asker has looked away works no longer for it.
const A_LOOK: &str = "SET statement_timeout = '60s'";
const LIMITING: &str = "limiting the time of statements";

/// What [`run`] would do now. Changes nothing: consent is not needed for it.
pub(super) async fn preview(work: Work<'_>) -> Result<Preview, Error> {
    let reaching = async {
        let string = work.known(Side::Target).await?;
        let target = Connection::open(&string, &Retrying::default(), work.cancel).await?;
        target.pin_for_reading().await?;
        target.batch(LIMITING, A_LOOK).await?;
        Ok((string, target))
    };
    let (_, making) = Making::read(work, reaching, Some(A_LOOK)).await?;
    let mut way = making.make_way().await?;
    let (statements, report) = making.plan(&way).await?;
    let overwritten = std::mem::take(&mut way.overwritten);
    let statements = match making.is_made {
        true => Vec::new(),
        false => way.statements(work, statements),
    };
    let planned = |Statement { what, sql }| Planned { what, sql };
    Ok(Preview {
        statements: statements.into_iter().map(planned).collect(),
        created: report.created,
        left_out: report.left_out,
        overwritten,
    })
}

/// The source's own definitions, when they are wanted: read while the target is reached.
async fn own_definitions(
    work: Work<'_>,
    string: &ConnectionString,
    source: &Connection,
    selected: &Selected,
) -> Result<Option<Definitions>, Error> {
    let from_source = matches!(work.context.config.schema.from, SchemaFrom::Source);
    if !from_source || !work.session.select.takes_definitions() {
        return Ok(None);
    }
    work.progress
        .begin("pg_dump reads the source's definitions");
    let version = source.server_version().await?;
    let half = (Section::PreData, None);
    let read = definitions::read(work, string, version, selected, half);
    Ok(Some(read.await?))
}

/// What has to go before anything is made.
#[derive(Default)]
struct Way {
    /// Statements that drop it.
    dropping: Vec<Statement>,
    /// It in words.
    overwritten: Vec<String>,
    /// Large objects: they go in the transfer, some at a time.
    objects: u64,
    /// All of it, as a consent is held against it.
    stake: Stake,
}

impl Way {
    /// Everything in its order: the way is cleared, noted in the ledger, and then `making`.
    fn statements(&mut self, work: Work<'_>, making: Vec<Statement>) -> Vec<Statement> {
        let run = &work.session.id;
        let mut all = std::mem::take(&mut self.dropping);
        all.push(Statement {
            what: "the ledger".to_owned(),
            sql: Ledger::creation(run, &work.session.select.fingerprint()),
        });
        all.extend(self.notes(run));
        all.extend(making);
        all
    }

    /// Statements that note it in the ledger.
    fn notes(&self, run: &str) -> Vec<Statement> {
        let mut notes = Vec::new();
        if self.objects > 0 {
            notes.push(Statement {
                what: "the removal of the large objects that are overwritten".to_owned(),
                sql: LargeObjects::noting_in_the_way(run),
            });
        }
        if !self.overwritten.is_empty() {
            notes.push(Statement {
                what: "the note of what is overwritten".to_owned(),
                sql: Ledger::noting_overwritten(run, &self.overwritten),
            });
        }
        notes
    }
}

impl<'a> Making<'a> {
    /// What both sides hold. `reaching` opens the target.
    async fn read(
        work: Work<'a>,
        reaching: impl Future<Output = Result<(ConnectionString, Connection), Error>>,
        limit: Option<&str>,
    ) -> Result<(ConnectionString, Self), Error> {
        let target = async {
            let (to, target) = reaching.await?;
            let (runs, there) = tokio::try_join!(Ledger::runs_beside(&target), async {
                Ok(catalogue::everything(&target).await?)
            })?;
            let is_made = runs.contains(&work.session.id);
            if is_made {
                work.same_selection(&target).await?;
            }
            Ok((to, target, there, is_made))
        };
        let source = async {
            let string = work.known(Side::Source).await?;
            let source = Connection::open(&string, &Retrying::default(), work.cancel).await?;
            source.pin_for_reading().await?;
            if let Some(limit) = limit {
                source.batch(LIMITING, limit).await?;
            }
            source.begin_reading().await?;
            let selected = Selected::resolve(&work.session.select, &source).await?;
            let definitions = own_definitions(work, &string, &source, &selected).await?;
            Ok::<_, Error>((source, selected, definitions))
        };
        let ((to, target, there, is_made), (source, selected, definitions)) =
            tokio::try_join!(target, source)?;
        let making = Self {
            work,
            source,
            target,
            selected,
            there,
            definitions,
            is_made,
        };
        Ok((to, making))
    }

    /// What is made once the way is free, and the report of it.
    async fn plan(&self, way: &Way) -> Result<(Vec<Statement>, Schema), Error> {
        let work = self.work;
        match (&self.definitions, &work.context.config.schema.from) {
            (Some(definitions), _) => self.as_source(definitions).await,
            (None, SchemaFrom::Folder(folder)) if work.session.select.takes_definitions() => {
                let keeps = way.dropping.is_empty();
                let there = self.there.iter().filter(|_| keeps).cloned();
                folder::read(folder, &work.session.id, there.collect())
            }
            _ => self.around_rows().await,
        }
    }

    /// What has to be dropped first. Refuses what the policy does not allow.
    async fn make_way(&self) -> Result<Way, Error> {
        if self.is_made {
            return Ok(Way::default());
        }
        match self.work.session.target_policy() {
            Onto::Empty => self.refuse_anything().map(|()| Way::default()),
            Onto::Existing => Ok(Way::default()),
            Onto::Overwrite => {
                let loss =
                    overwrite::Loss::find(&self.target, &self.selected, &self.work.session.id);
                let loss = loss.await?;
                let lost = loss.lost();
                let mut overwritten: Vec<String> = lost.iter().map(ToString::to_string).collect();
                if loss.objects > 0 {
                    overwritten.push(counted(loss.objects, "large object"));
                }
                Ok(Way {
                    stake: loss.stake(),
                    dropping: loss.dropping,
                    overwritten,
                    objects: loss.objects,
                })
            }
        }
    }

    fn refuse_anything(&self) -> Result<(), Error> {
        match self.there.as_slice() {
            [] => Ok(()),
            [only] => Err(Error::TargetNotEmpty(format!("it holds {only}"))),
            [first, more @ ..] => Err(Error::TargetNotEmpty(format!(
                "it holds {first} and {} more",
                more.len()
            ))),
        }
    }

    /// Consent is for one database, whatever name or port it is reached by, for one time, and for
    /// what was listed then.
    async fn consented(&self, stake: &Stake) -> Result<(), Error> {
        let here = identity(&self.target).await?;
        let consent = self.work.session.consent.as_ref();
        let valid = consent
            .filter(|consent| !consent.spent && consent.identity.as_ref() == Some(&here))
            .and_then(|consent| consent.covers.as_ref());
        let database = here.database;
        match valid.map(|listed| stake.beyond(listed)) {
            None => Err(Error::NoConsent(database)),
            Some(None) => Ok(()),
            Some(Some(more)) => Err(Error::MoreAtStake { database, more }),
        }
    }

    async fn create(&self, statements: Vec<Statement>) -> Result<(), Error> {
        let doing = format!("Creating {} definitions on the target", statements.len());
        self.work.progress.begin(doing);
        let doing = "creating the schema on the target";
        let creating = build_together(&self.target, doing, &statements);
        let created = self.target.until_cancelled(self.work.cancel, creating);
        created.await?.map_err(|refusal| self.explained(refusal))?;
        for notice in self.target.take_notices() {
            tracing::info!("notice from the target: {notice}");
        }
        Ok(())
    }

    fn explained(&self, refusal: TargetError) -> Error {
        let consent = self.work.session.consent.as_ref();
        if let Some(consent) = consent
            && let Some(more) = deferral::raised(&refusal, overwrite::CAME_LATER)
        {
            let database = consent.database.clone();
            return Error::MoreAtStake { database, more };
        }
        match deferral::seeded(&refusal) {
            Some(tables) if self.work.session.select.takes_definitions() => Error::SeedRows {
                tables,
                source: refusal,
            },
            Some(tables) => Error::TargetHasRows {
                tables,
                source: refusal,
            },
            None => overwrite::explained(refusal),
        }
    }

    /// Rows alone: the tables must fit, and be empty; their foreign keys and triggers are put off.
    async fn around_rows(&self) -> Result<(Vec<Statement>, Schema), Error> {
        let tables = self.selected.apply(&catalogue::tables(&self.source).await?);
        let found = fitting(tables, catalogue::tables(&self.target).await?);
        let missing = found.missing.iter().map(|table| format!("table {table}"));
        let lacking: Vec<String> = missing.chain(found.lacking).collect();
        if !lacking.is_empty() {
            return Err(Error::NowhereToPut(lacking.join(", ")));
        }
        if !found.more.is_empty() {
            return Err(Error::TargetHasMore(found.more.join(", ")));
        }
        let emptying = match self.work.session.target_policy() {
            Onto::Overwrite => overwrite::emptying(&self.target, &self.selected).await?,
            Onto::Empty | Onto::Existing => None,
        };
        let scope = Scope::Only(self.selected.names());
        let report = Schema {
            from: "the target's own".to_owned(),
            ..Schema::default()
        };
        let statements = deferral::statements(&self.work.session.id, &scope, emptying);
        Ok((statements, report))
    }

    /// The source's own definitions.
    async fn as_source(
        &self,
        definitions: &Definitions,
    ) -> Result<(Vec<Statement>, Schema), Error> {
        let (source, selected) = (&self.source, &self.selected);
        let plan = plan(self.work, definitions, source, &self.target).await?;
        if !plan.missing.is_empty() {
            return Err(Error::missing_extensions(&plan.missing));
        }
        if let Some(elsewhere) = plan.elsewhere.into_iter().next() {
            return Err(elsewhere.into());
        }
        self.refuse_in_the_way(&plan.relations)?;
        let mut left_out = plan.left_out;
        left_out.extend(left_behind::undumped(source, selected).await?);
        let report = Schema {
            from: "source".to_owned(),
            created: plan.created,
            left_out,
            ..Schema::default()
        };
        Ok((plan.statements, report))
    }

    /// What the target has and keeps must not be made again.
    fn refuse_in_the_way(&self, wanted: &HashSet<TableName>) -> Result<(), Error> {
        if self.is_made || self.work.session.target_policy() != Onto::Existing {
            return Ok(());
        }
        let found = self.there.iter().filter(|name| wanted.contains(name));
        let found: Vec<String> = found.map(ToString::to_string).collect();
        match found.is_empty() {
            true => Ok(()),
            false => Err(Error::InTheWay(found.join(", "))),
        }
    }
}
