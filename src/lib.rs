//! neonlift takes a PostgreSQL database to Neon, step by step, and proves that every row arrived.
//!
//! The floors, lowest first (upper ones import lower ones, never the other way round):
//! [`progress`], [`failure`], [`secret`], [`invocation`] · [`postgres`] · [`session`], [`config`], [`start`] · [`source`],
//! [`target`] · [`transfer`], [`compare`], [`switch`], [`watch`], [`archive`], [`recovery`], [`practice`] · [`wizard`] · [`steps`] · [`runner`], [`messages`] ·
//! [`headless`] · [`plain`], [`tui`] · [`cli`]. ARCHITECTURE.md tells the data's way through them.

pub mod archive;
pub mod cli;
pub mod compare;
pub mod config;
mod durable;
pub mod failure;
pub mod figures;
pub mod headless;
pub mod invocation;
pub mod messages;
pub mod plain;
pub mod postgres;
pub mod practice;
pub mod progress;
pub mod recovery;
pub mod report;
pub mod runner;
pub mod secret;
pub mod session;
mod signals;
pub mod source;
pub mod start;
pub mod steps;
pub mod switch;
pub mod target;
pub mod transfer;
pub mod tui;
pub mod watch;
pub mod wizard;
