//! Models that panic or ask each other without end: the report says so, what they touch is unknown, and the rest of the map is there.

use std::rc::Rc;
use std::sync::Arc;

use firedoor_app::{Control, Map, Symbol, Transport, Verdict};
use firedoor_eval::{Answer, Call, Machine, Program, Value};
use firedoor_models::{Door, Framework, MODELS, Model, ModelHost, Step, StepKind, build_map};
use firedoor_project::Project;
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

const APP: &str = "
import express from 'express';
import broken from 'broken';
const app = express();
app.get('/before', (req, res) => { res.json({ id: 1 }); });
app.use(broken.guard({ secret: 'of the server' }));
app.get('/behind', (req, res) => { res.json({ id: broken.number }); });
app.listen(3000);
";

static FAILING: Model = Model {
    name: "broken",
    calls: &[
        ("npm:broken.guard", fail_call),
        ("npm:broken.default.guard", fail_call),
    ],
    members: &[
        ("npm:broken.number", fail_member),
        ("npm:broken.default.number", fail_member),
    ],
    ..Model::EMPTY
};

fn fail_call(_host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    // The panic comes while a function of the program is half done.
    machine
        .catching::<()>(|_| panic!("broken on purpose"))
        .0
        .map(|()| None)
}

fn fail_member(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<firedoor_eval::ObjectId>,
    _span: Span,
) -> Option<Value> {
    panic!("broken as well")
}

static ENDLESS: Model = Model {
    name: "broken",
    calls: &[
        ("npm:broken.guard", ask_itself),
        ("npm:broken.default.guard", ask_itself),
    ],
    ..Model::EMPTY
};

fn ask_itself(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    firedoor_eval::Host::call(host, machine, call)
}

static NO_LIST: Model = Model {
    name: "no-list",
    framework: Some(&Framework {
        doors: |_, _| panic!("no list"),
        ..FRAMEWORK
    }),
    ..Model::EMPTY
};

static NO_STEP: Model = Model {
    name: "no-step",
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: "no-step",
    doors: |_, machine| vec![door(machine)],
    begin: |_, _, _| Vec::new(),
    step: |_, _, _, _, _| panic!("no step"),
    mountings: |_, _| Vec::new(),
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

fn door(machine: &Machine<'_>) -> Door {
    let span = machine.place();
    let name = Ustr::from("handler");
    let step = Step {
        value: Value::undefined(),
        kind: StepKind::Handler,
        name,
        span,
        mounted: span,
        decided: Vec::new(),
        role: "",
    };
    Door {
        transport: Transport::Http,
        method: Ustr::from("GET"),
        path: Ustr::from("/failing"),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from("app.js"),
        handler: Symbol { name, span },
        registered: span,
        group: (0, name),
        steps: vec![step],
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

/// Returns the map of the application as a host with this model besides all others makes it.
fn map_with(model: &'static Model) -> Map {
    let files = FileSet::new([("app.js".to_owned(), Arc::from(APP))]);
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let mut models = MODELS.to_vec();
    models.push(model);
    let host = Rc::new(ModelHost::new(models.leak()));
    let mut machine = Machine::new(&program, host.clone());
    for (id, _) in program.iter() {
        machine.start();
        machine.run_module(id).expect("modules do not fail");
    }
    machine.finish_wiring();
    build_map(&host, &mut machine)
}

fn ids(map: &Map) -> Vec<String> {
    map.entry_points.iter().map(|entry| entry.id()).collect()
}

fn notes<'m>(map: &'m Map, reason: &str) -> Vec<&'m str> {
    let notes = map.unresolved.iter();
    notes
        .filter(|note| note.reason == reason)
        .map(|note| note.detail.as_str())
        .collect()
}

#[test]
fn a_model_that_panics_costs_its_own_answer_only() {
    let map = map_with(&FAILING);
    assert_eq!(ids(&map), ["GET /before", "GET /behind"]);
    let notes = notes(&map, "model-failed").join("\n");
    assert!(notes.contains("broken on purpose"), "{notes}");
    assert!(notes.contains("broken as well"), "{notes}");
    let behind = map.entry_point("GET /behind").expect("it is listed above");
    let verdict = &behind.controls[&Control::Authentication];
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
}

#[test]
fn models_that_ask_each_other_without_end_leave_an_unknown() {
    let map = map_with(&ENDLESS);
    assert_eq!(ids(&map), ["GET /before", "GET /behind"]);
    let notes = notes(&map, "model-failed").join("\n");
    assert!(notes.contains("without end"), "{notes}");
}

#[test]
fn a_framework_that_cannot_list_its_entry_points_costs_no_others() {
    let map = map_with(&NO_LIST);
    assert_eq!(ids(&map), ["GET /before", "GET /behind"]);
    let notes = notes(&map, "evaluation-failed").join("\n");
    assert!(notes.contains("no list"), "{notes}");
}

#[test]
fn of_a_request_that_cannot_be_followed_nothing_is_known() {
    let map = map_with(&NO_STEP);
    assert_eq!(ids(&map), ["GET /before", "GET /behind", "GET /failing"]);
    let failing = map.entry_point("GET /failing").expect("it is listed above");
    let verdict = &failing.controls[&Control::Authentication];
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
    let notes = notes(&map, "evaluation-failed").join("\n");
    assert!(notes.contains("no step"), "{notes}");
}
