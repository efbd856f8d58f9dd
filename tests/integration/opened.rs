//! What a person looks at without running a step: a compared table side by side, and what the schema
//! step would do. Nothing is changed by looking.

use crate::fixture::World;
use neonlift::config::Config;
use neonlift::failure::{Explain, Failure};
use neonlift::postgres::ConnectionString;
use neonlift::session::report::{KindCount, Report};
use neonlift::session::{Session, Step, store};
use neonlift::steps::{Context, look};
use neonlift::wizard::{
    Excerpt, ExcerptCell, ExcerptRow, Look, Pairing, Preview, Seen, Side, Size, Value,
};
use tokio_util::sync::CancellationToken;

const MORE: &str = include_str!("more.sql");

/// Awkward names and keys, no key, long values.
const TABLES: &str = r#"
CREATE TABLE shop."Straße ""x""" ("it's a key\" text, "part 2" int, "sel\ect" text,
    PRIMARY KEY ("it's a key\", "part 2"));
INSERT INTO shop."Straße ""x""" VALUES ('', 1, ''), (E'it''s \\', 1, 'a'), (E'two\nlines', 1, 'b'),
    ('NULL', 1, NULL), ('NULL', 2, 'NULL');
CREATE TABLE shop.keyless (n int, t text);
INSERT INTO shop.keyless VALUES (1, ''), (2, NULL);
CREATE TABLE shop.long (id int PRIMARY KEY, t text, b bytea, j jsonb);
INSERT INTO shop.long SELECT 1, text, convert_to(text, 'UTF8'), to_jsonb(text)
    FROM (SELECT repeat('0123456789', 1048576)) long(text);
CREATE TABLE shop.unique_only (id int NOT NULL UNIQUE, t text);
INSERT INTO shop.unique_only SELECT n, 'row ' || n FROM generate_series(1, 40) n;
CREATE TABLE shop.v (id int PRIMARY KEY, v public.vector);
INSERT INTO shop.v VALUES (1, '[1,2,3]'), (2, '[1,2]'), (3, NULL);
"#;

fn session(world: &World) -> Session {
    let found = store::look(&world.session()).expect("the session's file");
    found.expect("a session").0
}

fn seen(world: &World, at: &Look) -> Seen {
    looked(world, at).unwrap_or_else(|error| panic!("{at:?}: {error:?}"))
}

fn looked(world: &World, at: &Look) -> Result<Seen, Failure> {
    let session = session(world);
    let pg_dump = world.postgres_program("pg_dump");
    let tools = pg_dump.parent().expect("a folder").to_owned();
    let context = Context::new(Config::default(), vec![tools]);
    let sides = [
        (Side::Source, world.source_url()),
        (Side::Target, world.target_url()),
    ];
    for (side, url) in sides {
        context.connect(side, ConnectionString::parse(&url).expect("a string"));
    }
    let cancel = CancellationToken::new();
    let looking = look(at, &context, &session, &cancel);
    let seen = world.runtime().block_on(looking);
    seen.map_err(|error| error.failure())
}

fn opened(world: &World, schema: &str, table: &str) -> Excerpt {
    let at = Look::Table {
        schema: schema.to_owned(),
        table: table.to_owned(),
    };
    match seen(world, &at) {
        Seen::Table(excerpt) => excerpt,
        Seen::Schema(_) | Seen::WayBack(_) => panic!("something else instead of {table}"),
    }
}

fn cell<'a>(excerpt: &Excerpt, row: &'a ExcerptRow, column: &str) -> &'a ExcerptCell {
    let mut columns = excerpt.columns.iter();
    let at = columns.position(|found| found.name == column);
    &row.cells[at.expect("the column")]
}

/// A value in words: `-` where there is none.
fn told(value: &Value) -> String {
    match value {
        Value::Absent => "-".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Text { beginning, .. } => format!("'{beginning}'"),
    }
}

/// The values of some columns on both sides of a row.
fn both(excerpt: &Excerpt, row: &ExcerptRow, columns: &[&str]) -> [String; 2] {
    let cells = || columns.iter().map(|column| cell(excerpt, row, column));
    let source: Vec<String> = cells().map(|cell| told(&cell.source)).collect();
    let target: Vec<String> = cells().map(|cell| told(&cell.target)).collect();
    [source.join(" "), target.join(" ")]
}

