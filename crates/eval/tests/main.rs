//! All tests of this crate in one program, since each program is linked with everything.

mod atoms;
mod budgets;
mod fixtures;
mod forms;
mod javascript_regex;
mod kept;
mod python_stores;
mod stores;
