//! Advised commands, copied.

use super::*;

#[test]
fn advised_commands_are_copied_one_after_the_other() {
    let advice = |text: &str| format!("$ {text}");
    let failure = Failure::new("what", "why")
        .advise("Do this:")
        .advise(advice("one"));
    let mut wizard = fixtures::failed(Step::Backup, failure.advise(advice("two")));
    let mut ui = fixtures::ui(&wizard, false);
    let mut copied = || ui.key(&wizard, key(KeyCode::Char('y')));
    let copy = |text: &str| [Intent::Copy(text.to_owned())];
    assert_eq!(
        [copied(), copied(), copied()].concat(),
        [copy("one"), copy("two"), copy("one")].concat()
    );
    wizard = fixtures::before(Step::Backup);
    let mut ui = fixtures::ui(&wizard, false);
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('y'))), []);
    assert_eq!(ui.said.as_deref(), Some("no command is advised here"));
}

#[test]
fn what_a_failed_cutting_over_advises_is_copied() {
    let wizard = fixtures::cutting_failed(CutPhase::Check, fixtures::not_ready());
    let mut ui = fixtures::ui(&wizard, false);
    let copied = ui.key(&wizard, key(KeyCode::Char('y')));
    let command = "neonlift cutover --confirm neondb".to_owned();
    assert_eq!(copied, [Intent::Copy(command)]);
}
