//! Foreign keys: all in one batch; where the source itself violates one, that one is added
//! unchecked and reported, instead of failing the whole.

use super::{Finish, describe, noted};
use crate::failure::chain;
use crate::postgres::Connection;
use crate::postgres::script::Entry;
use crate::progress::Tone;
use crate::session::report::LeftOut;
use crate::target::{Error as TargetError, Statement};
use crate::transfer::Error;

/// SQLSTATE `foreign_key_violation`.
const VIOLATION: &str = "23503";

/// Adds all of them; gives what was left unchecked.
pub(super) async fn add(
    finish: &Finish<'_>,
    connection: &mut Connection,
    entries: &[&Entry],
) -> Result<Vec<LeftOut>, Error> {
    match finish
        .batch("Adding foreign keys", connection, entries)
        .await
    {
        Err(error) if is_violation(&error) => one_by_one(finish, connection, entries).await,
        done => done.map(|()| Vec::new()),
    }
}

fn is_violation(error: &Error) -> bool {
    match error {
        Error::Target(TargetError::Definition { source, .. } | TargetError::Postgres(source)) => {
            source.sqlstate() == Some(VIOLATION)
        }
        _ => false,
    }
}

async fn one_by_one(
    finish: &Finish<'_>,
    connection: &mut Connection,
    entries: &[&Entry],
) -> Result<Vec<LeftOut>, Error> {
    let mut unchecked = Vec::new();
    for entry in entries {
        let what = describe(entry);
        let Err(error) = finish.batch(&what, connection, &[entry]).await else {
            continue;
        };
        if !is_violation(&error) {
            return Err(error);
        }
        let Statement { what, sql } = noted(finish.run, entry);
        let sql = not_valid(&sql);
        let statements = [Statement { what, sql }];
        finish
            .build_together(connection, "adding an unchecked foreign key", &statements)
            .await?;
        let what = format!("check of {}", describe(entry));
        let why = "the source's own rows violate it, so it was added NOT VALID: it holds for new rows only".to_owned();
        finish
            .progress
            .note(Tone::Warning, format!("{what}: {why} ({})", chain(&error)));
        unchecked.push(LeftOut { what, why });
    }
    Ok(unchecked)
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
