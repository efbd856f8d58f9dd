//! From step to step, and out of every state.

use super::*;

#[test]
fn enter_proceeds_and_arrows_look_around() {
    let wizard = fixtures::before(Step::Backup);
    let mut ui = fixtures::ui(&wizard, false);
    let send = |event| vec![Intent::Send(event)];
    assert_eq!(ui.key(&wizard, key(KeyCode::Enter)), send(Event::Proceed));
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Left)),
        send(Event::Show(Step::Inventory))
    );
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Esc)),
        send(Event::Show(Step::Inventory))
    );
    assert_eq!(
        ui.key(&wizard, key(KeyCode::Right)),
        send(Event::Show(Step::Schema))
    );
    assert_eq!(ui.key(&wizard, key(KeyCode::Char('q'))), send(Event::Leave));
    assert_eq!(ui.key(&wizard, control('c')), send(Event::Stop));
    assert_eq!(ui.key(&wizard, control('z')), [Intent::Suspend]);
}

#[test]
fn n_goes_on_in_every_step() {
    for step in [Step::Backup, Step::Compare] {
        let wizard = fixtures::before(step);
        let mut ui = fixtures::ui(&wizard, false);
        let on = ui.key(&wizard, key(KeyCode::Char('n')));
        assert_eq!(on, [Intent::Send(Event::Proceed)]);
    }
}

#[test]
fn every_state_can_be_left_by_the_keys_of_its_context() {
    for mut shot in shots() {
        let mut presses = 0;
        let steps = [
            Context::Step,
            Context::Checklist,
            Context::Tree,
            Context::Tables,
            Context::Checks,
        ];
        while !steps.contains(&shot.ui.context(&shot.wizard)) {
            press(&mut shot.ui, &mut shot.wizard, key(KeyCode::Esc));
            presses += 1;
            assert!(presses < 4, "{} holds the person", shot.name);
        }
        let (wizard, is_over) = (&shot.wizard, shot.wizard.session().current == Step::Cutover);
        let allowed = [
            (Command::CutOver, wizard.obstacle_to_cut_over()),
            (Command::Undo, wizard.obstacle_to_abandon()),
        ];
        let allowed = allowed.into_iter().filter(|(_, why)| why.is_none());
        for (command, _) in allowed.filter(|_| is_over) {
            let context = shot.ui.context(wizard);
            let mut rows = keys::bindings(context);
            let has = rows.any(|row| row.command == command);
            let works = offers::why_not(command, context, wizard, &shot.ui).is_none();
            assert!(has && works, "{}: {command:?} has no key", shot.name);
        }
    }
}

/// The status line, Enter and the plain wizard say the same of what is next.
#[test]
fn all_agree_on_what_is_next() {
    use crate::plain::first_offered;
    let over = [
        ("signed", "next: cut over", "cut the application over"),
        (
            "cutting-failed",
            "next: go on cutting over",
            "go on with cutting",
        ),
        (
            "cutting-check-failed",
            "next: go on cutting over",
            "go on with cutting",
        ),
        (
            "cutting-waits",
            "next: set the connection",
            "connection is set",
        ),
        ("cutting-differs", "next: compare", "go to compare"),
        ("rolled-back", "next: compare", "go to compare"),
        ("cut-over", "next: watch", "go to watch"),
    ];
    for (name, status, plain) in over {
        let mut shot = shots().into_iter().find(|shot| shot.name == name).unwrap();
        shot.ui.said = None;
        let screen = shot.drawn(80, 24).backend().to_string();
        assert!(screen.contains(status), "{name}: {screen}");
        let first = first_offered(&shot.wizard);
        assert!(first.contains(plain), "{name}: {first}");
    }
    for mut shot in shots() {
        let screen = shot.drawn(140, 40).backend().to_string();
        let goes = screen.split("Enter next: ").nth(1);
        let step = goes.and_then(|rest| rest.split([' ', '"']).next());
        if let Some(step) = step.filter(|_| shot.ui.context(&shot.wizard) != Context::Question) {
            let first = first_offered(&shot.wizard);
            assert_eq!(first, format!("go to {step}"), "{}", shot.name);
        }
    }
}