fn differing(excerpt: &Excerpt) -> Vec<&ExcerptRow> {
    excerpt.rows.iter().filter(|row| row.differs()).collect()
}

#[test]
fn rows_and_columns_that_differ_are_seen_side_by_side() {
    let world = World::new(300);
    world.source().run(TABLES);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    world.target().run(
        r#"UPDATE shop."Straße ""x""" SET "sel\ect" = NULL WHERE "it's a key\" = '';
           DELETE FROM shop."Straße ""x""" WHERE "it's a key\" = E'two\nlines';
           INSERT INTO shop."Straße ""x""" VALUES ('!', 0, 'new');
           UPDATE shop."Straße ""x""" SET "sel\ect" = 'null' WHERE "part 2" = 2;
           UPDATE shop.long SET t = left(t, -1) || 'x', b = '\x00'::bytea || substr(b, 2);
           ALTER TABLE shop.orders ALTER COLUMN remark TYPE varchar(40);
           ALTER TABLE shop.customers DROP COLUMN changed_at;
           ALTER TABLE shop.returns ADD COLUMN more int;
           ALTER TABLE shop.unique_only ALTER COLUMN id TYPE bigint;
           UPDATE shop.v SET v = '[1,2,4]' WHERE id = 1;
           DROP TABLE shop.keyless;
           UPDATE vector_documents SET content = content || ' ' WHERE id = (SELECT min(id::text)::uuid FROM vector_documents)"#,
    );
    world.json(&["compare"]).expect(1, "failed");
    awkward(&opened(&world, "shop", "Straße \"x\""));
    long(&opened(&world, "shop", "long"));
    columns(&world);

    let excerpt = opened(&world, "public", "vector_documents");
    let [changed] = differing(&excerpt)[..] else {
        panic!("not one row: {excerpt:?}")
    };
    let cells = changed.cells.iter().zip(&excerpt.columns);
    let names = cells.filter(|(cell, _)| cell.differs);
    let names: Vec<&str> = names.map(|(_, column)| column.name.as_str()).collect();
    assert_eq!(names, ["content"]);
    let vectors =
        excerpt
            .rows
            .iter()
            .filter_map(|row| match &cell(&excerpt, row, "embedding").target {
                Value::Text { size, cut, .. } => Some((*size, *cut)),
                _ => None,
            });
    let vectors: Vec<(Size, bool)> = vectors.collect();
    assert!(!vectors.is_empty());
    assert!(
        vectors
            .iter()
            .all(|found| *found == (Size::Dimensions(384), true))
    );

    let excerpt = opened(&world, "shop", "v");
    let [changed] = differing(&excerpt)[..] else {
        panic!("not one row: {excerpt:?}")
    };
    assert_eq!(
        both(&excerpt, changed, &["id", "v"]),
        ["'1' '[1,2,3]'", "'1' '[1,2,4]'"]
    );
}

fn awkward(excerpt: &Excerpt) {
    assert_eq!(excerpt.pairing, Pairing::Key);
    let keys: Vec<bool> = excerpt.columns.iter().map(|column| column.key).collect();
    assert_eq!(keys, [true, true, false]);
    assert_eq!(excerpt.rows.len(), 6, "the union of both sides' rows");
    let mut told: Vec<[String; 2]> = differing(excerpt)
        .into_iter()
        .map(|row| both(excerpt, row, &["it's a key\\", "part 2", "sel\\ect"]))
        .collect();
    told.sort();
    let expected = [
        ["'' '1' ''", "'' '1' null"],
        ["'NULL' '2' 'NULL'", "'NULL' '2' 'null'"],
        ["'two\nlines' '1' 'b'", "- - -"],
        ["- - -", "'!' '0' 'new'"],
    ];
    let mut expected = expected.map(|sides| sides.map(str::to_owned));
    expected.sort();
    assert_eq!(told, expected);
}

