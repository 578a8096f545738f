//! Runs the pages in `fixtures/`: each heading is a test, with a file and the program it must become.

use std::sync::Arc;

use firedoor_source::{FileId, FileSet};
use firedoor_testkit::{Outcome, run_pages};

#[test]
fn pages_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    run_pages(folder, &[], |section| {
        let files = section.files.iter().take(1);
        let files =
            FileSet::new(files.map(|(path, text)| (path.clone(), Arc::from(text.as_str()))));
        let module = firedoor_lang::lower(FileId(0), files.file(FileId(0)));
        let module = module.expect("a front end knows the ending");
        Outcome {
            tags: Vec::new(),
            snapshots: vec![("ir".to_string(), firedoor_ir::dump(&module))],
        }
    });
}
