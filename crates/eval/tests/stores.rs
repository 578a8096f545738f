//! Containers that are empty when the wiring ends belong to requests: the host answers for them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use firedoor_eval::{
    Arguments, Host, Machine, ObjectId, Program, Shape, StoreOperation, Value, show_value,
};
use firedoor_project::Project;
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

/// Notes what is done to stores, and gives something unknown for what is in them.
#[derive(Default)]
struct Noting {
    lines: RefCell<Vec<String>>,
}

impl Host for Noting {
    fn stored(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        key: Option<&Value>,
        _span: Span,
    ) -> Option<Value> {
        let key = key.map_or("any".to_string(), |key| show_value(machine, key));
        let name = machine.heap.get(store).name.unwrap_or_default();
        self.lines.borrow_mut().push(format!("read {name} {key}"));
        Some(Value::unknown(Shape::Any))
    }

    fn store_changed(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        operation: StoreOperation,
        key: Option<&Value>,
        value: Option<&Value>,
        _span: Span,
    ) {
        let show = |value: Option<&Value>| match value {
            Some(value) => show_value(machine, value),
            None => "any".to_string(),
        };
        let name = machine.heap.get(store).name.unwrap_or_default();
        let line = format!("{operation:?} {name} {} {}", show(key), show(value));
        self.lines.borrow_mut().push(line);
    }
}

/// Runs `text`, ends the wiring, calls the exported `request`, and returns what the host was told and the result.
fn request(text: &str) -> (Vec<String>, String) {
    let files = FileSet::new([("a.js".to_string(), Arc::from(text))]);
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let host = Rc::new(Noting::default());
    let mut machine = Machine::new(&program, host.clone());
    let file = files.find("a.js").expect("it is there");
    let module = program.module_of(file).expect("it is a module");
    machine.run_module(module).expect("within the budget");
    machine.finish_wiring();
    let span = Span::new(file, 0, 0);
    let function = machine.exported(module, Ustr::from("request"), span);
    let result = machine.in_module(module, |machine| {
        machine.call_value(&function, None, &Arguments::default(), span)
    });
    let result = match result {
        Ok(value) => show_value(&machine, &value),
        Err(stop) => format!("{stop:?}"),
    };
    (host.lines.take(), result)
}

#[test]
fn maps() {
    let (lines, result) = request(
        "const sessions = new Map();
         exports.request = () => {
           sessions.set('a', 1);
           sessions.delete('b');
           for (const [key, value] of sessions) use(key, value);
           return [sessions.get('c'), sessions.has('d'), sessions.size, [...sessions.values()]];
         };",
    );
    assert_eq!(
        lines,
        [
            "Set sessions \"a\" 1",
            "Remove sessions \"b\" any",
            "read sessions any",
            "read sessions \"c\"",
            "read sessions \"d\"",
            "read sessions any",
        ]
    );
    assert_eq!(result, "[?, ?bool, ?number, [...?]]");
}

#[test]
fn lists() {
    let (lines, result) = request(
        "const users = [];
         exports.request = () => {
           users.push({ name: 'x' });
           users.splice(0, 1);
           const found = users.find((user) => user.name === 'y');
           return [found, users.length, users.filter((user) => user.isFree), [...users]];
         };",
    );
    assert_eq!(
        lines,
        [
            "Set users any { name: \"x\" }",
            "read users any",
            "Remove users any any",
            "read users any",
            "read users any",
            "read users any",
        ]
    );
    assert_eq!(result, "[?, ?number, [...?], [...?]]");
}

#[test]
fn dictionaries() {
    let (lines, result) = request(
        "const rooms = {};
         exports.request = () => {
           rooms['a'] = 1;
           delete rooms.b;
           return [rooms.c, rooms['d'], Object.values(rooms), Object.keys(rooms)];
         };",
    );
    assert_eq!(
        lines,
        [
            "Set rooms \"a\" 1",
            "Remove rooms \"b\" any",
            "read rooms \"c\"",
            "read rooms \"d\"",
            "read rooms any",
            "read rooms any",
        ]
    );
    assert_eq!(result, "[?, ?, [...?], [...?string]]");
}

#[test]
fn what_is_made_for_a_request_is_no_store() {
    let (lines, result) = request(
        "exports.request = () => {
           const seen = new Map();
           const list = [];
           list.push(1);
           return [seen.get('a'), list];
         };",
    );
    assert_eq!(lines, [""; 0]);
    assert_eq!(result, "[undefined, [1]]");
}
