//! Runs the pages in `fixtures/`: each heading is a test, whose first file is run and its values dumped.

use std::rc::Rc;

use firedoor_eval::{Machine, NoHost, Program, dump_values};
use firedoor_project::Project;
use firedoor_testkit::{Outcome, Section, run_pages};

#[test]
fn pages_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
    run_pages(folder, &[], |section| Outcome {
        tags: Vec::new(),
        snapshots: vec![("values".to_string(), values(section))],
    });
}

/// Returns what the first file of the section holds once it has been run.
fn values(section: &Section) -> String {
    let files = section.file_set();
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let mut machine = Machine::new(&program, Rc::new(NoHost));
    let first = section.files.first().map_or("", |(path, _)| path.as_str());
    let file = files.find(first).expect("the first file is in the set");
    let module = program
        .module_of(file)
        .expect("a front end knows the ending");
    if machine.run_module(module).is_err() {
        return "out of budget\n".to_string();
    }
    dump_values(&mut machine, module)
}
