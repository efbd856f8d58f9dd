mod fixtures;
mod pictures;
mod presses;
mod starting;
mod tree;
