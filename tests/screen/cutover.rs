//! The application cut over and taken back by keys, and by numbers.

use crate::fixture::{Side, World};
use crate::terminal::{CTRL_C, CTRL_U, ENTER, ESCAPE, RIGHT_ARROW, Terminal};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A migration with everything done and signed, of an application with one file.
struct Signed {
    world: World,
    env: PathBuf,
    config: String,
}

impl Signed {
    fn new() -> Self {
        let world = World::new(20);
        let folder = world.folder().join("shop");
        fs::create_dir(&folder).expect("a folder");
        let env = folder.join(".env");
        fs::write(&env, format!("DATABASE_URL={}\n", world.source_url())).expect("its .env");
        let folder = folder.display();
        let config = world.config(&format!(
            "[application]\nfolder = '{folder}'\n[cutover]\nquiet_seconds = 1\n"
        ));
        let signed = Self { world, env, config };
        signed.sign();
        signed
    }

    fn sign(&self) {
        let run = self.world.json(&["run", "--config", &self.config]);
        run.expect(0, "awaiting_sign_off");
        let status = self.world.json(&["status"]).only("status");
        let items = status["session"]["checklist"].as_array().cloned();
        for item in items.expect("a checklist") {
            if item["kind"] == "person" {
                let key = item["key"].as_str().expect("a key");
                self.world.json(&["sign", key, "--by", "Ada"]);
            }
        }
    }

    /// The wizard on this session.
    fn wizard(&self, arguments: &[&str]) -> Command {
        self.world
            .neonlift(&[arguments, &["--config", &self.config]].concat())
    }

    fn env_now(&self) -> String {
        fs::read_to_string(&self.env).expect("its .env")
    }
}

#[test]
fn a_typed_name_cuts_over_and_another_one_takes_back() {
    let signed = Signed::new();
    let before = signed.env_now();
    let mut terminal = Terminal::start(&signed.wizard(&[]), 80, 24);
    terminal.at("c cut over", "c");
    terminal.at("type the database's name: neondb", "chat_pgvector\r");
    terminal.wait_for_text("is not the name");
    terminal.press(ESCAPE);
    assert_eq!(signed.env_now(), before);
    terminal.at("c cut over", "c");
    terminal.at("name", &format!("neondb{ENTER}"));
    terminal.wait_for_text("✓ Cut over at");
    assert!(signed.env_now().contains("neondb"), "{}", signed.env_now());

    terminal.at("b way back", "b");
    terminal.wait_for_text("The way back is open");
    terminal.at("b go back", "b");
    terminal.at("type the database's name: chat_pgvector", "neondb\r");
    terminal.wait_for_text("is not the name");
    terminal.press(CTRL_U);
    terminal.press(&format!("chat_pgvector{ENTER}"));
    terminal.wait_for_text("✓ Rolled back at");
    assert_eq!(signed.env_now(), before, "byte for byte");
    terminal.press("q");
    assert_eq!(terminal.end(), 130, "the comparison is to be made again");
}

/// The old database dies under the open way back, and is looked at again before and after it answers.
#[test]
fn nothing_is_taken_back_to_a_dead_database_until_it_answers_again() {
    let signed = Signed::new();
    let before = signed.env_now();
    let mut terminal = Terminal::start(&signed.wizard(&[]), 80, 24);
    terminal.at("c cut over", "c");
    terminal.at("name", &format!("neondb{ENTER}"));
    terminal.wait_for_text("✓ Cut over at");
    let over = signed.env_now();
    terminal.at("b way back", "b");
    terminal.at("b go back", "b");
    signed.world.stop(Side::Source);
    let name = "type the database's name: chat_pgvector";
    terminal.at(name, &format!("chat_pgvector{ENTER}"));
    // What, why, and what to do about it.
    for told in [
        "! The old database does not answer",
        "r looks again",
        "Connection refused",
        "pg_isready",
    ] {
        terminal.wait_for_text(told);
    }
    terminal.press("b");
    terminal.wait_for_text("! the old database does not answer");
    terminal.press("m");
    terminal.wait_for_text("refused: the old database");
    terminal.press(ESCAPE);
    assert_eq!(signed.env_now(), over, "nothing is taken back");
    let session = fs::read_to_string(signed.world.session()).expect("the session");
    assert!(!session.contains("rolled_back"), "{session}");

    signed.world.restart(Side::Source);
    terminal.at("r look again", "r");
    terminal.at("The way back is open", "b");
    terminal.at(name, &format!("chat_pgvector{ENTER}"));
    terminal.wait_for_text("✓ Rolled back at");
    assert_eq!(signed.env_now(), before, "byte for byte");
    terminal.press("q");
    assert_eq!(terminal.end(), 130, "the comparison is to be made again");
}

