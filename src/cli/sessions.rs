//! Which session a command works on.

use super::args::Common;
use super::{Error, connect};
use crate::config::Config;
use crate::invocation::quoted;
use crate::session::store::{self, Store};
use crate::session::{Place, Session, State, Step};
use crate::wizard::checklist;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// The folder of this program's state: sessions and the log.
pub(super) fn state_folder() -> Result<PathBuf, Error> {
    let folders = directories::ProjectDirs::from("", "", "neonlift").ok_or(Error::NoHome)?;
    Ok(folders
        .state_dir()
        .unwrap_or_else(|| folders.data_local_dir())
        .to_owned())
}

pub(super) fn folder() -> Result<PathBuf, Error> {
    Ok(state_folder()?.join("sessions"))
}

/// All sessions that can be read, the one that changed last first.
pub(super) fn all() -> Result<Vec<(PathBuf, Session)>, Error> {
    Ok(store::list(&folder()?))
}

/// Which session a command goes on with when none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The last one that is not finished: what goes through all steps begins anew behind the end.
    Unfinished,
    /// The same, but a migration that is done is not begun once more by itself: it is the one.
    Next,
    /// The last one, finished or not: what does one thing over again.
    Last,
    /// The last one that has begun to write to its target: what only looks at what was written.
    Begun,
}

/// The session that a command works on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    /// The one in this file, which may be new.
    File(&'a Path),
    /// The last one that is chosen and fits; otherwise a new one.
    Last(Choice),
    /// A new one.
    New,
    /// None: two databases are compared, whoever migrated them, and nothing is kept.
    ComparesOnly,
}

impl<'a> Which<'a> {
    /// The one that was named; otherwise the chosen one.
    pub(super) fn named_or(common: &'a Common, choice: Choice) -> Self {
        match &common.session {
            Some(file) => Self::File(file),
            None => Self::Last(choice),
        }
    }
}

/// Opens the session to work on; one that is chosen has to be one that `fits`.
pub(super) fn open(
    which: Which<'_>,
    practice: bool,
    config: &Config,
    fits: impl Fn(&Session) -> bool,
) -> Result<(Store, Session), Error> {
    let last = match which {
        Which::Last(choice) => find(choice, practice, fits)?,
        Which::File(_) | Which::New | Which::ComparesOnly => None,
    };
    let mut fresh = fresh(practice, config);
    fresh.compares_only = matches!(which, Which::ComparesOnly);
    let file = match (which, last) {
        (Which::File(file), _) => file.to_owned(),
        (_, Some(file)) => file,
        _ => folder()?.join(format!("{}.toml", fresh.id)),
    };
    let (store, found) = Store::open(&file)?;
    let session = found.unwrap_or(fresh);
    if session.practice != practice {
        let (is, wanted) = if practice {
            ("a real", "practice")
        } else {
            ("a practice", "real")
        };
        let text = format!("{} is {is} migration, not a {wanted} one", file.display());
        return Err(Error::WrongSession(text));
    }
    Ok((store, session))
}

/// The file of the session that is chosen of those that fit.
fn find(
    choice: Choice,
    practice: bool,
    fits: impl Fn(&Session) -> bool,
) -> Result<Option<PathBuf>, Error> {
    let mut fitting = all()?;
    fitting.retain(|(_, session)| session.practice == practice && fits(session));
    Ok(chosen(choice, &fitting).map(|(file, _)| file.clone()))
}

/// What is compared: a migration that has begun to write, named or found; otherwise the two
/// databases that are given, which only asks to look at them and must not begin to migrate them.
pub(super) fn to_compare(common: &Common) -> Result<Which<'_>, Error> {
    if let Some(file) = common.session.as_ref().filter(|file| file.exists()) {
        return Ok(Which::File(file));
    }
    let (config, _) = Config::load(common.config.as_deref())?;
    let wanted = connect::given(common, &config);
    let begun = match common.session {
        Some(_) => None,
        None => find(Choice::Begun, false, |s| connect::fits(s, &wanted))?,
    };
    Ok(begun.map_or(Which::ComparesOnly, |_| Which::Last(Choice::Begun)))
}

/// Of these sessions, the one that changed last first.
fn chosen(choice: Choice, fitting: &[(PathBuf, Session)]) -> Option<&(PathBuf, Session)> {
    let last = fitting.first();
    let unfinished = fitting
        .iter()
        .position(|(_, session)| session.first_open().is_some());
    match (choice, unfinished) {
        (Choice::Last, _) | (Choice::Next, None) => last,
        (Choice::Begun, _) => {
            let mut all = fitting.iter();
            all.find(|(_, session)| session.state(Step::Schema) != State::Waiting)
        }
        (Choice::Unfinished, found) => found.map(|at| &fitting[at]),
        (Choice::Next, Some(at)) => {
            let url = |place: &Option<Place>| place.as_ref().map(|place| place.url.clone());
            let places = |session: &Session| (url(&session.source), url(&session.target));
            let open = &fitting[at].1;
            // An attempt from before it was done is not gone on with; one begun since is.
            let done = fitting.iter().find(|(_, done)| {
                places(done) == places(open)
                    && done.first_open().is_none()
                    && done.steps.get(&Step::Cutover).and_then(|end| end.finished)
                        > Some(open.created)
            });
            done.or(fitting.get(at))
        }
    }
}

