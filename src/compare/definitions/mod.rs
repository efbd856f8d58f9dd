//! The definitions of both sides, object by object. Physical things (the order of columns, OIDs,
//! tablespaces, statistics) are not definitions; owners and rights are not moved, by design, and
//! not compared.

mod catalogue;
mod difference;
mod expected;
mod object;
mod repair;
mod sequence;
mod wording;
mod words;

use crate::postgres::catalogue::{Sequence, TableName, sequences};
use crate::postgres::{Connection, Error as PostgresError};
use crate::session::report::{DefinitionDifference, LeftOut};
use crate::source::Selected;
use difference::{Found, Side, differences};
use expected::{AHEAD, Expected};
use object::{Id, Object};
use sequence::Standing;
use std::collections::HashMap;
use wording::Wording;

/// What is known of the definitions before they are compared.
#[derive(Debug, Default)]
pub struct Meant {
    /// Why the target's definitions are its own: then all differences but those of sequences'
    /// values are expected.
    pub own: Option<&'static str>,
    /// What the schema and the transfer reported as left out.
    pub left_out: Vec<LeftOut>,
}

/// What a comparison of definitions is about.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// What is known before.
    pub(super) meant: &'a Meant,
    /// What of the source was to be moved.
    pub(super) selected: &'a Selected,
    /// Whether the target may hold what is not selected.
    pub(super) beside_others: bool,
}

impl Scope<'_> {
    /// All differences, those first that speak against equality, and the number of the source's
    /// objects that were looked for: none where the target's definitions are its own.
    ///
    /// # Errors
    /// Of either server; of the target's as [`super::Error::Target`].
    pub(super) async fn compare(
        &self,
        source: &Connection,
        target: &Connection,
    ) -> Result<(Vec<DefinitionDifference>, u64), super::Error> {
        let (here, there) = tokio::try_join!(
            super::on_source(Read::of(source)),
            super::on_target(Read::of(target))
        )?;
        let wording = Wording::between(here.version, there.version);
        let (left, right) = self.of_interest(here.objects, there.objects);
        let expected = Expected {
            own: self.meant.own,
            left_out: &self.meant.left_out,
            rows: self.selected.select().takes_rows(),
            offers: there.offers,
        };
        let found = differences(&left, &right, wording);
        let reasons = expected.reasons(&found).into_iter();
        let found = found.iter().zip(reasons);
        let mut found: Vec<_> = found.map(|(found, why)| told(found, why)).collect();
        if expected.rows {
            found.extend(self.values(&left, &here.sequences, &there.sequences));
        }
        found.sort_by_key(|difference| difference.expected.is_some());
        let wanted = self.meant.own.map_or(left.len(), |_| 0);
        Ok((found, wanted as u64))
    }

    /// Both sides without what was not to be moved, or may be somebody else's.
    fn of_interest(&self, here: Vec<Object>, there: Vec<Object>) -> (Side, Side) {
        let side = |objects: Vec<Object>| -> Side {
            let objects = objects.into_iter();
            objects.map(|object| (object.id.clone(), object)).collect()
        };
        let (mut here, mut there) = (side(here), side(there));
        self.set_apart(&mut here);
        self.set_apart(&mut there);
        // On both sides it is compared, even if nobody asked for it: others may need it.
        let is_shared = |id: &Id, others: &Side| others.contains_key(id) && !self.beside_others;
        here.retain(|id, object| self.takes(object) || is_shared(id, &there));
        there.retain(|id, object| {
            let is_taken =
                here.contains_key(id) || self.takes(object) && object.relation().is_some();
            is_taken || !self.beside_others
        });
        (here, there)
    }

    /// A partition that is moved without the table it is a part of is a table of its own.
    fn set_apart(&self, side: &mut Side) {
        for object in side.values_mut() {
            let relation = object.relation();
            let relation = relation.and_then(|name| self.selected.relation(&name));
            let whole = relation.and_then(|relation| relation.partition_of.as_ref());
            if whole.is_some_and(|whole| !self.selected.has(whole)) {
                object.follows_parent = false;
                object.aspects.remove("bounds");
                object.aspects.remove("parents");
            }
        }
    }

    /// Whether an object of the source was to be moved.
    fn takes(&self, object: &Object) -> bool {
        let patterns = self.selected.patterns();
        match (object.relation(), &object.id) {
            (Some(relation), _) => self.selected.has(&relation),
            (
                None,
                Id {
                    schema: Some(schema),
                    ..
                },
            ) => patterns.take_schema(schema),
            (None, Id { kind, name, .. }) if kind == "schema" => patterns.take_schema(name),
            _ => patterns.take_schemaless(),
        }
    }

    /// The sequences that do not stand at the same value.
    fn values(
        &self,
        source: &Side,
        here: &[Sequence],
        there: &[Sequence],
    ) -> Vec<DefinitionDifference> {
        let there: HashMap<&TableName, &Sequence> = there.iter().map(|s| (&s.name, s)).collect();
        let differs = |here: &Sequence| {
            let id = Id {
                schema: Some(here.name.schema.clone()),
                table: None,
                kind: "sequence".to_owned(),
                name: here.name.name.clone(),
            };
            let increment = source.get(&id)?.aspect("increment")?.parse().ok()?;
            let there = there.get(&here.name)?;
            let at = format!(
                "{id}: source at {}, target at {}",
                sequence::value(here),
                sequence::value(there)
            );
            let (words, sql, expected) = match sequence::standing(here, there, increment) {
                Standing::Level => return None,
                Standing::Behind => {
                    let words = format!("{at}: inserts would collide");
                    (words, Some(here.setting()), None)
                }
                Standing::Ahead => (at, None, Some(AHEAD.to_owned())),
            };
            Some(DefinitionDifference {
                kind: id.kind.clone(),
                name: id.reported_name(),
                table: None,
                words,
                sql,
                expected,
            })
        };
        here.iter().filter_map(differs).collect()
    }
}

