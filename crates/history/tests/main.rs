//! All tests of this crate in one program, since each program is linked with everything.

mod agents;
mod ignored;
mod message;
mod store;
mod trace;
