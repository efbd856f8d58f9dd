use super::journal::{Journal, Stage};
use super::*;
use crate::postgres::ConnectionString;
use jiff::Timestamp;
use rstest::rstest;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(super) const URL: &str =
    "postgresql://owner:p%40w%27@ep-cool-1-pooler.aws.neon.tech:5432/neondb?sslmode=require";
const DIRECT: &str =
    "postgresql://owner:p%40w%27@ep-cool-1.aws.neon.tech:5432/neondb?sslmode=require";

pub(super) fn goal() -> Goal {
    let parse = |text: &str| ConnectionString::parse(text).unwrap();
    let source = parse("postgresql://postgres:old-canary@localhost:5432/chat_pgvector");
    Goal::new(source, &parse(DIRECT))
}

/// The text of a file after it was switched; without a change, itself.
pub(super) fn switched(name: &str, text: &str) -> (String, Plan) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, text).unwrap();
    let plan = Plan::make(folder.path(), &[PathBuf::from(name)], &goal()).unwrap();
    let shown = format!("{plan:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("p%40w") && !shown.contains("p@w"),
        "{shown}"
    );
    if !plan.files.is_empty() {
        carry_out(&plan, &folder.path().join("s.toml"), Timestamp::UNIX_EPOCH).unwrap();
    }
    let after = fs::read_to_string(&file).unwrap();
    if !plan.files.is_empty() {
        undo(&folder.path().join("s.toml")).unwrap();
        assert_eq!(fs::read(&file).unwrap(), text.as_bytes());
        let names = fs::read_dir(file.parent().unwrap()).unwrap();
        let left = names.filter(|entry| entry.as_ref().unwrap().file_type().unwrap().is_file());
        assert_eq!(left.count(), 1, "nothing else is left beside it");
    }
    (after, plan)
}

pub(super) const OLD: &str = "postgresql://postgres:canary@localhost:5432/chat_pgvector";

#[rstest]
#[case(".env", "DATABASE_URL=OLD", "DATABASE_URL=NEW")]
#[case(
    ".env",
    "\u{feff}# a\r\nexport DATABASE_URL = \"OLD\" # b\r\nX='1'\r\n",
    "\u{feff}# a\r\nexport DATABASE_URL = \"NEW\" # b\r\nX='1'\r\n"
)]
#[case(
    ".env.production",
    "K=\"a\nDATABASE_URL=OLD\n\"\n'DATABASE_URL=OLD'\nDATABASE_URL='OLD'\n",
    "K=\"a\nDATABASE_URL=OLD\n\"\n'DATABASE_URL=OLD'\nDATABASE_URL='NEW'\n"
)]
#[case("app.sh", "  export DATABASE_URL=OLD\n", "  export DATABASE_URL=NEW\n")]
#[case(
    ".streamlit/secrets.toml",
    "a = 1 # x\nDATABASE_URL='OLD' # y\n[t]\nDATABASE_URL = \"\"\"OLD\"\"\"\n",
    "a = 1 # x\nDATABASE_URL='NEW' # y\n[t]\nDATABASE_URL = \"NEW\"\n"
)]
#[case(
    "c.json",
    "{ \"a\": \"DATABASE_URL\",\"DATABASE_URL\" :\"OLD\", \"b\":[1]}",
    "{ \"a\": \"DATABASE_URL\",\"DATABASE_URL\" :\"NEW\", \"b\":[1]}"
)]
#[case(
    "c.yaml",
    "s: |\n  DATABASE_URL: OLD\nenvironment:\n  - DATABASE_URL=OLD\nx:\n  \"DATABASE_URL\": 'OLD' # z\n  DATABASE_URL: OLD\n",
    "s: |\n  DATABASE_URL: OLD\nenvironment:\n  - DATABASE_URL=NEW\nx:\n  \"DATABASE_URL\": 'NEW' # z\n  DATABASE_URL: NEW\n"
)]
fn only_the_value_changes(#[case] name: &str, #[case] text: &str, #[case] expected: &str) {
    let (after, plan) = switched(name, &text.replace("OLD", OLD));
    assert_eq!(
        after,
        expected.replace("NEW", URL).replace("OLD", OLD),
        "{plan:?}"
    );
}

