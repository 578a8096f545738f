//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::atoms::Atoms;
pub use crate::javascript::regex::path_template;
