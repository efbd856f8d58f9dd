//! Killed at any moment: the same command goes on, nothing lost, nothing doubled.
