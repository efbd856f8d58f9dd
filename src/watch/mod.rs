//! The target watched after the cutover: probes, spaced so that a sleeping compute is not kept awake
//! for nothing, held against thresholds, kept in a file beside the session's.
//!
//! Only [`probe`] talks to a server and only [`history`] to a file; the rest is pure.

pub mod history;
mod interval;
pub mod probe;
pub mod spacing;
pub mod summary;
pub mod threshold;

pub use history::{Entry, Finding, History};
pub use interval::Interval;
pub use spacing::Spacing;
