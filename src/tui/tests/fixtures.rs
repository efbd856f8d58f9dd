//! Wizards in every state that the screen draws, driven there by events.

mod cleanup;
mod compared;
mod cutting;
mod excerpts;
mod reports;
mod watch;

pub(super) use cleanup::{cleaned_up, cleaning_up, uncleaned};
pub(super) use compared::comparison;
pub(super) use cutting::{
    cut_over, cutting, cutting_differs, cutting_failed, cutting_waits, not_ready, rolled_back,
    still_written, way_back,
};
pub(super) use excerpts::{different_excerpt, equal_excerpt, keyless_excerpt, missing_excerpt};
use reports::TABLES;
pub(super) use reports::{report, unreached};
pub(super) use watch::{watch_ended, watch_refused, watch_stopped, watching};

use crate::failure::{Failure, Retry};
use crate::progress::Progress;
use crate::session::report::{AtStake, Check, Inventory, Lost, Report, SourceLook, TARGET_EMPTY};
use crate::session::{Replaced, Session, Step, Switched};
use crate::switch::Settled;
use crate::tui::form::Passwords;
use crate::tui::theme::Theme;
use crate::tui::ui::Ui;
use crate::wizard::{Effect, Event, Excerpt, Look, Phase, Planned, Preview, Seen, Side, Wizard};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const SOURCE: &str = "postgresql://postgres@localhost:5432/chat_pgvector";
pub(super) const TARGET: &str = "postgresql://neondb_owner@ep-cool-forest-a1b2c3d4.eu-central-1.aws.neon.tech/neondb?sslmode=require";
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn ui(wizard: &Wizard, ascii: bool) -> Ui {
    let mut ui = Ui::new(
        Theme { ascii },
        TimeZone::UTC,
        Passwords::none(),
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
        found.checks.retain(|check| check.name != TARGET_EMPTY);
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
        let functions = (0..12).map(|n| ("function".to_owned(), format!("shop.f{n}()")));
        let schema = ("schema".to_owned(), "shop".to_owned());
        found.also_lost = Lost::of(functions.chain([schema]));
    }
    run(&mut wizard, Step::Connections, Ok(found));
    wizard
}

/// Something is being looked at, and has been read if `seen` says so.
fn looking(wizard: &mut Wizard, look: Look, seen: Option<Result<Seen, Failure>>) {
    let effects = wizard.handle(Event::Look(look), at(1000));
    let run = effects.iter().find_map(|effect| match effect {
        Effect::Look { run, .. } => Some(*run),
        _ => None,
    });
    let run = run.unwrap();
    if let Some(seen) = seen {
        let result = seen.map(Box::new);
        wizard.handle(Event::Seen { run, result }, at(1001));
    }
}

/// What the schema step would do is being looked at.
pub(super) fn previewed(seen: Result<Preview, Failure>) -> Wizard {
    let mut wizard = before(Step::Schema);
    looking(&mut wizard, Look::Schema, Some(seen.map(Seen::Schema)));
    wizard
}

/// Both sides are compared.
pub(super) fn compared(equal: bool) -> Wizard {
    let mut wizard = before(Step::Compare);
    let found = Report::Compare(comparison(equal));
    run(&mut wizard, Step::Compare, Ok(found));
    wizard
}

/// Both sides are compared, and definitions alone differ.
pub(super) fn defined_otherwise() -> Wizard {
    let mut wizard = before(Step::Compare);
    let found = Report::Compare(compared::definitions_differ());
    run(&mut wizard, Step::Compare, Ok(found));
    wizard
}

/// A table of the comparison is opened.
pub(super) fn opened(equal: bool, table: &str, seen: Option<Result<Excerpt, Failure>>) -> Wizard {
    let mut wizard = compared(equal);
    let look = Look::Table {
        schema: "public".to_owned(),
        table: table.to_owned(),
    };
    let seen = seen.map(|seen| seen.map(Seen::Table));
    looking(&mut wizard, look, seen);
    wizard
}

pub(super) fn preview() -> Preview {
    let planned = |what: &str, sql: &str| Planned {
        what: what.to_owned(),
        sql: sql.to_owned(),
    };
    let Report::Schema(made) = report(Step::Schema) else {
        unreachable!("the schema step reports a schema")
    };
    Preview {
        statements: vec![
            planned(
                "extension vector",
                "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;",
            ),
            planned(
                "table public.vector_documents",
                "CREATE TABLE public.vector_documents (\n\tid bigint NOT NULL,\n\tcollection_name text DEFAULT 'default'::text NOT NULL,\n\tembedding public.vector(768)\n);",
            ),
        ],
        created: made.created,
        left_out: made.left_out,
        overwritten: vec!["2 tables".to_owned(), "1 function".to_owned()],
    }
}

/// The test of the connections came to this.
pub(super) fn tested(found: Report) -> Wizard {
    let mut wizard = before(Step::Connections);
    run(&mut wizard, Step::Connections, Ok(found));
    wizard
}

/// The target's string leads through a pooler.
pub(super) fn pooled() -> Wizard {
    let mut wizard = before(Step::Connections);
    let url = TARGET.replace("a1b2c3d4.", "a1b2c3d4-pooler.");
    let side = Side::Target;
    wizard.handle(Event::Described { side, url }, at(100));
    let mut found = report(Step::Connections);
    if let Report::Connections(found) = &mut found {
        let checks = found.checks.iter_mut();
        let host = checks
            .into_iter()
            .find(|check| check.name == "Target: direct host");
        let host = host.expect("the check");
        *host = Check::bad(host.name.clone(), "ep-cool-forest-a1b2c3d4-pooler.eu-central-1.aws.neon.tech goes through Neon's connection pooler")
            .advise("Migrate over the direct host: drop -pooler from the host's name.");
    }
    run(&mut wizard, Step::Connections, Ok(found));
    wizard
}

