//! The full-screen front end. It draws what the wizard and the progress say, and turns keys into
//! events; it decides nothing about the migration.
//!
//! [`keys`] is the one table of commands. [`ui::Ui`] is the screen's own state: keys go in,
//! [`ui::Intent`]s come out. [`screen::draw`] draws; each pane has its file under `pane/`.
//! [`run`] is the event loop over all of it and the only part that knows the runner.

mod binding;
mod bindings;
mod clipboard;
mod columns;
mod commands;
mod consent;
mod dialog;
mod field;
mod footer;
pub mod form;
pub mod gauges;
mod going;
mod input;
pub mod keys;
mod lines;
mod mask;
mod offers;
mod opening;
mod pane;
mod place;
mod run_loop;
mod said;
pub mod screen;
pub mod start;
pub mod start_screen;
mod steps_column;
pub mod terminal;
pub mod theme;
mod tree;
pub mod ui;

pub use opening::{Prepared, Say, choose, prepare};
pub use run_loop::{Error, Options, require_terminal, run};

#[cfg(test)]
mod tests;
