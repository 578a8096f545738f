//! Analyses any set of files: the analysis ends, and no part of firedoor fails.
//!
//! The input is text with a line `=== path` before each file, so that what is found can be read and changed.

#![no_main]

use std::sync::Arc;

use firedoor_analysis::{Options, analyse};
use firedoor_source::FileSet;
use libfuzzer_sys::fuzz_target;

/// The reasons of notes about what failed within firedoor itself.
const BUGS: [&str; 4] = ["rule-failed", "parser-failed", "model-failed", "evaluation-failed"];

fuzz_target!(|text: &str| {
    let files = text.split("=== ").skip(1).map(|part| {
        let (path, text) = part.split_once('\n').unwrap_or((part, ""));
        (path.trim().to_owned(), Arc::from(text))
    });
    let report = analyse(&FileSet::new(files), &Options::default());
    let skipped = report.skipped.iter().map(|part| (part.reason, &part.detail));
    let unresolved = report.map.unresolved.iter().map(|note| (note.reason, &note.detail));
    let mut notes = skipped.chain(unresolved);
    assert_eq!(notes.find(|(reason, _)| BUGS.contains(reason)), None);
});
