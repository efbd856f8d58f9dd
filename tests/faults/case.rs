//! One migration on roads where a fault can strike, from its first step to the proof.

use crate::equality::{content, differences};
use crate::fixture::{Database, Ended, Running, STEPS, Side, World, eventually};
use crate::processes;
use crate::road::{Entrance, Point, Road, Traffic};
use neonlift::postgres::ConnectionString;
use neonlift::practice::relay::{Faults, Relay};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::sync::OnceLock;

/// Documents for several chunks of a mebibyte.
const DOCUMENTS: u64 = 1_000;

/// A second table of several chunks, beside the documents and hanging on them.
const NOTES: &str = "
    CREATE TABLE notes (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      document uuid NOT NULL REFERENCES vector_documents, text text NOT NULL);
    INSERT INTO notes (document, text)
      SELECT d.id, repeat(md5(d.id::text || n), 4) FROM vector_documents d, generate_series(1, 15) n;
    CREATE INDEX notes_document_idx ON notes (document);
    -- A crash sets a sequence forward that was not set on purpose.
    SELECT setval(format('%I.%I', schemaname, sequencename), last_value) FROM pg_sequences
      WHERE last_value IS NOT NULL;
    ANALYZE notes";

/// The servers of a suite, with what is to arrive.
pub(crate) struct Suite {
    world: World,
    source: BTreeMap<String, String>,
    cases: Cell<u32>,
}

impl Suite {
    pub(crate) fn new() -> Self {
        let world = World::new(DOCUMENTS);
        world.source().run(NOTES);
        // A server's crash loses nothing that the system has; only the machine's would.
        for server in [world.source(), world.target()] {
            let session = server.open();
            session.run("ALTER SYSTEM SET fsync = off");
            session.run("SELECT pg_reload_conf()");
        }
        let source = content(&world.source());
        Self {
            world,
            source,
            cases: Cell::new(0),
        }
    }

    /// A new migration to an empty database. Its name is printed when the test fails.
    pub(crate) fn case(&self, name: &str) -> Case<'_> {
        println!("case: {name}");
        let number = self.cases.get();
        self.cases.set(number + 1);
        Case::new(self, &format!("case_{number}"))
    }

    /// Asserts that the source was only read.
    pub(crate) fn source_is_untouched(&self) {
        let differing = differences(&self.source, &content(&self.world.source()));
        assert!(differing.is_empty(), "before / now:\n{differing}");
    }

    /// What each step carries over the roads when nothing breaks.
    pub(crate) fn traffic(&self, step: &str) -> Traffic {
        // The same with all servers.
        static TRAFFIC: OnceLock<BTreeMap<&str, Traffic>> = OnceLock::new();
        let all = TRAFFIC.get_or_init(|| {
            let case = self.case("nothing breaks");
            let measure = |step| {
                case.road.strike_at(None);
                case.until(step);
                (step, case.road.traffic())
            };
            let traffic = STEPS.map(measure).into();
            println!("{traffic:?}");
            case.goes_on();
            traffic
        });
        all[step]
    }
}

/// A migration.
pub(crate) struct Case<'a> {
    suite: &'a Suite,
    pub(crate) world: World,
    pub(crate) road: Road,
    database: String,
    relay: Option<Relay>,
    source: Entrance,
    target: Entrance,
}

impl<'a> Case<'a> {
    fn new(suite: &'a Suite, database: &str) -> Self {
        let world = suite.world.beside();
        // As the practice has made its own: empty, with what only a superuser can add.
        let create = format!("CREATE DATABASE {database} OWNER neondb_owner TEMPLATE neondb");
        world.target().beside("postgres").run(&create);
        let runtime = suite.world.runtime();
        let place = parsed(&suite.world.target_url());
        let endpoint = place.host().split('.').next().expect("a label").to_owned();
        let server = address(&suite.world.target_superuser_url());
        let relay = runtime
            .block_on(Relay::start(server, &endpoint))
            .expect("a relay");
        let road = Road::default();
        let source = road.lead_to(address(&suite.world.source_url()), runtime);
        let target = road.lead_to(relay.address(), runtime);
        let (database, relay) = (database.to_owned(), Some(relay));
        Self {
            suite,
            world,
            road,
            database,
            relay,
            source,
            target,
        }
    }

