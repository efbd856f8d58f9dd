//! Practice servers: two real PostgreSQL servers on this machine, one of them behaving like Neon.

pub mod relay;
