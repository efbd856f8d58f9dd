//! The start screen's state and keys: a session to go on with, a new migration, a practice run;
//! and the practice servers while they are being started.

use super::keys::{self, Command, Context};
use super::theme::Theme;
use super::ui::Extent;
use crate::failure::Failure;
use crate::practice::Happening;
use crate::start::{Choice, Entry, Menu};
use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// So many of the things that happened while the practice servers start stay to be seen.
const PAST: usize = 8;

/// What the person wants to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// To go on with this.
    Choose(Choice),
    /// To stop what is being prepared.
    Stop,
    /// To leave the program.
    Leave,
    /// To go to the background.
    Suspend,
}

/// What the screen shows.
#[derive(Debug, Clone, Default)]
pub(super) enum Stage {
    /// The menu.
    #[default]
    Menu,
    /// Practice servers are being started.
    Preparing(Preparing),
    /// What was chosen could not be begun.
    Failed(Failure),
}

/// The start of practice servers.
#[derive(Debug, Clone)]
pub(super) struct Preparing {
    pub(super) since: Timestamp,
    pub(super) past: Vec<String>,
    pub(super) now: Happening,
    pub(super) stopping: bool,
}

/// The start screen.
#[derive(Debug, Clone)]
pub struct Start {
    pub(super) theme: Theme,
    pub(super) zone: TimeZone,
    pub(super) menu: Menu,
    pub(super) marked: usize,
    pub(super) stage: Stage,
    pub(super) help: bool,
    pub(super) said: Option<String>,
    pub(super) scroll: usize,
    pub(super) extent: Extent,
    pub(super) too_small: bool,
}

impl Start {
    /// The start screen over a menu, its likeliest line marked.
    pub fn new(theme: Theme, zone: TimeZone, menu: Menu) -> Self {
        Self {
            theme,
            zone,
            marked: menu.likely(),
            menu,
            stage: Stage::Menu,
            help: false,
            said: None,
            scroll: 0,
            extent: Extent::default(),
            too_small: false,
        }
    }

    /// Back to the menu, as it is now.
    pub fn list(&mut self, menu: Menu) {
        if self.menu != menu {
            self.marked = menu.likely();
            self.menu = menu;
        }
        if !matches!(self.stage, Stage::Failed(_)) {
            self.show(Stage::Menu);
        }
    }

    /// Says why what was chosen could not be begun; from there it goes back to the menu.
    pub fn fail(&mut self, failure: Failure) {
        self.show(Stage::Failed(failure));
    }

    /// Says something in the status line, until the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        self.said = Some(text.into());
    }

    /// Practice servers are being started.
    pub(super) fn prepare(&mut self, now: Timestamp) {
        self.show(Stage::Preparing(Preparing {
            since: now,
            past: Vec::new(),
            now: Happening {
                doing: "Preparing the practice servers".to_owned(),
                progress: None,
            },
            stopping: false,
        }));
    }

    /// What happens now while they start.
    pub(super) fn happens(&mut self, happening: Happening) {
        let Stage::Preparing(preparing) = &mut self.stage else {
            return;
        };
        if preparing.now.doing != happening.doing {
            preparing.past.push(preparing.now.doing.clone());
            let surplus = preparing.past.len().saturating_sub(PAST);
            preparing.past.drain(..surplus);
        }
        preparing.now = happening;
    }

    /// They have been told to stop.
    pub(super) fn stops(&mut self) {
        if let Stage::Preparing(preparing) = &mut self.stage {
            preparing.stopping = true;
        }
    }

    /// Whether they have been told to stop.
    pub(super) fn is_stopping(&self) -> bool {
        matches!(&self.stage, Stage::Preparing(preparing) if preparing.stopping)
    }

    fn show(&mut self, stage: Stage) {
        (self.stage, self.help, self.scroll) = (stage, false, 0);
    }

    /// What has the keyboard.
    pub fn context(&self) -> Context {
        match &self.stage {
            _ if self.too_small => Context::TooSmall,
            _ if self.help => Context::Reading,
            Stage::Menu => Context::Start,
            Stage::Preparing(_) => Context::Preparing,
            Stage::Failed(_) => Context::Reading,
        }
    }

    /// A key was pressed.
    pub fn key(&mut self, key: KeyEvent) -> Option<Wish> {
        if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
            return None;
        }
        self.said = None;
        match keys::command(self.context(), key)? {
            Command::Proceed => return self.choose(self.marked),
            Command::NewMigration => return self.choose(self.menu.place_of(Entry::Migration)),
            Command::PracticeRun => return self.choose(self.menu.place_of(Entry::Practice)),
            Command::Leave => return Some(Wish::Leave),
            Command::Suspend => return Some(Wish::Suspend),
            Command::Stop => return self.stop(),
            Command::Help => (self.help, self.scroll) = (!self.help, 0),
            Command::Close if self.help => (self.help, self.scroll) = (false, 0),
            Command::Close => self.show(Stage::Menu),
            other => self.go(other),
        }
        None
    }

    /// What a wish to stop means now: there is only the start of practice servers to be stopped.
    pub(super) fn stop(&self) -> Option<Wish> {
        Some(match self.stage {
            Stage::Preparing(_) => Wish::Stop,
            Stage::Menu | Stage::Failed(_) => Wish::Leave,
        })
    }

    fn choose(&mut self, place: usize) -> Option<Wish> {
        self.marked = place;
        match self.menu.choose(place) {
            Ok(choice) => Some(Wish::Choose(choice)),
            Err(why) => {
                self.said = Some(why);
                None
            }
        }
    }

    fn go(&mut self, command: Command) {
        let (place, last, page) = match self.context() {
            // A line of the menu takes three lines of the screen.
            Context::Start => (
                &mut self.marked,
                self.menu.entries().count().saturating_sub(1),
                (self.extent.visible / 3).max(1),
            ),
            _ => (
                &mut self.scroll,
                self.extent.total.saturating_sub(self.extent.visible),
                self.extent.visible.saturating_sub(1).max(1),
            ),
        };
        let moved = match command {
            Command::Up => place.saturating_sub(1),
            Command::Down => *place + 1,
            Command::PageUp => place.saturating_sub(page),
            Command::PageDown => *place + page,
            Command::Top => 0,
            Command::Bottom => last,
            _ => *place,
        };
        *place = moved.min(last);
    }
}
