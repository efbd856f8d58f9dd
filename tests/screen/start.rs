//! The start screen: what there is to go on with, and what can be begun.

use crate::fixture::World;
use crate::terminal::{CTRL_C, CTRL_Z, ENTER, Terminal};
use neonlift::session::store::Store;
use neonlift::session::{Step, store};
use std::path::PathBuf;
use std::process::Command;

/// Where the program keeps its sessions in a world.
fn folder(world: &World) -> PathBuf {
    world.folder().join("home/state/neonlift/sessions")
}

/// A session in that folder, up to its inventory.
fn begun(world: &World, name: &str) -> PathBuf {
    let file = folder(world).join(name);
    std::fs::create_dir_all(folder(world)).expect("a folder");
    let mut command = world.bare(&["run", "--until", "inventory", "--json", "--session"]);
    command
        .arg(&file)
        .env("NEONLIFT_SOURCE_URL", world.source_url())
        .env("NEONLIFT_TARGET_URL", world.target_url());
    crate::fixture::Running::start(&mut command)
        .end()
        .expect(0, "done");
    file
}

fn wizard(world: &World) -> Command {
    world.bare(&[])
}

/// The password in a connection string.
pub(crate) fn password(url: &str) -> &str {
    url.split([':', '@']).nth(2).expect("a password")
}

#[test]
fn a_session_is_gone_on_with_and_its_password_asked_for() {
    let world = World::sharing();
    let file = begun(&world, "20260101-120000-0001.toml");
    let mut terminal = Terminal::start(&wizard(&world), 80, 24);
    terminal.wait_for_text("Where to begin");
    terminal.wait_for_text("next: backup");
    terminal.wait_for_text("New migration: PostgreSQL to Neon");
    terminal.at("▌ 127.0.0.1:", ENTER);
    // The test of the connections is over when the step that was to be done next is there again.
    terminal.wait_for_text("passwords are not kept: type that of source and target");
    terminal.paste(password(&world.source_url()));
    terminal.wait_for_text("password  ••••");
    terminal.press("\t");
    terminal.paste(password(&world.target_url()));
    terminal.press(ENTER);
    terminal.at("Enter run backup", "q");
    assert_eq!(terminal.wait_for_shell(), 130);
    let written = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    for url in [world.source_url(), world.target_url()] {
        assert!(!written.contains(password(&url)), "a password was shown");
    }
    let (_, session) = Store::open(&file).expect("the session");
    assert!(
        session
            .expect("a session")
            .report(Step::Connections)
            .is_some()
    );
}

#[test]
fn what_is_open_elsewhere_or_damaged_is_named_and_left_alone() {
    let world = World::sharing();
    let open = begun(&world, "20260101-120000-0001.toml");
    let damaged = folder(&world).join("20250101-120000-0002.toml");
    std::fs::write(&damaged, "version = 1\nsteps = {").expect("a file");
    let (held, _) = Store::open(&open).expect("the session");

    let mut terminal = Terminal::start(&wizard(&world), 80, 24);
    terminal.wait_for_text("! open in another neonlift");
    terminal.wait_for_text("✗ cannot be read");
    terminal.wait_for_text("20250101-120000-0002.toml");
    terminal.wait_for_text("▌ New migration");
    terminal.press("g");
    terminal.press(ENTER);
    // The newest file stands first.
    terminal.wait_for_text("! 20250101-120000-0002.toml cannot be read");
    terminal.press("j");
    terminal.press(ENTER);
    terminal.wait_for_text("close that one first");
    drop(held);
    terminal.press(CTRL_Z);
    terminal.wait_for_shell();
    terminal.press("fg\n");
    terminal.at("Where to begin", "q");
    assert_eq!(terminal.end(), 0, "nothing was begun");
    assert!(damaged.exists(), "a look moves nothing");
    assert_eq!(store::list(&folder(&world)).len(), 1, "and begins nothing");
}

#[test]
fn a_practice_run_is_begun_stopped_and_begun_again() {
    let world = World::sharing();
    let mut terminal = Terminal::start(&wizard(&world), 80, 24);
    terminal.at("p practice run", "p");
    terminal.at("Starting a practice run", CTRL_C);
    terminal.at("the practice run was stopped", "p");
    terminal.at("Enter run prerequisites", ENTER);
    terminal.at("Enter next: connections", "q");
    assert_eq!(terminal.end(), 130);

    let mut terminal = Terminal::start(&wizard(&world), 80, 24);
    terminal.wait_for_text("next: connections");
    terminal.at("practice", ENTER);
    terminal.at("Enter run connections", "q");
    assert_eq!(terminal.end(), 130);
}
