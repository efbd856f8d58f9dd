//! The real program against real servers: practice servers started by the library, the binary
//! started as a person starts it. One binary, so that it is linked once.

// Helpers outside of `#[test]` functions fail a test by panicking, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod application;
mod bad_input;
mod browser;
mod cleanup;
mod cut_over;
mod definitions;
mod differences;
mod differing_rows;
mod end_to_end;
mod explained;
mod extension_rows;
#[allow(dead_code, reason = "other suites need more of it")]
mod fixture;
mod hashing;
mod held;
mod identities;
mod index_memory;
mod interrupted;
mod killed;
mod ledger;
mod ledger_name;
mod live;
mod opened;
mod overwritten;
mod picked;
mod policies;
#[allow(dead_code, reason = "the suite of faults needs more of it")]
mod processes;
mod recovery;
mod report;
mod resumed;
mod road;
mod row_security;
mod samples;
mod schema_files;
mod secrets;
mod selection;
mod sessions;
mod signed;
mod snapshots;
mod steered;
mod switched;
mod told;
mod two_databases;
mod vectors;
mod watched;
