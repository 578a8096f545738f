//! Sends a request through hooks, guards and the view of a rule.
//!
//! A hook that returns nothing lets the request on, and anything else is the answer. Each way in which it
//! returns is looked at by itself, so that it is known what decided it.

use firedoor_app::{EffectKind, Origin, RequestPart, Transport};
use firedoor_eval::{
    Arguments, Atom, Machine, ObjectKind, ReturnPath, Shape, Stop, TestKind, Value,
};

use super::{Plan, answer};
use crate::state::RawEffect;
use crate::{Door, ModelHost, Step};

/// Begins a request: the arguments of the view are there before anything runs.
pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let number = door
        .steps
        .last()
        .and_then(|step| step.value.only_object())
        .and_then(|id| machine.heap.get(id).elements.first()?.as_number());
    let number = number.map(|number| number as usize);
    host.state().flask.current = number;
    crate::fastapi::websocket::begin(host, door);
    super::login::load(host, machine, door.registered);
    let Some(plan) = host.flask_plan() else {
        return Vec::new();
    };
    let table = machine.heap.allocate(ObjectKind::Plain, door.registered);
    if let Some(defaults) = plan.defaults.as_ref().and_then(Value::only_object) {
        let defaults = machine.heap.get(defaults).properties.clone();
        machine.heap.get_mut(table).properties.extend(defaults);
    }
    for (name, converter) in &plan.parameters {
        let value = host.request_value(machine, RequestPart::Path, name);
        let shape = match converter.as_str() {
            "int" | "float" => Shape::Number,
            "string" | "path" | "any" | "uuid" | "default" => Shape::String,
            _ => Shape::Any,
        };
        machine.heap.set_property(table, *name, value.shaped(shape));
    }
    host.state().flask.view_arguments = Some(table);
    Vec::new()
}

/// Holds for what chance has made, and for a text that a rule has taken from the path: no rule matches without one.
/// Source: werkzeug 3.1 `routing/converters.py` (`UnicodeConverter`, `minlength=1`).
pub(crate) fn is_never_empty(host: &ModelHost, origin: &Origin) -> bool {
    match origin {
        Origin::Random { .. } => true,
        Origin::Request(RequestPart::Path, name) => {
            let state = host.state();
            let plan = state.flask.current;
            let plan = plan.and_then(|number| state.flask.plans.get(number));
            plan.is_some_and(|plan| {
                let mut parameters = plan.parameters.iter();
                parameters.any(|(known, converter)| {
                    known == name && matches!(converter.as_str(), "default" | "string" | "uuid")
                })
            })
        }
        _ => false,
    }
}

/// Runs one step.
pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    _shared: &[Value],
) -> Result<(), Stop> {
    match step.role {
        "preprocess" => preprocess(host, machine, step),
        "handler" | "handshake" => run_view(host, machine, door, step),
        "connect" => super::socket_runs::run_connect(host, machine, step),
        "event" => super::socket_runs::run_event(host, machine, step),
        "open" => {
            host.effect(machine, EffectKind::Continue, step.mounted);
            Ok(())
        }
        _ => run_hook(host, machine, step),
    }
}

/// `function(endpoint, values)` may change the arguments of the view.
fn preprocess(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) -> Result<(), Stop> {
    let endpoint = host.flask_plan().map(|plan| plan.endpoint);
    let values = host.state().flask.view_arguments;
    let arguments = Arguments::positional([
        endpoint.map_or_else(Value::null, |name| Value::string(&name)),
        values.map_or_else(Value::null, Value::object),
    ]);
    machine.call_value(&step.value, None, &arguments, step.mounted)?;
    host.effect(machine, EffectKind::Continue, step.mounted);
    Ok(())
}

fn run_hook(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) -> Result<(), Stop> {
    let paths = machine.call_paths(&step.value, &Arguments::default(), step.mounted)?;
    for path in &paths {
        settle_hook(host, machine, step, path)?;
    }
    Ok(())
}

