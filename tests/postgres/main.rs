//! The driver layer against real servers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bridge;
mod certificates;
mod doors;
mod encryption;
mod failures;
mod script;
mod server;
mod sessions;
mod tools;
mod watching;
