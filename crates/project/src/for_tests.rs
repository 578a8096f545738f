//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::commands::{Target, of_compose, of_dockerfile, of_procfile, targets};
pub use crate::standard_library::{NAMES, is_standard};
