//! The screen costs nothing while nothing happens, and answers at once while eight workers transfer:
//! the real program in a pseudo-terminal, on practice servers.
//!
//! ```text
//! cargo bench --bench screen                  1,000,000 documents
//! cargo bench --bench screen -- 200000        fewer
//! ```
//!
//! Measured are the processor time that the program takes in a minute on a finished step, as a share of
//! one core, and the time from a key (`?` and `m`, opened and closed) to the frame that shows what it
//! did, while rows move. It fails when the share is 0.2 % or more, when one key in twenty takes longer
//! than 50 ms, or when the rows are in before enough keys were pressed. Run it on a machine with
//! nothing else to do. Started without `--bench` (`cargo test --all-targets`), it only looks whether it
//! works, with few documents. Processor time is read from `/proc`: on Linux only.

// The figures are for people and for RESULTS.md. What cannot be measured ends the benchmark.
#![allow(clippy::print_stdout, clippy::expect_used)]

mod machine;
#[allow(dead_code, reason = "the suite of the screen needs more of it")]
#[path = "../tests/screen/terminal.rs"]
mod terminal;
#[path = "../tests/screen/window.rs"]
mod window;

use neonlift::failure::chain;
use neonlift::figures::grouped;
use neonlift::practice::{self, Practice};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};
use terminal::{ENTER, Terminal};
use tokio_util::sync::CancellationToken;

/// Eight workers, all of them with something to do to the end.
const CONFIG: &str = "[transfer]\njobs = 8\nchunk_mb = 4\n";
/// The share of a core that the program stays below on a finished step.
const IDLE_LIMIT: f64 = 0.002;
/// The time that 19 of 20 keys take at most.
const KEY_LIMIT: Duration = Duration::from_millis(50);
/// Looks at the step before.
const LEFT_ARROW: &str = "\x1b[D";
/// Keys that open something, and what is seen then; pressed again they close it.
const OPENERS: [(&str, &str); 2] = [("?", "│ Keys"), ("m", "│ Messages")];
/// What the step at work shows when nothing lies over it.
const BARE: &str = "│ In all";
/// What the status line says while rows move.
const MOVING: &str = ": Copying rows";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How much to measure.
struct Wanted {
    documents: u64,
    idle: Duration,
    keys: usize,
    is_test: bool,
}

fn main() -> ExitCode {
    run(&wanted()).unwrap_or_else(|error| {
        println!("{}", chain(error.as_ref()));
        ExitCode::FAILURE
    })
}

fn wanted() -> Wanted {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_test = !arguments.iter().any(|argument| argument == "--bench");
    let number = arguments.iter().find_map(|argument| argument.parse().ok());
    let (documents, seconds, keys) = if is_test {
        (2_000, 1, 0)
    } else {
        (1_000_000, 60, 200)
    };
    Wanted {
        documents: number.unwrap_or(documents),
        idle: Duration::from_secs(seconds),
        keys,
        is_test,
    }
}

fn run(wanted: &Wanted) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let options = practice::Options {
        documents: Some(wanted.documents),
        vector_index: false,
        ..practice::Options::default()
    };
    let say = |_| {};
    let never = CancellationToken::new();
    let starting = Practice::start(&options, &say, &never);
    let practice = runtime.block_on(starting)?;
    let measured = measure(&practice, wanted);
    runtime.block_on(practice.stop())?;
    let (idle, keys) = measured?;

    println!("{}", machine::describe());
    println!(
        "neonlift {}, {} documents, {}\n",
        env!("CARGO_PKG_VERSION"),
        grouped(wanted.documents),
        jiff::Zoned::now().strftime("%F")
    );
    println!("| what | is | at most |\n|---|---:|---:|");
    let limit = IDLE_LIMIT * 100.0;
    println!(
        "| a finished step, share of a core over {} s | {:.3} % | {limit} % |",
        wanted.idle.as_secs(),
        idle * 100.0
    );
    let fast = keys.print();
    let holds = wanted.is_test || (idle < IDLE_LIMIT && fast && keys.0.len() >= wanted.keys);
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        println!("\nNOT as required");
        ExitCode::FAILURE
    })
}

