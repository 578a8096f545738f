//! Requests have a budget each, which is cut where many use it up: what they have made stays in memory.

use std::rc::Rc;

use firedoor_eval::{Machine, NoHost, Program, show_value};
use firedoor_project::Project;
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

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

#[test]
fn what_comes_after_a_statement_that_is_too_much_still_counts_while_loading() {
    let files = FileSet::new([(
        "a.js".to_string(),
        "const many = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
         function fill() {
           for (const a of many) for (const b of many) for (const c of many) a + b + c;
           return 'filled';
         }
         function start() {
           fill();
           const filled = fill();
           exports.routes = 'mounted';
           exports.filled = filled;
         }
         start();
         exports.after = 'done';"
            .into(),
    )]);
    let project = Project::new(&files);
    let modules = files
        .iter()
        .filter_map(|(id, file)| firedoor_lang::lower(id, file).map(std::sync::Arc::new))
        .collect();
    let program = Program::new(modules, &files, &project);
    let mut machine = Machine::new(&program, Rc::new(NoHost));
    machine.limits.steps = 2_000;
    let file = files.find("a.js").expect("it is there");
    let module = program.module_of(file).expect("it is a module");
    machine.run_module(module).expect("within the budget");
    let exported = |machine: &mut Machine<'_>, name: &str| {
        let value = machine.exported(module, Ustr::from(name), Span::new(file, 0, 0));
        show_value(machine, &value)
    };
    assert_eq!(exported(&mut machine, "routes"), "\"mounted\"");
    assert_eq!(exported(&mut machine, "after"), "\"done\"");
    assert_eq!(exported(&mut machine, "filled"), "? from (?budget)");
    assert_eq!(machine.limits.steps, 2_000);
    assert!(machine.notes.iter().any(|note| note.reason == "budget"));
}
