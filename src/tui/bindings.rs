//! The table itself. See [`keys`](super::keys).

use super::keys::{Binding, Command, Context, Key};
use crossterm::event::KeyCode;

const fn key(code: KeyCode) -> Key {
    (code, false)
}

const fn letter(character: char) -> Key {
    (KeyCode::Char(character), false)
}

const fn control(character: char) -> Key {
    (KeyCode::Char(character), true)
}

const STEPS: &[Context] = &[Context::Step, Context::Checklist];
const SCROLLED: &[Context] = &[Context::Step, Context::Checklist, Context::Reading];
/// Where there is a list or a text to go through.
const LISTS: &[Context] = &[
    Context::Step,
    Context::Checklist,
    Context::Reading,
    Context::Start,
];
pub(super) const EVERYWHERE: &[Context] = &[
    Context::Start,
    Context::Preparing,
    Context::Step,
    Context::Checklist,
    Context::Reading,
    Context::Form,
    Context::Signing,
    Context::Consent,
    Context::Question,
    Context::TooSmall,
];

const fn row(
    command: Command,
    contexts: &'static [Context],
    keys: &'static [Key],
    shown: (&'static str, &'static str),
    label: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        command,
        contexts,
        keys,
        shown,
        label,
        help,
    }
}

/// A row whose keys are written alike everywhere.
const fn named(
    command: Command,
    contexts: &'static [Context],
    keys: &'static [Key],
    shown: &'static str,
    label: &'static str,
    help: &'static str,
) -> Binding {
    row(command, contexts, keys, (shown, shown), label, help)
}

