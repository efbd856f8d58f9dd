//! A schema from SQL files of one's own.

use super::deferral::{self, Scope};
use crate::postgres::catalogue::TableName;
use crate::postgres::script::{needs_own_transaction, needs_psql, split_statements};
use crate::session::report::{KindCount, Schema};
use crate::steps::Error;
use crate::target::Statement;
use std::fs;
use std::path::{Path, PathBuf};

/// The `*.sql` files of a folder in the order of their names, as a person would run them by hand.
///
/// At their end, what would stand in the way of the rows is put off, apart from tables that were
/// `there` before.
pub(super) fn read(
    folder: &Path,
    run: &str,
    there: Vec<TableName>,
) -> Result<(Vec<Statement>, Schema), Error> {
    let unusable = |why: &str| Error::SchemaFolder {
        folder: folder.to_owned(),
        why: why.to_owned(),
    };
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(Error::file("read the folder", folder))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(unusable("holds no .sql files"));
    }
    let search_path = "SET LOCAL search_path = public".to_owned();
    let mut statements = vec![Statement {
        what: "search path".to_owned(),
        sql: search_path,
    }];
    for file in &files {
        statements.extend(from_file(file)?);
    }
    statements.extend(deferral::statements(run, &Scope::AllBut(there), None));
    let created = vec![KindCount {
        kind: "sql file".to_owned(),
        count: files.len() as u64,
    }];
    let from = folder.display().to_string();
    Ok((
        statements,
        Schema {
            from,
            created,
            left_out: Vec::new(),
            ..Schema::default()
        },
    ))
}

fn from_file(file: &Path) -> Result<Vec<Statement>, Error> {
    let sql = fs::read_to_string(file).map_err(Error::file("read", file))?;
    let refused = |why: &str, statement: &str| Error::SchemaFile {
        file: file.to_owned(),
        why: format!("{why}: {}", beginning(statement)),
    };
    if let Some(command) = needs_psql(&sql) {
        return Err(refused("has a command that only psql knows", command));
    }
    if let Some(statement) = needs_own_transaction(&sql) {
        let why = "has a statement that cannot be part of one transaction with the others";
        return Err(refused(why, statement));
    }
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok((1..)
        .zip(split_statements(&sql))
        .map(|(number, sql): (u32, _)| Statement {
            what: format!("statement {number} of {name}"),
            sql: sql.to_owned(),
        })
        .collect())
}

/// Enough of a statement to find it by, and nothing that may be a value: its first words, and of
/// a psql command its name.
fn beginning(statement: &str) -> String {
    let most = if statement.starts_with('\\') { 1 } else { 5 };
    let open = statement.split('\'').next().unwrap_or_default();
    let words: Vec<&str> = open.split_whitespace().take(most).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("COMMIT;", "COMMIT;")]
    #[case(
        "CREATE  INDEX\nCONCURRENTLY a ON b (c)",
        "CREATE INDEX CONCURRENTLY a ON"
    )]
    #[case("ALTER SYSTEM SET a='canary b'", "ALTER SYSTEM SET a=")]
    #[case("\\connect canary", "\\connect")]
    fn a_statement_is_named_without_its_values(#[case] sql: &str, #[case] expected: &str) {
        assert_eq!(beginning(sql), expected);
    }

    #[rstest]
    #[case::commit("CREATE TABLE a ();\nCOMMIT;", "COMMIT;")]
    #[case::alone("VACUUM a;", "VACUUM a;")]
    #[case::psql("\\connect b\n", "\\connect")]
    fn a_file_that_cannot_be_part_of_one_transaction_is_refused(
        #[case] sql: &str,
        #[case] named: &str,
    ) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("1.sql"), "CREATE TABLE b ();").unwrap();
        fs::write(folder.path().join("2.sql"), sql).unwrap();
        let refusal = read(folder.path(), "run", Vec::new())
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("2.sql "), "{refusal}");
        assert!(refusal.ends_with(named), "{refusal}");
    }
}
