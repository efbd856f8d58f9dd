//! Everything arrives: one table of what a database may hold ([`cases`]), moved between real servers
//! of several versions by the real program, and looked at by judges of our own.

// Helpers outside of `#[test]` functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod arrives;
mod cases;
mod contents;
mod definitions;
mod large_objects;
mod left_behind;
mod migration;
mod overwritten;
mod routed;

/// The program under way, as the tests of the whole program have it.
#[path = "../integration"]
#[allow(dead_code, reason = "those tests need more of it")]
mod beside {
    pub(crate) mod fixture;
    pub(crate) mod processes;
}

/// Servers, as the tests of the driver layer have them.
#[path = "../postgres"]
#[allow(dead_code, reason = "those tests need more of it")]
mod driver {
    pub(crate) mod certificates;
    pub(crate) mod server;
}

use beside::{fixture, processes};
use driver::{certificates, server};
