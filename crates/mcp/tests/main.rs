//! All tests of this crate in one program, since each program is linked with everything.

mod page;
mod paths;
mod server;
