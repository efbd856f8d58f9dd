//! The keys that go through a list or a text: the mark, and what is seen.

use super::keys::{Command, Context};
use super::ui::Ui;
use crate::wizard::Wizard;

impl Ui {
    /// Moves the mark where rows can be marked, else what is seen. Behind the last row the pane may
    /// go on: it is scrolled then, until it is back where that began.
    pub(super) fn go(&mut self, command: Command, context: Context, wizard: &Wizard) {
        let page = self.extent.visible.saturating_sub(1).max(1);
        let end = self.extent.total.saturating_sub(self.extent.visible);
        let last = self
            .rows(context, wizard)
            .map(|rows| rows.saturating_sub(1));
        let onward = matches!(command, Command::Down | Command::PageDown | Command::Bottom);
        match last {
            Some(last) if command == Command::Top || !onward && self.past_rows.is_none() => {
                self.past_rows = None;
                self.marked = moved(command, self.marked, page, last);
            }
            Some(last) if self.marked < last => {
                self.marked = moved(command, self.marked, page, last);
            }
            Some(_) => {
                let from = *self.past_rows.get_or_insert(self.scroll);
                self.scroll = moved(command, self.scroll, page, end);
                self.past_rows = Some(from).filter(|from| self.scroll > *from);
            }
            None => self.scroll = moved(command, self.scroll, page, end),
        }
    }
}

/// Where a command leads from a place, no further than the last one.
fn moved(command: Command, from: usize, page: usize, last: usize) -> usize {
    let to = match command {
        Command::Up => from.saturating_sub(1),
        Command::Down => from + 1,
        Command::PageUp => from.saturating_sub(page),
        Command::PageDown => from + page,
        Command::Top => 0,
        _ => last,
    };
    to.min(last)
}
