//! The pictures of the README: `cargo run --release --example screenshots`.
//!
//! Runs the demonstration in a terminal, as the screen's tests do, presses its keys, and writes
//! what the terminal shows of every screen to `assets/`: as SVG and as PNG, at 80 by 24 and at 120 by
//! 36; and as SVG at 80 by 24 on a light terminal.

// It ends with a message when something is not as it should be.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../tests/screen"]
#[allow(dead_code, reason = "the tests need more of it")]
mod screen {
    pub(crate) mod terminal;
    pub(crate) mod window;
}

mod picture;

use screen::terminal::{CTRL_C, CTRL_U, ENTER, ESCAPE, RIGHT_ARROW, Terminal};
use std::error::Error;
use std::fs;
use std::path::Path;
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
    for (columns, rows, suffix) in [(80, 24, ""), (120, 36, "-wide")] {
        walk(columns, rows, suffix)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Walks through a demonstration of 20,000 documents with a camera.
fn walk(columns: u16, rows: u16, suffix: &'static str) -> Result<(), Box<dyn Error>> {
    let home = tempfile::Builder::new()
        .prefix("neonlift-")
        .rand_bytes(3)
        .tempdir()?;
    let arguments = ["demo", "--documents", "20000", "--config", "config.toml"];
    let terminal = Terminal::start(&neonlift(home.path(), &arguments)?, columns, rows);
    let mut camera = Camera { terminal, suffix };
    for step in ["prerequisites", "connections", "inventory", "backup"] {
        camera.terminal.at(&format!("Enter run {step}"), ENTER);
        camera.terminal.wait_for_text(&format!("✓ {step}: done"));
        camera.take(step, "Enter next: ")?;
        if step == "connections" {
            application(home.path(), camera.terminal.seen("the source", source_port))?;
            camera.terminal.press("e");
            camera.take("form", "Enter test both")?;
            camera.terminal.press(ESCAPE);
        }
        camera.terminal.at("Enter next: ", ENTER);
    }
    camera.terminal.at("Enter run schema", "v");
    camera.terminal.at("statements would run", "\x1b[6~");
    camera.take("preview", "-- ")?;
    camera.terminal.press(ESCAPE);
    camera.terminal.at("Enter run schema", ENTER);
    camera.take("schema", "Enter next: ")?;
    camera.terminal.press(ENTER);
    camera.terminal.at("Enter run transfer", ENTER);
    camera.take_when("transfer", half_way)?;
    camera.terminal.press("q");
    camera.take("leaving", "Enter keep going")?;
    camera.terminal.press(ESCAPE);
    camera.take_when("indexes", |text| {
        text.contains("building tuples") || text.contains("loading tuples")
    })?;
    camera.take("transferred", "Enter next: compare")?;
    camera.terminal.press("m");
    camera.take("messages", "Esc back")?;
    camera.terminal.press(ESCAPE);
    camera.terminal.at("Enter next: compare", ENTER);
    camera.terminal.at("Enter run compare", ENTER);
    camera.take("compare", "n next: application")?;
    camera.terminal.press(ENTER);
    camera.take_when("table", |text| {
        text.contains("Esc back") && !text.contains("Reading both")
    })?;
    camera.terminal.press(ESCAPE);
    camera.terminal.at("n next: application", "n");
    camera.terminal.at("Enter run application", "a");
    camera
        .terminal
        .at("Enter look at it", &format!("{CTRL_U}shop{ENTER}"));
    camera.take("application", "Enter next: cutover")?;
    camera.terminal.press(ENTER);
    camera.terminal.at("Enter open the checklist", ENTER);
    let all = camera.terminal.seen("what is open", open_items);
    let open = |signed: usize| match all - signed {
        1 => "1 item on the checklist still open".to_owned(),
        more => format!("{more} items on the checklist still open"),
    };
    camera.terminal.press(ENTER);
    camera.terminal.wait_for_text("signed by");
    camera
        .terminal
        .press(&format!("{CTRL_U}Ada Lovelace{ENTER}"));
    camera.terminal.at(&open(1), ENTER);
    camera.terminal.at("signed by  Ada Lovelace", ENTER);
    camera.take("checklist", &open(2))?;
    camera.terminal.press("?");
    camera.take("help", "Keys on the checklist")?;
    camera.terminal.press("?");
    for signed in 2..all {
        camera.terminal.at(&open(signed), ENTER);
        camera.terminal.at("signed by  Ada Lovelace", ENTER);
    }
    afterwards(&mut camera)?;
    camera.terminal.press("q");
    camera.terminal.wait_for_prompt();
    let terminal = Terminal::start(&neonlift(home.path(), &[])?, columns, rows);
    let camera = Camera { terminal, suffix };
    camera.take("start", "Where to begin")
}

/// From the signed checklist over the cutting over to the way back.
fn afterwards(camera: &mut Camera) -> Result<(), Box<dyn Error>> {
    camera.terminal.at("c cut over", "c");
    camera.take("consent", "To consent, type the database's name")?;
    camera.terminal.press(&format!("neondb{ENTER}"));
    camera.take("cutting-over", "Nothing written for")?;
    camera.take("cut-over", "cut over: start the application")?;
    camera.terminal.press(ENTER);
    camera.terminal.at("Enter run watch", ENTER);
    camera.take("watch", "no alarm")?;
    camera.terminal.press(CTRL_C);
    camera.terminal.at("stopped half-way", "b");
    camera.take("way-back", "The way back is open")?;
    camera.terminal.press(ESCAPE);
    camera.terminal.at("b way back", RIGHT_ARROW);
    camera.take("cleanup", "Enter clean up")
}

/// The port of the demonstration's source, as the step connections shows it.
fn source_port(screen: &Screen) -> Option<u16> {
    let text = screen.contents();
    let (_, rest) = text.split_once("127.0.0.1:")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// An application that leads to the source, as far as its files tell.
fn application(home: &Path, port: u16) -> std::io::Result<()> {
    let folder = home.join("shop");
    fs::create_dir(&folder)?;
    let url = format!("postgresql://postgres:secret@127.0.0.1:{port}/chat_pgvector");
    let env = format!("# The shop\nDATABASE_URL=\"{url}\"  # local\nDEBUG=1\n");
    fs::write(folder.join(".env"), env)
}

/// How many items of the checklist are still open.
fn open_items(screen: &Screen) -> Option<usize> {
    let text = screen.contents();
    let (before, _) = text.split_once(" items on the checklist still open")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// A terminal to be photographed.
struct Camera {
    terminal: Terminal,
    /// Behind the pictures' names.
    suffix: &'static str,
}

impl Camera {
    /// A picture of the screen as soon as a text stands on it.
    fn take(&self, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
        self.take_when(name, |shown| shown.contains(text))
    }

    /// A picture of the screen as soon as it is so: on a dark terminal, and of the usual size on a
    /// light one too.
    fn take_when(&self, name: &str, is_so: impl Fn(&str) -> bool) -> Result<(), Box<dyn Error>> {
        let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let pictures = self.terminal.seen(name, |screen: &Screen| {
            let palettes = [("", &picture::DARK), ("-light", &picture::LIGHT)];
            let drawn =
                palettes.map(|(kind, palette)| (kind, picture::svg(screen, TITLE, palette)));
            is_so(&screen.contents()).then_some(drawn)
        });
        let [(_, dark), (kind, light)] = pictures;
        let file = assets.join(format!("{name}{}", self.suffix));
        fs::write(file.with_extension("png"), picture::png(&dark)?)?;
        fs::write(file.with_extension("svg"), dark)?;
        if self.suffix.is_empty() {
            fs::write(assets.join(format!("{name}{kind}.svg")), light)?;
        }
        Ok(())
    }
}

/// The program, with a home of its own and the servers that this machine has already.
fn neonlift(home: &Path, arguments: &[&str]) -> Result<Command, Box<dyn Error>> {
    let servers =
        tokio::runtime::Runtime::new()?.block_on(neonlift::practice::binaries::find(&|_| ()))?;
    // The servers have another user when this is root.
    open_to_others(home)?;
    // Beside, not in the cache: the dump's path is shown.
    fs::write(home.join("config.toml"), "[backup]\nfolder = \"backups\"\n")?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(arguments)
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
