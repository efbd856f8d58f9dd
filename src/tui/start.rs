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
    /// To have the menu read again, and the marked line chosen from it.
    ChooseAgain,
    /// To have this on the terminal's clipboard.
    Copy(String),
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
    /// The log's file.
    pub log: String,
    /// So many advised commands were copied one after the other.
    pub(super) copied: usize,
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
            log: String::new(),
            copied: 0,
            scroll: 0,
            extent: Extent::default(),
            too_small: false,
        }
    }

    /// The menu that is shown.
    pub fn menu(&self) -> &Menu {
        &self.menu
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
        let command = keys::command(self.context(), key);
        if command != Some(Command::Copy) {
            self.copied = 0;
        }
        match command? {
            Command::Proceed => return self.choose(self.marked),
            Command::NewMigration => return self.choose(self.menu.place_of(Entry::Migration)),
            Command::PracticeRun => return self.choose(self.menu.place_of(Entry::Practice)),
            Command::Leave => return Some(Wish::Leave),
            Command::Suspend => return Some(Wish::Suspend),
            Command::Stop => return self.stop(),
            Command::Copy => return self.copy(),
            Command::Log => return self.tell_log(),
            Command::Help => (self.help, self.scroll) = (!self.help, 0),
            Command::Close if self.help => (self.help, self.scroll) = (false, 0),
            Command::Close => self.show(Stage::Menu),
            other => self.go(other),
        }
        None
    }

    /// Whether a command of the context does something now.
    pub(super) fn can(&self, command: Command) -> bool {
        match command {
            // Nothing has happened yet.
            Command::Messages => false,
            Command::Copy => self.commands().next().is_some(),
            Command::Log => !self.log.is_empty(),
            _ => true,
        }
    }

    /// The commands that are advised on the page that is shown. None holds a password: advice never
    /// does.
    fn commands(&self) -> impl Iterator<Item = &str> {
        let advice = match &self.stage {
            Stage::Failed(failure) if !self.help => failure.advice.as_slice(),
            _ => &[],
        };
        advice.iter().filter_map(|advice| advice.strip_prefix("$ "))
    }

    fn copy(&mut self) -> Option<Wish> {
        let all = self.commands().count();
        let at = self.copied % all.max(1);
        let command = self.commands().nth(at)?.to_owned();
        self.copied = at + 1;
        let place = match all {
            1 => String::new(),
            all => format!(" {} of {all}", at + 1),
        };
        self.say(format!("copied{place}: {command}"));
        Some(Wish::Copy(command))
    }

    fn tell_log(&mut self) -> Option<Wish> {
        if !self.can(Command::Log) {
            return None;
        }
        self.say(format!("the log, its path is copied: {}", self.log));
        Some(Wish::Copy(self.log.clone()))
    }

    /// What a wish to stop means now: there is only the start of practice servers to be stopped.
    pub(super) fn stop(&self) -> Option<Wish> {
        Some(match self.stage {
            Stage::Preparing(_) if !self.is_stopping() => Wish::Stop,
            _ => Wish::Leave,
        })
    }

    fn choose(&mut self, place: usize) -> Option<Wish> {
        self.marked = place;
        match self.menu.choose(place) {
            Ok(choice) => Some(Wish::Choose(choice)),
            // What stood in its way may be over by now.
            Err(_) => Some(Wish::ChooseAgain),
        }
    }

    /// Chooses the marked line from the menu as it is now; otherwise says why that cannot be.
    pub(super) fn choose_again(&mut self, now: Menu) -> Option<Choice> {
        let (place, chosen) = self.menu.choose_again(self.marked, now);
        self.marked = place;
        chosen.map_err(|why| self.said = Some(why)).ok()
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
