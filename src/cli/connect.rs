//! The connection strings: found where they were given, completed with passwords, told to the
//! session.

use super::Error;
use super::args::Common;
use super::opening::Say;
use crate::config::{self, Config, Flags, Given, Origin};
use crate::postgres::{ConnectionString, password};
use crate::runner::{DescribeError, Runner};
use crate::secret::Secret;
use crate::session::{Session, State, Step};
use crate::wizard::Side;

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What was given on the command line, in the environment or in the configuration.
pub(super) fn given(common: &Common, config: &Config) -> config::Wanted {
    let secret = |text: &Option<String>| text.clone().map(Secret::new);
    let flags = Flags {
        source: secret(&common.source),
        target: secret(&common.target),
    };
    config::connections(&flags, &variable, config)
}

/// Whether a session is about the databases that were given: one that was not given fits any, and
/// a pooled host fits the direct one that it was exchanged for.
pub(super) fn fits(session: &Session, wanted: &config::Wanted) -> bool {
    let same = |given: &Option<Given>, place: &Option<crate::session::Place>| {
        let (Some(given), Some(place)) = (given, place) else {
            return true;
        };
        ConnectionString::parse(given.string.expose())
            .is_ok_and(|string| [string.url(), string.direct().url()].contains(&place.url))
    };
    same(&wanted.source, &session.source) && same(&wanted.target, &session.target)
}

/// Tells the runner both connection strings: what was given, otherwise what the session knows.
pub(super) fn describe(
    runner: &mut Runner,
    wanted: &config::Wanted,
    accept_safe: bool,
    say: &mut Say<'_>,
) -> Result<(), Error> {
    for (side, given) in [
        (Side::Source, &wanted.source),
        (Side::Target, &wanted.target),
    ] {
        describe_side(runner, (side, given.as_ref()), accept_safe, say)?;
    }
    Ok(())
}

/// Tells the runner the session's source, with what is at hand of its password. Another source that
/// was given is not this session's business.
pub(super) fn source_at_hand(
    runner: &mut Runner,
    common: &Common,
    config: &Config,
    say: &mut Say<'_>,
) -> Result<(), Error> {
    let wanted = given(common, config);
    let fits = fits(runner.wizard().session(), &wanted);
    let given = wanted.source.as_ref().filter(|_| fits);
    describe_side(runner, (Side::Source, given), false, say)
}

fn describe_side(
    runner: &mut Runner,
    (side, given): (Side, Option<&Given>),
    accept_safe: bool,
    say: &mut Say<'_>,
) -> Result<(), Error> {
    let session = runner.wizard().session();
    let place = match side {
        Side::Source => &session.source,
        Side::Target => &session.target,
    };
    let (text, origin) = match (given, place) {
        (Some(given), _) => {
            warn_of_password(given, say);
            (given.string.clone(), given.origin.to_string())
        }
        (None, Some(place)) => (Secret::new(place.url.clone()), "the session".to_owned()),
        (None, None) => return Ok(()),
    };
    let failed = |source| Error::Connection {
        origin: origin.clone(),
        source,
    };
    let string = ConnectionString::parse(text.expose())
        .map_err(|error| failed(DescribeError::Parse(error)))?;
    string.cautions().iter().for_each(|caution| say(caution));
    let string = direct(side, string, accept_safe, say);
    let has_password = string.password().is_some();
    let (string, found_in) = with_password(string, say);
    let password_origin = has_password.then_some(origin.clone()).or(found_in);
    runner
        .describe_found(side, string, password_origin)
        .map_err(|error| failed(error.into()))?;
    Ok(())
}

/// A password in the arguments is seen by everybody on this machine.
fn warn_of_password(given: &Given, say: &mut Say<'_>) {
    if matches!(given.origin, Origin::Flag(_)) && config::holds_password(given.string.expose()) {
        say(&format!(
            "The password in {} can be seen by others in the list of processes: better keep it in ~/.pgpass, or give the string in NEONLIFT_SOURCE_URL or NEONLIFT_TARGET_URL.",
            given.origin
        ));
    }
}

fn direct(
    side: Side,
    string: ConnectionString,
    accept_safe: bool,
    say: &mut Say<'_>,
) -> ConnectionString {
    if side == Side::Target && accept_safe && string.is_pooled() {
        say(&format!(
            "Using the direct host instead of {}.",
            string.host()
        ));
        return string.direct();
    }
    string
}

/// The string with a password that is found where libpq would look or in the keyring, and where that
/// was.
fn with_password(
    string: ConnectionString,
    say: &mut Say<'_>,
) -> (ConnectionString, Option<String>) {
    if string.password().is_some() {
        return (string, None);
    }
    let search = password::find_or_ask_keyring(&string, &variable);
    if let Some(refused) = &search.refused {
        say(&refused.to_string());
    }
    match search.found {
        Some((password, origin)) => (string.with_password(password), Some(origin.to_string())),
        None => (string, None),
    }
}

/// The sides of a session that was connected before whose password is found nowhere now: the person
/// has to be asked. Behind a socket none is needed as a rule, nor to read what is done and signed.
pub(super) fn unknown_passwords(runner: &Runner) -> Vec<Side> {
    let session = runner.wizard().session();
    let watches = !matches!(session.state(Step::Watch), State::Waiting | State::Done);
    let is_over = session.first_open().is_none() && !watches;
    let connected = !is_over && session.state(Step::Connections) != State::Waiting;
    let sides = [Side::Source, Side::Target].into_iter();
    sides
        .filter(|side| {
            let string = runner.context().connection(*side);
            connected && string.is_some_and(|s| s.password().is_none() && !s.is_unix_socket())
        })
        .collect()
}
