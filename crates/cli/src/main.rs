//! The firedoor program: arguments, dispatch, exit status.
//!
//! Everything here is an edge: files are read, options are judged and results are written, and what is
//! found out is found out elsewhere.

mod arguments;
mod baseline;
mod commands;
mod configuration;
mod edge;
mod output;
mod plan;
mod progress;
mod suggestion;
mod tree;
mod user_error;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(edge::guarded(commands::run))
}
