//! How far a map can be believed: guards that are removed must be missed, and a running instance must answer as its map says.

#[doc(hidden)]
pub mod for_tests;
mod guards;
pub mod probe;
mod removal;
mod selftest;

pub use guards::{Guard, guards};
pub use removal::{Edit, NotMade};
pub use selftest::{Counts, Outcome, SelfTest, Sign, Subject, Trial, edited, sample, self_test};