/// How the files stand after they were switched.
pub(super) fn switched() -> Settled {
    let replaced = |file: &str| Replaced {
        file: format!("/home/ada/shop/{file}"),
        copy: format!("/home/ada/shop/{file}.before-neon-20260921-142640"),
    };
    Settled {
        switched: Some(Switched {
            folder: "/home/ada/shop".to_owned(),
            at: at(950),
            files: vec![replaced(".env"), replaced(".env.production")],
        }),
        ..Settled::default()
    }
}

/// The application's files lead to the target.
pub(super) fn application_switched() -> Wizard {
    let mut wizard = after(Step::Application);
    wizard.handle(Event::FilesFound(Box::new(switched())), at(1000));
    wizard
}

/// The target was tried, without an application.
pub(super) fn tried_alone() -> Wizard {
    let mut wizard = before(Step::Application);
    let mut found = report(Step::Application);
    if let Report::Application(found) = &mut found {
        found.folder = None;
        found.checks.pop();
        found.files.clear();
        found.left.clear();
        found.tests.clear();
    }
    run(&mut wizard, Step::Application, Ok(found));
    wizard
}

/// A test of the application's own fails on the target.
pub(super) fn own_test_failed() -> Wizard {
    let mut wizard = before(Step::Application);
    let mut found = report(Step::Application);
    if let Report::Application(found) = &mut found {
        found.tests[0].code = Some(1);
    }
    run(&mut wizard, Step::Application, Ok(found));
    wizard
}

pub(super) fn nothing_listens() -> Failure {
    Failure::new(
        "Cannot connect to localhost:5432/chat_pgvector",
        "Nothing accepts connections at this address and port. The answer was: error connecting to server: Connection refused (os error 111)",
    )
    .advise("Check that the server runs and that host and port are right.")
    .advise("$ pg_isready -h localhost -p 5432")
}

/// The source has no table that holds rows.
pub(super) fn without_tables() -> Wizard {
    let mut wizard = before(Step::Inventory);
    let found = Inventory {
        stats_file: "backups/pre_migration_stats.txt".to_owned(),
        ..Inventory::default()
    };
    run(&mut wizard, Step::Inventory, Ok(Report::Inventory(found)));
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
    looked(&mut wizard);
    sign(&mut wizard, "application-tested");
    wizard
}

pub(super) fn sign(wizard: &mut Wizard, item: &str) -> Vec<Effect> {
    let (item, by) = (item.to_owned(), "Ada Lovelace".to_owned());
    wizard.handle(Event::Sign { item, by }, at(1060))
}

pub(super) fn signed() -> Wizard {
    let mut wizard = checklist();
    for item in [
        "performance",
        "rollback-plan",
        "rollback-rehearsed",
        "team-informed",
        "left-out-accepted",
    ] {
        sign(&mut wizard, item);
    }
    looked(&mut wizard);
    wizard
}

/// Ends the look at the source: it is quiet.
pub(super) fn looked(wizard: &mut Wizard) {
    let Phase::Working { run, .. } = wizard.phase() else {
        panic!("the source is not looked at")
    };
    let report = Report::Cutover(SourceLook::Quiet { at: at(1000) }.into());
    let result = Ok(Box::new(report));
    wizard.handle(Event::Finished { run, result }, at(1060));
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
    progress.begin("Copying rows");
    progress.pool(|pool| (pool.wanted, pool.carrying) = (4, 2));
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

/// A transfer whose rows are in: indexes with their phases, stages behind them, two retries.
pub(super) fn building(ui: &mut Ui) -> Progress {
    let progress = Progress::default();
    progress.begin("Building indexes");
    progress.pool(|pool| (pool.wanted, pool.building) = (8, 3));
    progress.retry();
    progress.retry();
    for (name, rows, bytes, _) in TABLES {
        let meter = progress.meter(&format!("public.{name}"), rows, bytes);
        meter.add(rows, bytes);
        meter.finish();
    }
    let (_, rows, ..) = TABLES[0];
    let indexes = [
        ("vector_documents_embedding_idx", "loading tuples", 9_000),
        ("vector_documents_pkey", "loading tuples in tree", 15_000),
        ("vector_documents_collection_idx", "scanning table", 4_100),
        ("vector_documents_created_idx", "", 0),
        ("statistics of public.vector_documents", "", 0),
    ];
    let meters = indexes.map(|(name, phase, done)| (progress.index(name, rows), phase, done));
    let small = progress.tables("keys, indexes and statistics of small tables", 5);
    small.begin();
    small.add(5, 0);
    small.finish();
    for (label, count) in [
        ("constraints", 11),
        ("sequences", 3),
        ("foreign keys", 4),
        ("triggers, policies and the rest", 9),
    ] {
        progress.definitions(label, count);
    }
    for tenth in 0..=120_u64 {
        for (meter, phase, done) in meters.iter().filter(|(_, phase, _)| !phase.is_empty()) {
            meter.begin();
            meter.phase(phase);
            meter.set(done * tenth / 120, rows);
        }
        ui.gauges_mut()
            .feed(&progress.sample(), tenth as f64 / 10.0);
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
