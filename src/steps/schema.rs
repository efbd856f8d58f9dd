//! The target's extensions, types, tables and functions, created in one transaction together with
//! the ledger: after it the target has all of them, or none. What the target holds already is
//! treated as the policy says, in the same transaction.

mod deferral;
mod folder;
pub(super) mod from_source;
pub(super) mod overwrite;

pub(super) use from_source::plan;

use super::fitting::fitting;
use super::{Error, Work, identity, left_behind};
use crate::config::{Onto, SchemaFrom};
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::{Connection, ConnectionString, Retrying};
use crate::session::report::{Lost, Schema};
use crate::source::Selected;
use crate::target::{Error as TargetError, Ledger, Statement, build_together};
use crate::wizard::Side;
use deferral::Scope;
use std::collections::HashSet;

/// The work on one target.
struct Making<'a> {
    work: Work<'a>,
    string: ConnectionString,
    source: Connection,
    target: Connection,
    selected: Selected,
    /// Whether an earlier run has made it: killed between the commit and the saving, only its report
    /// is lost.
    is_made: bool,
}

pub(super) async fn run(work: Work<'_>) -> Result<Schema, Error> {
    let target = async {
        let (_, target) = work.reach_target().await?;
        let is_made = Ledger::runs(&target).await?.contains(&work.session.id);
        if is_made {
            work.same_selection(&target).await?;
        }
        Ok((target, is_made))
    };
    let source = async {
        let string = work.known(Side::Source).await?;
        let source = Connection::open(&string, &Retrying::default(), work.cancel).await?;
        source.pin_for_reading().await?;
        source.begin_reading().await?;
        let selected = Selected::resolve(&work.session.select, &source).await?;
        Ok::<_, Error>((string, source, selected))
    };
    let ((target, is_made), (string, source, selected)) = tokio::try_join!(target, source)?;
    let making = Making {
        work,
        string,
        source,
        target,
        selected,
        is_made,
    };
    let (mut before, overwritten) = making.make_way().await?;
    let (statements, mut report) = match &work.context.config.schema.from {
        _ if !work.session.select.takes_definitions() => making.around_rows().await?,
        SchemaFrom::Source => making.as_source().await?,
        SchemaFrom::Folder(folder) => {
            let there = making.there(before.is_empty()).await?;
            folder::read(folder, &work.session.id, there)?
        }
    };
    report.overwritten = overwritten;
    if !is_made {
        before.push(Statement {
            what: "the ledger".to_owned(),
            sql: Ledger::creation(&work.session.id, &work.session.select.fingerprint()),
        });
        before.extend(statements);
        making.create(before).await?;
    }
    Ok(report)
}

impl Making<'_> {
    /// What has to be dropped first, as statements and in words. Refuses what the policy does not
    /// allow.
    async fn make_way(&self) -> Result<(Vec<Statement>, Vec<String>), Error> {
        let nothing = (Vec::new(), Vec::new());
        if self.is_made {
            return Ok(nothing);
        }
        let makes = self.work.session.select.takes_definitions();
        match self.work.session.target_policy() {
            Onto::Empty => self.refuse_anything().await.map(|()| nothing),
            Onto::Existing => Ok(nothing),
            Onto::Overwrite => {
                self.consented().await?;
                let (target, selected) = (&self.target, &self.selected);
                let (mut statements, lost) = if makes {
                    let doomed = overwrite::Doomed::find(target, selected).await?;
                    (doomed.dropping(), doomed.lost(target).await?)
                } else {
                    let tables = overwrite::emptied(target, selected).await?.into_iter();
                    let rows = |table: TableName| ("table".to_owned(), table.to_string());
                    (Vec::new(), Lost::of(tables.map(rows)))
                };
                let mut told: Vec<String> = lost.iter().map(ToString::to_string).collect();
                if let Some((removal, what)) = overwrite::objects(target, selected).await? {
                    statements.push(removal);
                    told.push(what);
                }
                Ok((statements, told))
            }
        }
    }

    async fn refuse_anything(&self) -> Result<(), Error> {
        let found = catalogue::everything(&self.target).await?;
        match found.as_slice() {
            [] => Ok(()),
            [only] => Err(Error::TargetNotEmpty(format!("it holds {only}"))),
            [first, more @ ..] => Err(Error::TargetNotEmpty(format!(
                "it holds {first} and {} more",
                more.len()
            ))),
        }
    }

    /// Consent is for one database, whatever name or port it is reached by, and for one time.
    async fn consented(&self) -> Result<(), Error> {
        let here = identity(&self.target).await?;
        let consent = self.work.session.consent.as_ref();
        let consent = consent.filter(|consent| !consent.spent);
        match consent.and_then(|consent| consent.identity.as_ref()) {
            Some(identity) if *identity == here => Ok(()),
            _ => Err(Error::NoConsent(here.database)),
        }
    }

    /// What the target holds and keeps.
    async fn there(&self, keeps: bool) -> Result<Vec<TableName>, Error> {
        match keeps {
            true => Ok(catalogue::everything(&self.target).await?),
            false => Ok(Vec::new()),
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
    async fn as_source(&self) -> Result<(Vec<Statement>, Schema), Error> {
        let (work, source, selected) = (self.work, &self.source, &self.selected);
        work.progress
            .begin("pg_dump reads the source's definitions");
        let plan = plan(work, (source, &self.string), &self.target, selected).await?;
        if !plan.missing.is_empty() {
            return Err(Error::missing_extensions(&plan.missing));
        }
        if let Some(elsewhere) = plan.elsewhere.into_iter().next() {
            return Err(elsewhere.into());
        }
        self.refuse_in_the_way(&plan.relations).await?;
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
    async fn refuse_in_the_way(&self, wanted: &HashSet<TableName>) -> Result<(), Error> {
        if self.is_made || self.work.session.target_policy() != Onto::Existing {
            return Ok(());
        }
        let there = catalogue::everything(&self.target).await?;
        let found = there.iter().filter(|name| wanted.contains(name));
        let found: Vec<String> = found.map(ToString::to_string).collect();
        match found.is_empty() {
            true => Ok(()),
            false => Err(Error::InTheWay(found.join(", "))),
        }
    }
}
