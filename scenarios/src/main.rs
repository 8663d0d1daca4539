//! The command `esplanade`.

use std::process::ExitCode;

fn main() -> ExitCode {
    esplanade::cli::main()
}
