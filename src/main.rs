//! The command `neonlift`.

use std::process::ExitCode;

fn main() -> ExitCode {
    neonlift::cli::main()
}
