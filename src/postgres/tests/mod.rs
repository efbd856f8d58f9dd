//! The driver layer against a real server.

mod encryption;
mod failures;
mod sessions;
