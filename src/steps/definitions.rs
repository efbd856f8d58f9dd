//! The source's definitions that are moved: all of them, or what the selection comes to.

mod sorting;

use super::{Error, Work};
use crate::postgres::catalogue;
use crate::postgres::script::{Entry, Script};
use crate::postgres::tools::{Section, dump_definitions};
use crate::postgres::{Connection, ConnectionString};
use crate::session::report::LeftOut;
use crate::source::Selected;
use sorting::{Fate, Sorting};
use std::collections::HashMap;

/// Definitions of one half of a schema.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// The settings in front of them and those that are moved, in pg_dump's order.
    pub(super) script: Script,
    /// With a part of the tables: what is moved and needs each extension, by the extension's name.
    dependents: Option<HashMap<String, Vec<String>>>,
    /// Numbers of those that nobody asked for, and that others need: they come along.
    pub(super) guests: Vec<u32>,
    /// What is selected and cannot come along, because it needs what is left out; and what is not
    /// selected.
    pub(super) left_out: Vec<LeftOut>,
}

impl Definitions {
    /// What is moved and needs an extension.
    pub(super) async fn dependents(
        &self,
        source: &Connection,
        extension: &str,
    ) -> Result<Vec<String>, Error> {
        match &self.dependents {
            Some(dependents) => Ok(dependents.get(extension).cloned().unwrap_or_default()),
            None => Ok(catalogue::dependents(source, extension).await?),
        }
    }
}

/// Reads one half of the source's schema, in a snapshot if one is given.
pub(super) async fn read(
    work: Work<'_>,
    source: &ConnectionString,
    version: u32,
    selected: &Selected,
    (section, snapshot): (Section, Option<&str>),
) -> Result<Definitions, Error> {
    let tools = work.context.tools().for_server(version).await?;
    let environment = source.tool_environment();
    let halves = dump_definitions(&tools, &environment, snapshot, work.cancel).await?;
    let (before, after) = (Script::parse(&halves.0), Script::parse(&halves.1));
    let sorting = Sorting::of(before.entries.iter().chain(&after.entries), selected);
    sorting.refuse()?;
    let half = match section {
        Section::PreData => &before,
        Section::PostData => &after,
    };
    let moved = |entry: &&Entry| matches!(sorting.fate(entry), Fate::Selected | Fate::Guest);
    let is_guest = |entry: &&Entry| matches!(sorting.fate(entry), Fate::Guest);
    Ok(Definitions {
        script: Script {
            preamble: half.preamble.clone(),
            entries: half.entries.iter().filter(moved).cloned().collect(),
        },
        dependents: (!selected.select().takes_all_tables()).then(|| sorting.dependents()),
        guests: half
            .entries
            .iter()
            .filter(is_guest)
            .filter_map(|entry| entry.id)
            .collect(),
        left_out: sorting.left_out(&half.entries),
    })
}
