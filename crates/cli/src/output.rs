//! Where results and messages go: results to the standard output or a file, all else to standard error.

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::user_error::UserError;

/// Writes a result to the file at `path`, or to the standard output.
pub fn write(text: &str, path: Option<&Path>) -> Result<(), UserError> {
    match path {
        Some(path) => std::fs::write(path, text).map_err(|error| UserError::Unwritable {
            path: path.to_owned(),
            error,
        }),
        None => write_to_standard_output(text),
    }
}

/// A reader that has seen enough (`firedoor map | head`) is not an error.
fn write_to_standard_output(text: &str) -> Result<(), UserError> {
    let mut stdout = anstream::AutoStream::always(std::io::stdout().lock());
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(UserError::UnwritableOutput(error))
        }
        _ => Ok(()),
    }
}

/// Writes a message for a person to standard error. That nobody reads it is not an error.
pub fn complain(text: &str) {
    let mut stderr = anstream::AutoStream::auto(std::io::stderr().lock());
    let _ = writeln!(stderr, "{text}");
}
