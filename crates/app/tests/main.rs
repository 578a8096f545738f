//! All tests of this crate in one program, since each program is linked with everything.

mod counting;
mod facts;
mod judge;