/// The share of a core while nothing happens, and how long keys took.
fn measure(practice: &Practice, wanted: &Wanted) -> Result<(f64, Keys)> {
    let folder = practice.folder().join("screen");
    fs::create_dir(&folder)?;
    fs::write(folder.join("config.toml"), CONFIG)?;
    let until_schema = ["run", "--until", "schema", "--json"];
    let made = program(practice, &folder, &until_schema)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()?;
    if !made.success() {
        return Err(format!("the steps before the transfer ended with {made}").into());
    }
    let mut terminal = Terminal::start(&program(practice, &folder, &[]), 80, 24);
    terminal.at("Enter run transfer", LEFT_ARROW);
    terminal.wait_for_text("✓ schema: done");
    let stat = PathBuf::from(format!(
        "/proc/{}/stat",
        terminal.program().as_raw_nonzero()
    ));
    let before = ticks(&stat)?;
    std::thread::sleep(wanted.idle);
    let idle = (ticks(&stat)? - before) as f64 / ticks_a_second()? / wanted.idle.as_secs_f64();

    terminal.press("\x1b[C");
    terminal.at("Enter run transfer", ENTER);
    let keys = Keys::pressed(&mut terminal, wanted.keys);
    terminal.wait_for_text("✓ transfer: done");
    terminal.press("q");
    terminal.end();
    Ok((idle, keys))
}

/// The program with nothing of the person's own.
fn program(practice: &Practice, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neonlift"));
    command
        .args(arguments)
        .args(["--config", "config.toml", "--session", "session.toml"])
        .args(["--log", "neonlift.log"])
        .current_dir(folder)
        .env("HOME", folder)
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("NEONLIFT_SOURCE_URL", practice.source_url().expose())
        .env("NEONLIFT_TARGET_URL", practice.target_url().expose())
        .env("NEONLIFT_PG_BIN", &practice.binaries().bin);
    command
}

/// Processor time of all threads of a process so far, user and system, in the kernel's ticks.
fn ticks(stat: &Path) -> Result<u64> {
    let text = fs::read_to_string(stat)?;
    // The name, in parentheses, may hold anything: fields are counted behind it.
    let (_, fields) = text.rsplit_once(')').ok_or("no process")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    // utime and stime are the fields 14 and 15 of proc(5); the state, field 3, is the first here.
    let both = field(11).zip(field(12)).ok_or("no processor time")?;
    Ok(both.0 + both.1)
}

fn ticks_a_second() -> Result<f64> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// How long keys took until the screen showed what they did, the shortest first.
struct Keys(Vec<Duration>);

impl Keys {
    /// Presses keys as long as rows move, until there are enough.
    fn pressed(terminal: &mut Terminal, enough: usize) -> Self {
        terminal.wait_for_text(MOVING);
        let mut taken = Vec::new();
        for number in 0..enough {
            let is_open = number % 2 == 1;
            if !is_open && !terminal.text().contains(MOVING) {
                break;
            }
            let (key, opened) = OPENERS[number / 2 % OPENERS.len()];
            let shown = if is_open { BARE } else { opened };
            let began = Instant::now();
            terminal.press(key);
            terminal.wait_for_text(shown);
            taken.push(began.elapsed());
            // Every fourth key comes right behind the one before, as in a quick hand's burst; the others
            // at all moments of a frame alike.
            let pause = match number % 4 {
                0 => 0,
                _ => 70 + number as u64 * 37 % 61,
            };
            std::thread::sleep(Duration::from_millis(pause));
        }
        taken.sort_unstable();
        Self(taken)
    }

    /// Prints the rows of the table; whether they are fast enough.
    fn print(&self) -> bool {
        let Some(worst) = self.0.last() else {
            return true;
        };
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let at = |share: usize| self.0[(self.0.len() * share / 100).min(self.0.len() - 1)];
        let count = self.0.len();
        println!(
            "| {count} keys amid eight workers, median | {:.1} ms | |",
            ms(at(50))
        );
        println!(
            "| 19 of 20 of them | {:.1} ms | {} ms |",
            ms(at(95)),
            KEY_LIMIT.as_millis()
        );
        println!("| the slowest | {:.1} ms | |", ms(*worst));
        at(95) <= KEY_LIMIT
    }
}
