//! Statements that have no place inside of somebody else's transaction.

use super::lexer::{Kind, Token, tokens};
use super::split_statements;

/// How statements begin that end, begin or change the transaction they are in ("SQL Commands" of
/// PostgreSQL's manual).
const CONTROL: [&[&str]; 15] = [
    &["begin"],
    &["commit"],
    &["end"],
    &["rollback"],
    &["abort"],
    &["savepoint"],
    &["release"],
    &["start", "transaction"],
    &["prepare", "transaction"],
    &["set", "transaction"],
    &["set", "local", "transaction"],
    &["set", "session", "transaction"],
    &["set", "session", "characteristics"],
    &["set", "local", "session", "characteristics"],
    &["set", "session", "session", "characteristics"],
];

/// How statements begin that the server refuses inside of a transaction
/// (`PreventInTransactionBlock` in its sources).
const ALONE: [&[&str]; 15] = [
    &["vacuum"],
    &["alter", "system"],
    &["create", "database"],
    &["drop", "database"],
    &["create", "tablespace"],
    &["drop", "tablespace"],
    &["create", "index", "concurrently"],
    &["create", "unique", "index", "concurrently"],
    &["drop", "index", "concurrently"],
    &["reindex", "database"],
    &["reindex", "schema"],
    &["reindex", "system"],
    &["reindex", "index", "concurrently"],
    &["reindex", "table", "concurrently"],
    &["discard", "all"],
];

/// The first statement of an SQL text that would end or change a transaction around it, or cannot
/// run in one, if any. Only the words that a statement begins with are looked at: the body of a
/// function or a `DO` may say what it likes, the server refuses there what cannot be.
pub fn needs_own_transaction(sql: &str) -> Option<&str> {
    split_statements(sql).into_iter().find(|statement| {
        let mut forms = CONTROL.iter().chain(&ALONE);
        forms.any(|words| begins_with(statement, words))
    })
}

fn begins_with(statement: &str, words: &[&str]) -> bool {
    // `REINDEX (VERBOSE) DATABASE x`: what is in parentheses decides nothing here.
    let mut depth = 0_usize;
    let mut found = tokens(statement).filter(Token::is_sql).filter(|token| {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    });
    words
        .iter()
        .all(|word| found.next().is_some_and(|token| token.is_word(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("BEGIN;")]
    #[case("begin work;")]
    #[case("COMMIT AND CHAIN;")]
    #[case("End;")]
    #[case("ROLLBACK TO SAVEPOINT a;")]
    #[case("ABORT")]
    #[case("SAVEPOINT a;")]
    #[case("RELEASE a;")]
    #[case("START /* a */ TRANSACTION;")]
    #[case("PREPARE TRANSACTION 'a';")]
    #[case("SET TRANSACTION READ ONLY;")]
    #[case("SET LOCAL TRANSACTION READ ONLY;")]
    #[case("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;")]
    #[case("CREATE INDEX CONCURRENTLY ON t (a);")]
    #[case("CREATE UNIQUE INDEX\n-- it's\nCONCURRENTLY i ON t (a);")]
    #[case("DROP INDEX CONCURRENTLY i;")]
    #[case("REINDEX (VERBOSE) TABLE CONCURRENTLY t;")]
    #[case("CREATE DATABASE d;")]
    #[case("VACUUM (ANALYZE) t;")]
    #[case("ALTER SYSTEM SET a = 1;")]
    fn what_needs_a_transaction_of_its_own_is_found(#[case] sql: &str) {
        let text = format!("CREATE TABLE t (a int); -- BEGIN;\n{sql}");
        assert_eq!(needs_own_transaction(&text), Some(sql));
    }

    #[rstest]
    #[case("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1;")]
    #[case("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$BEGIN; COMMIT; END;$$;")]
    #[case("DO 'BEGIN COMMIT; END;';")]
    #[case("CREATE TABLE \"begin\" (\"commit\" int, abort int);")]
    #[case("CREATE INDEX \"concurrently\" ON t (a);")]
    #[case("COMMENT ON TABLE t IS 'x; COMMIT; y';")]
    #[case("SET search_path = a; PREPARE a AS SELECT 1; SET CONSTRAINTS ALL DEFERRED;")]
    #[case("SET SESSION statement_timeout = 0; ALTER DATABASE d SET a = 1;")]
    #[case("REFRESH MATERIALIZED VIEW v; REINDEX TABLE t; CREATE INDEX ON t (a);")]
    fn the_rest_is_left_alone(#[case] sql: &str) {
        assert_eq!(needs_own_transaction(sql), None);
    }
}
