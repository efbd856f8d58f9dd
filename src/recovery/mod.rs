//! Going back: what the target has that the old database has not, saved in three ways (a dump restored
//! into a new database, a file of rows, rows taken over into the old database), and all of it tried
//! before it is needed.
//!
//! The old database is only read, with one exception: [`rows::Since::apply`], which takes a
//! [`rows::Consent`].

pub mod bridge;
pub mod dump;
mod error;
pub mod rehearse;
pub mod rows;

pub use error::Error;
