//! Commits as sets of files, read from the object database of a repository, and what a line of them did.
//!
//! Nothing is checked out and no other program runs: a commit gives the same [`FileSet`](firedoor_source::FileSet)
//! as a fresh checkout of it would, so analysing the one is analysing the other.

mod agents;
mod commit_tree;
#[doc(hidden)]
pub mod for_tests;
mod history;
mod ignored;
mod line;
mod message;
mod repository;
mod scan;
mod snapshot;
mod store;
mod trace;
mod trajectory;
mod tree_diff;

pub use agents::{Agent, Agents};
pub use history::{Change, Coverage, End, Evidence, History, Life, Reading, Share, State};
pub use line::Range;
pub use repository::{Commit, HistoryError, Repository};
pub use scan::{Request, STACK, Settings, history};
pub use store::{Store, StoreError};
