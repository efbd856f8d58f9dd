//! The one table of commands: it decides what a key does, what the footer offers and what the
//! help says, so that the three cannot disagree.

pub use super::bindings::BINDINGS;
use super::theme::Theme;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Do what comes next.
    Proceed,
    /// Look at the step before.
    Earlier,
    /// Look at the step after.
    Later,
    /// Select the line above, or scroll.
    Up,
    /// Select the line below, or scroll.
    Down,
    /// Scroll by a page.
    PageUp,
    /// Scroll by a page.
    PageDown,
    /// To the beginning.
    Top,
    /// To the end.
    Bottom,
    /// Run the step again.
    Again,
    /// Look at the marked check again.
    Recheck,
    /// Look at what the step would do.
    View,
    /// Open what is marked.
    Open,
    /// Begin a new migration.
    NewMigration,
    /// Begin a practice run.
    PracticeRun,
    /// Open the connection form.
    Edit,
    /// Ask for the consent to overwrite the target.
    Overwrite,
    /// Switch the application's files to the target, or put them back.
    Switch,
    /// Cut the application over, or say that its connection is set.
    CutOver,
    /// Undo a cutting over that is not finished.
    Undo,
    /// Look at the way back to the old database; there, go it.
    WayBack,
    /// Try the way back on copies.
    Rehearse,
    /// Write the rows that only the target has into a file.
    SaveRows,
    /// Restore the target's dump into a new database beside the old one.
    SaveDatabase,
    /// Take the target's rows over into the old database.
    ApplyRows,
    /// Copy the next advised command.
    Copy,
    /// Say where the log is.
    Log,
    /// Take the direct host in place of the target's pooled one.
    Direct,
    /// Show the password in the field with the cursor, or hide it again.
    Reveal,
    /// Open the messages.
    Messages,
    /// Open the help.
    Help,
    /// Leave the program.
    Leave,
    /// Stop what runs; when nothing does, ask whether to leave.
    Stop,
    /// Suspend the program to the shell.
    Suspend,
    /// Close what lies over the step.
    Close,
    /// To the next field.
    NextField,
    /// To the field before.
    PreviousField,
    /// Hand in what was entered, or take the answer that is marked.
    Submit,
    /// Mark the answer below.
    NextAnswer,
    /// Mark the answer above.
    PreviousAnswer,
    /// Take the answer with this letter.
    Answer,
    /// Take the answer that changes nothing.
    Decline,
    /// Pause the transfer, or go on.
    Pause,
    /// One worker more.
    More,
    /// One worker fewer.
    Fewer,
    /// Take the marked table or schema, or leave it out.
    Toggle,
    /// Take all tables, or the marked one alone.
    All,
    /// Fold what is marked, or unfold it.
    Fold,
    /// Search in the tree of tables.
    Search,
    /// Show what the inventory found besides tables.
    Notes,
}

/// What has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The start screen's menu.
    Start,
    /// The start of practice servers.
    Preparing,
    /// A step's pane.
    Step,
    /// The open checklist.
    Checklist,
    /// The tree of tables.
    Tree,
    /// What is searched for in it.
    Search,
    /// The tables of a comparison.
    Tables,
    /// The checks of the prerequisites.
    Checks,
    /// Help, messages, or what is looked at.
    Reading,
    /// What the way back to the old database would undo and lose.
    WayBack,
    /// The connection form.
    Form,
    /// The name under a signature.
    Signing,
    /// The typed consent to overwrite the target.
    Consent,
    /// A question.
    Question,
    /// A window too small to draw in.
    TooSmall,
}

impl Context {
    /// Whether letters belong to a text field.
    pub fn is_typing(self) -> bool {
        matches!(
            self,
            Self::Form | Self::Signing | Self::Consent | Self::Search
        )
    }
}

/// A key: its code, and whether it is pressed with Control.
pub type Key = (KeyCode, bool);

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// What it does.
    pub command: Command,
    /// Where.
    pub contexts: &'static [Context],
    /// The keys; one that is bound to another command of the same context is never in two rows.
    pub keys: &'static [Key],
    /// The keys as written, and in ASCII.
    pub shown: (&'static str, &'static str),
    /// A word or two for the footer; empty for what only the help tells.
    pub label: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
}

impl Binding {
    /// The keys as they are written.
    pub fn shown(&self, theme: Theme) -> &'static str {
        theme.pick(self.shown.0, self.shown.1)
    }
}

/// The rows that hold in a context, in the table's order.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.contexts.contains(&context))
}

/// The command behind a key.
pub fn command(context: Context, event: KeyEvent) -> Option<Command> {
    let pressed = (event.code, event.modifiers.contains(KeyModifiers::CONTROL));
    bindings(context)
        .find(|binding| binding.keys.contains(&pressed))
        .map(|binding| binding.command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::bindings::EVERYWHERE;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for context in EVERYWHERE {
            let keys: Vec<&Key> = bindings(*context)
                .flat_map(|binding| binding.keys)
                .collect();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[..at].contains(key), "{key:?} twice in {context:?}");
            }
        }
    }

    #[test]
    fn a_letter_in_a_text_field_is_text() {
        for context in EVERYWHERE.iter().filter(|context| context.is_typing()) {
            for (code, control) in bindings(*context).flat_map(|binding| binding.keys) {
                assert!(*control || !matches!(code, KeyCode::Char(_)), "{code:?}");
            }
        }
    }

    #[test]
    fn every_row_is_explained_and_can_be_left() {
        assert!(
            BINDINGS
                .iter()
                .all(|row| !row.help.is_empty() && row.shown.1.is_ascii())
        );
        for context in EVERYWHERE {
            let stop = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            assert_eq!(command(*context, stop), Some(Command::Stop));
        }
    }
}
