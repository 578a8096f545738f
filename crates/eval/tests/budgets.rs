//! Requests have a budget each, which is cut where many use it up: what they have made stays in memory.

use std::rc::Rc;

use firedoor_eval::{Machine, NoHost, Program};
use firedoor_project::Project;
use firedoor_source::FileSet;

#[test]
fn requests_get_less_once_many_before_have_used_up_theirs() {
    let files = FileSet::new([(
        "a.js".to_string(),
        "let sum = 0; for (const one of [1, 2, 3]) sum += one;".into(),
    )]);
    let project = Project::new(&files);
    let modules = files
        .iter()
        .filter_map(|(id, file)| firedoor_lang::lower(id, file).map(std::sync::Arc::new))
        .collect();
    let program = Program::new(modules, &files, &project);
    let mut machine = Machine::new(&program, Rc::new(NoHost));
    let full = machine.limits.steps;
    for _ in 0..machine.limits.exhausting {
        machine.start_request();
        assert_eq!(machine.limits.steps, full);
        machine.steps = full;
    }
    machine.start_request();
    assert_eq!(machine.limits.steps, full / 4);
}
