//! How a row of the table of commands is written.

use super::keys::{Binding, Command, Context, Key};
use crossterm::event::KeyCode;

/// A key pressed by itself.
pub(super) const fn key(code: KeyCode) -> Key {
    (code, false)
}

/// A letter.
pub(super) const fn letter(character: char) -> Key {
    (KeyCode::Char(character), false)
}

/// A letter with Control.
pub(super) const fn control(character: char) -> Key {
    (KeyCode::Char(character), true)
}

/// A row of the table.
pub(super) const fn row(
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
pub(super) const fn named(
    command: Command,
    contexts: &'static [Context],
    keys: &'static [Key],
    shown: &'static str,
    label: &'static str,
    help: &'static str,
) -> Binding {
    row(command, contexts, keys, (shown, shown), label, help)
}
