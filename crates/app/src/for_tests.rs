//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::fails_open::environment_of;
pub use crate::judge::{is_behind, judge_control};

use crate::Map;

/// Holds if the accounts of the map were worked out.
pub fn accounts_are_known(map: &Map) -> bool {
    map.facts.accounts.get().is_some()
}

/// Holds if the cookies of the map were looked for.
pub fn cookies_are_known(map: &Map) -> bool {
    map.facts.cookies.get().is_some()
}
