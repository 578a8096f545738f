//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::probe::http::{escaped, is_same};

use crate::probe::Target;

/// Returns the path of the instance for `location`, if that leads to the same host.
pub fn own_path(target: &Target, location: &str) -> Option<String> {
    target.own_path(location)
}
