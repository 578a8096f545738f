//! Containers of Python that requests fill are reported to the host: these read and write one each way.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use firedoor_eval::{
    Arguments, Host, Machine, ObjectId, Program, StoreOperation, Value, show_value,
};
use firedoor_project::Project;
use firedoor_source::{FileSet, Span};

#[derive(Default)]
struct Recorder {
    seen: RefCell<Vec<String>>,
}

impl Host for Recorder {
    fn stored(
        &self,
        machine: &mut Machine<'_>,
        store: ObjectId,
        key: Option<&Value>,
        _span: Span,
    ) -> Option<Value> {
        let name = machine.heap.get(store).name.unwrap_or_default();
        let key = key.map_or("any".to_string(), |key| show_value(machine, key));
        self.seen.borrow_mut().push(format!("read {name}[{key}]"));
        Some(Value::string("stored"))
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
        let name = machine.heap.get(store).name.unwrap_or_default();
        let show = |value: Option<&Value>| {
            value.map_or("-".to_string(), |value| show_value(machine, value))
        };
        let (key, value) = (show(key), show(value));
        self.seen
            .borrow_mut()
            .push(format!("{operation:?} {name}[{key}] {value}"));
    }
}

/// Runs `program`, ends the wiring, calls its function `request`, and returns what the host was told.
fn told(program: &str) -> Vec<String> {
    let files = FileSet::new([("app.py".to_string(), Arc::from(program))]);
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let host = Rc::new(Recorder::default());
    let mut machine = Machine::new(&program, host.clone());
    let (module, _) = program.iter().next().expect("there is a module");
    machine.run_module(module).expect("it is small");
    machine.finish_wiring();
    let span = Span::new(program.module(module).file, 0, 0);
    let request = machine.exported(module, "request".into(), span);
    machine
        .in_module(module, |machine| {
            machine.call_value(&request, None, &Arguments::default(), span)
        })
        .expect("it does not fail");
    host.seen.take()
}

#[test]
fn dictionaries_lists_and_sets_that_are_empty_after_wiring_are_stores() {
    let seen = told(
        r#"
from collections import defaultdict
users = {}
log = []
online: set = set()
rooms = defaultdict(list)
fixed = {"a": 1}

def request():
    users["ann"] = 1
    users.get("ann")
    users["bob"]
    users.pop("ann", None)
    del users["bob"]
    users.setdefault("new", 2)
    log.append("entry")
    for entry in log:
        log.remove(entry)
    online.add("ann")
    online.discard("ann")
    rooms["a"] = []
    fixed["a"]
"#,
    );
    assert_eq!(
        seen,
        [
            "Set users[\"ann\"] 1",
            "read users[\"ann\"]",
            "read users[\"bob\"]",
            "read users[\"ann\"]",
            "Remove users[\"ann\"] -",
            "Remove users[\"bob\"] -",
            "read users[\"new\"]",
            "Set users[\"new\"] 2",
            "Set log[-] \"entry\"",
            "read log[any]",
            "Remove log[-] \"stored\"",
            "Set online[\"ann\"] \"ann\"",
            "Remove online[\"ann\"] -",
            "Set rooms[\"a\"] []",
        ]
    );
}

#[test]
fn instances_that_hold_empty_containers_hold_stores() {
    let seen = told(
        r#"
class Manager:
    def __init__(self):
        self.connections: dict[str, list] = {}

    def join(self, room, socket):
        self.connections.setdefault(room, []).append(socket)

    def leave(self, room):
        if room in self.connections:
            del self.connections[room]

manager = Manager()

def request():
    manager.join("r", "s")
    manager.leave("r")
"#,
    );
    assert_eq!(
        seen,
        [
            "read connections[\"r\"]",
            "Set connections[\"r\"] []",
            "Remove connections[\"r\"] -",
        ]
    );
}
