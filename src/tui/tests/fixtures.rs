//! Wizards in every state that the screen draws, driven there by events.

use crate::failure::{Failure, Retry};
use crate::progress::Progress;
use crate::session::report::{
    AtStake, Backup, Check, Collection, ComparedCollection, ComparedTable, Comparison, Connections,
    Extension, Inventory, KindCount, LeftBehind, LeftOut, LoadedTable, Prerequisites, Report,
    Schema, Server, TARGET_EMPTY, Table, Transfer, VectorColumn,
};
use crate::session::{Identity, Session, Step};
use crate::tui::form::Understood;
use crate::tui::theme::Theme;
use crate::tui::ui::Ui;
use crate::wizard::{Effect, Event, Phase, Side, Wizard};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const SOURCE: &str = "postgresql://postgres@localhost:5432/chat_pgvector";
pub(super) const TARGET: &str = "postgresql://neondb_owner@ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech/neondb?sslmode=require";
const TABLES: [(&str, u64, u64, u64); 6] = [
    ("vector_documents", 20_000, 46_137_344, 81_788_928),
    ("orders", 4_800, 712_704, 303_104),
    ("customers", 1_200, 196_608, 81_920),
    ("Produkt-Größe", 64, 16_384, 16_384),
    ("events_2025", 3_650, 425_984, 131_072),
    ("events_2026", 1_210, 147_456, 65_536),
];

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn understand(text: &str) -> Understood {
    let address = text
        .split_once("://")
        .ok_or("this is not a connection string")?
        .1;
    let (_, place) = address.rsplit_once('@').ok_or("the user name is missing")?;
    let (host, database) = place
        .split_once('/')
        .ok_or("the database name is missing")?;
    let database = database.split('?').next().unwrap_or_default();
    Ok(vec![
        ("host", host.to_owned()),
        ("port", "5432".to_owned()),
        ("database", database.to_owned()),
        ("encryption", "always (sslmode=require)".to_owned()),
    ])
}

pub(super) fn ui(wizard: &Wizard, ascii: bool) -> Ui {
    let mut ui = Ui::new(
        Theme { ascii },
        TimeZone::UTC,
        understand,
        "Ada Lovelace",
        wizard.session(),
    );
    ui.follow(wizard);
    ui
}

pub(super) fn empty() -> Wizard {
    let mut wizard = Wizard::new(Session::new(at(0), 0x2a2a));
    wizard.handle(Event::Opened, at(0));
    wizard
}

pub(super) fn connected() -> Wizard {
    let mut wizard = empty();
    for (side, url) in [(Side::Source, SOURCE), (Side::Target, TARGET)] {
        wizard.handle(
            Event::Described {
                side,
                url: url.to_owned(),
            },
            at(0),
        );
    }
    wizard
}

/// Every step before `step` done, `step` looked at.
pub(super) fn before(step: Step) -> Wizard {
    let mut wizard = connected();
    for done in Step::ALL.into_iter().filter(|done| *done < step) {
        run(&mut wizard, done, Ok(report(done)));
    }
    wizard.handle(Event::Show(step), at(1000));
    wizard
}

/// `step` and every step before it done, `step` looked at.
pub(super) fn after(step: Step) -> Wizard {
    let mut wizard = before(step);
    run(&mut wizard, step, Ok(report(step)));
    wizard
}

/// The target holds something.
pub(super) fn occupied() -> Wizard {
    let mut wizard = before(Step::Connections);
    let mut found = report(Step::Connections);
    if let Report::Connections(found) = &mut found {
        let check = Check::bad(TARGET_EMPTY, "it holds 9 tables and views");
        found
            .checks
            .push(check.advise("Make a new, empty database on Neon."));
        found.at_stake = (0..9)
            .map(|number| AtStake {
                schema: "shop".to_owned(),
                table: format!("orders_{number}"),
                rows: 90_000 / (number + 1),
            })
            .collect();
    }
    run(&mut wizard, Step::Connections, Ok(found));
    wizard
}

pub(super) fn failed(step: Step, failure: Failure) -> Wizard {
    let mut wizard = before(step);
    run(&mut wizard, step, Err(failure));
    wizard
}

/// `step` under way for twelve seconds.
pub(super) fn running(step: Step) -> Wizard {
    let mut wizard = before(step);
    wizard.handle(Event::Run(step), at(988));
    wizard
}

pub(super) fn checklist() -> Wizard {
    let mut wizard = before(Step::Cutover);
    wizard.handle(Event::Run(Step::Cutover), at(1000));
    sign(&mut wizard, "application-tested");
    wizard
}

pub(super) fn sign(wizard: &mut Wizard, item: &str) -> Vec<Effect> {
    let (item, by) = (item.to_owned(), "Ada Lovelace".to_owned());
    wizard.handle(Event::Sign { item, by }, at(1060))
}

