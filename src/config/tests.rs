use super::*;
use crate::failure::{Explain, Failure, Severity, chain};
use rstest::rstest;
use std::collections::BTreeSet;

const EXAMPLE: &str = include_str!("../../config.example.toml");

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(text, Path::new("c.toml"))
}

fn problems(text: &str) -> Vec<Problem> {
    match parse(text) {
        Err(Error::Invalid { problems, .. }) => problems,
        other => panic!("expected mistakes, got {other:?}"),
    }
}

fn only_problem(text: &str) -> (usize, String, Mistake) {
    let problems = problems(text);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems.into_iter().next().expect("one problem");
    (problem.line, problem.key, problem.mistake)
}

/// The example with its examples of settings made real: `#key = …` → `key = …`.
fn example_with_everything() -> String {
    let uncomment = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
        _ => line,
    };
    EXAMPLE
        .lines()
        .map(uncomment)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths of all keys of a table, those of tables in lists included.
fn paths(prefix: &str, table: &toml::Table, into: &mut BTreeSet<String>) {
    for (name, value) in table {
        let path = format!("{prefix}{name}");
        match value {
            toml::Value::Table(inner) => paths(&format!("{path}."), inner, into),
            toml::Value::Array(items) => {
                for item in items.iter().filter_map(toml::Value::as_table) {
                    paths(&format!("{path}."), item, into);
                }
                into.insert(path);
            }
            _ => {
                into.insert(path);
            }
        }
    }
}

fn known_paths() -> BTreeSet<String> {
    KEYS.iter().map(|key| key.path.to_owned()).collect()
}

#[test]
fn the_example_equals_the_defaults() {
    assert_eq!(parse(EXAMPLE).expect("the example"), Config::default());
}

#[test]
fn the_example_has_every_key_and_each_is_documented() {
    let everything = example_with_everything();
    parse(&everything).expect("the example with everything");
    let mut found = BTreeSet::new();
    paths("", &everything.parse().expect("TOML"), &mut found);
    assert_eq!(found, known_paths());

    let lines: Vec<_> = EXAMPLE.lines().collect();
    for pair in lines.windows(2) {
        let setting = pair[1].strip_prefix('#').unwrap_or(pair[1]);
        if setting.starts_with(|c: char| c.is_ascii_lowercase()) {
            assert!(pair[0].starts_with("# "), "no comment above: {setting}");
        }
    }
}

#[test]
fn the_list_of_keys_is_what_the_structures_hold() {
    let full = Config {
        source: Some("s".to_owned()),
        target: Some("t".to_owned()),
        select: Select {
            what: What::Data,
            schemas: vec!["a".to_owned()],
            tables: vec!["b.c*".to_owned()],
            exclude_schemas: vec!["d".to_owned()],
            exclude_tables: vec!["e".to_owned()],
            rows: vec![Rows {
                table: "f".to_owned(),
                condition: "g > 1".to_owned(),
            }],
        },
        transfer: Transfer {
            jobs: Some(1),
            ..Transfer::default()
        },
        application: Application {
            folder: Some("f".into()),
            files: vec!["c.yaml".into()],
            tests: vec!["pytest".to_owned()],
            pool_size: Some(5),
            instances: Some(2),
        },
        checklist: Checklist {
            items: vec![ChecklistItem {
                key: "k".to_owned(),
                text: "t".to_owned(),
            }],
        },
        ..Config::default()
    };
    let text = toml::to_string(&full).expect("a configuration as TOML");
    let mut found = BTreeSet::new();
    paths("", &text.parse().expect("TOML"), &mut found);
    assert_eq!(found, known_paths());
    assert_eq!(parse(&text).expect("what was written"), full);
}

#[test]
fn a_selection_that_cannot_be_is_told_where_it_stands() {
    let text = "[select]\nwhat = \"rows\"\ntables = [\"a.b.c\"]\nschemas = \"a\"\n\
                [[select.rows]]\ntable = \"a\"\nwhere = \"a; b\"\n";
    let found: Vec<(usize, String, Mistake)> = problems(text)
        .into_iter()
        .map(|problem| (problem.line, problem.key, problem.mistake))
        .collect();
    let wrong_list = Mistake::WrongType {
        wanted: "a list of texts",
        found: "a text",
    };
    assert_eq!(
        found,
        [
            (2, "select.what".to_owned(), Mistake::Choice(What::NAMES)),
            (3, "select.tables".to_owned(), Mistake::BadPattern),
            (4, "select.schemas".to_owned(), wrong_list),
            (
                7,
                "select.rows.where".to_owned(),
                Mistake::BadCondition("it holds a semicolon")
            ),
        ]
    );
}

