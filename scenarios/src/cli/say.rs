//! What commands print. Who reads it may have seen enough, as `head` has: the rest is left out then, and the command goes on to
//! its end and its exit code, as it would have without a reader.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};

/// Writes to standard output. Where that takes nothing more for another reason, such as a full disk, the process ends.
pub(super) fn say(text: fmt::Arguments<'_>) {
    match io::stdout().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("error: standard output: {error}");
            std::process::exit(2);
        }
        _ => {}
    }
}

/// In place of the one of the standard library, which panics when nobody reads any more.
macro_rules! print {
    ($($text:tt)*) => { $crate::cli::say::say(format_args!($($text)*)) };
}

/// As [`print!`], with the end of the line.
macro_rules! println {
    ($($text:tt)*) => { print!("{}\n", format_args!($($text)*)) };
}
