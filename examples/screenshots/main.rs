//! The pictures of the README: `cargo run --release --example screenshots`.
//!
//! Runs the demonstration in a terminal, as the screen's tests do, presses its keys, and writes
//! what the terminal shows at three moments to `assets/`, at 80 by 24 and at 120 by 36.

// It ends with a message when something is not as it should be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/screen"]
#[allow(dead_code, reason = "the tests need more of it")]
mod screen {
    pub(crate) mod terminal;
    pub(crate) mod window;
}

mod picture;

use screen::terminal::{CTRL_U, ENTER, Terminal};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use vt100::Screen;

/// Set for the program in the terminal, which is this one again: an example cannot ask cargo
/// where the real one is.
const INSIDE: &str = "NEONLIFT_SCREENSHOTS_INSIDE";

/// Above the pictures.
const TITLE: &str = "neonlift demo";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // The program in the terminal starts itself once more, without this one's environment, to hold
    // the snapshot.
    let holds = std::env::args()
        .nth(1)
        .is_some_and(|command| command == "hold");
    if holds || std::env::var_os(INSIDE).is_some() {
        return Ok(neonlift::cli::main());
    }
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for (columns, rows, suffix) in [(80, 24, ""), (120, 36, "-wide")] {
        photograph(columns, rows, |name| {
            assets.join(format!("{name}{suffix}.svg"))
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Walks through a demonstration of 20,000 documents with a camera.
fn photograph(
    columns: u16,
    rows: u16,
    file: impl Fn(&str) -> PathBuf,
) -> Result<(), Box<dyn Error>> {
    let home = tempfile::Builder::new()
        .prefix("neonlift-")
        .rand_bytes(3)
        .tempdir()?;
    let mut terminal = Terminal::start(&demo(home.path())?, columns, rows);
    for step in [
        "prerequisites",
        "connections",
        "inventory",
        "backup",
        "schema",
    ] {
        terminal.at(&format!("Enter run {step}"), ENTER);
        terminal.at("Enter next: ", ENTER);
    }
    terminal.at("Enter run transfer", ENTER);
    let picture = terminal.seen("rows half-way", |screen| {
        half_way(&screen.contents()).then(|| picture::svg(screen, TITLE))
    });
    fs::write(file("transfer"), picture)?;
    terminal.at("Enter next: compare", ENTER);
    terminal.at("Enter run compare", ENTER);
    fs::write(file("compare"), shot(&terminal, "Enter next: cutover"))?;
    terminal.press(ENTER);
    terminal.at("Enter open the checklist", ENTER);
    terminal.at("4 items on the checklist still open", ENTER);
    terminal.wait_for_text("signed by");
    terminal.press(&format!("{CTRL_U}Ada Lovelace{ENTER}"));
    terminal.at("3 items on the checklist still open", ENTER);
    terminal.at("signed by  Ada Lovelace", ENTER);
    fs::write(
        file("checklist"),
        shot(&terminal, "2 items on the checklist still open"),
    )?;
    terminal.press("q");
    Ok(())
}

/// The demonstration, with a home of its own and the servers that this machine has already.
fn demo(home: &Path) -> Result<Command, Box<dyn Error>> {
    let servers =
        tokio::runtime::Runtime::new()?.block_on(neonlift::practice::binaries::find(&|_| ()))?;
    // The servers have another user when this is root.
    open_to_others(home)?;
    // Beside, not in the cache: the dump's path is shown.
    fs::write(home.join("config.toml"), "[backup]\nfolder = \"backups\"\n")?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["demo", "--documents", "20000", "--config", "config.toml"])
        .env(INSIDE, "1")
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("NEONLIFT_PG_BIN", servers.bin)
        .current_dir(home);
    Ok(command)
}

fn open_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))
}

/// Whether the transfer is between a third and two thirds of its rows.
fn half_way(text: &str) -> bool {
    let percent = |line: &str| {
        let (before, _) = line.split_once(" %")?;
        before.rsplit(' ').next()?.parse::<f64>().ok()
    };
    let first = text.lines().find_map(percent);
    text.contains("Copying rows") && first.is_some_and(|share| (33.0..67.0).contains(&share))
}

/// A picture of the screen as soon as a text stands on it.
fn shot(terminal: &Terminal, text: &str) -> String {
    terminal.seen(text, |screen: &Screen| {
        let is_there = screen.contents().contains(text);
        is_there.then(|| picture::svg(screen, TITLE))
    })
}
