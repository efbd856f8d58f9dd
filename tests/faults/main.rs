//! Whatever breaks: the real program, real servers, and a fault that strikes at a chosen point of
//! the traffic. Each case ends in a true last line, goes on with the same command, and ends in
//! equality of every row, found by other means than the program's own.
//!
//! The points are drawn from `NEONLIFT_FAULT_SEED` (a number; 1 when it is not given).

// Helpers outside of `#[test]` functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// What a failed test has printed names the case that failed, and the seed.
#![allow(clippy::print_stdout)]

mod backup;
mod case;
mod crashed;
mod equality;
mod front;
mod interrupted;
mod killed;
mod refused;
mod road;
mod seed;

/// The servers and the program's surroundings are those of the other tests without a screen.
#[path = "../integration"]
#[allow(dead_code, reason = "each suite needs a part of it")]
mod beside {
    pub(crate) mod fixture;
    pub(crate) mod processes;
}

use beside::{fixture, processes};