/// A sequence, and by how much it goes on.
pub(crate) struct Stepping {
    sequence: Sequence,
    increment: i64,
}

/// The sequences of a side, with their steps.
///
/// # Errors
/// The server's.
pub(crate) async fn stepping(connection: &Connection) -> Result<Vec<Stepping>, PostgresError> {
    let (sequences, increments) = tokio::try_join!(sequences(connection), increments(connection))?;
    let with_step = |sequence: Sequence| {
        let increment = *increments.get(&sequence.name)?;
        Some(Stepping {
            sequence,
            increment,
        })
    };
    Ok(sequences.into_iter().filter_map(with_step).collect())
}

/// The source's sequences whose next value the target's of the same name would give out too late:
/// those that are behind there.
///
/// # Errors
/// A server's.
pub async fn behind(
    source: &Connection,
    target: &Connection,
) -> Result<Vec<Sequence>, PostgresError> {
    let (here, there) = tokio::try_join!(stepping(source), sequences(target))?;
    let found = standing_at(Standing::Behind, &here, &there);
    Ok(found.map(|(here, _)| here.clone()).collect())
}

/// The target's sequences that have gone further than the source's of the same name, as they stand on
/// the target: a rollback would give their numbers again.
pub(crate) fn further(source: &[Stepping], target: &[Sequence]) -> Vec<Sequence> {
    let found = standing_at(Standing::Ahead, source, target);
    found.map(|(_, there)| there.clone()).collect()
}

/// The sequences of both sides, source and target, of which the target's stands so.
fn standing_at<'a>(
    standing: Standing,
    source: &'a [Stepping],
    target: &'a [Sequence],
) -> impl Iterator<Item = (&'a Sequence, &'a Sequence)> {
    let there: HashMap<&TableName, &Sequence> = target.iter().map(|s| (&s.name, s)).collect();
    source.iter().filter_map(move |here| {
        let (sequence, other) = (&here.sequence, *there.get(&here.sequence.name)?);
        let is_so = sequence::standing(sequence, other, here.increment) == standing;
        is_so.then_some((sequence, other))
    })
}

/// By how much each sequence goes on.
async fn increments(connection: &Connection) -> Result<HashMap<TableName, i64>, PostgresError> {
    let sql = "SELECT n.nspname, c.relname, s.seqincrement FROM pg_catalog.pg_sequence s
               JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace";
    let rows = connection.query(sql, &[]).await;
    let rows = rows.map_err(|error| connection.failed("reading the sequences", error))?;
    Ok(rows
        .iter()
        .map(|row| (TableName::of(row, 0), row.get(2)))
        .collect())
}

/// A difference as it is reported. What was expected needs no mending.
fn told(found: &Found<'_>, expected: Option<String>) -> DefinitionDifference {
    let id = &found.object().id;
    DefinitionDifference {
        kind: id.kind.clone(),
        name: id.reported_name(),
        table: id.table_name(),
        words: words::words(found),
        sql: repair::sql(found).filter(|_| expected.is_none()),
        expected,
    }
}

/// What is read of a side.
struct Read {
    version: u32,
    objects: Vec<Object>,
    sequences: Vec<Sequence>,
    offers: HashMap<String, Vec<String>>,
}

impl Read {
    async fn of(connection: &Connection) -> Result<Self, PostgresError> {
        let (version, objects, sequences, offers) = tokio::try_join!(
            connection.server_version(),
            catalogue::read(connection),
            sequences(connection),
            offers(connection)
        )?;
        Ok(Self {
            version,
            objects,
            sequences,
            offers,
        })
    }
}

/// The extensions that a server can create, each with the versions.
async fn offers(connection: &Connection) -> Result<HashMap<String, Vec<String>>, PostgresError> {
    let sql = "SELECT name, array_agg(version) FROM pg_available_extension_versions GROUP BY name";
    let rows = connection.query(sql, &[]).await;
    let failed = PostgresError::while_doing("asking which extensions there are");
    let rows = rows.map_err(failed)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

#[cfg(test)]
mod tests;
