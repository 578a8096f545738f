//! What the tests of this crate call besides what is for everybody; nobody else may.

pub use crate::same_cause::{FEW, told_once};
pub use crate::site_form::stays_on_site;
