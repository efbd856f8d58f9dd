//! Files as people have them: several services in one, templates, links, what is no configuration,
//! what stands in a way that is not understood, and file systems that refuse.

use super::tests::{OLD, URL, application, goal, plan, switched};
use super::*;
use crate::postgres::ConnectionString;
use jiff::Timestamp;
use rstest::rstest;
use std::fs;
use std::path::PathBuf;

const OTHER: &str = "postgresql://u:canary@analytics.example.org/facts";

fn why_left(plan: &Plan) -> String {
    let left = plan.left.iter();
    let left = left.map(|left| format!("{}: {}\n", left.what, left.why));
    left.collect()
}

/// In Compose files the variables that set a server up have the application's names.
#[test]
fn a_server_that_is_set_up_in_the_same_file_keeps_its_password() {
    let server = "services:\n  db:\n    environment:\n      POSTGRES_USER: postgres\n      POSTGRES_PASSWORD: canary\n      POSTGRES_DB: chat_pgvector\n";
    let app = "  app:\n    environment:\n      POSTGRES_HOST: db\n      POSTGRES_USER: postgres\n      POSTGRES_PASSWORD: canary\n";
    let (after, plan) = switched("compose.yaml", &format!("{server}{app}"));
    assert!(after.starts_with(server), "{after}");
    let app = &after[server.len()..];
    assert!(app.contains("POSTGRES_HOST: ep-cool-1-pooler"), "{after}");
    assert!(app.contains("POSTGRES_PASSWORD: 'p@w''"), "{after}");
    assert!(why_left(&plan).contains("set up a server"), "{plan:?}");
    // The other way round, and as lists.
    let text = format!(
        "services:\n  app:\n    environment:\n    - POSTGRES_HOST=db\n    - POSTGRES_USER=postgres\n{}",
        &server["services:\n".len()..]
    );
    let (after, plan) = switched("compose.yml", &text);
    assert!(after.contains("- POSTGRES_USER=owner\n"), "{plan:?}");
    assert!(after.contains("POSTGRES_USER: postgres\n"), "{after}");
}

#[rstest]
#[case(
    "c.json",
    "{\"a\": {\"POSTGRES_HOST\": \"localhost\"}, \"b\": {\"x\": {}, \"POSTGRES_HOST\": \"other.example\"}}"
)]
#[case(
    "c.toml",
    "[[app]]\nPOSTGRES_HOST = \"localhost\"\n[[app]]\nPOSTGRES_HOST = \"other.example\"\n"
)]
#[case(
    "c.yaml",
    "- POSTGRES_HOST: localhost\n- POSTGRES_HOST: other.example\n"
)]
fn another_database_in_the_same_file_stays(#[case] name: &str, #[case] text: &str) {
    let (after, plan) = switched(name, text);
    assert!(!after.contains("localhost"), "{after}");
    assert!(after.contains("other.example"), "{after}");
    assert_eq!(after.matches("POSTGRES_SSLMODE").count(), 1, "{after}");
    assert!(why_left(&plan).contains("on other.example"), "{plan:?}");
}

#[test]
fn a_comment_behind_an_empty_value_stays_a_comment() {
    let text = "POSTGRES_HOST=localhost\nPOSTGRES_PASSWORD= # none\n";
    let (after, plan) = switched(".env", text);
    let line = after
        .lines()
        .find(|line| line.starts_with("POSTGRES_PASSWORD"));
    assert!(
        line.is_some_and(|line| line.ends_with(" # none")),
        "{after} {plan:?}"
    );
}

/// Of two hosts in one shell file the last one may be what is read.
#[test]
fn two_hosts_of_which_one_leads_elsewhere_both_stay() {
    let text = "POSTGRES_HOST=localhost\nPOSTGRES_PASSWORD=canary\nPOSTGRES_HOST=other.example\n";
    let (after, plan) = switched(".env", text);
    assert_eq!(after, text);
    assert_eq!(plan.left.len(), 3);
}

/// `p@w'` cannot stand in a list's item without quotes: the host must not go without it.
#[test]
fn parts_of_which_one_cannot_be_written_all_stay() {
    let text = "env:\n  - POSTGRES_HOST=localhost\n  - POSTGRES_PASSWORD=canary\n";
    let (after, plan) = switched("c.yaml", text);
    assert_eq!(after, text);
    assert!(why_left(&plan).contains("change it by hand"), "{plan:?}");
}