#[test]
fn values_reach_their_places() {
    let config = parse(
        r#"
        source = "postgresql://me@localhost/db"
        transfer = { jobs = 0x10, chunk_mb = 1_024 }
        backup.folder = "/srv/backups"
        schema.from = "./source"
        compare.group_by = ""
        [[checklist.items]]
        key = "support-informed"
        text = "Support knows."
        "#,
    )
    .expect("a good file");
    assert_eq!(
        config.source.as_deref(),
        Some("postgresql://me@localhost/db")
    );
    assert_eq!(config.transfer.jobs, Some(16));
    assert_eq!(config.transfer.chunk_bytes(), 1 << 30);
    assert_eq!(config.backup.folder, Path::new("/srv/backups"));
    assert_eq!(config.schema.from, SchemaFrom::Folder("./source".into()));
    assert_eq!(config.compare.grouping(), None);
    assert_eq!(config.checklist.items[0].key, "support-informed");
    assert_eq!(
        Config::default().compare.grouping(),
        Some("collection_name")
    );
}

#[rstest]
#[case("\n\nsorce = 'x'", 3, "sorce", Some("source"))]
#[case(
    "[transfer]\nchunk_mb = 1\nchunkmb = 2",
    3,
    "transfer.chunkmb",
    Some("transfer.chunk_mb")
)]
#[case("transfer = { job = 1 }", 1, "transfer.job", Some("transfer.jobs"))]
#[case("jobs = 1", 1, "jobs", Some("transfer.jobs"))]
#[case("[trasnfer]\njobs = 1", 1, "trasnfer", Some("transfer"))]
#[case("\"so urce\" = 1", 1, "\"so urce\"", Some("source"))]
#[case("[transfer]\n\"\\u001b[2J\" = 1", 2, "transfer.\"\\u{1b}[2J\"", None)]
fn an_unknown_key_is_named_with_its_line(
    #[case] text: &str,
    #[case] line: usize,
    #[case] key: &str,
    #[case] nearest: Option<&'static str>,
) {
    assert_eq!(
        only_problem(text),
        (line, key.to_owned(), Mistake::Unknown { nearest })
    );
}

#[rstest]
#[case("source = 'postgresql://u:canary@h/db'", "source", Mistake::Password)]
#[case("target = 'host=h password=canary'", "target", Mistake::Password)]
#[case("target = ' '", "target", Mistake::Empty)]
#[case("transfer.jobs = 0", "transfer.jobs", Mistake::OutOfRange { min: 1, max: 64 })]
#[case("transfer.jobs = 65", "transfer.jobs", Mistake::OutOfRange { min: 1, max: 64 })]
#[case("transfer.chunk_mb = -1", "transfer.chunk_mb", Mistake::OutOfRange { min: 1, max: 4096 })]
#[case(
    "transfer.chunk_mb = 99999999999999999999",
    "transfer.chunk_mb",
    Mistake::OutOfRange { min: 1, max: 4096 }
)]
#[case(
    "transfer.jobs = 'canary'",
    "transfer.jobs",
    Mistake::WrongType { wanted: "a whole number", found: "a text" }
)]
#[case(
    "transfer = 'canary'",
    "transfer",
    Mistake::WrongType { wanted: "a table", found: "a text" }
)]
#[case(
    "backup.folder = 1.5",
    "backup.folder",
    Mistake::WrongType { wanted: "a text in quotes", found: "a number with a point" }
)]
#[case("schema.from = ''", "schema.from", Mistake::Empty)]
#[case(
    "checklist.items = 'canary'",
    "checklist.items",
    Mistake::WrongType { wanted: "a list of tables", found: "a text" }
)]
#[case(
    "checklist.items = ['canary']",
    "checklist.items",
    Mistake::WrongType { wanted: "a list of tables", found: "a text" }
)]
#[case(
    "checklist.items = [{ key = 'a' }]",
    "checklist.items.text",
    Mistake::Missing
)]
#[case(
    "checklist.items = [{ key = 'A b', text = 't' }]",
    "checklist.items.key",
    Mistake::BadName
)]
#[case(
    "checklist.items = [{ key = '', text = 't' }]",
    "checklist.items.key",
    Mistake::Empty
)]
#[case(
    "checklist.items = [{ key = 'a', text = 't' }, { key = 'a', text = 'u' }]",
    "checklist.items.key",
    Mistake::DoubledName
)]
#[case(
    "checklist.items = [{ key = 'a', text = 't', by = 'me' }]",
    "checklist.items.by",
    Mistake::Unknown { nearest: None }
)]
fn a_value_that_cannot_be_is_a_mistake(
    #[case] text: &str,
    #[case] key: &str,
    #[case] mistake: Mistake,
) {
    assert_eq!(only_problem(text), (1, key.to_owned(), mistake));
}

