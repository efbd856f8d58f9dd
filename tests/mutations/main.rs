//! A comparison names exactly what differs: one change at a time on a migrated database, found by the
//! real program and undone again; and what is no difference is never called one.

// Helpers outside of `#[test]` functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod change;
mod contrib;
mod definitions;
mod harmless;
mod lanes;
mod pair;
mod standing_alone;
mod values;

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
