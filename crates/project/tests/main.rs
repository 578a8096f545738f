//! All tests of this crate in one program, since each program is linked with everything.

mod any_manifest;
mod commands;
mod javascript;
mod packages;
mod python;
mod standard_library;
