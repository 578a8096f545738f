//! Commits as sets of files, read from the object database of a repository.
//!
//! Nothing is checked out and no other program runs: a commit gives the same [`FileSet`](firedoor_source::FileSet)
//! as a fresh checkout of it would, so analysing the one is analysing the other.

mod commit_tree;
mod ignored;
mod repository;

pub use repository::{Commit, HistoryError, Repository};
