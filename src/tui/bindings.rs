//! The table itself. See [`keys`](super::keys).

use super::keys::{Binding, Command, Context, Key};
use crate::wizard::Answer;
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

/// The letters of the wizard's answers.
const LETTERS: &[Key] = &{
    let mut keys = [letter(' '); Answer::LETTERS.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = letter(Answer::LETTERS[at]);
        at += 1;
    }
    keys
};

const STEPS: &[Context] = &[
    Context::Step,
    Context::Checklist,
    Context::Tree,
    Context::Tables,
];
const WITHOUT_TREE: &[Context] = &[Context::Step, Context::Checklist, Context::Tables];
const SCROLLED: &[Context] = &[
    Context::Step,
    Context::Checklist,
    Context::Tree,
    Context::Tables,
    Context::Reading,
];
const TREE: &[Context] = &[Context::Tree];
const SEARCH: &[Context] = &[Context::Search];
pub(super) const EVERYWHERE: &[Context] = &[
    Context::Step,
    Context::Checklist,
    Context::Tree,
    Context::Search,
    Context::Tables,
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
        &[Context::Step],
        &[key(KeyCode::Enter), letter('n')],
        "Enter",
        "go on",
        "Does what comes next: runs the step, or goes to the next one. Also n.",
    ),
    named(
        Command::Proceed,
        &[Context::Checklist],
        &[key(KeyCode::Enter)],
        "Enter",
        "sign",
        "Signs the marked item.",
    ),
    named(
        Command::Open,
        &[Context::Tables],
        &[key(KeyCode::Enter)],
        "Enter",
        "open",
        "Opens the marked table: its columns and some rows of both sides. Nothing is changed.",
    ),
    named(
        Command::Proceed,
        &[Context::Tables],
        &[letter('n')],
        "n",
        "go on",
        "Goes to the next step; after a failure, compares again.",
    ),
    named(
        Command::Toggle,
        TREE,
        &[letter(' ')],
        "Space",
        "leave out",
        "Leaves the marked table or schema out, or takes it. Nothing is asked of the source for it.",
    ),
    named(
        Command::Search,
        TREE,
        &[letter('/')],
        "/",
        "search",
        "Searches the tables by name: what is typed thins the tree out.",
    ),
    named(
        Command::Notes,
        TREE,
        &[letter('w')],
        "w",
        "notes",
        "Shows the warnings, what is left behind, and what else was found.",
    ),
    named(
        Command::Submit,
        SEARCH,
        &[key(KeyCode::Enter)],
        "Enter",
        "keep",
        "Keeps what was found in the tree, to be taken and left out.",
    ),
    named(
        Command::Close,
        SEARCH,
        &[key(KeyCode::Esc)],
        "Esc",
        "clear",
        "Ends the search: all tables are seen again.",
    ),
    row(
        Command::Up,
        SEARCH,
        &[key(KeyCode::Up)],
        ("↑↓", "Up/Down"),
        "mark",
        "Marks the line above.",
    ),
    row(
        Command::Down,
        SEARCH,
        &[key(KeyCode::Down)],
        ("↓", "Down"),
        "",
        "Marks the line below.",
    ),
    named(
        Command::Again,
        STEPS,
        &[letter('r')],
        "r",
        "again",
        "Runs this step again, or tries it again after a failure.",
    ),
    named(
        Command::View,
        &[Context::Step],
        &[letter('v')],
        "v",
        "view it first",
        "Shows what the schema step would run on the target. Nothing is run.",
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
        Command::Copy,
        SCROLLED,
        &[letter('y')],
        "y",
        "copy command",
        "Puts the advised command onto the terminal's clipboard; again: the next one.",
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
        &[key(KeyCode::Tab)],
        "Tab",
        "next field",
        "To the next field; past the parts that a string has filled in.",
    ),
    named(
        Command::PreviousField,
        &[Context::Form],
        &[key(KeyCode::BackTab)],
        "Shift-Tab",
        "",
        "To the field before, in the same way.",
    ),
    row(
        Command::Up,
        &[Context::Form],
        &[key(KeyCode::Up)],
        ("↑↓", "Up/Down"),
        "parts",
        "To the field above, whichever it is: the parts of a string are edited one by one.",
    ),
    row(
        Command::Down,
        &[Context::Form],
        &[key(KeyCode::Down)],
        ("↓", "Down"),
        "",
        "To the field below, whichever it is.",
    ),
    named(
        Command::Reveal,
        &[Context::Form],
        &[control('r')],
        "Ctrl-R",
        "reveal",
        "Shows the password in this field, until you leave it.",
    ),
    named(
        Command::Close,
        &[Context::Form, Context::Signing, Context::Consent],
        &[key(KeyCode::Esc)],
        "Esc",
        "back",
        "Back; what was entered is kept until you leave.",
    ),
    row(
        Command::NextAnswer,
        &[Context::Question],
        &[key(KeyCode::Tab), key(KeyCode::Down), key(KeyCode::Right)],
        ("Tab", "Tab"),
        "mark",
        "Marks the next answer. Also the arrow keys.",
    ),
    row(
        Command::PreviousAnswer,
        &[Context::Question],
        &[key(KeyCode::BackTab), key(KeyCode::Up), key(KeyCode::Left)],
        ("Shift-Tab", "Shift-Tab"),
        "",
        "Marks the answer before.",
    ),
    named(
        Command::Answer,
        &[Context::Question],
        LETTERS,
        "letter",
        "",
        "Takes the answer with this letter.",
    ),
    named(
        Command::Decline,
        &[Context::Question],
        &[key(KeyCode::Esc)],
        "Esc",
        "back",
        "Takes the first answer, which changes nothing.",
    ),
    named(
        Command::Help,
        SCROLLED,
        &[letter('?'), key(KeyCode::F(1))],
        "?",
        "help",
        "Shows, or hides, this page.",
    ),
    named(
        Command::Help,
        &[
            Context::Form,
            Context::Signing,
            Context::Consent,
            Context::Question,
            Context::Search,
        ],
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
        &[Context::TooSmall],
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
        Command::All,
        TREE,
        &[letter('a')],
        "a",
        "all",
        "Takes all tables; when all are taken, the marked one alone.",
    ),
    named(
        Command::Fold,
        TREE,
        &[key(KeyCode::Tab)],
        "Tab",
        "fold",
        "Folds the marked schema or partitioned table, or unfolds it.",
    ),
    named(
        Command::Pause,
        &[Context::Step],
        &[letter('p')],
        "p",
        "pause",
        "Pauses the transfer: what is under way is finished, nothing new begins. Pressed again, goes on.",
    ),
    named(
        Command::Direct,
        &[Context::Step],
        &[letter('d')],
        "d",
        "direct host",
        "Takes the target's direct host in place of its connection pooler, and tests again.",
    ),
    named(
        Command::More,
        &[Context::Step],
        &[letter('+'), letter('=')],
        "+ -",
        "workers",
        "One worker more for the running transfer.",
    ),
    named(
        Command::Fewer,
        &[Context::Step],
        &[letter('-')],
        "-",
        "",
        "One worker fewer for the running transfer: it ends after its chunk.",
    ),
    named(
        Command::Log,
        SCROLLED,
        &[letter('l')],
        "l",
        "",
        "Says where the log is, and puts its path onto the terminal's clipboard.",
    ),
    row(
        Command::Earlier,
        WITHOUT_TREE,
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
        Command::Earlier,
        TREE,
        &[key(KeyCode::Left), key(KeyCode::Backspace)],
        ("←→", "Left/Right"),
        "steps",
        "Looks at the step before; Backspace does the same. Nothing is run.",
    ),
    named(
        Command::Close,
        TREE,
        &[key(KeyCode::Esc)],
        "Esc",
        "end search",
        "Ends the search; without one, looks at the step before.",
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
        "Scrolls up; where things can be marked, marks the one above. Also k.",
    ),
    row(
        Command::Down,
        SCROLLED,
        &[key(KeyCode::Down), letter('j')],
        ("↓", "Down"),
        "",
        "Scrolls down, or marks the one below; behind the last one, scrolls on. Also j.",
    ),
    named(
        Command::PageUp,
        SCROLLED,
        &[key(KeyCode::PageUp)],
        "PgUp",
        "",
        "Scrolls up by a page.",
    ),
    named(
        Command::PageDown,
        &[Context::Step, Context::Checklist, Context::Reading],
        &[key(KeyCode::PageDown), letter(' ')],
        "PgDn",
        "",
        "Scrolls down by a page. Also the space bar.",
    ),
    named(
        Command::PageDown,
        TREE,
        &[key(KeyCode::PageDown)],
        "PgDn",
        "",
        "Marks the line a page below.",
    ),
    named(
        Command::Top,
        SCROLLED,
        &[key(KeyCode::Home), letter('g')],
        "Home",
        "",
        "To the beginning. Also g.",
    ),
    named(
        Command::Bottom,
        SCROLLED,
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
        "Stops the running step safely, a second time also leaves. With nothing running it asks, a second time leaves.",
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
