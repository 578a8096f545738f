//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::python::depth::is_too_deep;