/// The last real migration that fits what is given in `common`; a practice one only where there
/// is no other.
fn last(common: &Common) -> Result<(PathBuf, Session), Error> {
    let (config, _) = Config::load(common.config.as_deref())?;
    let wanted = connect::given(common, &config);
    let (practice, real): (Vec<_>, Vec<_>) = all()?
        .into_iter()
        .partition(|(_, session)| session.practice);
    if real.is_empty() {
        return practice.into_iter().next().ok_or(Error::NoSession);
    }
    let others: Vec<String> = real.iter().take(NAMED).map(named).collect();
    let mut real = real.into_iter();
    real.find(|(_, session)| connect::fits(session, &wanted))
        .ok_or(Error::OtherSessions { found: others })
}

/// So many sessions are named for a person to choose from.
const NAMED: usize = 5;

fn named((file, session): &(PathBuf, Session)) -> String {
    let file = file.to_string_lossy();
    format!("--session {}: {}", quoted(&file), summary(session))
}

/// The file of a session that must exist: the named one, or the [`last`].
pub(super) fn existing(common: &Common) -> Result<PathBuf, Error> {
    match &common.session {
        Some(file) if file.exists() => Ok(file.clone()),
        Some(file) => Err(Error::NoSuchSession(file.clone())),
        None => Ok(last(common)?.0),
    }
}

/// A session that must exist, read and not opened.
pub(super) fn look_at_existing(common: &Common) -> Result<(PathBuf, Session), Error> {
    let file = existing(common)?;
    match store::look(&file)? {
        Some((session, _)) => Ok((file, session)),
        None => Err(Error::NoSuchSession(file)),
    }
}

/// Opens a session that must exist.
pub(super) fn open_existing(common: &Common) -> Result<(Store, Session), Error> {
    let file = existing(common)?;
    let (store, session) = Store::open(&file)?;
    Ok((store, session.ok_or(Error::NoSuchSession(file))?))
}

fn fresh(practice: bool, config: &Config) -> Session {
    // Two migrations begun in the same second by two programs differ in the process.
    let salt = (std::process::id() % 0x1_0000) as u16;
    let mut session = Session::new(Timestamp::now(), salt);
    session.practice = practice;
    session.checklist = checklist::standard();
    let own = config.checklist.items.iter();
    session
        .checklist
        .extend(own.map(|item| checklist::person_item(&item.key, &item.text)));
    session
}

/// A session in a line: what, how far, when.
pub(super) fn summary(session: &Session) -> String {
    let place = |place: &Option<crate::session::Place>| {
        place
            .as_ref()
            .map_or_else(|| "(not given)".to_owned(), |place| place.url.clone())
    };
    let standing = session.whats_next();
    let kind = if session.practice {
        "practice"
    } else {
        "migration"
    };
    format!(
        "{} {kind} {} → {}, {standing}, last changed {}",
        session.id,
        place(&session.source),
        place(&session.target),
        session.updated.strftime("%F %H:%M UTC"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Record;

    fn session(name: &str, begun: i64, done: Option<i64>) -> (PathBuf, Session) {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut session = Session::new(at(begun), 1);
        for step in Step::ALL.iter().filter(|_| done.is_some()) {
            let record = Record {
                state: State::Done,
                finished: done.map(at),
                ..Record::default()
            };
            session.steps.insert(*step, record);
        }
        (name.into(), session)
    }

    #[test]
    fn only_what_has_begun_to_write_is_compared_as_a_migration() {
        let looked_at = session("looked at", 20, None);
        let found = chosen(Choice::Begun, std::slice::from_ref(&looked_at));
        assert_eq!(found, None);
        let both = [looked_at, session("migrated", 10, Some(15))];
        let (file, _) = chosen(Choice::Begun, &both).unwrap();
        assert_eq!(file, Path::new("migrated"));
    }

    #[test]
    fn a_finished_migration_hides_what_was_begun_before_its_end_and_nothing_begun_since() {
        let done = session("done", 20, Some(30));
        let next = |open: &(PathBuf, Session)| {
            let both = [done.clone(), open.clone()];
            let (file, _) = chosen(Choice::Next, &both).unwrap();
            file.clone()
        };
        assert_eq!(next(&session("before", 10, None)), Path::new("done"));
        assert_eq!(next(&session("since", 40, None)), Path::new("since"));
    }
}
