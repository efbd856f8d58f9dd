mod fixtures;
mod pictures;
mod presses;
