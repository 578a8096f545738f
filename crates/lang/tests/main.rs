//! All tests of this crate in one program, since each program is linked with everything.

mod any_text;
mod fixtures;
mod moved;
mod python_any_text;
mod python_depth;
