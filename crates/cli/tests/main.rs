//! All tests of this crate in one program, since each program is linked with everything.

mod bad_input;
mod baseline;
mod common;
mod diff;
mod history;
mod hook;
mod judgements;
mod mcp;
mod program;
mod questions;
mod readme;
mod review;
