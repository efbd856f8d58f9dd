//! A fault in the screen itself takes the screen down before it is reported.

use crate::terminal::Terminal;
use neonlift::tui::terminal::Screen;
use std::process::Command;

/// Tells this test that it is the program in the terminal.
const INSIDE: &str = "NEONLIFT_TEST_INSIDE_A_TERMINAL";

#[test]
fn a_panic_leaves_a_clean_terminal_and_its_report_on_it() {
    if std::env::var_os(INSIDE).is_some() {
        let mut screen = Screen::enter().unwrap();
        screen.draw("neonlift: a fault", |_| ()).unwrap();
        panic!("a fault on purpose");
    }
    let name = "panics::a_panic_leaves_a_clean_terminal_and_its_report_on_it";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([name, "--exact", "--nocapture"])
        .env(INSIDE, "1");
    let mut terminal = Terminal::start(&command, 80, 24);
    assert_eq!(terminal.wait_for_shell(), 101, "a test that failed");
    let text = terminal.text();
    assert!(
        text.contains("a fault on purpose") && text.contains("panics.rs"),
        "{text}"
    );
}
