//! The application cut over and taken back by keys, and by numbers.

use crate::fixture::World;
use crate::terminal::{CTRL_U, ENTER, ESCAPE, Terminal};
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
