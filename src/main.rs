//! `prodview`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    prodview::command::run()
}
