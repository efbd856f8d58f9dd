//! Everything that has a name among the tables: what a selection chooses from.

use super::{ROUTED, TableName, USERS_OWN};
use crate::postgres::{Connection, Error};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tokio_postgres::types::Oid;

/// What kind of relation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// Holds rows.
    Table,
    /// Its partitions hold its rows.
    Partitioned,
    /// Its partitions hold its rows, each server in its own way, so that they move through it
    /// ([`Table::routed`](super::Table::routed)).
    Routed,
    /// A view, materialized or not, a foreign table, or a partition of a routed table: holds no rows
    /// of its own to move.
    Other,
    /// A sequence.
    Sequence,
}

impl RelationKind {
    /// Whether rows move from it, and to it.
    pub fn holds_rows(self) -> bool {
        matches!(self, Self::Table | Self::Routed)
    }
}

/// A relation as a selection sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Its name.
    pub name: TableName,
    /// Its kind.
    pub kind: RelationKind,
    /// Of a partition: the table that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<TableName>,
    /// Of a table: those that it inherits from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<TableName>,
    /// Of a sequence: the table whose column owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TableName>,
    /// Of a sequence: tables with a column that takes its values by default, its owner included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<TableName>,
}

/// Every relation that a person made, by schema and name.
pub async fn all_relations(connection: &Connection) -> Result<Vec<Relation>, Error> {
    let failed = Error::while_doing("listing the relations");
    let rows = connection
        .query(
            &format!(
                "WITH RECURSIVE {ROUTED}
                 SELECT c.oid, n.nspname, c.relname,
                        CASE WHEN r.root = c.oid THEN 'routed' WHEN r.root <> c.oid THEN 'part'
                             ELSE c.relkind::text END, c.relispartition
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 LEFT JOIN routed r ON r.member = c.oid
                 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {USERS_OWN} ORDER BY 2, 3"
            ),
            &[],
        )
        .await
        .map_err(failed)?;
    let mut relations = HashMap::with_capacity(rows.len());
    for row in &rows {
        let relation = Relation {
            name: TableName::of(row, 1),
            kind: kind(row.get(3)),
            partition_of: None,
            inherits: Vec::new(),
            owner: None,
            used_by: Vec::new(),
        };
        relations.insert(row.get::<_, Oid>(0), (relation, row.get::<_, bool>(4)));
    }
    add_parents(connection, &mut relations).await?;
    add_users(connection, &mut relations).await?;
    let mut relations: Vec<Relation> = relations.into_values().map(|found| found.0).collect();
    relations.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(relations)
}

fn kind(letter: &str) -> RelationKind {
    match letter {
        "r" => RelationKind::Table,
        "p" => RelationKind::Partitioned,
        "routed" => RelationKind::Routed,
        "S" => RelationKind::Sequence,
        _ => RelationKind::Other,
    }
}

type Found = HashMap<Oid, (Relation, bool)>;

async fn add_parents(connection: &Connection, relations: &mut Found) -> Result<(), Error> {
    let sql = "SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhseqno";
    let failed = Error::while_doing("reading which tables inherit");
    for row in &connection.query(sql, &[]).await.map_err(failed)? {
        let parent = relations.get(&row.get::<_, Oid>(1));
        let parent = parent.map(|(relation, _)| relation.name.clone());
        let child = relations.get_mut(&row.get::<_, Oid>(0));
        if let (Some(parent), Some((child, is_partition))) = (parent, child) {
            match is_partition {
                true => child.partition_of = Some(parent),
                false => child.inherits.push(parent),
            }
        }
    }
    Ok(())
}

async fn add_users(connection: &Connection, relations: &mut Found) -> Result<(), Error> {
    let rows = connection
        .query(
            "SELECT d.objid, d.refobjid, true FROM pg_depend d
             WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
               AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
               AND d.objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')
             UNION ALL
             SELECT d.refobjid, a.adrelid, false FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid
             WHERE d.classid = 'pg_attrdef'::regclass AND d.refclassid = 'pg_class'::regclass
               AND d.refobjid IN (SELECT oid FROM pg_class WHERE relkind = 'S')",
            &[],
        )
        .await
        .map_err(Error::while_doing("reading who uses the sequences"))?;
    for row in &rows {
        let user = relations.get(&row.get::<_, Oid>(1));
        let user = user.map(|(relation, _)| relation.name.clone());
        let sequence = relations.get_mut(&row.get::<_, Oid>(0));
        if let (Some(user), Some((sequence, _))) = (user, sequence) {
            if row.get(2) {
                sequence.owner = Some(user.clone());
            }
            sequence.used_by.push(user);
        }
    }
    Ok(())
}

/// A foreign key and the table that it points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// Its name.
    pub name: String,
    /// The table that it is on.
    pub table: TableName,
    /// The table that it points to.
    pub refers_to: TableName,
    /// Whether rows may violate it.
    #[serde(default)]
    pub doubt: KeyDoubt,
}

/// What speaks against a foreign key's rows having been checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyDoubt {
    /// Nothing.
    #[default]
    None,
    /// It is NOT VALID: rows from before it were never checked.
    NotValid,
    /// One of its triggers is disabled, so rows are not checked now.
    Disabled,
}

/// All foreign keys that are defined by themselves, not for a partition by its parent's.
pub async fn foreign_keys(connection: &Connection) -> Result<Vec<ForeignKey>, Error> {
    let rows = connection
        .query(
            &format!(
                "SELECT k.conname, n.nspname, c.relname, rn.nspname, r.relname, NOT k.convalidated,
                        EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = k.oid
                                AND t.tgenabled = 'D')
                 FROM pg_constraint k
                 JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                 JOIN pg_class r ON r.oid = k.confrelid
                 JOIN pg_namespace rn ON rn.oid = r.relnamespace
                 WHERE k.contype = 'f' AND k.conparentid = 0 AND {USERS_OWN} ORDER BY 2, 3, 1"
            ),
            &[],
        )
        .await
        .map_err(Error::while_doing("listing the foreign keys"))?;
    Ok(rows
        .iter()
        .map(|row| ForeignKey {
            name: row.get(0),
            table: TableName::of(row, 1),
            refers_to: TableName::of(row, 3),
            doubt: match (row.get(5), row.get(6)) {
                (true, _) => KeyDoubt::NotValid,
                (false, true) => KeyDoubt::Disabled,
                (false, false) => KeyDoubt::None,
            },
        })
        .collect())
}

/// The schemas that a person made.
pub async fn schemas(connection: &Connection) -> Result<Vec<String>, Error> {
    let rows = connection
        .query(
            "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
             AND nspname NOT IN ('information_schema', 'neonlift') ORDER BY 1",
            &[],
        )
        .await
        .map_err(Error::while_doing("listing the schemas"))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
