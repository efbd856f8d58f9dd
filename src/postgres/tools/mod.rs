//! PostgreSQL's own client tools: found, chosen by version, and run with cancellation and bounded
//! memory. They are given the source's password at most, and never the target's: see ARCHITECTURE.md.

mod archive;
mod child;
mod diagnosis;
mod error;
mod install;
mod restore;
mod schema;
mod search;
mod version;

pub use archive::{Archive, Contents, Watch, dump_archive, list_archive};
pub(crate) use child::is_withheld;
pub use error::ToolError;
pub use install::System;
pub use restore::restore_archive;
pub use schema::{Section, dump_definitions};
pub use search::{ClientTools, FOLDER_VARIABLE, Search};
pub use version::Version;

#[cfg(test)]
mod tests;