/// One way in which a hook returned.
fn settle_hook(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    path: &ReturnPath,
) -> Result<(), Stop> {
    let nothing = path.value.atoms().iter().filter(|atom| atom.is_nothing());
    let count = nothing.count();
    if count == path.value.atoms().len() || is_outside(machine, &path.value) {
        if count == 0 {
            note_unknown(host, machine, step, &path.value);
        }
        go_on(host, path, step);
        return Ok(());
    }
    if count == 0 && !path.value.is_unknown() {
        answer::note(host, machine, path);
        return Ok(());
    }
    // Whether it is an answer at all is not known.
    let base = std::mem::replace(&mut machine.decided, path.decided.clone());
    let value = path.value.clone();
    let test = machine.tested(TestKind::Truth, None, &[&value], path.span);
    let result = machine.when(
        &test,
        path.span,
        |machine| {
            let something = value.filter(|atom| !atom.is_nothing());
            let path = ReturnPath {
                value: something.unwrap_or_else(|| value.clone()),
                decided: machine.decided.clone(),
                ..path.clone()
            };
            answer::note(host, machine, &path);
            Ok(())
        },
        |machine| {
            let path = ReturnPath {
                decided: machine.decided.clone(),
                ..path.clone()
            };
            go_on(host, &path, step);
            Ok(())
        },
    );
    machine.decided = base;
    result
}

/// The next step finds what this path has written, not what others have.
fn go_on(host: &ModelHost, path: &ReturnPath, step: &Step) {
    if !host.is_request() {
        return;
    }
    let run = &mut host.state().run;
    run.effects.push(RawEffect {
        kind: EffectKind::Continue,
        span: step.mounted,
        function: path.function,
        decided: path.decided.clone(),
        step: run.step,
    });
    if run.passed.len() < 32 {
        run.passed.push(path.written.clone());
    }
}

/// Holds for what unknown outside code gave.
fn is_outside(machine: &Machine<'_>, value: &Value) -> bool {
    value.only_object().is_some_and(|id| {
        let object = machine.heap.get(id);
        object.is_open && matches!(object.kind, ObjectKind::Host(_))
    })
}

/// A hook of a library that no model knows lets requests on as far as anybody knows.
fn note_unknown(host: &ModelHost, machine: &Machine<'_>, step: &Step, value: &Value) {
    let path = value
        .only_object()
        .map(|id| machine.heap.get(id).kind.clone());
    let Some(ObjectKind::Host(path)) = path else {
        return;
    };
    let is_own = step
        .value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }));
    if !is_own && crate::doors::sounds_like_guard(&path) {
        let mut state = host.state();
        let number = state.run.step;
        let reason = format!("what `{}` does is not known", step.name);
        state.run.unknown.push((number, reason));
    }
}

fn run_view(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
) -> Result<(), Stop> {
    let Some(plan) = host.flask_plan() else {
        return Ok(());
    };
    let mut arguments = Arguments::default();
    if let Some(table) = host.state().flask.view_arguments {
        arguments.keywords = machine.heap.get(table).properties.clone();
    }
    if door.transport == Transport::WebSocket {
        return super::socket_runs::run_route(host, machine, &plan, &arguments, step);
    }
    let paths = machine.call_paths(&plan.inner, &arguments, step.span)?;
    for path in &paths {
        let mut path = path.clone();
        path.value = without_nothing(&path.value);
        answer::note(host, machine, &path);
    }
    run_after(host, machine, &plan, &paths, step)?;
    note_session_cookie(host, machine);
    Ok(())
}

/// The session travels in a cookie, which is set whenever the session has changed.
fn note_session_cookie(host: &ModelHost, machine: &mut Machine<'_>) {
    let is_changed = {
        let state = host.state();
        let mut effects = state.run.effects.iter();
        effects.any(|effect| matches!(effect.kind, EffectKind::Session(..)))
    };
    if let (true, Some((cookie, span))) = (is_changed, super::config::session_cookie(host, machine))
    {
        host.effect(machine, EffectKind::SetCookie(cookie), span);
    }
}

/// What a view returns besides an answer would be an error of the program.
fn without_nothing(value: &Value) -> Value {
    let something = value.filter(|atom| !matches!(atom, Atom::Undefined | Atom::Null));
    something.unwrap_or_else(|| value.clone())
}

/// What runs with the answer may change it, set cookies and end sessions; it refuses nobody.
fn run_after(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    paths: &[ReturnPath],
    step: &Step,
) -> Result<(), Stop> {
    if plan.after.is_empty() {
        return Ok(());
    }
    let values: Vec<Value> = paths.iter().map(|path| path.value.clone()).collect();
    let joined = machine.join_all(&values);
    let mut response = answer::response_of(host, machine, &joined, step.span);
    for function in &plan.after {
        let arguments = Arguments::positional([response.clone()]);
        let base = machine.decided.len();
        let refusals = host.state().run.refusals.len();
        let (given, _) =
            machine.catching(|machine| machine.call_value(function, None, &arguments, step.span));
        machine.decided.truncate(base);
        host.state().run.refusals.truncate(refusals);
        match given {
            Ok(given) => response = given,
            Err(Stop::Budget) => return Err(Stop::Budget),
            Err(_) => {}
        }
    }
    Ok(())
}