#[rstest]
#[case(
    "DATABASE_URL=postgresql+psycopg2://postgres@localhost/chat_pgvector?sslmode=disable&application_name=shop",
    "DATABASE_URL='postgresql+psycopg2://owner:p%40w%27@ep-cool-1-pooler.aws.neon.tech:5432/neondb?sslmode=require&application_name=shop'"
)]
#[case(
    "DATABASE_URL='postgresql+asyncpg://postgres@localhost/chat_pgvector'",
    "DATABASE_URL='postgresql+asyncpg://owner:p%40w%27@ep-cool-1-pooler.aws.neon.tech:5432/neondb?ssl=require'"
)]
#[case(
    "NEON_DATABASE_URL=postgresql://u:p@old.example/d",
    "NEON_DATABASE_URL=DIRECT"
)]
#[case("STORAGE_BACKEND=astra", "STORAGE_BACKEND=postgres")]
fn a_value_is_what_its_reader_needs(#[case] text: &str, #[case] expected: &str) {
    let (after, _) = switched(".env", text);
    let expected = expected.replace("DIRECT", DIRECT);
    assert_eq!(after, expected);
}

#[rstest]
#[case(
    "DATABASE_URL=postgresql://u:canary@localhost:5432/chat_pgvector_test",
    "another database"
)]
#[case(
    "DATABASE_URL=postgresql://u:canary@localhost:5433/chat_pgvector",
    "another database"
)]
#[case("DATABASE_URL=sqlite:///canary.db", "no PostgreSQL connection string")]
#[case(
    "DATABASE_URL=postgresql://${POSTGRES_USER}:canary@localhost/chat_pgvector",
    "put together"
)]
#[case("POSTGRES_PASSWORD=canary\nPOSTGRES_USER=postgres", "set up a server")]
#[case(
    "POSTGRES_HOST=db.example.org\nPOSTGRES_PASSWORD=canary",
    "another database"
)]
fn what_leads_elsewhere_stays(#[case] text: &str, #[case] why: &str) {
    let (after, plan) = switched(".env", text);
    assert_eq!(after, text);
    assert!(
        plan.left.iter().all(|left| left.why.contains(why)),
        "{plan:?}"
    );
    assert!(!plan.left.is_empty());
}

#[test]
fn parts_change_together_and_get_their_encryption() {
    let text = "POSTGRES_HOST=db\nPOSTGRES_PORT=5432\nPOSTGRES_DB=chat_pgvector\nPOSTGRES_USER=postgres\nPOSTGRES_PASSWORD='canary'";
    let (after, plan) = switched(".env", text);
    let expected = "POSTGRES_HOST=ep-cool-1-pooler.aws.neon.tech\nPOSTGRES_SSLMODE=require\nPOSTGRES_PORT=5432\nPOSTGRES_DB=neondb\nPOSTGRES_USER=owner\nPOSTGRES_PASSWORD=\"p@w'\"";
    assert_eq!(after, expected, "{plan:?}");
    assert!(plan.files[0].adds_sslmode());
    assert_eq!(plan.lacking, [""; 0]);
    let (_, plan) = switched(
        ".env",
        "POSTGRES_HOST=localhost\nPOSTGRES_DB=chat_pgvector\n",
    );
    assert_eq!(
        plan.lacking,
        [".env does not set POSTGRES_USER, POSTGRES_PASSWORD"]
    );
    let json = "{\n  \"POSTGRES_HOST\": \"localhost\",\n  \"POSTGRES_PORT\": 5432,\n  \"POSTGRES_PASSWORD\": \"canary\"\n}\n";
    let (after, _) = switched("c.json", json);
    assert_eq!(
        after,
        "{\n  \"POSTGRES_SSLMODE\": \"require\",\n  \"POSTGRES_HOST\": \"ep-cool-1-pooler.aws.neon.tech\",\n  \"POSTGRES_PORT\": 5432,\n  \"POSTGRES_PASSWORD\": \"p@w'\"\n}\n"
    );
    let toml = "[db]\n  POSTGRES_HOST = \"localhost\"\n  POSTGRES_SSLMODE = \"disable\"\n";
    let (after, _) = switched("c.toml", toml);
    assert_eq!(
        after,
        "[db]\n  POSTGRES_HOST = \"ep-cool-1-pooler.aws.neon.tech\"\n  POSTGRES_SSLMODE = \"require\"\n"
    );
    let yaml = "- POSTGRES_HOST: localhost\n";
    let (after, _) = switched("c.yml", yaml);
    assert_eq!(
        after,
        "- POSTGRES_HOST: ep-cool-1-pooler.aws.neon.tech\n  POSTGRES_SSLMODE: require\n"
    );
}