#[test]
fn all_mistakes_are_told_at_once_with_what_to_do() {
    let text = "\
target = 'postgresql://u:canary@h/db'
jobs = 4
[transfer]
chunk_mb = 0
frobnicate = true
";
    let failure = parse(text).expect_err("mistakes").failure();
    let expected = Failure::new(
        "The configuration c.toml has 4 mistakes.",
        "line 1: `target` holds a password, which a file must not; line 2: there is no key `jobs`; \
         line 4: `transfer.chunk_mb` is not between 1 and 4096; \
         line 5: there is no key `transfer.frobnicate`",
    )
    .advise(
        "Line 1: take the password out of `target` and put it into ~/.pgpass, or give the whole \
         connection string in the environment: NEONLIFT_TARGET_URL.",
    )
    .advise("Line 2: did you mean `transfer.jobs`? `jobs` belongs under [transfer].")
    .advise("Line 4: write a number from 1 to 4096 behind `transfer.chunk_mb`.")
    .advise(
        "Line 5: take `transfer.frobnicate` out; known here: `transfer.jobs`, `transfer.chunk_mb`, `transfer.hold_hours`.",
    )
    .advise("config.example.toml documents every key and its default.")
    .severity(Severity::Usage);
    assert_eq!(failure, expected);
}

/// A password may stand anywhere in a file; no error may show it.
#[rstest]
#[case("source = postgresql://u:canary@h/db")]
#[case("source = 'postgresql://u:canary@h/db")]
#[case("source = \"postgresql://u:canary\\@h/db\"")]
#[case("source = 'postgresql://u:canary@h/db'")]
#[case("source = ['postgresql://u:canary@h/db']")]
#[case("transfer.jobs = 'canary'")]
#[case("checklist.items = [{ key = 'CANARY canary', text = 'canary' }]")]
fn errors_show_no_value(#[case] text: &str) {
    let error = parse(text).expect_err("a mistake");
    let shown = format!("{error} {error:?} {} {:?}", chain(&error), error.failure());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_syntax_error_names_its_line() {
    let error = parse("[transfer]\nchunk_mb = 64\n[backup\n").expect_err("no TOML");
    assert!(matches!(error, Error::Syntax { line: 3, .. }), "{error:?}");
    let failure = error.failure();
    assert!(failure.why.starts_with("Line 3: "), "{}", failure.why);
    assert_eq!(failure.severity, Severity::Usage);
}

#[test]
fn a_file_is_read_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, "transfer.jobs = 3").expect("a file");
    let explicit = Config::load(Some(&path)).expect("the file");
    assert_eq!(
        explicit,
        Config::load_default(Some(path.clone())).expect("the same file")
    );
    assert_eq!(explicit.0.transfer.jobs, Some(3));
    assert_eq!(explicit.1, Some(path));
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.toml");
    let nothing = Config::load_default(Some(path.clone())).expect("the defaults");
    assert_eq!(nothing, (Config::default(), None));
    assert_eq!(Config::load_default(None).expect("the defaults"), nothing);

    let failure = Config::load(Some(&path)).expect_err("no file").failure();
    assert!(failure.what.contains("none.toml"), "{failure:?}");
    assert_eq!(
        failure.advice[0],
        "Check the path after --config, or leave --config out."
    );
    assert_eq!(failure.severity.exit_code(), 2);
}

#[test]
fn a_default_file_with_mistakes_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.toml");
    std::fs::write(&path, b"source = '\xff'").expect("a file");
    let error = Config::load_default(Some(path)).expect_err("not UTF-8");
    assert_eq!(error.failure().advice[0], "Save the file as text in UTF-8.");
}

#[test]
fn a_folder_is_no_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let failure = Config::load(Some(folder.path()))
        .expect_err("a folder")
        .failure();
    assert_eq!(failure.advice[0], "Name the file, not its folder.");
}
