//! What the program may begin with when nobody said it: the menu of both wizards, on the screen
//! and in plain lines. Which words and which order is decided here, once.

use crate::session::Session;
use crate::session::found::{Content, Found};
use std::path::PathBuf;

/// What there is to choose from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Menu {
    sessions: Vec<Found>,
}

/// One line of the menu.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry<'a> {
    /// A session to go on with.
    Session(&'a Found),
    /// A new migration.
    Migration,
    /// A practice run.
    Practice,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// To go on with the session in this file.
    GoOn {
        /// The file.
        file: PathBuf,
        /// Whether it is a practice run.
        practice: bool,
    },
    /// To begin a migration.
    Migration,
    /// To begin a practice run.
    Practice,
}

impl Entry<'_> {
    /// What the line is called, where it is no session.
    pub fn title(self) -> &'static str {
        match self {
            Self::Session(_) => "Go on",
            Self::Migration => "New migration: PostgreSQL to Neon",
            Self::Practice => "Practice run on this machine",
        }
    }

    /// What choosing it does, in a sentence.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Session(_) => "Goes on where it was left.",
            Self::Migration => "Asks for both databases and leads to the signed checklist.",
            Self::Practice => {
                "Two servers with sample data, one behaving like Neon; nothing of yours."
            }
        }
    }
}

impl Menu {
    /// The menu over these sessions, which are the newest first.
    pub fn of(sessions: Vec<Found>) -> Self {
        Self { sessions }
    }

    /// Its lines: sessions, then what can be begun.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let sessions = self.sessions.iter().map(Entry::Session);
        sessions.chain([Entry::Migration, Entry::Practice])
    }

    /// The place of an entry's kind that can be begun.
    pub fn place_of(&self, wanted: Entry<'_>) -> usize {
        self.entries()
            .position(|entry| entry == wanted)
            .unwrap_or_default()
    }

    /// The line that is most likely meant: the newest session that can be gone on with; without
    /// one, a new migration.
    pub fn likely(&self) -> usize {
        let goes_on = |entry: Entry<'_>| match entry {
            Entry::Session(found) => matches!(
                &found.content, Content::Free(session) if session.first_open().is_some()
            ),
            _ => false,
        };
        let newest = self.entries().position(goes_on);
        newest.unwrap_or_else(|| self.place_of(Entry::Migration))
    }

    /// Whether there are sessions of real migrations.
    pub fn has_migrations(&self) -> bool {
        let is_real = |session: &Session| !session.practice;
        let mut sessions = self.sessions.iter().filter_map(Found::session);
        sessions.any(is_real)
    }

    /// As [`Menu::choose`], after the menu became what it is `now`: a session that was refused may be
    /// free by then. Gives the line's place in it, too.
    pub fn choose_again(&mut self, place: usize, now: Self) -> (usize, Result<Choice, String>) {
        let same = |entry: Entry<'_>| match (self.entries().nth(place), entry) {
            (Some(Entry::Session(before)), Entry::Session(found)) => before.file == found.file,
            (before, entry) => before == Some(entry),
        };
        let place = now.entries().position(same);
        *self = now;
        match place {
            Some(place) => (place, self.choose(place)),
            None => (self.likely(), Err("this session is gone".to_owned())),
        }
    }

    /// What the line at this place means; otherwise why it cannot be chosen.
    pub fn choose(&self, place: usize) -> Result<Choice, String> {
        match self.entries().nth(place) {
            None => Err("there is no such line".to_owned()),
            Some(Entry::Migration) => Ok(Choice::Migration),
            Some(Entry::Practice) => Ok(Choice::Practice),
            Some(Entry::Session(found)) => match &found.content {
                Content::Free(session) => Ok(Choice::GoOn {
                    file: found.file.clone(),
                    practice: session.practice,
                }),
                Content::InUse(_) => {
                    Err("this session is open in another neonlift: close that one first".to_owned())
                }
                Content::Damaged(why) => {
                    let name = found.file.file_name().unwrap_or_default();
                    Err(format!("{} cannot be read: {why}", name.to_string_lossy()))
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Record, State, Step};
    use jiff::Timestamp;

    fn session(done: bool) -> Box<Session> {
        let mut session = Session::new(Timestamp::UNIX_EPOCH, 1);
        let state = State::Done;
        for step in Step::ALL.into_iter().filter(|_| done) {
            let record = Record {
                state,
                ..Record::default()
            };
            session.steps.insert(step, record);
        }
        Box::new(session)
    }

    fn found(name: &str, content: Content) -> Found {
        let (file, changed) = (PathBuf::from(name), Timestamp::UNIX_EPOCH);
        Found {
            file,
            changed,
            content,
        }
    }

    #[test]
    fn without_sessions_a_new_migration_is_meant() {
        let menu = Menu::default();
        let titles: Vec<_> = menu.entries().map(Entry::title).collect();
        assert_eq!(titles.len(), 2);
        assert_eq!(menu.choose(menu.likely()), Ok(Choice::Migration));
        assert_eq!(menu.choose(1), Ok(Choice::Practice));
        assert!(menu.choose(2).is_err());
    }

    #[test]
    fn the_newest_that_can_go_on_is_meant_and_others_say_why_not() {
        let menu = Menu::of(vec![
            found("done", Content::Free(session(true))),
            found("open", Content::InUse(session(false))),
            found(
                "broken",
                Content::Damaged("a bracket is missing".to_owned()),
            ),
            found("next", Content::Free(session(false))),
        ]);
        let next = Choice::GoOn {
            file: "next".into(),
            practice: false,
        };
        assert_eq!(menu.choose(menu.likely()), Ok(next));
        assert!(menu.choose(0).is_ok(), "a finished one can be looked at");
        assert!(menu.choose(1).unwrap_err().contains("another neonlift"));
        let why = menu.choose(2).unwrap_err();
        assert!(why.contains("broken") && why.contains("bracket"), "{why}");
        assert_eq!(menu.choose(4), Ok(Choice::Migration));
    }

    #[test]
    fn a_session_that_was_refused_is_chosen_once_it_is_free() {
        let menu = |content| Menu::of(vec![found("open", content)]);
        let mut shown = menu(Content::InUse(session(false)));
        let newer = found("newer", Content::Free(session(false)));
        let free = found("open", Content::Free(session(false)));
        let (place, still) = shown.choose_again(0, menu(Content::InUse(session(false))));
        assert!(place == 0 && still.is_err(), "{still:?}");
        let (place, chosen) = shown.choose_again(0, Menu::of(vec![newer.clone(), free]));
        let file = "open".into();
        assert_eq!(
            (place, chosen),
            (
                1,
                Ok(Choice::GoOn {
                    file,
                    practice: false
                })
            )
        );
        let (_, gone) = shown.choose_again(1, Menu::of(vec![newer]));
        assert!(gone.is_err(), "never another one: {gone:?}");
    }
}