#[test]
fn what_is_not_understood_is_not_written() {
    for (name, text) in [
        ("c.toml", "a = {"),
        ("c.json", "{"),
        ("c.toml", "p = { POSTGRES_HOST = \"localhost\" }"),
    ] {
        let (after, plan) = switched(name, text);
        assert_eq!(after, text);
        assert_eq!(plan.left.len(), 1, "{plan:?}");
    }
}

#[test]
fn a_switched_application_is_not_switched_again() {
    let (after, _) = switched(".env", &format!("DATABASE_URL={OLD}\n"));
    let (again, plan) = switched(".env", &after);
    assert_eq!(again, after);
    assert!(plan.files.is_empty() && plan.left.is_empty());
}

/// Two files, one behind a link, ready to be switched.
pub(super) fn application() -> (tempfile::TempDir, PathBuf, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("app");
    fs::create_dir(&app).unwrap();
    let real = folder.path().join("shared.env");
    fs::write(&real, format!("DATABASE_URL={OLD}\n")).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, app.join(".env")).unwrap();
    let second = app.join(".env.local");
    fs::write(&second, format!("export DATABASE_URL=\"{OLD}\"")).unwrap();
    let session = folder.path().join("s.toml");
    (folder, real, second, session)
}

pub(super) fn plan(folder: &tempfile::TempDir) -> Plan {
    Plan::make(&folder.path().join("app"), &[], &goal()).unwrap()
}

pub(super) fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

#[test]
fn links_and_modes_stay_and_copies_are_private() {
    let (folder, real, _, session) = application();
    let switched = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    assert!(folder.path().join("app/.env").is_symlink());
    assert_eq!(
        fs::read_to_string(&real).unwrap(),
        format!("DATABASE_URL={URL}\n")
    );
    assert_eq!((mode(&real), switched.files.len()), (0o640, 2));
    for replaced in &switched.files {
        assert_eq!(mode(Path::new(&replaced.copy)), 0o600);
        assert!(
            fs::read_to_string(&replaced.copy)
                .unwrap()
                .contains("canary")
        );
    }
    assert_eq!(mode(&session.with_extension("switch.toml")), 0o600);
    let note = fs::read_to_string(session.with_extension("switch.toml")).unwrap();
    assert!(!note.contains("canary") && !note.contains("p%40w"));
    let refused = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(Error::Nothing)));
    assert_eq!(settle(&session).unwrap().switched, Some(switched));
}

/// As a crash leaves it: one file replaced, the other one not, its new text half-written beside it.
#[test]
fn a_crash_in_the_middle_is_put_back_by_the_next_start() {
    for stage in [Stage::Replacing, Stage::Undoing] {
        let (folder, real, second, session) = application();
        let old = fs::read(&second).unwrap();
        carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
        fs::write(&second, &old).unwrap();
        fs::write(
            folder.path().join("app/..env.local.neonlift-new"),
            "export DATA",
        )
        .unwrap();
        let mut journal = Journal::read(&session).unwrap().unwrap();
        journal.stage = stage;
        journal.write(&session).unwrap();
        let settled = settle(&session).unwrap();
        assert_eq!((settled.restored.len(), settled.switched), (2, None));
        assert_eq!(
            fs::read_to_string(&real).unwrap(),
            format!("DATABASE_URL={OLD}\n")
        );
        assert_eq!(fs::read(&second).unwrap(), old);
        assert_eq!(fs::read_dir(folder.path().join("app")).unwrap().count(), 2);
        assert_eq!(settle(&session).unwrap(), Settled::default());
    }
}

#[test]
fn what_somebody_changed_since_is_not_overwritten() {
    let (folder, real, second, session) = application();
    carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    fs::write(&second, "mine").unwrap();
    let settled = undo(&session).unwrap();
    assert_eq!((settled.restored.len(), settled.left.len()), (1, 1));
    assert_eq!(fs::read_to_string(&second).unwrap(), "mine");
    assert!(fs::read_to_string(&real).unwrap().contains("canary"));
    let left = settled.switched.unwrap().files;
    assert!(
        fs::read_to_string(&left[0].copy)
            .unwrap()
            .contains("canary")
    );
}

