//! Going back after the application has written to the target: what would be lost is counted, and
//! saved as a dump in a new database, as a file, and in the old database.

mod dumped;
mod lost;
mod rows;

use crate::fixture::{Database, Side, World, eventually};
use crate::processes;
use neonlift::config::Select;
use neonlift::failure::Explain;
use neonlift::postgres::ConnectionString;
use neonlift::postgres::tools::Search;
use neonlift::progress::Progress;
use neonlift::recovery::bridge::Bridge;
use neonlift::recovery::dump::Dumping;
use neonlift::recovery::rehearse::{Application, Rehearsing};
use neonlift::recovery::rows::{Changed, Consent, Since};
use neonlift::recovery::{Error, dump};
use neonlift::session::report::{
    Applied, AppliedTable, Backup, DivergedTable, Divergence, RowsFile,
};
use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn place(url: &str) -> ConnectionString {
    ConnectionString::parse(url).expect("a connection string")
}

/// Both sides of a finished migration, and what the library works with.
struct Pair<'a> {
    world: &'a World,
    source: ConnectionString,
    target: ConnectionString,
    progress: Progress,
    cancel: CancellationToken,
    tools: Search,
}

impl<'a> Pair<'a> {
    /// Migrates these definitions with the practice data.
    fn migrated(world: &'a World, sql: &str) -> Self {
        world.source().run(sql);
        world
            .json(&["run"])
            .expect(0, "awaiting_sign_off")
            .expect_equal();
        Self::of(world)
    }

    fn of(world: &'a World) -> Self {
        Self {
            world,
            source: place(&world.source_url()),
            target: place(&world.target_url()),
            progress: Progress::default(),
            cancel: CancellationToken::new(),
            tools: Search::in_folders(Some(world.postgres_programs()), Vec::new()),
        }
    }

    fn since<T>(&self, work: impl AsyncFnOnce(Since<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (select, counters) = (Select::default(), HashMap::new());
        let since = Since {
            source: &self.source,
            target: &self.target,
            select: &select,
            beside_others: false,
            counters: &counters,
            jobs: 3,
            progress: &self.progress,
            cancel: &self.cancel,
        };
        self.world.runtime().block_on(work(since))
    }

    fn count(&self) -> Divergence {
        told(self.since(async |since| since.count().await))
    }

    fn export(&self) -> (Divergence, RowsFile) {
        let folder = self.world.folder().join("backups");
        told(self.since(async |since| since.export(&folder).await))
    }

    fn try_to_apply(&self, changed: Changed) -> Result<Applied, Error> {
        let consent = Consent::given(self.source.database(), &self.source).expect("the name");
        self.since(async |since| since.apply(consent, changed).await)
    }

    fn apply(&self, changed: Changed) -> Applied {
        told(self.try_to_apply(changed))
    }

    fn dumping(&self) -> Dumping<'_> {
        Dumping {
            tools: &self.tools,
            progress: &self.progress,
            cancel: &self.cancel,
        }
    }

    fn dump(&self) -> Result<Backup, Error> {
        let folder = self.world.folder().join("backups");
        let dumping = self.dumping();
        let dumped = dumping.dump_target(&self.target, &folder);
        self.world.runtime().block_on(dumped)
    }
}

fn told<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{:?}\n{:?}", error.failure(), error))
}

fn of<'a>(divergence: &'a Divergence, table: &str) -> &'a DivergedTable {
    let mut tables = divergence.tables.iter();
    tables.find(|found| found.table == table).expect(table)
}

fn taken<'a>(applied: &'a Applied, table: &str) -> &'a AppliedTable {
    let mut tables = applied.tables.iter();
    tables.find(|found| found.table == table).expect(table)
}

