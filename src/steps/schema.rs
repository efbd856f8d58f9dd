//! The target's extensions, types, tables and functions, created in one transaction together with
//! the ledger: after it the target has all of them, or none. What the target holds already is
//! treated as the policy says, in the same transaction.

mod deferral;
mod folder;
mod overwrite;

use super::fitting::fitting;
use super::{Error, Work, definitions, identity};
use crate::config::{Onto, SchemaFrom};
use crate::postgres::catalogue::{self, TableName};
use crate::postgres::script::{Class, Entry, Script};
use crate::postgres::tools::Section;
use crate::postgres::{Connection, Retrying, quote};
use crate::session::report::{LeftOut, Schema};
use crate::source::Selected;
use crate::target::{self, Error as TargetError, Ledger, Statement, build_together};
use crate::transfer::Error as TransferError;
use crate::transfer::finish::{count_kinds, describe};
use crate::wizard::Side;
use deferral::Scope;

/// The work on one target.
struct Making<'a> {
    work: Work<'a>,
    source: Connection,
    target: Connection,
    selected: Selected,
    /// Whether an earlier run has made it: killed between the commit and the saving, only its report
    /// is lost.
    is_made: bool,
}

pub(super) async fn run(work: Work<'_>) -> Result<Schema, Error> {
    let target = target::open(&work.known(Side::Target).await?, work.cancel).await?;
    let is_made = Ledger::runs(&target).await?.contains(&work.session.id);
    if is_made {
        work.same_selection(&target).await?;
    }
    let string = work.known(Side::Source).await?;
    let source = Connection::open(&string, &Retrying::default(), work.cancel).await?;
    source.pin_for_reading().await?;
    source.begin_reading().await?;
    let selected = Selected::resolve(&work.session.select, &source).await?;
    let making = Making {
        work,
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
                let gone = overwrite::in_the_way(&self.target, &self.selected).await?;
                let names = gone.iter().map(|relation| relation.name.to_string());
                let statements = match makes {
                    true => overwrite::dropping(&self.target, &self.selected).await?,
                    false => Vec::new(),
                };
                Ok((statements, names.collect()))
            }
        }
    }

    async fn refuse_anything(&self) -> Result<(), Error> {
        let found = catalogue::everything(&self.target).await?;
        match found.first() {
            None => Ok(()),
            Some(first) => Err(Error::TargetNotEmpty(format!(
                "it holds {first} and {} more",
                found.len() - 1
            ))),
        }
    }

    /// Consent is for one database: whatever name or port it is reached by, it has to be this one.
    async fn consented(&self) -> Result<(), Error> {
        let here = identity(&self.target).await?;
        let consent = self.work.session.consent.as_ref();
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
            return Err(TransferError::TargetLacks(lacking.join(", ")).into());
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
        let (work, target) = (self.work, &self.target);
        let doing = "pg_dump reads the source's definitions";
        work.progress.begin(doing);
        let string = work.known(Side::Source).await?;
        let version = self.source.server_version().await?;
        let half = (Section::PreData, None);
        let found = definitions::read(work, &string, version, &self.selected, half).await?;
        let mut left_out = found.left_out;
        let mut statements = vec![preamble(&found.script, target.server_version().await?)];
        for extension in catalogue::extensions(&self.source).await? {
            let names = found.extensions.as_ref();
            if names.is_some_and(|names| !names.contains(&extension.name)) {
                continue;
            }
            match catalogue::available_extension(target, &extension.name).await? {
                Some(_) => statements.push(create_extension(&extension)),
                None => left_out.push(LeftOut {
                    what: format!("extension {}", extension.name),
                    why: "the target does not offer it".to_owned(),
                }),
            }
        }
        let wanted = wanted(&found.script.entries, &mut left_out);
        self.refuse_in_the_way(&wanted).await?;
        let keeps = work.session.target_policy() != Onto::Empty;
        let statement = |entry: &&Entry| Statement {
            what: describe(entry),
            sql: match keeps && is_shared(entry, &found.guests) {
                true => unless_there(&entry.sql),
                false => entry.sql.clone(),
            },
        };
        statements.extend(wanted.iter().map(statement));
        let report = Schema {
            from: "source".to_owned(),
            created: count_kinds(&wanted),
            left_out,
            ..Schema::default()
        };
        Ok((statements, report))
    }

    /// What the target has and keeps must not be made again.
    async fn refuse_in_the_way(&self, wanted: &[&Entry]) -> Result<(), Error> {
        if self.is_made || self.work.session.target_policy() != Onto::Existing {
            return Ok(());
        }
        let there = catalogue::everything(&self.target).await?;
        let is_wanted = |name: &&TableName| {
            let kinds = ["TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW"];
            let mut relations = wanted
                .iter()
                .filter(|entry| kinds.contains(&entry.kind.as_str()));
            relations.any(|entry| {
                (entry.schema.as_ref(), entry.table.as_ref())
                    == (Some(&name.schema), Some(&name.name))
            })
        };
        let found: Vec<String> = there
            .iter()
            .filter(is_wanted)
            .map(ToString::to_string)
            .collect();
        match found.is_empty() {
            true => Ok(()),
            false => Err(Error::InTheWay(found.join(", "))),
        }
    }
}

/// The entries that the target can take; the others are reported.
fn wanted<'a>(entries: &'a [Entry], left_out: &mut Vec<LeftOut>) -> Vec<&'a Entry> {
    let mut wanted = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| entry.class() != Class::Extension)
    {
        match entry.left_out() {
            // The schema public is there already: nothing is lost.
            Some(_) if entry.kind == "SCHEMA" => {}
            Some(why) => left_out.push(LeftOut {
                what: describe(entry),
                why: why.to_owned(),
            }),
            None => wanted.push(entry),
        }
    }
    wanted
}

/// Whether others may have it on the target already: a schema, or what only comes along.
fn is_shared(entry: &Entry, guests: &[u32]) -> bool {
    entry.kind == "SCHEMA" || entry.id.is_some_and(|id| guests.contains(&id))
}

/// A definition that leaves alone what is there already.
fn unless_there(sql: &str) -> String {
    let body = format!(
        "BEGIN EXECUTE {}; EXCEPTION WHEN duplicate_schema OR duplicate_object
           OR duplicate_function OR duplicate_table THEN NULL; END",
        quote::literal(sql)
    );
    format!("DO {}", quote::literal(&body))
}

fn preamble(script: &Script, version: u32) -> Statement {
    Statement {
        what: "pg_dump's settings".to_owned(),
        sql: script.preamble_for(version),
    }
}

fn create_extension(extension: &catalogue::Extension) -> Statement {
    let (name, schema) = (
        quote::identifier(&extension.name),
        quote::identifier(&extension.schema),
    );
    Statement {
        what: format!("extension {}", extension.name),
        sql: format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA {schema}"
        ),
    }
}