fn long(excerpt: &Excerpt) {
    let row = &excerpt.rows[0];
    let differs = ["id", "t", "b", "j"].map(|column| cell(excerpt, row, column).differs);
    assert_eq!(differs, [false, true, true, false]);
    let shown = |column| {
        let cell = cell(excerpt, row, column);
        let of = |value: &Value| match value {
            Value::Text {
                beginning,
                cut,
                size,
            } => (beginning.clone(), *cut, *size),
            other => panic!("{other:?}"),
        };
        [of(&cell.source), of(&cell.target)]
    };
    let [text, other] = shown("t");
    assert_eq!(
        text,
        ("0123456789".repeat(20), true, Size::Characters(10_485_760))
    );
    assert_eq!(text, other, "they differ further on");
    let [bytes, other] = shown("b");
    assert_eq!((bytes.1, bytes.2), (true, Size::Bytes(10_485_760)));
    assert!(bytes.0.starts_with("\\x3031") && other.0.starts_with("\\x0031"));
    assert_eq!(bytes.0.len(), 200);
}

/// What is told of columns that one side lacks or has with another type, and of a lost table.
fn columns(world: &World) {
    let types = |excerpt: &Excerpt, column: &str| {
        let mut columns = excerpt.columns.iter();
        let found = columns.find(|found| found.name == column);
        let found = found.expect("the column").clone();
        (found.source, found.target)
    };
    let some = |sql_type: &str| Some(sql_type.to_owned());
    let excerpt = opened(world, "shop", "orders");
    assert_eq!(
        types(&excerpt, "remark"),
        (some("text"), some("character varying(40)"))
    );
    assert_eq!(
        excerpt
            .columns
            .iter()
            .filter(|found| found.differs())
            .count(),
        1
    );
    assert!(differing(&excerpt).is_empty(), "their texts are the same");
    assert_eq!(excerpt.rows.len(), 10);
    let excerpt = opened(world, "shop", "customers");
    assert_eq!(
        types(&excerpt, "changed_at"),
        (some("timestamp with time zone"), None)
    );
    assert!(!excerpt.rows.is_empty() && differing(&excerpt).is_empty());
    let lacking = &cell(&excerpt, &excerpt.rows[0], "changed_at");
    assert!(told(&lacking.source).starts_with("'2024-") && told(&lacking.target) == "-");
    let excerpt = opened(world, "shop", "returns");
    assert_eq!(types(&excerpt, "more"), (None, some("integer")));
    let excerpt = opened(world, "shop", "unique_only");
    assert_eq!(excerpt.pairing, Pairing::OtherKey);
    assert!(differing(&excerpt).is_empty());
    assert_eq!(both(&excerpt, &excerpt.rows[1], &["id"]), ["'2'", "'2'"]);
    let excerpt = opened(world, "shop", "keyless");
    assert_eq!((excerpt.on_source, excerpt.on_target), (true, false));
    let sides = excerpt
        .rows
        .iter()
        .map(|row| both(&excerpt, row, &["n", "t"]));
    let sides: Vec<[String; 2]> = sides.collect();
    assert_eq!(sides, [["'1' ''", "- -"], ["'2' null", "- -"]]);
}

#[test]
fn every_kind_of_table_opens_and_looks_equal_where_it_is() {
    let world = World::new(10);
    world.source().run(MORE);
    world.source().run(TABLES);
    world.source().run("SELECT lo_from_bytea(0, 'an object')");
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    let session = session(&world);
    let Some(Report::Compare(found)) = session.report(Step::Compare) else {
        panic!("nothing is compared")
    };
    let before = world.target_holds();
    for table in &found.tables {
        let excerpt = opened(&world, &table.schema, &table.table);
        let name = table.name();
        if table.is_large_objects() {
            assert_eq!(excerpt, Excerpt::default());
            continue;
        }
        assert!(excerpt.on_source && excerpt.on_target, "{name}");
        assert!(
            !excerpt.columns.iter().any(|column| column.differs()),
            "{name}"
        );
        let many = table.source_rows.unwrap_or(0).min(10);
        assert_eq!(excerpt.rows.len() as u64, many, "{name}");
        assert!(differing(&excerpt).is_empty(), "{name}: {excerpt:?}");
        let keyless = excerpt.columns.iter().all(|column| !column.key);
        assert_eq!(excerpt.pairing == Pairing::NoKey, keyless, "{name}");
    }
    let excerpt = opened(&world, "shop", "keyless");
    assert_eq!(excerpt.pairing, Pairing::NoKey);
    let excerpt = opened(&world, "shop", "nowhere");
    assert!(!excerpt.on_source && !excerpt.on_target);
    assert_eq!(world.target_holds(), before);
}