/// Tables with all that makes rows hard to take over.
const TABLES: &str = r#"
    CREATE SCHEMA app; SET search_path = app, public;
    CREATE TABLE authors (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE,
                          mentor bigint REFERENCES authors, upper text GENERATED ALWAYS AS (upper(name)) STORED);
    CREATE TABLE "odd ""books""" (id serial PRIMARY KEY, author bigint NOT NULL REFERENCES authors, body text,
                          price numeric(9, 2), at timestamptz, span interval, data bytea, tags text[], doc jsonb,
                          embedding public.vector(3), ratio float8);
    CREATE TABLE lines (book int REFERENCES "odd ""books""", n int, text text, PRIMARY KEY (book, n));
    CREATE TABLE log (at int, text text);
    CREATE TABLE parts (id int, kind text, x int, PRIMARY KEY (id, kind)) PARTITION BY LIST (kind);
    CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN ('a');
    CREATE TABLE parts_b PARTITION OF parts FOR VALUES IN ('b');
    CREATE TABLE touched (id int PRIMARY KEY, x int, by text);
    CREATE TABLE teams (id int PRIMARY KEY, lead int);
    CREATE TABLE members (id int PRIMARY KEY, team int NOT NULL REFERENCES teams);
    ALTER TABLE teams ADD CONSTRAINT led FOREIGN KEY (lead) REFERENCES members;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN NEW.by := 'trigger'; RETURN NEW; END $$;
    CREATE TRIGGER touching BEFORE INSERT OR UPDATE ON touched FOR EACH ROW EXECUTE FUNCTION touch();
    INSERT INTO authors (name, mentor) SELECT 'author ' || n, nullif(n - 1, 0) FROM generate_series(1, 20) n;
    INSERT INTO "odd ""books""" (author, body, price, tags, embedding)
      SELECT n, repeat('body ' || n, 100), n, ARRAY['a', NULL], ARRAY[n, 2, 3]::public.vector FROM generate_series(1, 20) n;
    INSERT INTO lines SELECT b, n, 'line' FROM generate_series(1, 20) b, generate_series(1, 5) n;
    INSERT INTO log SELECT n % 3, 'same' FROM generate_series(1, 30) n;
    INSERT INTO parts SELECT n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, n FROM generate_series(1, 10) n;
    INSERT INTO touched SELECT n, n FROM generate_series(1, 5) n;
"#;

/// What the application writes after the cutover: rows added, changed, deleted.
const WRITTEN: &str = r#"
    SET search_path = app, public;
    INSERT INTO authors (name, mentor) SELECT 'new ' || n, 20 + n - 1 FROM generate_series(1, 30) n;
    INSERT INTO "odd ""books""" (author, body, price, at, span, data, tags, doc, embedding, ratio)
      SELECT 20 + n, E'tab\t line\n back\\slash \\. ' || repeat('ä😀', 100000), 0.10, '2026-11-22 23:59:59.123456+01',
             '1 mon -2 days 03:04:05', '\x00ff5c0a', ARRAY['x,y', '', NULL, '"'], '{"a": "b\nc"}', '[0.1, 1e-30, -3]', 0.1 + 0.2
      FROM generate_series(1, 3) n;
    INSERT INTO lines SELECT 20 + b, n, '\.' FROM generate_series(1, 3) b, generate_series(1, 5) n;
    UPDATE lines SET text = 'changed' WHERE book = 3;
    DELETE FROM lines WHERE book = 7;
    INSERT INTO log SELECT 1, 'same' FROM generate_series(1, 4); INSERT INTO log VALUES (NULL, NULL);
    DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE at = 2);
    INSERT INTO parts VALUES (100, 'a', 1), (101, 'b', 2); UPDATE parts SET x = -1 WHERE id = 4;
    INSERT INTO teams VALUES (2); INSERT INTO members VALUES (2, 2); UPDATE teams SET lead = 2;
    ALTER TABLE touched DISABLE TRIGGER touching;
    INSERT INTO touched VALUES (6, 6, 'the target'); UPDATE touched SET x = 0, by = 'changed' WHERE id = 1;
    ALTER TABLE touched ENABLE TRIGGER touching;
"#;

const ALL_TABLES: [&str; 9] = [
    "authors",
    r#""odd ""books""""#,
    "lines",
    "log",
    "parts_a",
    "parts_b",
    "touched",
    "teams",
    "members",
];

/// A table's rows as text, sorted.
fn rows(side: &Database<'_>, table: &str) -> String {
    let sql =
        format!("SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM app.{table} t");
    side.value(&sql)
}

fn all_rows(side: &Database<'_>) -> Vec<String> {
    ALL_TABLES.iter().map(|table| rows(side, table)).collect()
}

fn sha256(file: &str) -> String {
    use sha2::Digest;
    let sum = sha2::Sha256::digest(std::fs::read(file).expect("the file"));
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}
