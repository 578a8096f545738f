//! Modules have a budget each, and one together: what is cheap is evaluated whole, whatever stands before it.

use std::rc::Rc;

use firedoor_eval::{Limits, Machine, ModuleId, NoHost, Program, show_value};
use firedoor_project::Project;
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

/// Comes to more steps than are kept back for others.
const DEAR: &str = "const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
let sum = 0;
for (const a of all) for (const b of all) for (const c of all) for (const d of all) for (const e of all) sum += e;
const last = 'reached';";

const CHEAP: &str = "const last = 'reached';";

/// Runs each module, and returns which of them came to their end, with what was noted and how much work it was.
fn run(texts: &[&str], limits: Limits) -> (Vec<bool>, Vec<String>, u64) {
    let files = texts.iter().enumerate();
    let files = FileSet::new(files.map(|(at, text)| (format!("part{at}.js"), (*text).into())));
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let mut machine = Machine::new(&program, Rc::new(NoHost));
    machine.limit(limits);
    let mut ends = Vec::new();
    for id in (0..texts.len() as u32).map(ModuleId) {
        machine.run_module(id).expect("no module ends the program");
        let variables = machine.module_variables(id);
        let mut last = variables.iter().filter(|(name, _)| *name == "last");
        ends.push(last.any(|(_, value)| value.text().is_some()));
    }
    let notes = machine.notes.iter().map(|note| note.detail.clone());
    (ends, notes.collect(), machine.work())
}

#[test]
fn a_module_that_is_too_large_ends_by_itself() {
    let limits = Limits {
        steps: 5_000,
        ..Limits::default()
    };
    let (ends, notes, _) = run(&[DEAR, CHEAP], limits);
    assert_eq!(ends, [false, true]);
    assert_eq!(notes, ["too much to evaluate; the rest is not known"]);
}

#[test]
fn a_program_that_is_too_large_leaves_everybody_a_share() {
    let limits = Limits {
        wiring: 60_000,
        ..Limits::default()
    };
    let (ends, notes, _) = run(&[CHEAP, DEAR, DEAR, DEAR, CHEAP], limits);
    assert_eq!(ends, [true, false, false, false, true]);
    let note = "the program is too large to be evaluated whole; the rest of this is not known";
    assert_eq!(notes, [note; 3]);
}

#[test]
fn what_the_cheap_ones_leave_is_for_the_first_that_needs_more() {
    let (.., work) = run(&[DEAR], Limits::default());
    let limits = Limits {
        wiring: work * 3 / 2,
        ..Limits::default()
    };
    let (ends, notes, _) = run(&[DEAR, CHEAP, DEAR], limits);
    assert_eq!(ends, [true, true, false], "{work} {notes:?}");
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
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
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
