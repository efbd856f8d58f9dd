//! Where a password comes from that nobody types into the form.

use crate::postgres::ConnectionString;
use crate::wizard::Side;

/// A password in memory: of which place, and where it was found. Not the password itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `host:port/database`.
    pub endpoint: String,
    /// The role.
    pub user: String,
    /// Where it was found: "NEONLIFT_TARGET_URL"; `None` when it was typed.
    pub origin: Option<String>,
}

/// What the form knows of passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    /// Looks where libpq would look, and says where one was found. The error says which password
    /// file was there and not read, and why.
    pub look_up: fn(&ConnectionString) -> Result<Option<String>, String>,
    /// Those in memory, of the source and of the target.
    pub held: [Option<Held>; 2],
}

/// Where the password of a side comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing is entered, or it is not understood.
    Unknown,
    /// It is in the field.
    Typed,
    /// It is in the connection string.
    InString,
    /// It was found, here: "from ~/.pgpass, line 3".
    Found(String),
    /// There is none.
    Nowhere,
    /// There is none, and a password file was not read: "~/.pgpass was not read: its mode is 0644".
    Refused(String),
}

impl Passwords {
    /// No password anywhere.
    pub fn none() -> Self {
        Self {
            look_up: |_| Ok(None),
            held: [None, None],
        }
    }

    pub(super) fn origin(&self, side: Side, string: &ConnectionString) -> Origin {
        if string.password().is_some() {
            return Origin::InString;
        }
        let held = self.held[side as usize].as_ref();
        let held =
            held.filter(|held| held.endpoint == string.endpoint() && held.user == string.user());
        match held {
            Some(Held { origin: None, .. }) => Origin::Found("in memory".to_owned()),
            Some(Held {
                origin: Some(origin),
                ..
            }) => Origin::Found(format!("from {origin}")),
            None => match (self.look_up)(string) {
                Ok(Some(origin)) => Origin::Found(format!("from {origin}")),
                Ok(None) => Origin::Nowhere,
                Err(refused) => Origin::Refused(refused),
            },
        }
    }
}
