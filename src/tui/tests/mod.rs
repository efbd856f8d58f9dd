mod fixtures;
mod pictures;
mod presses;
mod shots;
mod starting;
mod tree;