/// The table. Its order is the footer's: what matters most stands first.
pub const BINDINGS: &[Binding] = &[
    named(
        Command::Proceed,
        &[Context::Start],
        &[key(KeyCode::Enter)],
        "Enter",
        "begin",
        "Begins with the marked line: goes on with that session, or begins anew.",
    ),
    named(
        Command::NewMigration,
        &[Context::Start],
        &[letter('n')],
        "n",
        "new migration",
        "Begins a new migration.",
    ),
    named(
        Command::PracticeRun,
        &[Context::Start],
        &[letter('p')],
        "p",
        "practice run",
        "Begins a practice run: two servers on this machine with sample data.",
    ),
    row(
        Command::Up,
        &[Context::Start],
        &[key(KeyCode::Up), letter('k')],
        ("↑↓", "Up/Down"),
        "choose",
        "Marks the line above. Also k.",
    ),
    row(
        Command::Down,
        &[Context::Start],
        &[key(KeyCode::Down), letter('j')],
        ("↓", "Down"),
        "",
        "Marks the line below. Also j.",
    ),
    named(
        Command::Stop,
        &[Context::Preparing],
        &[key(KeyCode::Esc), letter('q')],
        "Esc",
        "stop",
        "Stops the practice servers safely.",
    ),
    named(
        Command::Proceed,
        STEPS,
        &[key(KeyCode::Enter)],
        "Enter",
        "go on",
        "Does what comes next: runs the step, goes to the next one, signs the marked item.",
    ),
    named(
        Command::Submit,
        &[Context::Form],
        &[key(KeyCode::Enter)],
        "Enter",
        "test both",
        "Takes both connections in and tests them.",
    ),
    named(
        Command::Submit,
        &[Context::Signing],
        &[key(KeyCode::Enter)],
        "Enter",
        "sign",
        "Signs the item with this name and the present time.",
    ),
    named(
        Command::Submit,
        &[Context::Consent],
        &[key(KeyCode::Enter)],
        "Enter",
        "overwrite",
        "Consents to overwriting the target, when its database's name was typed exactly.",
    ),
    named(
        Command::Submit,
        &[Context::Question],
        &[key(KeyCode::Enter)],
        "Enter",
        "take the marked answer",
        "Takes the answer that is marked.",
    ),
    named(
        Command::Close,
        &[Context::Reading],
        &[
            key(KeyCode::Esc),
            letter('q'),
            key(KeyCode::Enter),
            key(KeyCode::Backspace),
            key(KeyCode::Left),
        ],
        "Esc",
        "back",
        "Back to the step.",
    ),
    named(
        Command::NextField,
        &[Context::Form],
        &[key(KeyCode::Tab), key(KeyCode::Down)],
        "Tab",
        "next field",
        "To the next field.",
    ),
    named(
        Command::PreviousField,
        &[Context::Form],
        &[key(KeyCode::BackTab), key(KeyCode::Up)],
        "Shift-Tab",
        "",
        "To the field before.",
    ),
    named(
        Command::Close,
        &[Context::Form, Context::Signing, Context::Consent],
        &[key(KeyCode::Esc)],
        "Esc",
        "back",
        "Back; what was entered is kept until you leave.",
    ),
    named(
        Command::Yes,
        &[Context::Question],
        &[letter('y')],
        "y",
        "yes",
        "Answers yes.",
    ),
    named(
        Command::No,
        &[Context::Question],
        &[letter('n'), key(KeyCode::Esc)],
        "n",
        "no",
        "Answers no.",
    ),
    row(
        Command::Other,
        &[Context::Question],
        &[key(KeyCode::Left), key(KeyCode::Right), key(KeyCode::Tab)],
        ("←→", "Left/Right"),
        "mark",
        "Marks the other answer.",
    ),
    named(
        Command::Help,
        LISTS,
        &[letter('?'), key(KeyCode::F(1))],
        "?",
        "help",
        "Shows, or hides, this page.",
    ),
    named(
        Command::Help,
        &[Context::Form],
        &[key(KeyCode::F(1))],
        "F1",
        "help",
        "Shows this page.",
    ),
    named(
        Command::Leave,
        STEPS,
        &[letter('q')],
        "q",
        "leave",
        "Leaves; asks first when a step is running. The next start goes on from here.",
    ),
    named(
        Command::Leave,
        &[Context::TooSmall, Context::Start],
        &[letter('q')],
        "q",
        "leave",
        "Leaves.",
    ),
    named(
        Command::Messages,
        SCROLLED,
        &[letter('m')],
        "m",
        "messages",
        "Shows, or hides, what happened, with times and advice.",
    ),
    named(
        Command::Edit,
        STEPS,
        &[letter('e')],
        "e",
        "edit",
        "Enters or changes source and target.",
    ),
    named(
        Command::Overwrite,
        &[Context::Step],
        &[letter('o')],
        "o",
        "overwrite",
        "Asks for the consent to replace what the target holds: its database's name, typed.",
    ),
    named(
        Command::Again,
        STEPS,
        &[letter('r')],
        "r",
        "again",
        "Runs this step again, or tries it again after a failure.",
    ),
    row(
        Command::Earlier,
        STEPS,
        &[
            key(KeyCode::Left),
            key(KeyCode::Backspace),
            key(KeyCode::Esc),
        ],
        ("←→", "Left/Right"),
        "steps",
        "Looks at the step before; Esc and Backspace do the same. Nothing is run.",
    ),
    row(
        Command::Later,
        STEPS,
        &[key(KeyCode::Right)],
        ("→", "Right"),
        "",
        "Looks at the step after. Nothing is run.",
    ),
    row(
        Command::Up,
        SCROLLED,
        &[key(KeyCode::Up), letter('k')],
        ("↑↓", "Up/Down"),
        "scroll",
        "Scrolls up; on the checklist, marks the item above. Also k.",
    ),
    row(
        Command::Down,
        SCROLLED,
        &[key(KeyCode::Down), letter('j')],
        ("↓", "Down"),
        "",
        "Scrolls down; on the checklist, marks the item below. Also j.",
    ),
    named(
        Command::PageUp,
        LISTS,
        &[key(KeyCode::PageUp)],
        "PgUp",
        "",
        "Scrolls up by a page.",
    ),
    named(
        Command::PageDown,
        LISTS,
        &[key(KeyCode::PageDown), letter(' ')],
        "PgDn",
        "",
        "Scrolls down by a page. Also the space bar.",
    ),
    named(
        Command::Top,
        LISTS,
        &[key(KeyCode::Home), letter('g')],
        "Home",
        "",
        "To the beginning. Also g.",
    ),
    named(
        Command::Bottom,
        LISTS,
        &[key(KeyCode::End), letter('G')],
        "End",
        "",
        "To the end. Also G.",
    ),
    named(
        Command::Stop,
        EVERYWHERE,
        &[control('c')],
        "Ctrl-C",
        "",
        "Stops the running step safely, a second time also leaves; leaves when nothing runs.",
    ),
    named(
        Command::Suspend,
        EVERYWHERE,
        &[control('z')],
        "Ctrl-Z",
        "",
        "Back to the shell; `fg` comes back. A running step goes on only after that.",
    ),
];
