//! What was entered in the form becomes the runner's connections, each with its password.

use super::{Error, Loop};
use crate::postgres::ConnectionString;
use crate::postgres::password::{self, Refused};
use crate::runner::Runner;
use crate::secret::Secret;
use crate::tui::form::{Entered, Held, Passwords};
use crate::wizard::{Effect, Side};

const SIDES: [Side; 2] = [Side::Source, Side::Target];

/// A connection, with the place where its password was found when it was neither typed nor pasted.
type Found = (ConnectionString, Option<String>);

impl Loop<'_> {
    /// Takes in what was entered in the form, and what the session knows of a side that was not
    /// changed and is not connected yet. The inner error is what is wrong, for the person.
    pub(super) fn connect(&mut self, entered: &[Entered]) -> Result<Result<(), String>, Error> {
        let mut strings = Vec::new();
        for entered in entered {
            match ConnectionString::parse(entered.string.expose()) {
                Ok(string) => strings.push((entered.side, self.with_password(string, entered))),
                Err(error) => return Ok(Err(format!("{error}. {}", error.advice()))),
            }
        }
        let is_entered = |side| entered.iter().any(|entered| entered.side == side);
        for side in SIDES {
            if !is_entered(side) && self.runner.context().connection(side).is_none() {
                strings.extend(
                    self.runner
                        .known(side)
                        .map(|string| (side, looked_up(string))),
                );
            }
        }
        for (side, found) in strings {
            self.describe(side, found)?;
        }
        self.ui.connected(self.runner.wizard());
        Ok(Ok(()))
    }

    /// Takes the target's direct host in place of its pooled one, with the same password.
    pub(super) fn take_direct_host(&mut self) -> Result<(), Error> {
        let effects = self.runner.take_direct_host()?;
        self.described(effects);
        Ok(())
    }

    fn describe(&mut self, side: Side, (string, origin): Found) -> Result<(), Error> {
        let effects = self.runner.describe_found(side, string, origin)?;
        self.described(effects);
        Ok(())
    }

    fn described(&mut self, effects: Vec<Effect>) {
        self.told(effects);
        self.ui.passwords = passwords(self.runner);
        self.ui.connected(self.runner.wizard());
    }

    /// The string with the password of the form, or with the one that this place had before, or
    /// with one that is found where libpq would look or in the keyring.
    fn with_password(&self, string: ConnectionString, entered: &Entered) -> Found {
        if let Some(password) = &entered.password {
            return (string.with_password(password.clone()), None);
        }
        let context = self.runner.context();
        let before = context.connection(entered.side).filter(|before| {
            string.password().is_none()
                && before.endpoint() == string.endpoint()
                && before.user() == string.user()
        });
        match before.and_then(|before| before.password().cloned()) {
            Some(password) => {
                let origin = context.password_origin(entered.side);
                (string.with_password(password), origin)
            }
            None => looked_up(string),
        }
    }
}

fn looked_up(string: ConnectionString) -> Found {
    if string.password().is_some() {
        return (string, None);
    }
    match password::find_or_ask_keyring(&string, &variable).found {
        Some((password, origin)) => (string.with_password(password), Some(origin.to_string())),
        // The form tells what was refused.
        None => (string, None),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A password that is not in the string, and where it was found: without asking the keyring, which
/// takes time.
fn find(string: &ConnectionString) -> Result<Option<(Secret, String)>, Refused> {
    if string.password().is_some() {
        return Ok(None);
    }
    let search = password::find(string, &variable);
    match (search.found, search.refused) {
        (Some((password, origin)), _) => Ok(Some((password, origin.to_string()))),
        (None, Some(refused)) => Err(refused),
        (None, None) => Ok(None),
    }
}

/// What the form is to know of the passwords: those in memory, and how to look for others.
pub(super) fn passwords(runner: &Runner) -> Passwords {
    let held = |side| {
        let string = runner.context().connection(side)?;
        string.password()?;
        Some(Held {
            endpoint: string.endpoint(),
            user: string.user().to_owned(),
            origin: runner.context().password_origin(side),
        })
    };
    Passwords {
        look_up: |string| {
            let found = find(string).map_err(|refused| refused.to_string())?;
            Ok(found.map(|(_, origin)| origin))
        },
        held: SIDES.map(held),
    }
}