#[test]
fn a_dollar_is_no_variable_of_compose() {
    let folder = tempfile::tempdir().unwrap();
    let text = "POSTGRES_HOST: localhost\nPOSTGRES_PASSWORD: canary\n";
    fs::write(folder.path().join("c.yaml"), text).unwrap();
    let parse = |text: &str| ConnectionString::parse(text).unwrap();
    let source = parse("postgresql://postgres@localhost/chat_pgvector");
    let target = parse("postgresql://owner:pa%24word@ep-cool-1.aws.neon.tech/neondb");
    let goal = Goal::new(source, &target);
    let plan = Plan::make(folder.path(), &[PathBuf::from("c.yaml")], &goal).unwrap();
    assert!(plan.files.is_empty() && plan.left.len() == 2, "{plan:?}");
    fs::write(folder.path().join(".env"), text.replace(": ", "=")).unwrap();
    let plan = Plan::make(folder.path(), &[], &goal).unwrap();
    let after = plan.files[0].after.expose();
    assert!(after.contains("POSTGRES_PASSWORD='pa$word'"), "{after}");
}

#[test]
fn templates_and_backups_are_never_given_a_password() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        ".env.example",
        "example.env",
        ".env.sample.local",
        ".env-old.env",
        ".env.bak",
        ".env~",
    ] {
        fs::write(folder.path().join(name), format!("DATABASE_URL={OLD}\n")).unwrap();
    }
    let plan = Plan::make(folder.path(), &[], &goal()).unwrap();
    assert!(plan.files.is_empty() && plan.left.is_empty(), "{plan:?}");
}

#[test]
fn what_is_no_text_or_has_another_name_is_left_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let line = format!("DATABASE_URL={OLD}\n");
    write(".env", &[b"# caf\xe9\n", line.as_bytes()].concat());
    write(".env.huge", line.repeat(20_000).as_bytes());
    write(".env.linked", line.as_bytes());
    let (from, to) = (
        folder.path().join(".env.linked"),
        folder.path().join("other"),
    );
    fs::hard_link(from, to).unwrap();
    let plan = Plan::make(folder.path(), &[], &goal()).unwrap();
    let left = why_left(&plan);
    for why in ["not UTF-8", "larger", "hard link"] {
        assert!(left.contains(why), "{left}");
    }
    assert!(plan.files.is_empty());
}

#[rstest]
#[case(".env", "A=1; export DATABASE_URL='OLD'\n", 1)]
#[case(
    ".env",
    "# DATABASE_URL=OLD\nA=1 # DATABASE_URL=OLD\nTEST_DATABASE_URL=OLD\nB=$DATABASE_URL\n",
    0
)]
#[case("c.yaml", "a:\n  DATABASE_URL: >-\n    OLD\n", 1)]
#[case("c.yaml", "a: {DATABASE_URL: OLD}\n# DATABASE_URL: OLD\n", 1)]
#[case("c.yaml", "a:\n  - DATABASE_URL=${DATABASE_URL:-OLD}\n", 1)]
fn what_is_not_understood_is_told(#[case] name: &str, #[case] text: &str, #[case] told: usize) {
    let text = text.replace("OLD", OLD);
    let (after, plan) = switched(name, &text);
    assert_eq!(after, text);
    assert_eq!(plan.left.len(), told, "{plan:?}");
    let by_name = plan
        .left
        .iter()
        .all(|left| left.what.starts_with("DATABASE_URL in "));
    assert!(by_name, "{plan:?}");
}

/// `switched` looks for passwords in everything that is shown.
#[rstest]
#[case(&format!("POSTGRES_HOST={OTHER}\nPOSTGRES_PASSWORD=canary\n"))]
#[case(&format!("DATABASE_URL={OTHER}\n"))]
#[case(&format!("DATABASE_URL='{OLD}?password=canary'\n"))]
#[case("DATABASE_URL='host=localhost password=canary dbname=chat_pgvector'\n")]
#[case(
    "POSTGRES_HOST=localhost\nPOSTGRES_USER=postgres:canary@\nPOSTGRES_PASSWORD=\"canary\\n\"\n"
)]
fn a_password_in_the_wrong_place_is_not_shown(#[case] text: &str) {
    let (_, plan) = switched(".env", text);
    assert!(!plan.files.is_empty() || !plan.left.is_empty());
}

