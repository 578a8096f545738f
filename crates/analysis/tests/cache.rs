//! An analysis with a cache of parsed texts gives what one without it gives.

// A test may read its fixtures.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;

use firedoor_analysis::{Options, ParseCache, Report, analyse, analyse_with};
use firedoor_source::FileSet;
use firedoor_testkit::parse_page;

/// Returns the files of every section of the pages about a framework.
fn applications(folder: &str) -> Vec<FileSet> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    pages.sort();
    let mut all = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("it can be read");
        let sections = parse_page(&text).expect("it is a page");
        all.extend(sections.iter().map(|section| section.file_set()));
    }
    all.truncate(25);
    all
}

/// Returns `files` with one more at the front, so that all others have another number.
fn moved(files: &FileSet) -> FileSet {
    let texts = files
        .iter()
        .map(|(_, file)| (file.path.clone(), file.text.clone()));
    let first = ("!first.js".to_owned(), Arc::from("// nothing\n"));
    FileSet::new(texts.chain([first]))
}

/// All that can be seen of a report.
fn shown(report: &Report) -> String {
    format!("{report:#?}")
}

#[test]
fn parsed_texts_are_used_again_wherever_they_stand() {
    let options = Options::default();
    let mut all = applications("../models/fixtures/express");
    all.extend(applications("../models/fixtures/fastapi"));
    assert!(all.len() > 10);
    let cache = ParseCache::default();
    for files in &all {
        for files in [files, &moved(files), files] {
            assert_eq!(
                shown(&analyse_with(files, &options, &cache)),
                shown(&analyse(files, &options))
            );
        }
    }
}