#[test]
fn an_edited_file_has_two_ways_out_and_its_lines_are_told_without_values() {
    for (how, text) in [(EditedFiles::Aside, OLD), (EditedFiles::Keep, "mine")] {
        let (folder, real, second, session) = application();
        carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
        fs::write(&second, "PLAN=mine\n").unwrap();
        let told = undo(&session).unwrap();
        let words = told.in_words().join("\n");
        assert!(words.contains("--edited-files aside"), "{words}");
        assert!(words.contains("+ PLAN="), "{words}");
        assert!(
            !words.contains("mine") && !words.contains("canary"),
            "{words}"
        );
        let settled = undo_edited(&session, how, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((settled.switched.clone(), settled.left.len()), (None, 0));
        assert!(fs::read_to_string(&second).unwrap().contains(text));
        assert!(fs::read_to_string(&real).unwrap().contains(OLD));
        let beside = match how {
            EditedFiles::Aside => &settled.aside,
            _ => &settled.kept,
        };
        let other = fs::read_to_string(&beside[0].copy).unwrap();
        assert_eq!(other.contains("mine"), how == EditedFiles::Aside, "{other}");
        assert_eq!(settle(&session).unwrap(), Settled::default());
    }
    // One that is gone is made anew.
    let (folder, _, second, session) = application();
    carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
    fs::remove_file(&second).unwrap();
    assert_eq!(undo(&session).unwrap().left.len(), 1);
    let settled = undo_edited(&session, EditedFiles::Aside, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((settled.aside.len(), settled.left.len()), (0, 0));
    assert!(fs::read_to_string(&second).unwrap().contains(OLD));
}

/// Nothing is switched then, so that nothing can be undone.
#[test]
fn what_was_changed_amid_a_crashed_switch_is_told_with_what_helps() {
    for copied in [true, false] {
        let (folder, _, second, session) = application();
        let switched = carry_out(&plan(&folder), &session, Timestamp::UNIX_EPOCH).unwrap();
        let mut journal = super::journal::Journal::read(&session).unwrap().unwrap();
        journal.stage = super::journal::Stage::Replacing;
        journal.write(&session).unwrap();
        fs::write(&second, "mine").unwrap();
        let copy = &switched.files[1].copy;
        if !copied {
            fs::remove_file(copy).unwrap();
        }
        let settled = settle(&session).unwrap();
        assert_eq!((settled.restored.len(), settled.left.len()), (1, 1));
        assert_eq!(settled.switched, None);
        let words = settled.in_words().join("\n");
        assert!(words.contains("nothing is switched now: look"), "{words}");
        assert!(
            !words.contains("undo") && !words.contains("rollback"),
            "{words}"
        );
        assert_eq!(words.contains(copy.as_str()), copied, "{words}");
        assert_eq!(fs::read_to_string(&second).unwrap(), "mine");
    }
}

#[test]
fn files_that_changed_since_the_plan_are_left_and_the_others_put_back() {
    let (folder, real, second, session) = application();
    let plan = plan(&folder);
    fs::write(&second, "mine").unwrap();
    let refused = carry_out(&plan, &session, Timestamp::UNIX_EPOCH);
    assert!(matches!(refused, Err(Error::Changed(_))));
    assert_eq!(fs::read_to_string(&second).unwrap(), "mine");
    assert!(fs::read_to_string(&real).unwrap().contains("canary"));
}

#[test]
fn git_is_asked_whether_it_would_take_the_password_in() {
    let (folder, _, _, _) = application();
    let app = folder.path().join("app");
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        let done = git.arg("-C").arg(&app).args(arguments).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    git(&["init", "-q"]);
    assert!(
        plan(&folder)
            .cautions
            .iter()
            .any(|text| text.contains("does not ignore it"))
    );
    fs::write(app.join(".gitignore"), ".env.local\n").unwrap();
    assert!(
        plan(&folder)
            .cautions
            .iter()
            .any(|text| text.contains("the copy"))
    );
    fs::write(app.join(".gitignore"), ".env*\n").unwrap();
    assert_eq!(plan(&folder).cautions, [""; 0]);
    git(&["add", "-f", ".env.local"]);
    assert!(
        plan(&folder)
            .cautions
            .iter()
            .any(|text| text.contains("tracked"))
    );
}
