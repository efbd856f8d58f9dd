//! How the full-screen wizard behaves.

use serde::{Deserialize, Serialize};

/// `[screen]`: how the full-screen wizard behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Screen {
    /// How the end of a long step is told to somebody who looks elsewhere.
    pub notify: Notify,
}

/// `screen.notify`: how the end of a long step is told to somebody who looks elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// By the terminal's bell.
    #[default]
    Bell,
    /// By a message of the desktop, which some terminals show (OSC 9).
    Message,
    /// Not at all.
    Off,
}

impl Notify {
    /// The words for a configuration.
    pub const NAMES: &'static [&'static str] = &["bell", "message", "off"];
}