pub(super) fn signed() -> Wizard {
    let mut wizard = checklist();
    for item in ["performance", "rollback-plan", "team-informed"] {
        sign(&mut wizard, item);
    }
    wizard
}

fn run(wizard: &mut Wizard, step: Step, result: Result<Report, Failure>) {
    // Each step takes a while of its own.
    let start = 100 * step as i64;
    let took = [2, 1, 3, 12, 1, 72, 31, 0][step as usize];
    wizard.handle(Event::Run(step), at(start));
    let Phase::Working { run, .. } = wizard.phase() else {
        return;
    };
    let result = result.map(Box::new);
    wizard.handle(Event::Finished { run, result }, at(start + took));
}

/// A transfer at work: some tables done, some at work, some waiting.
pub(super) fn transferring(ui: &mut Ui) -> Progress {
    let progress = Progress::default();
    progress.begin("Copying rows in chunks, 4 at a time");
    let meters: Vec<_> = TABLES
        .iter()
        .map(|(name, rows, bytes, _)| progress.meter(&format!("public.{name}"), *rows, *bytes))
        .collect();
    for tenth in 0..=120_u64 {
        ui.gauges_mut()
            .feed(&progress.sample(), tenth as f64 / 10.0);
        if tenth < 120 {
            meters[0].begin();
            meters[0].add(104, 239_912);
        }
        if tenth == 20 {
            meters[2].begin();
            meters[2].add(1_200, 196_608);
            meters[2].finish();
        }
        if (60..120).contains(&tenth) {
            meters[1].begin();
            meters[1].add(31, 4_602);
        }
    }
    progress
}

pub(super) fn refused_password() -> Failure {
    Failure::new(
        "Cannot connect to the target ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech",
        "The server said: password authentication failed for user \"neondb_owner\" (28P01).",
    )
    .advise("Copy the connection string anew: Neon's console, your project, Connect.")
    .advise("Or set a new password there: Roles, neondb_owner, Reset password.")
    .advise("Try it by itself:")
    .advise("$ psql 'postgresql://neondb_owner@ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech/neondb?sslmode=require'")
}

pub(super) fn too_many_connections() -> Failure {
    Failure::new("The transfer lost its connection", "too many connections")
        .advise("Use fewer workers.")
        .advise("$ neonlift run --jobs 2")
        .retry(Retry::Now)
}

fn server(endpoint: &str, database: &str, is_neon: bool) -> Server {
    Server {
        endpoint: endpoint.to_owned(),
        identity: Identity {
            system: "7".to_owned(),
            database: database.to_owned(),
            oid: 16_384,
            branch: None,
        },
        version: if is_neon { 170_005 } else { 160_002 },
        tls: is_neon.then(|| "TLSv1.3".to_owned()),
        round_trip_ms: if is_neon { 24.3 } else { 0.2 },
        database_bytes: if is_neon { 7_864_320 } else { 139_460_608 },
        role: if is_neon { "neondb_owner" } else { "postgres" }.to_owned(),
        vector: Some("0.8.0".to_owned()),
    }
}

pub(super) fn report(step: Step) -> Report {
    match step {
        Step::Prerequisites => Report::Prerequisites(Prerequisites { checks: tools() }),
        Step::Connections => Report::Connections(Box::new(Connections {
            at_stake: Vec::new(),
            source: server("localhost:5432/chat_pgvector", "chat_pgvector", false),
            target: server(
                "ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech:5432/neondb",
                "neondb",
                true,
            ),
            checks: vec![
                Check::good("rights on the source", "every table can be read"),
                Check::good("rights on the target", "may create schemas and extensions"),
                Check::good("pgvector", "0.8.0 on both sides"),
                Check::good("room on the target", "133 MB of 512 MB"),
                Check::warning("pooled host", "the target's string names the pooled host")
                    .advise("neonlift uses the direct host: the same name without -pooler."),
            ],
        })),
        Step::Inventory => Report::Inventory(inventory()),
        Step::Backup => Report::Backup(Backup {
            file: "backups/local_db_20260921_142640.dump".to_owned(),
            contents_file: "backups/local_db_20260921_142640.list".to_owned(),
            bytes: 48_312_904,
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            entries: 148,
        }),
        Step::Schema => Report::Schema(Schema {
            overwritten: Vec::new(),
            from: "the source".to_owned(),
            created: kinds(&[
                ("extension", 1),
                ("type", 2),
                ("domain", 1),
                ("sequence", 3),
                ("table", 9),
                ("function", 2),
                ("view", 1),
            ]),
            left_out: left_out(),
        }),
        Step::Transfer => Report::Transfer(transfer()),
        Step::Compare | Step::Cutover => Report::Compare(comparison(true)),
    }
}