    /// The faults of this case's own front of the target.
    pub(crate) fn front(&self) -> Faults {
        self.relay.as_ref().expect("until dropped").faults()
    }

    /// The source, as its superuser, past the road.
    pub(crate) fn source(&self) -> Database<'_> {
        self.suite.world.source()
    }

    /// The target's database, as a superuser, past the road.
    pub(crate) fn target(&self) -> Database<'_> {
        self.suite.world.target().beside(&self.database)
    }

    fn target_url(&self) -> String {
        let url = self.suite.world.target_url();
        through(&url, self.target.port).replace("/neondb?", &format!("/{}?", self.database))
    }

    /// The program on this case's roads.
    pub(crate) fn neonlift(&self, arguments: &[&str]) -> Command {
        let source = through(&self.suite.world.source_url(), self.source.port);
        let mut command = self.world.neonlift(arguments);
        command
            .env("NEONLIFT_SOURCE_URL", source)
            .env("NEONLIFT_TARGET_URL", self.target_url());
        command
    }

    /// The command that is given again and again.
    pub(crate) fn run(&self) -> Command {
        let mut command = self.run_in_words();
        command.arg("--json");
        command
    }

    /// The same, for people.
    pub(crate) fn run_in_words(&self) -> Command {
        let config = self.world.config("[transfer]\nchunk_mb = 1\njobs = 2\n");
        self.neonlift(&["run", "--config", &config])
    }

    /// The same, with a second for each attempt to connect to the target.
    pub(crate) fn impatient(&self) -> Command {
        let mut command = self.run();
        command.env(
            "NEONLIFT_TARGET_URL",
            format!("{}&connect_timeout=1", self.target_url()),
        );
        command
    }

    pub(crate) fn start(&self) -> Running {
        Running::start(&mut self.run())
    }

    /// Runs it up to the end of a step.
    pub(crate) fn until(&self, step: &str) {
        Running::start(self.run().args(["--until", step]))
            .end()
            .expect(0, "done");
    }

    /// Runs everything before a step, and then that step up to a point of its traffic, where
    /// everything stands still.
    pub(crate) fn at(&self, step: &str, point: Point) -> Running {
        let before = STEPS
            .iter()
            .position(|other| *other == step)
            .expect("a step");
        if before > 0 {
            self.until(STEPS[before - 1]);
        }
        self.road.strike_at(Some(point));
        let mut running = self.start();
        eventually("the point of the traffic", || {
            let stands = self.road.stands();
            assert!(
                stands || running.is_running(),
                "{step} had ended before {point:?}"
            );
            stands.then_some(())
        });
        running
    }

    /// Ends a server as a crash does and starts it again; meanwhile its port is shut.
    pub(crate) fn restart(&mut self, side: Side) {
        let (world, runtime) = (&self.suite.world, self.suite.world.runtime());
        match side {
            Side::Source => {
                self.source.close();
                world.restart(side);
                self.source.open_again(&self.road, runtime);
            }
            // Its front stays, and says that there is no compute.
            Side::Target => world.restart(side),
        }
    }

    /// The state of each step that was begun, as the session's file has it.
    pub(crate) fn states(&self) -> BTreeMap<String, String> {
        let status = Running::start(self.neonlift(&["status"]).arg("--json"))
            .end()
            .only("status");
        let steps = status["session"]["steps"].as_object().expect("steps");
        let text = |state: &serde_json::Value| state.as_str().expect("a state").to_owned();
        steps
            .iter()
            .map(|(step, record)| (step.clone(), text(&record["state"])))
            .collect()
    }

    /// The same command again, to the end, and the proof.
    pub(crate) fn goes_on(&self) -> Ended {
        let ended = self.start().end();
        self.arrived(ended)
    }

    /// Asserts that everything is there, once, and nothing else is left behind.
    pub(crate) fn arrived(&self, ended: Ended) -> Ended {
        let ended = ended.expect(0, "awaiting_sign_off");
        let unequal = |comparison: &serde_json::Value| comparison["equal"] != true;
        assert!(!ended.of_kind("comparison").iter().any(unequal), "{ended}");
        let differing = differences(&self.suite.source, &content(&self.target()));
        assert!(
            differing.is_empty(),
            "source / target:\n{differing}\n{ended}"
        );
        let backups = std::fs::read_dir(self.world.work().join("backups")).expect("backups");
        let half = |name: &String| name.ends_with(".partial");
        let names = backups
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        assert_eq!(
            names.filter(half).count(),
            0,
            "half a dump was left: {ended}"
        );
        eventually("the end of all that was started", || {
            processes::of(self.world.folder()).is_empty().then_some(())
        });
        ended
    }

    /// Lets a run that was hit end as it can: when it fails, the same command goes on. How it
    /// ended the first time, and that everything is there now.
    pub(crate) fn recovers(&self, running: Running) -> Ended {
        let first = running.end();
        if first.code == Some(0) {
            return self.arrived(first);
        }
        let first = self.failed(first);
        println!("  it failed: {}", first.only("failure"));
        self.goes_on();
        first
    }

    /// The target's tables that hold rows, each with the file that it is in: emptied, a table gets
    /// another file.
    pub(crate) fn files_with_rows(&self) -> BTreeMap<String, String> {
        let sql = "SELECT c.oid::regclass, pg_relation_filenode(c.oid) FROM pg_class c
                   JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relkind = 'r' AND n.nspname IN ('public', 'shop')";
        let session = self.target().open();
        let files = session.rows(sql).into_iter().map(|row| {
            let [table, file] = <[_; 2]>::try_from(row).expect("two columns");
            (table.expect("a name"), file.expect("a file"))
        });
        let holds = |table: &str| {
            let rows = session.rows(&format!("SELECT FROM ONLY {table} LIMIT 1"));
            !rows.is_empty()
        };
        files.filter(|(table, _)| holds(table)).collect()
    }

    /// Asserts that these tables were not emptied since.
    pub(crate) fn assert_kept(&self, files: &BTreeMap<String, String>) {
        let now = self.files_with_rows();
        let kept = |(table, file): (&String, &String)| now.get(table) == Some(file);
        assert!(
            files.iter().all(kept),
            "loaded again: {files:?}, now {now:?}"
        );
    }

    /// Asserts that the run did not succeed and says so: last line, exit code, session and
    /// failure agree, and something is advised.
    pub(crate) fn failed(&self, ended: Ended) -> Ended {
        let code = ended.code.expect("not killed");
        assert!(code == 1 || code == 3, "{ended}");
        let ended = ended.expect(code, "failed");
        let failure = ended.only("failure");
        assert!(
            failure["advice"]
                .as_array()
                .is_some_and(|advice| !advice.is_empty()),
            "{ended}"
        );
        let states = self.states();
        let step = failure["step"].as_str().expect("a step");
        assert_eq!(
            states.get(step).map(String::as_str),
            Some("failed"),
            "{states:?}\n{ended}"
        );
        ended
    }
}

impl Drop for Case<'_> {
    fn drop(&mut self) {
        if let Some(relay) = self.relay.take() {
            self.suite.world.runtime().block_on(relay.stop());
        }
    }
}

fn parsed(url: &str) -> ConnectionString {
    ConnectionString::parse(url).expect("a connection string")
}

/// The same address by another port.
fn through(url: &str, port: u16) -> String {
    url.replace(&format!(":{}/", parsed(url).port()), &format!(":{port}/"))
}

/// Where a server of the practice listens.
fn address(url: &str) -> SocketAddr {
    let place = parsed(url);
    let host: IpAddr = place.host().parse().expect("an address");
    SocketAddr::new(host, place.port())
}
