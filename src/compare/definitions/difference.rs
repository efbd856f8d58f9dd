//! What two sets of objects do not have in common. Pure.

use super::object::{Id, Object};
use super::wording::Wording;
use std::collections::{BTreeMap, BTreeSet};

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// Only the source has it.
    Missing(&'a Object),
    /// Only the target has it.
    Extra(&'a Object),
    /// Both have it, and say another thing of an aspect.
    Changed {
        source: &'a Object,
        target: &'a Object,
        aspect: &'a str,
    },
}

impl<'a> Found<'a> {
    /// The object, as the source has it if it does.
    pub(super) fn object(&self) -> &'a Object {
        match self {
            Self::Missing(object) | Self::Extra(object) => object,
            Self::Changed { source, .. } => source,
        }
    }
}

/// The objects of a side, each by what it is known by.
pub(super) type Side = BTreeMap<Id, Object>;

/// All differences, by schema, table, kind and name. What is lost with a table, or follows a
/// parent, is not told again.
pub(super) fn differences<'a>(
    source: &'a Side,
    target: &'a Side,
    wording: Wording,
) -> Vec<Found<'a>> {
    let (here, there) = (wholes(source), wholes(target));
    let mut found = Vec::new();
    for (id, object) in source {
        match target.get(id) {
            None if is_told_alone(object, &there) => found.push(Found::Missing(object)),
            None => {}
            Some(other) => found.extend(changes(object, other, wording)),
        }
    }
    let extra = target.iter().filter(|(id, _)| !source.contains_key(id));
    let extra = extra.map(|(_, object)| object);
    found.extend(
        extra
            .filter(|object| is_told_alone(object, &here))
            .map(Found::Extra),
    );
    found
}

/// What has parts, by schema and name.
fn wholes(side: &Side) -> BTreeSet<(&str, &str)> {
    let wholes = side.keys().filter(|id| id.table.is_none());
    wholes
        .filter_map(|id| Some((id.schema.as_deref()?, id.name.as_str())))
        .collect()
}

/// Whether an object that the other side lacks is told by itself: not when its table is lacking.
fn is_told_alone(object: &Object, others: &BTreeSet<(&str, &str)>) -> bool {
    let Id { schema, table, .. } = &object.id;
    let whole_is_there = match (schema, table) {
        (Some(schema), Some(table)) => others.contains(&(schema.as_str(), table.as_str())),
        _ => true,
    };
    // A sequence goes with the column that owns it.
    let owner = object.aspect("owner").and_then(|owner| {
        let (table, _column) = owner.rsplit_once('.')?;
        table.split_once('.')
    });
    let is_owned_by_nothing = owner.is_some_and(|owner| !others.contains(&owner));
    whole_is_there && !is_owned_by_nothing && !object.follows_parent
}

fn changes<'a>(
    source: &'a Object,
    target: &'a Object,
    wording: Wording,
) -> impl Iterator<Item = Found<'a>> {
    let names: BTreeSet<&String> = source.aspects.keys().chain(target.aspects.keys()).collect();
    let differs =
        move |aspect: &&String| !wording.same(aspect, source.aspect(aspect), target.aspect(aspect));
    names
        .into_iter()
        .filter(differs)
        .map(|aspect| Found::Changed {
            source,
            target,
            aspect,
        })
}