#[test]
fn a_condition_holds_in_an_opened_table_too_and_a_held_one_is_given_up() {
    let world = World::new(10);
    world.source().run(TABLES);
    world
        .json(&["run", "--where", "shop.unique_only=unique_only.id > 35"])
        .expect(0, "awaiting_sign_off");
    let excerpt = opened(&world, "shop", "unique_only");
    assert_eq!(excerpt.rows.len(), 5);
    assert!(differing(&excerpt).is_empty());
    assert_eq!(both(&excerpt, &excerpt.rows[0], &["id"]), ["'36'", "'36'"]);

    // A table that somebody holds is not waited for without an end.
    let holder = world.target().open();
    holder.run("BEGIN; LOCK TABLE shop.unique_only IN ACCESS EXCLUSIVE MODE");
    let at = Look::Table {
        schema: "shop".to_owned(),
        table: "unique_only".to_owned(),
    };
    let failure = looked(&world, &at).expect_err("it is held");
    assert_eq!(failure.what, "The table cannot be shown", "{failure:?}");
    assert!(failure.why.contains("statement timeout"), "{failure:?}");
    assert!(!failure.advice.join(" ").contains("ALTER ROLE"));
}

#[test]
fn what_the_schema_step_would_do_is_what_it_then_does() {
    let world = World::new(10);
    world.json(&["run", "--until", "backup"]).expect(0, "done");
    let url = world.target_superuser_url();
    let (holds, definitions) = (world.target_holds(), world.definitions(&url));
    let preview = || match seen(&world, &Look::Schema) {
        Seen::Schema(preview) => preview,
        Seen::Table(_) | Seen::WayBack(_) => panic!("something else instead of the schema"),
    };
    let before = preview();
    assert!(!before.statements.is_empty());
    assert_eq!(world.target_holds(), holds, "looking writes nothing");
    assert_eq!(world.definitions(&url), definitions);

    world.json(&["schema"]).expect(0, "done");
    let session = session(&world);
    let Some(Report::Schema(made)) = session.report(Step::Schema) else {
        panic!("no schema was made")
    };
    assert_eq!(before.created, made.created);
    assert_eq!(before.left_out, made.left_out);
    let tables = |created: &[KindCount]| {
        let mut kinds = created.iter();
        let tables = kinds.find(|kind| kind.kind == "table");
        tables.map_or(0, |kind| kind.count).to_string()
    };
    let there = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
                 WHERE relkind IN ('r', 'p') AND nspname IN ('shop', 'public')";
    assert_eq!(tables(&before.created), world.target().value(there));
    let names: Vec<&str> = before
        .statements
        .iter()
        .map(|planned| planned.what.as_str())
        .collect();
    assert!(
        names.iter().any(|what| what.contains("vector_documents")),
        "{names:?}"
    );
    let Preview { statements, .. } = preview();
    assert!(statements.is_empty(), "it is made already");
}

#[test]
fn of_definitions_alone_the_columns_are_seen() {
    let world = World::new(10);
    world
        .json(&["run", "--schema-only"])
        .expect(0, "awaiting_sign_off");
    let excerpt = opened(&world, "shop", "orders");
    assert!(excerpt.on_source && excerpt.on_target && !excerpt.columns.is_empty());
    assert_eq!(excerpt.rows, []);
}

#[test]
fn rows_that_the_comparison_named_are_seen() {
    let world = World::new(10);
    world.source().run(TABLES);
    world
        .json(&["run"])
        .expect(0, "awaiting_sign_off")
        .expect_equal();
    world.target().run(
        "UPDATE shop.unique_only SET t = 'other' WHERE id = 33;
         DELETE FROM shop.unique_only WHERE id = 37",
    );
    world.json(&["compare"]).expect(1, "failed");
    let excerpt = opened(&world, "shop", "unique_only");
    let rows = differing(&excerpt);
    let seen: Vec<[String; 2]> = rows
        .iter()
        .map(|row| both(&excerpt, row, &["id", "t"]))
        .collect();
    assert_eq!(
        seen,
        [["'33' 'row 33'", "'33' 'other'"], ["'37' 'row 37'", "- -"],]
    );
    // The first ten beside them.
    assert_eq!((excerpt.named, excerpt.rows.len()), (2, 12));
}
