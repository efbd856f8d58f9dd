//! Strings that must never be seen: they print as dots and are wiped when dropped.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What stands where a secret is left out.
pub const MASK: &str = "••••••";

/// A password or token. `Debug` and `Display` print [`MASK`]; there is no `Serialize`,
/// so it cannot reach a session, a log or a report by accident.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The secret itself: only for handing it to a server or to a child's environment.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_dots() {
        let secret = Secret::new("canary");
        assert_eq!(format!("{secret} {secret:?}"), format!("{MASK} {MASK}"));
    }
}
