//! Applications and routers as they are made: settings, dependencies, what runs at start.
//!
//! An application is a router with more settings, so both are made by one function.

use firedoor_app::{Flag, Setting, SettingKind};
use firedoor_eval::{Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::fastapi::middleware;
use crate::fastapi::mounts::add_exception_handlers;
use crate::fastapi::routes::listed;

/// Makes a router of a library's own.
pub(crate) fn library_router(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> ObjectId {
    let arguments = Arguments::default();
    let call = Call {
        path: call.path,
        receiver: None,
        this: Value::null(),
        arguments: &arguments,
        span: call.span,
        is_new: false,
    };
    make(host, machine, "router", &call)
}

/// Makes what `Depends(call)` is.
pub(crate) fn depends_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    dependency: Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "py:fastapi.Depends()", span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("dependency"), dependency);
    Value::object(id)
}

/// Applications and routers are alike in what is registered on them.
pub(crate) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    role: &'static str,
    call: &Call<'_>,
) -> ObjectId {
    let id = host.make_router(machine, "py:fastapi.FastAPI()", "fastapi", role, call.span);
    fill(host, machine, id, call.arguments, call.span);
    id
}

/// Gives an application or router what its constructor takes.
pub(crate) fn fill(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    arguments: &Arguments,
    span: Span,
) {
    let given = arguments.keyword("dependencies").cloned();
    let mut dependencies = Vec::new();
    if let Some(list) = given {
        listed(host, machine, &list, span, &mut dependencies);
    }
    let list = machine.make_list(dependencies, false, span);
    let prefix = arguments
        .keyword("prefix")
        .cloned()
        .unwrap_or_else(|| Value::string(""));
    let object = machine.heap.get_mut(id);
    object.properties.insert(Ustr::from("dependencies"), list);
    object.properties.insert(Ustr::from("prefix"), prefix);
    if let Some(class) = arguments.keyword("route_class") {
        object
            .properties
            .insert(Ustr::from("route_class"), class.clone());
    }
    if let Some(list) = arguments.keyword("middleware").cloned() {
        let elements = machine.elements_of(&list).0;
        for element in elements {
            middleware::add_listed(host, machine, id, &element);
        }
    }
    if let Some(handlers) = arguments.keyword("exception_handlers").cloned() {
        add_exception_handlers(host, machine, id, &handlers, span);
    }
}

pub(crate) fn docs_setting(host: &ModelHost, machine: &Machine<'_>, call: &Call<'_>) {
    let state = |name: &str| match call.arguments.keyword(name) {
        None => Flag::Default,
        Some(value) if value.is_nothing() => Flag::Off,
        Some(value) if value.truth() == Some(true) => Flag::On,
        Some(value) => {
            let words = host.provenance(machine, value);
            let name = words.origins().iter().find_map(|origin| match origin {
                firedoor_app::Origin::Environment { name, .. } => Some(name.to_string()),
                _ => None,
            });
            name.map_or(Flag::Unknown, Flag::Conditional)
        }
    };
    let (openapi, docs, redoc) = (state("openapi_url"), state("docs_url"), state("redoc_url"));
    let flag = match (openapi, docs, redoc) {
        (Flag::Off, _, _) | (_, Flag::Off, Flag::Off) => Flag::Off,
        (Flag::Default, Flag::Default, Flag::Default) => Flag::Default,
        (other @ (Flag::Conditional(_) | Flag::Unknown), _, _) => other,
        (_, Flag::Off, other) | (_, other, Flag::Off) => other,
        (_, other, _) => other,
    };
    add_setting(host, machine, SettingKind::Docs(flag), call.span);
}

pub(crate) fn debug_setting(host: &ModelHost, machine: &Machine<'_>, call: &Call<'_>) {
    let Some(value) = call.arguments.keyword("debug") else {
        return;
    };
    let flag = match value.truth() {
        Some(true) => Flag::On,
        Some(false) => Flag::Off,
        None => Flag::Unknown,
    };
    add_setting(host, machine, SettingKind::Debug(flag), call.span);
}

pub(crate) fn add_setting(host: &ModelHost, machine: &Machine<'_>, kind: SettingKind, span: Span) {
    let app = Ustr::from(machine.program.files.path(span));
    host.state().settings.push(Setting {
        kind,
        span,
        condition: None,
        app,
    });
}

/// What runs when an application starts: a function, and what it is given.
#[derive(Debug)]
pub(crate) struct Start {
    function: Value,
    arguments: Vec<Value>,
    span: Span,
    decided: Vec<Decided>,
}

/// What runs when the application starts may fill its state, and register what is not there before.
pub(crate) fn note_lifespan(
    host: &ModelHost,
    machine: &Machine<'_>,
    app: ObjectId,
    call: &Call<'_>,
) {
    if let Some(lifespan) = call.arguments.keyword("lifespan") {
        note_start(host, machine, lifespan, vec![Value::object(app)], call.span);
    }
}

fn note_start(
    host: &ModelHost,
    machine: &Machine<'_>,
    function: &Value,
    arguments: Vec<Value>,
    span: Span,
) {
    if !host.is_request() {
        host.state().fastapi.starts.push(Start {
            function: function.clone(),
            arguments,
            span,
            decided: machine.decided.clone(),
        });
    }
}

/// Starts the applications that were made so far: a server does so once it has loaded the modules, and what these say
/// below the application is there by then.
pub(crate) fn run_starts(host: &ModelHost, machine: &mut Machine<'_>) {
    for _ in 0..8 {
        let starts = std::mem::take(&mut host.state().fastapi.starts);
        if starts.is_empty() {
            return;
        }
        for start in starts {
            machine.start();
            run_start(machine, start);
        }
    }
}

fn run_start(machine: &mut Machine<'_>, start: Start) {
    // `asynccontextmanager` keeps the generator function that it was given.
    let inner = start.function.only_object().and_then(|id| {
        let object = machine.heap.get(id);
        match object.kind {
            ObjectKind::Host(_) => object.elements.first().cloned(),
            _ => None,
        }
    });
    let function = inner.unwrap_or(start.function);
    let (arguments, span) = (Arguments::positional(start.arguments), start.span);
    let run = machine.guarded(|machine| {
        machine.decided = start.decided;
        let _ = machine.catching(|machine| {
            let value = machine.call_value(&function, None, &arguments, span)?;
            crate::fastapi::plan::settled(machine, value, span)
        });
    });
    if let Err(what) = run {
        let detail = format!("firedoor failed while it called this; please report it: {what}");
        machine.note("evaluation-failed", span, detail);
    }
    machine.decided.clear();
}

pub(crate) fn start_event(
    host: &ModelHost,
    machine: &Machine<'_>,
    arguments: &Arguments,
    function: &Value,
    span: Span,
) {
    let name = arguments.get(0).text();
    if name.is_some_and(|name| name == "startup") {
        note_start(host, machine, function, Vec::new(), span);
    }
}

pub(crate) fn add_event_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let function = call.arguments.get(1);
    start_event(host, machine, call.arguments, &function, call.span);
    Ok(Some(Value::null()))
}

/// `app.router` is shown by the application itself: what is registered on one is registered on the other.
pub(crate) fn own_router(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}

pub(crate) fn application_state(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let state = Value::object(host.make_object(machine, "fastapi:app.state", span));
    let object = object?;
    machine
        .heap
        .set_property(object, Ustr::from("state"), state.clone());
    Some(state)
}
