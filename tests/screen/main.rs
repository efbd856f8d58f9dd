//! The wizard as a person has it: the real program in a terminal, driven by keys alone, against
//! real servers.

// Helpers outside of `#[test]` functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod connections;
mod consents;
mod cutover;
mod demo;
mod inventory;
mod leaving;
mod panics;
mod plain;
mod sizes;
mod start;
mod terminal;
mod window;

/// The servers and the program's surroundings are those of the tests without a screen.
#[path = "../integration"]
#[allow(dead_code, reason = "those tests need more of it")]
mod beside {
    pub(crate) mod fixture;
    pub(crate) mod processes;
}

use beside::{fixture, processes};
