//! Which session a command works on.

use super::Error;
use crate::config::Config;
use crate::session::store::{self, Store};
use crate::session::{Session, Step};
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

fn folder() -> Result<PathBuf, Error> {
    Ok(state_folder()?.join("sessions"))
}

/// All sessions that can be read, the one that changed last first.
pub(super) fn all() -> Result<Vec<(PathBuf, Session)>, Error> {
    Ok(store::list(&folder()?))
}

/// Opens the session to work on: the named file; otherwise the last unfinished one that `fits`;
/// otherwise a new one.
pub(super) fn open(
    named: Option<&Path>,
    practice: bool,
    config: &Config,
    fits: impl Fn(&Session) -> bool,
) -> Result<(Store, Session), Error> {
    let unfinished = |session: &Session| session.first_open().is_some();
    let file = match named {
        Some(file) => file.to_owned(),
        None => {
            let last = all()?.into_iter().find(|(_, session)| {
                session.practice == practice && unfinished(session) && fits(session)
            });
            match last {
                Some((file, _)) => file,
                None => folder()?.join(format!("{}.toml", fresh(practice, config).id)),
            }
        }
    };
    let (store, found) = Store::open(&file)?;
    let session = found.unwrap_or_else(|| fresh(practice, config));
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

/// Opens a session that must exist: the named one, or the one that changed last.
pub(super) fn existing(named: Option<&Path>) -> Result<(Store, Session), Error> {
    let file = match named {
        Some(file) => file.to_owned(),
        None => all()?.into_iter().next().ok_or(Error::NoSession)?.0,
    };
    match Store::open(&file)? {
        (store, Some(session)) => Ok((store, session)),
        (_, None) => Err(Error::NoSession),
    }
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
    let standing = match session.first_open() {
        None => "done and signed".to_owned(),
        Some(Step::Cutover) => "waits for signatures".to_owned(),
        Some(step) => format!("next: {step}"),
    };
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