/// What stands behind the cutover; and what can be read at any time.
#[test]
fn keys_lead_on_to_the_watch_and_the_cleanup() {
    let signed = Signed::new();
    let mut terminal = Terminal::start(&signed.wizard(&[]), 80, 24);
    terminal.at("c cut over", "c");
    terminal.at("name", &format!("neondb{ENTER}"));
    terminal.wait_for_text("✓ Cut over at");
    terminal.at("Enter next: watch", ENTER);
    terminal.at("Enter run watch", ENTER);
    terminal.wait_for_text("Answers     connected in");
    for (key, shown) in [("?", "│ Keys"), ("m", "watch started")] {
        terminal.press(key);
        terminal.at(shown, key);
        terminal.wait_for_text("Answers     connected in");
    }
    terminal.press("l");
    terminal.at("is the log; copied", CTRL_C);
    terminal.at("watch: stopped half-way", RIGHT_ARROW);

    let before = signed.world.target_holds();
    terminal.at("Enter clean up; it asks first", ENTER);
    terminal.at("cancel: everything stays as it is", ENTER);
    terminal.at("cleanup: not run yet", ENTER);
    assert_eq!(signed.world.target_holds(), before, "it was cancelled");
    terminal.at("clean up: the backup is archived", "y");
    // What cannot be brought back wants the database's name besides.
    terminal.at(
        "type the database's name: neondb",
        &format!("neondb{ENTER}"),
    );
    terminal.wait_for_text("✓ Cleaned up");
    let mut after = signed.world.target_holds().into_iter();
    assert_eq!(after.find(|name| name.starts_with("neonlift.")), None);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_plain_wizard_does_the_same_by_numbers() {
    let signed = Signed::new();
    let before = signed.env_now();
    let mut terminal = Terminal::start(&signed.wizard(&["--plain"]), 100, 40);
    choose(&mut terminal, "cut the application over to the target");
    terminal.at(
        "type the database's name, neondb",
        &format!("neondb{ENTER}"),
    );
    terminal.wait_for_text("✓ cut over at");
    assert_ne!(signed.env_now(), before);
    choose(&mut terminal, "look at the way back");
    choose(&mut terminal, "go back: put the application's files back");
    let name = "type the database's name, chat_pgvector";
    terminal.at(name, &format!("chat_pgvector{ENTER}"));
    terminal.wait_for_text("✓ rolled back at");
    assert_eq!(signed.env_now(), before);
    choose(&mut terminal, "leave;");
    assert_eq!(terminal.end(), 130);
}

/// Chooses what is offered in these words by its number, when it is offered last.
fn choose(terminal: &mut Terminal, words: &str) {
    let number = terminal.seen(words, |screen| {
        let text = screen.contents();
        let asked = text.trim_end().ends_with("):");
        let line = text.lines().rev().find(|line| line.contains(words));
        let (number, _) = line.filter(|_| asked)?.trim().split_once('.')?;
        Some(number.to_owned())
    });
    terminal.press(&format!("{number}{ENTER}"));
}
