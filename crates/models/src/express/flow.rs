//! How a request moves through layers: steps are called, and `next` lets it on.

use firedoor_app::{EffectKind, RequestPart, Transport};
use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectKind, Stop, TestKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::sequel::Leave;
use crate::state::{Left, RegistrationKind};
use crate::{Door, ModelHost, Step, express_ws};

/// A request, a response and `next` are shared by all steps.
pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = host.make_object(machine, "express:request", span);
    let response = host.make_object(machine, "express:response", span);
    let next = host.make_object(machine, "express:next", span);
    machine
        .heap
        .set_property(response, Ustr::from("req"), Value::object(request));
    crate::tools::keep(
        machine,
        request,
        super::request::RESPONSE,
        Value::object(response),
    );
    // It is there before anything is written into it: what only some paths write may be missing later.
    super::response::response_locals(host, machine, Some(response), span);
    let mut shared = vec![
        Value::object(request),
        Value::object(response),
        Value::object(next),
    ];
    if door.transport == Transport::WebSocket {
        shared.push(crate::socket::make(host, machine, span));
    }
    shared
}

pub(crate) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    match step.role {
        "socket" | "socket-last" => {
            let is_last = step.role == "socket-last";
            return express_ws::run_route(host, machine, step, shared, is_last);
        }
        "library" => return Ok(()),
        crate::socket::MESSAGES => return crate::socket::run_messages(host, machine, step.mounted),
        _ => {}
    }
    let count = if step.role == "error" { 4 } else { 3 };
    let mut arguments = Arguments::positional(shared.iter().take(count).cloned());
    if step.role == "parameter" {
        let name = parameter_name(host, step).unwrap_or_default();
        let value = host.request_value(machine, RequestPart::Path, &name);
        arguments.positional.push(value);
        if !name.is_empty() {
            arguments.positional.push(Value::string(&name));
        }
    }
    let outer = host.state().run.handed_on.replace(Vec::new());
    let result = call_layer(machine, step, &arguments);
    let handed_on = std::mem::replace(&mut host.state().run.handed_on, outer);
    machine.rethrow(handed_on.unwrap_or_default());
    result?;
    unknown_layer(host, machine, step);
    Ok(())
}

/// Returns the parameter that the function is registered for.
fn parameter_name(host: &ModelHost, step: &Step) -> Option<Ustr> {
    let state = host.state();
    let registrations = state.routers.values().flat_map(|it| &it.registrations);
    let mut named = registrations.filter_map(|registration| match registration.kind {
        RegistrationKind::Parameter(name) => (registration.span == step.mounted).then_some(name),
        _ => None,
    });
    named.next()
}

fn call_layer(machine: &mut Machine<'_>, step: &Step, arguments: &Arguments) -> Result<(), Stop> {
    let result = machine.call_value(&step.value, None, arguments, step.mounted)?;
    let is_promise = result
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
    if is_promise {
        machine.await_value(&result, step.mounted)?;
    }
    Ok(())
}

/// A layer of an unknown library lets requests on, as far as anybody knows; whether it refuses some is
/// not known if its name says that it guards. Of several that it may be, those count that nobody knows.
pub(crate) fn unknown_layer(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) {
    let path = match step.value.atoms() {
        [_] => unknown_path(host, machine, &step.value),
        atoms => atoms
            .iter()
            .filter_map(|atom| unknown_path(host, machine, &Value::atom(*atom)))
            .find(|path| !host.answers(path)),
    };
    let Some(path) = path.filter(|path| !has_answered(host, path)) else {
        return;
    };
    if path.is_empty() || crate::doors::sounds_like_guard(&path) {
        let number = host.state().run.step;
        let name = step.name;
        host.state()
            .run
            .unknown
            .push((number, format!("what `{name}` does is not known")));
    }
    host.effect(machine, EffectKind::Continue, step.mounted);
}

