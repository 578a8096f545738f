//! The firedoor program: arguments, dispatch, exit status.
//!
//! Everything here is an edge: files are read, options are judged and results are written, and what is
//! found out is found out elsewhere.

mod agents;
mod arguments;
mod baseline;
mod commands;
mod configuration;
mod edge;
mod inside;
mod judgements;
mod output;
mod plan;
mod progress;
mod self_model;
mod snapshot;
mod suggestion;
mod tree;
mod user_error;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(edge::guarded(commands::run))
}
