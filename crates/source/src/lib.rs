//! Files in memory, places in them, and lines: the ground that every other crate stands on.
//!
//! Nothing here touches a disk. Whoever reads files (the command line, the history) hands them over
//! as a [`FileSet`], and everything later speaks of a place as a [`Span`].

mod file_set;
pub mod intake;
mod line_index;
mod span;

pub use file_set::{File, FileId, FileSet, SkipReason, Skipped};
pub use line_index::{LineColumn, LineIndex};
pub use span::Span;
