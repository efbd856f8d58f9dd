//! Foreign keys: all in one batch; where the source itself violates one, that one is added
//! unchecked and reported, instead of failing the whole.

use super::stages::Stage;
use super::{Finish, Made, describe, has_state};
use crate::failure::chain;
use crate::postgres::script::{Class, Entry};
use crate::postgres::{Connection, Error as PostgresError};
use crate::progress::Tone;
use crate::session::report::LeftOut;
use crate::target::{Control, Statement};
use crate::transfer::Error;
use std::collections::HashSet;

/// SQLSTATE `foreign_key_violation`.
const VIOLATION: &str = "23503";

/// SQLSTATE `wrong_object_type`: before PostgreSQL 18 a partitioned table takes no `NOT VALID`.
const WRONG_OBJECT: &str = "42809";

const UNCHECKED: &str =
    "the rows that were moved violate it, so it was added NOT VALID: it holds for new rows only";
const REFUSED: &str = "the rows that were moved violate it, and the target adds none to a partitioned table unchecked";

/// Adds all of them; gives what could not be added.
pub(super) async fn add(
    finish: &Finish<'_>,
    stage: &Stage,
    control: &mut Control,
    keys: &[Made<'_>],
) -> Result<Vec<LeftOut>, Error> {
    match finish.batch(stage, control, keys).await {
        Err(error) if has_state(&error, VIOLATION) => one_by_one(finish, control, keys).await,
        done => done.map(|()| Vec::new()),
    }
}

/// The keys that stand unchecked though the source's definition is another. Asked of the target:
/// an earlier attempt may have added them.
pub(super) async fn unchecked(
    connection: &Connection,
    entries: &[&Entry],
) -> Result<Vec<LeftOut>, Error> {
    let rows = connection
        .query(
            "SELECT n.nspname, r.relname, c.conname FROM pg_constraint c
             JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
             WHERE c.contype = 'f' AND NOT c.convalidated",
            &[],
        )
        .await
        .map_err(PostgresError::while_doing(
            "looking for unchecked foreign keys",
        ))?;
    let found: HashSet<[String; 3]> = rows
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2)])
        .collect();
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let is_unchecked = |entry: &&&Entry| {
        let key = [part(&entry.schema), part(&entry.table), entry.name.clone()];
        entry.class() == Class::ForeignKey
            && found.contains(&key)
            && !entry.sql.trim_end().ends_with("NOT VALID;")
    };
    let unchecked = entries.iter().filter(is_unchecked);
    Ok(unchecked
        .map(|entry| LeftOut {
            what: format!("check of {}", describe(entry)),
            why: UNCHECKED.to_owned(),
        })
        .collect())
}

async fn one_by_one(
    finish: &Finish<'_>,
    control: &mut Control,
    keys: &[Made<'_>],
) -> Result<Vec<LeftOut>, Error> {
    let mut left_out = Vec::new();
    for key in keys {
        let what = describe(key.entry);
        let only = std::slice::from_ref(key);
        let Err(violation) = finish.make(&what, control, only).await else {
            continue;
        };
        if !has_state(&violation, VIOLATION) {
            return Err(violation);
        }
        let Statement { what, sql } = key.statement(finish.run);
        let sql = not_valid(&sql);
        let statements = [Statement { what, sql }];
        let adding = finish.build_together(control, "adding an unchecked foreign key", &statements);
        let (what, why) = match adding.await {
            Ok(()) => (format!("check of {}", describe(key.entry)), UNCHECKED),
            Err(error) if has_state(&error, WRONG_OBJECT) => (describe(key.entry), REFUSED),
            Err(error) => return Err(error),
        };
        let text = format!("{what}: {why} ({})", chain(&violation));
        finish.progress.note(Tone::Warning, text);
        if why == REFUSED {
            let why = why.to_owned();
            left_out.push(LeftOut { what, why });
        }
    }
    Ok(left_out)
}

/// The definition without the check of the rows that are there.
fn not_valid(sql: &str) -> String {
    let open = sql.trim_end().trim_end_matches(';');
    format!("{open} NOT VALID;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_valid_stands_at_the_end_of_the_definition() {
        let sql = "ALTER TABLE ONLY a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d(e);\n\n";
        let expected =
            "ALTER TABLE ONLY a ADD CONSTRAINT b FOREIGN KEY (c) REFERENCES d(e) NOT VALID;";
        assert_eq!(not_valid(sql), expected);
    }
}
