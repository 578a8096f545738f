//! All tests of this crate in one program, since each program is linked with everything.

mod filling;
mod http_paths;
mod probe;
mod removal;
mod target;
