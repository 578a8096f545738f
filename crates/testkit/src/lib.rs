//! Runs Markdown pages as tests.
//!
//! All fixtures of firedoor have one notation, so that whoever can read one test can read every test:
//!
//! - A page is a suite, and a heading with named files below it is a test ([`Section`]).
//! - A code block below a line such as `` `src/app.js`: `` is a file of an in-memory project.
//! - A trailing comment `// $ key=value key2="two words"` (`# $ …` in Python) says what the runner must find on that
//!   line. `MISSING: key=value` marks what should be found and is not, `SPURIOUS: key=value` what is found and should
//!   not be; both fail once they become right, so that a mended gap cannot stay marked.
//! - A code block whose language is a word of [`SNAPSHOT_WORDS`] holds a whole output. `UPDATE=1` rewrites it.
//!
//! This crate is used by tests only, so it reads files and the environment.

mod check;
mod document;
mod expectation;
mod folder;
mod page;
mod run;

pub use check::{Tag, check_tags};
pub use document::keep_part;
pub use expectation::{Expectation, Kind};
pub use folder::{Folder, git};
pub use page::{SNAPSHOT_WORDS, Section, Snapshot, parse_page};
pub use run::{Outcome, run_pages};