fn tools() -> Vec<Check> {
    vec![
        Check::good("pg_dump", "16.2, /usr/lib/postgresql/16/bin/pg_dump"),
        Check::good("pg_restore", "16.2, /usr/lib/postgresql/16/bin/pg_restore"),
        Check::warning("psql", "not found; neonlift does without it")
            .advise("To look around by hand:")
            .advise("$ sudo apt-get install postgresql-client-16"),
        Check::good("backup folder", "/home/ada/backups, 182 GB free"),
    ]
}

fn kinds(kinds: &[(&str, u64)]) -> Vec<KindCount> {
    let kind = |(kind, count): &(&str, u64)| KindCount {
        kind: (*kind).to_owned(),
        count: *count,
    };
    kinds.iter().map(kind).collect()
}

fn left_out() -> Vec<LeftOut> {
    let left = |what: &str, why: &str| LeftOut {
        what: what.to_owned(),
        why: why.to_owned(),
    };
    vec![
        left("EXTENSION pg_stat_statements", "Neon provides it by itself"),
        left(
            "PUBLICATION everything",
            "replication is set up anew after the move",
        ),
    ]
}

fn inventory() -> Inventory {
    let table = |(name, rows, row_bytes, index_bytes): &(&str, u64, u64, u64)| Table {
        condition: None,
        schema: "public".to_owned(),
        name: (*name).to_owned(),
        rows: *rows,
        row_bytes: *row_bytes,
        index_bytes: *index_bytes,
        vectors: (*name == "vector_documents")
            .then(|| VectorColumn {
                column: "embedding".to_owned(),
                sql_type: "vector(384)".to_owned(),
                rows: *rows,
            })
            .into_iter()
            .collect(),
        indexes: Vec::new(),
    };
    Inventory {
        selection: None,
        left_out: Vec::new(),
        taken: Some(at(200)),
        stats_file: "backups/pre_migration_stats.txt".to_owned(),
        extensions: vec![Extension {
            name: "vector".to_owned(),
            version: "0.8.0".to_owned(),
        }],
        tables: TABLES.iter().map(table).collect(),
        collections: collections()
            .map(|(value, rows)| Collection {
                schema: "public".to_owned(),
                table: "vector_documents".to_owned(),
                value: value.map(str::to_owned),
                rows,
            })
            .collect(),
        large_objects: 0,
        warnings: vec!["events_2025 has no primary key".to_owned()],
        left_behind: vec![LeftBehind {
            what: "rights of the role reader: SELECT on 12 tables".to_owned(),
            happens: "they are not carried over: grant them again on the target".to_owned(),
        }],
    }
}

fn collections() -> impl Iterator<Item = (Option<&'static str>, u64)> {
    ["applications", "companies", "questions", "resumes", "notes"]
        .into_iter()
        .map(|name| (Some(name), 3_999))
        .chain([(None, 5)])
}

fn transfer() -> Transfer {
    let tables = TABLES.iter().map(|(name, rows, bytes, _)| LoadedTable {
        schema: "public".to_owned(),
        table: (*name).to_owned(),
        rows: *rows,
        bytes: *bytes,
        chunks: u32::try_from(rows / 4_000 + 1).unwrap(),
        counters: None,
        written_since: false,
    });
    Transfer {
        selection: None,
        some_rows: Vec::new(),
        tables: tables.collect(),
        built: kinds(&[
            ("index", 11),
            ("constraint", 9),
            ("sequence", 3),
            ("trigger", 1),
        ]),
        left_out: Vec::new(),
        large_objects: Default::default(),
        not_moved: Vec::new(),
        snapshots: 1,
        retries: 2,
        row_seconds: 41.3,
        build_seconds: 30.2,
    }
}

pub(super) fn comparison(equal: bool) -> Comparison {
    let tables = TABLES.iter().enumerate().map(|(place, (name, rows, ..))| {
        let differs = !equal && place == 1;
        ComparedTable {
            condition: None,
            schema: "public".to_owned(),
            table: (*name).to_owned(),
            source_rows: Some(*rows),
            target_rows: if !equal && place == 3 {
                None
            } else {
                Some(rows - u64::from(differs))
            },
            source_hash: Some(format!("{place}f3a9c21e77")),
            target_hash: (equal || place != 3)
                .then(|| format!("{place}{}", if differs { "bb01" } else { "f3a9c21e77" })),
            equal: equal || (place != 1 && place != 3),
            left_out: false,
            written_since: Some(differs),
        }
    });
    Comparison {
        rows_compared: true,
        at: at(631),
        equal,
        method: "the sum of each row's 64-bit hash, taken by the servers".to_owned(),
        tables: tables.collect(),
        collections: collections()
            .map(|(value, rows)| ComparedCollection {
                schema: "public".to_owned(),
                table: "vector_documents".to_owned(),
                value: value.map(str::to_owned),
                source_rows: rows,
                target_rows: rows,
            })
            .collect(),
    }
}
