//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::answers::checked_path;
pub use crate::page::{Answer, MOST_CHARACTERS, page};
