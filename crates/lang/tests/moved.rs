//! A program in a file of another number is what lowering that file gives.

// A test may read its fixtures.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use firedoor_source::{FileId, FileSet};
use firedoor_testkit::parse_page;

fn pages(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the fixtures are there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            pages(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            all.push(path);
        }
    }
}

#[test]
fn every_place_is_in_the_file_of_that_number() {
    let mut all = Vec::new();
    pages(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"),
        &mut all,
    );
    let mut number = 0;
    for page in all {
        let text = std::fs::read_to_string(&page).expect("it can be read");
        for section in &parse_page(&text).expect("it is a page") {
            let files: FileSet = section.file_set();
            for (id, file) in files.iter() {
                let Some(module) = firedoor_lang::lower(id, file) else {
                    continue;
                };
                let other = FileId(id.0 + 1000);
                let fresh = firedoor_lang::lower(other, file).expect("it was read before");
                assert_eq!(format!("{:?}", module.in_file(other)), format!("{fresh:?}"));
                number += 1;
            }
        }
    }
    assert!(number > 50, "{number}");
}