/// The path of a layer of a library, empty for what has none; nothing for functions of the program and guards.
fn unknown_path(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<String> {
    let is_outside = match value.only_object() {
        Some(id) => {
            matches!(&machine.heap.get(id).kind, ObjectKind::Host(path) if !path.starts_with("express:"))
                && !host.state().made_guards.contains_key(&id)
        }
        None => true,
    };
    is_outside.then(|| outside_path(machine, value))
}

fn outside_path(machine: &Machine<'_>, value: &Value) -> String {
    let kind = value.only_object().map(|id| &machine.heap.get(id).kind);
    match kind {
        Some(ObjectKind::Host(path)) => path.to_string(),
        _ => value
            .as_outside()
            .map_or_else(String::new, |path| path.to_string()),
    }
}

/// Holds if something is known of what the running step did. That a library without a model may call `next` says
/// nothing of it.
fn has_answered(host: &ModelHost, path: &str) -> bool {
    let is_known = host.answers(path);
    let state = host.state();
    let number = state.run.step;
    let says = |kind: &EffectKind| is_known || !matches!(kind, EffectKind::Continue);
    let mut effects = state.run.effects.iter();
    let mut refusals = state.run.refusals.iter();
    effects.any(|effect| effect.step == number && says(&effect.kind))
        || refusals.any(|refusal| refusal.step == number)
}

/// `next()` lets the request on, `next('route')` and `next('router')` leave the rest of the route or router,
/// and anything else goes to the error handlers.
pub(super) fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    if given.is_nothing() {
        go_on(host, machine, call.span);
        return Ok(Some(Value::undefined()));
    }
    let span = call.span;
    let is_mixed = given.atoms().iter().any(Atom::is_nothing);
    if !is_mixed && leave_of(&given).is_none() {
        hand_on(host, machine, given, span);
        return Ok(Some(Value::undefined()));
    }
    // Where it leads away for certain, what chose that is still what it hangs on.
    let outcome = (!is_mixed).then_some(true);
    let test = machine.tested(TestKind::Truth, outcome, &[&given], span);
    let something = given.filter(|atom| !atom.is_nothing()).unwrap_or(given);
    machine.when(
        &test,
        span,
        |machine| {
            match leave_of(&something) {
                Some(leave) => go_away(host, machine, leave, span),
                None => hand_on(host, machine, something, span),
            }
            Ok(())
        },
        |machine| {
            go_on(host, machine, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// What `next` is given goes to the error handlers, not to whoever called `next`: a layer that does not return
/// the promise in which it calls `next` hands its errors on all the same.
fn hand_on(host: &ModelHost, machine: &mut Machine<'_>, error: Value, span: Span) {
    let (_, thrown) = machine.catching(|machine| {
        machine.may_throw(error, span);
        Ok(())
    });
    if let Some(handed_on) = &mut host.state().run.handed_on {
        handed_on.extend(thrown);
        return;
    }
    machine.rethrow(thrown);
}

fn leave_of(value: &Value) -> Option<Leave> {
    match value.text()?.as_str() {
        "route" => Some(Leave::Route),
        "router" => Some(Leave::Router),
        _ => None,
    }
}

/// The next layer finds what this path has written, not what others have. The `next` of a handler leaves
/// the route.
pub(crate) fn go_on(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    if host.state().run.is_at_handler {
        host.state().run.has_passed_on = true;
        go_away(host, machine, Leave::Route, span);
        return;
    }
    host.effect(machine, EffectKind::Continue, span);
    let mark = host.state().run.mark;
    let written = machine.written_since(mark);
    let passed = &mut host.state().run.passed;
    if passed.len() < 32 {
        passed.push(written);
    }
}

/// Notes that the request leaves; behind a route that is tried already, it just goes on.
fn go_away(host: &ModelHost, machine: &mut Machine<'_>, leave: Leave, span: Span) {
    if host.state().run.is_behind {
        host.effect(machine, EffectKind::Continue, span);
        return;
    }
    if !host.is_request() {
        return;
    }
    let mark = host.state().run.mark;
    let left = Left {
        leave,
        span,
        function: machine.function_name(),
        decided: machine.decided.clone(),
        written: machine.written_since(mark),
        step: host.state().run.step,
    };
    let leaves = &mut host.state().run.leaves;
    if leaves.len() < 8 {
        leaves.push(left);
    }
}
