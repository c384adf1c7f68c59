//! Standard output. `println!` panics when nobody reads on (`textmill inspect … | head`); these
//! end the program quietly instead.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Prints a line.
macro_rules! sayln {
    () => { $crate::output::write(format_args!("\n")) };
    ($($argument:tt)*) => {
        $crate::output::write(format_args!("{}\n", format_args!($($argument)*)))
    };
}

/// Prints text as it is.
macro_rules! say {
    ($($argument:tt)*) => { $crate::output::write(format_args!($($argument)*)) };
}

pub(crate) use {say, sayln};

pub(crate) fn write(text: Arguments) {
    let Err(error) = stdout().lock().write_fmt(text) else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    eprintln!("error: cannot write to standard output: {error}");
    std::process::exit(1);
}