/// A folder where nothing can be added is one whose names would be too long.
#[test]
fn where_no_copy_can_be_made_nothing_is_begun() {
    let (folder, real, _, session) = application();
    let long = folder
        .path()
        .join("app")
        .join(format!(".env.{}", "x".repeat(245)));
    fs::write(&long, format!("DATABASE_URL={OLD}\n")).unwrap();
    let refused = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH);
    assert!(
        matches!(refused, Err(Error::File { doing: "write", .. })),
        "{refused:?}"
    );
    assert_eq!(settle(&session).unwrap(), Settled::default());
    for file in [&real, &long] {
        assert!(fs::read_to_string(file).unwrap().contains(OLD));
    }
    assert_eq!(fs::read_dir(folder.path().join("app")).unwrap().count(), 3);
}

#[test]
fn names_that_are_taken_are_never_taken_away() {
    let (folder, _, second, session) = application();
    let taken = second.with_file_name(".env.local.before-neon-19700101-000000");
    fs::write(&taken, "mine").unwrap();
    let nowhere = taken.with_file_name(".env.local.before-neon-19700101-000000-2");
    std::os::unix::fs::symlink("nowhere", &nowhere).unwrap();
    let switched = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    assert!(
        switched
            .files
            .iter()
            .any(|file| file.copy.ends_with("-000000-3"))
    );
    assert_eq!(undo(&session).unwrap().restored.len(), 2);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
    assert!(nowhere.is_symlink());
}

#[test]
fn a_copy_that_is_gone_is_told_and_keeps_no_other_file_from_being_put_back() {
    let (folder, real, second, session) = application();
    let switched = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    fs::remove_file(&switched.files[0].copy).unwrap();
    let undone = undo(&session).unwrap();
    assert_eq!((undone.restored.len(), undone.left.len()), (1, 1));
    assert!(undone.left[0].why.contains("gone"), "{undone:?}");
    assert!(fs::read_to_string(&second).unwrap().contains(OLD));
    // Put there by hand, it is as it was.
    fs::write(&real, format!("DATABASE_URL={OLD}\n")).unwrap();
    assert_eq!(undo(&session).unwrap().switched, None);
    assert_eq!(settle(&session).unwrap(), Settled::default());
}

#[test]
fn a_file_that_the_system_refuses_keeps_no_other_from_being_put_back() {
    let (folder, _, second, session) = application();
    let switched = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    let copy = PathBuf::from(&switched.files[0].copy);
    let old = fs::read(&copy).unwrap();
    fs::remove_file(&copy).unwrap();
    fs::create_dir(&copy).unwrap();
    let refused = undo(&session);
    assert!(matches!(refused, Err(Error::NotPutBack(_))), "{refused:?}");
    assert!(fs::read_to_string(&second).unwrap().contains(OLD));
    fs::remove_dir(&copy).unwrap();
    fs::write(&copy, old).unwrap();
    let settled = settle(&session).unwrap();
    assert_eq!((settled.restored.len(), settled.switched), (2, None));
}

#[test]
fn a_folder_is_named_as_people_type_it() {
    let home = std::env::home_dir().unwrap();
    assert_eq!(named_folder(" ~/ ").unwrap(), home.join(""));
    for wrong in ["", "/no/such/folder", "Cargo.toml"] {
        assert!(
            matches!(named_folder(wrong), Err(Error::NoFolder(_))),
            "{wrong}"
        );
    }
}

#[test]
fn quotes_and_ends_of_lines_are_kept_where_nothing_ends_the_last_line() {
    let text = format!("export A='1'\r\nPOSTGRES_HOST=localhost\r\nDATABASE_URL=\"{OLD}\"");
    let (after, _) = switched(".envrc", &text);
    assert_eq!(
        after,
        format!(
            "export A='1'\r\nPOSTGRES_HOST=ep-cool-1-pooler.aws.neon.tech\r\nPOSTGRES_SSLMODE=require\r\nDATABASE_URL=\"{URL}\""
        )
    );
}
