//! `neonlift explain`: every trouble of the guides and of Neon as programs print it, and as real
//! servers and tools say it here.

mod troubles;

use crate::fixture::World;
use serde_json::Value;
use std::io::Write;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;
use troubles::TROUBLES;

/// What the program says, with its standard input.
fn explain(arguments: &[&str], input: &str) -> (i32, String) {
    let home = TempDir::new().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_neonlift"))
        .arg("explain")
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("its end");
    let said = String::from_utf8(stdout).expect("text");
    assert!(stderr.is_empty() || status.code() == Some(2), "{said}");
    (status.code().expect("no signal"), said)
}

/// The first cause's name, as `--json` has it, and all of the answer.
fn first_cause(text: &str) -> (String, Value) {
    let (code, said) = explain(&["--json", "-"], text);
    let answer: Value = serde_json::from_str(&said).expect("one object");
    assert_eq!(code, i32::from(answer["known"] == false), "{said}");
    let cause = answer["causes"][0]["cause"].as_str().unwrap_or_default();
    (cause.to_owned(), answer)
}

#[test]
fn every_trouble_of_the_guides_and_of_neon_has_its_advice() {
    let mut wrong = Vec::new();
    for (cause, texts) in TROUBLES {
        for text in *texts {
            let (found, answer) = first_cause(text);
            let first = &answer["causes"][0];
            let is_advised = first["advice"]
                .as_array()
                .is_some_and(|steps| !steps.is_empty());
            if found != *cause || !is_advised || first["why"].is_null() {
                wrong.push(format!("{cause}, not {found}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arguments_are_read_with_or_without_quotes() {
    for arguments in [
        &["FATAL:  sorry, too many clients already"][..],
        &["FATAL:", "sorry,", "too", "many", "clients", "already"],
        &["53300"],
        &["--", "-- sorry, too many clients already"],
    ] {
        let (code, said) = explain(arguments, "");
        assert_eq!(code, 0, "{said}");
        assert!(said.starts_with("All of the server's connections are in use."));
        assert!(
            said.contains("    Why: ") && said.contains("    Do:  "),
            "{said}"
        );
    }
}

#[test]
fn what_is_not_known_is_said_to_be_so() {
    let (code, said) = explain(&["the", "flux", "capacitor", "is", "empty"], "");
    assert!(
        code == 1 && said.contains("not known") && said.contains("VERBOSITY"),
        "{said}"
    );
    let (code, said) = explain(&["-"], "ERROR:  22012: division by zero\n");
    assert!(
        code == 1 && said.contains("class 22: data exception"),
        "{said}"
    );
    let (code, said) = explain(&[], "");
    assert!(code == 1 && said.contains("not known"), "{said}");
}

#[test]
fn a_secret_in_the_text_is_not_told_again() {
    let text = "app.py: cannot use postgresql://ada:s3cretcanary@ep-x.neon.tech/db?password=s3cretcanary\nPGPASSWORD=s3cretcanary\nFATAL: password authentication failed for user \"ada\"\ns3cretcanary";
    for arguments in [&["-"][..], &["--json", "-"], &[text], &["-vv", text]] {
        let (code, said) = explain(arguments, text);
        assert!(code == 0 && !said.contains("s3cretcanary"), "{said}");
    }
    let (_, said) = explain(&["unheard of: postgres://a:s3cretcanary@h/d"], "");
    assert!(!said.contains("canary"), "{said}");
}

/// What `psql` says on standard error about a statement.
fn psql(url: &str, sql: &str) -> String {
    let mut command = Command::new("psql");
    command.args(["-X", "-d", url, "-c", sql]);
    let output = command.output().expect("psql is installed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_real_servers_and_tools_say_is_understood() {
    let world = World::new(10);
    let source = world.source_url();
    let wrong = "postgresql://nobody:wrong@127.0.0.1:1/db";
    let cases = [
        ("ConnectionRefused", psql(wrong, "SELECT 1")),
        (
            "HostNotFound",
            psql("host=no-such-host.invalid", "SELECT 1"),
        ),
        ("UnknownDatabase", psql(&source, "\\c nowhere")),
        (
            "DimensionMismatch",
            psql(&source, "SELECT '[1,2]'::vector <-> '[1]'"),
        ),
        (
            "DimensionMismatch",
            psql(&source, "SELECT '[1,2]'::vector::vector(3)"),
        ),
        (
            "ExtensionUnavailable",
            psql(&source, "CREATE EXTENSION nonesuch"),
        ),
        ("ObjectMissing", psql(&source, "SELECT * FROM nowhere")),
        (
            "AlreadyExists",
            psql(
                &source,
                "CREATE TABLE pg_temp.a (); CREATE TABLE pg_temp.a ()",
            ),
        ),
        ("UnknownRole", psql(&source, "SET ROLE nobody_at_all")),
        (
            "ReadOnly",
            psql(&source, "BEGIN READ ONLY; CREATE TABLE a ()"),
        ),
        (
            "StatementTimeout",
            psql(&source, "SET statement_timeout = 1; SELECT pg_sleep(9)"),
        ),
        (
            "SnapshotGone",
            psql(
                &source,
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT 'x'",
            ),
        ),
        (
            "CollationMissing",
            psql(&source, "SELECT 'a' COLLATE \"xx_XX\""),
        ),
    ];
    let mut wrong = Vec::new();
    for (cause, said) in cases {
        let (found, _) = first_cause(&said);
        if found != cause {
            wrong.push(format!("{cause}, not {found}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
