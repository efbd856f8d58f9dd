//! A dump taken apart, and a schema put together from the parts.

use crate::server::{Server, one_of_each};
use neonlift::postgres::Connection;
use neonlift::postgres::script::{Script, split_statements};
use std::process::Command;

const NASTY: &str = include_str!("../fixtures/nasty_schema.sql");

/// What the server's own `pg_dump` says of a schema.
fn dump(server: &Server, database: &str, flags: &[&str]) -> String {
    let place = server.place("").with_database(database);
    let output = Command::new(server.bin().join("pg_dump"))
        .envs(place.tool_environment())
        .env("PGCLIENTENCODING", "UTF8")
        .args(["--schema-only", "--no-owner", "--no-acl"])
        .args(flags)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The whole schema of a database, as text to compare; pg_dump's random token taken out.
fn schema_of(server: &Server, database: &str) -> String {
    let dump = dump(server, database, &[]);
    let lines = dump.lines().filter(|line| !line.contains("restrict "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Installs an extension that this server has beside `plpgsql`, and says which.
async fn create_an_extension(server: &Server, database: &str) -> String {
    let sql = "SELECT name FROM pg_available_extensions \
               WHERE name IN ('vector', 'hstore', 'citext') LIMIT 1";
    let name = server.sql(database, sql).await;
    let create = format!("CREATE EXTENSION {name}");
    server.sql(database, &create).await;
    name
}

/// Runs SQL after a preamble, as if in a session of its own.
async fn run(session: &Connection, preamble: &str, sql: &str) {
    let all = format!("RESET ALL; {preamble}{sql}");
    let outcome = session.batch_execute(&all).await;
    outcome.unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
}

#[tokio::test]
async fn a_schema_taken_apart_and_run_piece_by_piece_is_the_same_schema() {
    for server in one_of_each() {
        for database in ["one", "two", "three"] {
            server.create_database(database).await;
        }
        let one = server.connect("one").await;
        for statement in split_statements(NASTY) {
            run(&one, "", statement).await;
        }
        one.close().await;
        let extension = create_an_extension(server, "one").await;
        let (two, three) = (server.connect("two").await, server.connect("three").await);
        let mut extension_comment_left_out = false;
        for section in ["--section=pre-data", "--section=post-data"] {
            let script = Script::parse(&dump(server, "one", &["--no-tablespaces", section]));
            let preamble = script.preamble.concat();
            for entry in &script.entries {
                extension_comment_left_out |=
                    entry.left_out().is_some() && entry.name == format!("EXTENSION {extension}");
                run(&two, &preamble, &entry.sql).await;
                for statement in entry.statements() {
                    run(&three, &preamble, statement).await;
                }
            }
        }
        assert!(extension_comment_left_out);
        let expected = schema_of(server, "one");
        assert!(expected.contains("atomic_two") && expected.contains("EVENT TRIGGER"));
        let bin = server.bin().display();
        assert_eq!(schema_of(server, "two"), expected, "{bin}");
        assert_eq!(schema_of(server, "three"), expected, "{bin}");
    }
}
