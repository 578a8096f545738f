//! All tests of this crate in one program, since each program is linked with everything.

mod list;
mod same_cause;
mod site_form;
