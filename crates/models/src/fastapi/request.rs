//! Sends a request through a route of FastAPI or Starlette: middleware, dependencies, the endpoint.

use firedoor_app::{EffectKind, Field, Transport};
use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, ReturnPath, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::fastapi::middleware;
use crate::fastapi::plan::{self, Plan, is_library, run_node, settled, shared};
use crate::return_effects::push;
use crate::state::RegistrationKind;
use crate::{Door, ModelHost, Step, pydantic};

/// Makes what the steps share: an object that holds the request and what dependencies gave.
pub(crate) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let exchange = host.make_object(machine, "fastapi:exchange", span);
    let request = host.make_object(
        machine,
        match door.transport {
            Transport::WebSocket => "fastapi:websocket",
            _ => "fastapi:request",
        },
        span,
    );
    let response = host.make_object(machine, "fastapi:response", span);
    let background = host.make_object(machine, "fastapi:background", span);
    let scope = host.make_object(machine, "fastapi:scope", span);
    if let Some(plan) = plan_of(host, machine, door) {
        let app = Value::object(plan.app);
        machine.heap.set_property(request, Ustr::from("app"), app);
    }
    machine
        .heap
        .set_property(scope, Ustr::from("$request"), Value::object(request));
    machine
        .heap
        .set_property(request, Ustr::from("scope"), Value::object(scope));
    // It is there before anything is written into it: what only some paths write may be missing later.
    let state = host.make_object(machine, "fastapi:state", span);
    machine
        .heap
        .set_property(request, Ustr::from("state"), Value::object(state));
    for (name, id) in [
        ("request", request),
        ("response", response),
        ("background", background),
        ("scope", scope),
    ] {
        machine
            .heap
            .set_property(exchange, Ustr::from(name), Value::object(id));
    }
    crate::fastapi::websocket::begin(host, door);
    host.state().fastapi.exchange = Some(exchange);
    host.state().fastapi.results.clear();
    host.state().fastapi.plan = plan_number(machine, door);
    vec![Value::object(exchange)]
}

fn plan_number(machine: &Machine<'_>, door: &Door) -> Option<usize> {
    let route = door.steps.last()?.value.only_object()?;
    let number = machine.heap.get(route).elements.first()?.as_number()?;
    Some(number as usize)
}

fn plan_of(host: &ModelHost, machine: &Machine<'_>, door: &Door) -> Option<Plan> {
    let number = plan_number(machine, door)?;
    host.state().fastapi.plans.get(number).cloned()
}

/// Runs one step.
pub(crate) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    if matches!(step.role, "loose" | crate::fastapi::uncalled::UNCALLED) {
        let exchange = shared.first().and_then(Value::only_object);
        return exchange.map_or(Ok(()), |exchange| {
            crate::fastapi::loose::run(host, machine, door, step, exchange)
        });
    }
    if step.role == crate::fastapi::loose::LOOSE_MIDDLEWARE {
        let exchange = shared.first().and_then(Value::only_object);
        return exchange.map_or(Ok(()), |exchange| {
            crate::fastapi::loose::run_middleware(host, machine, step, exchange)
        });
    }
    let (Some(plan), Some(exchange)) = (
        plan_of(host, machine, door),
        shared.first().and_then(Value::only_object),
    ) else {
        return Ok(());
    };
    let number = host.state().run.step;
    if let Some(middleware) = plan.middleware.get(number) {
        return middleware::run(host, machine, middleware, exchange);
    }
    let number = number - plan.middleware.len();
    if step.role == "dependency" {
        run_node(host, machine, &plan, number, exchange)?;
        match plan.nodes[number].is_unseen {
            true => {
                let reason = format!("what `{}` brings with it is not seen", step.name);
                let number = host.state().run.step;
                host.state().run.unknown.push((number, reason));
            }
            false => unknown_dependency(host, machine, step),
        }
        host.effect(machine, EffectKind::Continue, step.mounted);
        return Ok(());
    }
    // What is tried in front of it does not count.
    let last = plan.nodes.len().saturating_sub(1);
    run_endpoint(host, machine, &plan, number.min(last), exchange, door)
}

/// A dependency of a library that no model knows lets requests on as far as anybody knows; whether it
/// refuses some is not known if its name says that it guards.
fn unknown_dependency(host: &ModelHost, machine: &Machine<'_>, step: &Step) {
    if !is_library(machine, &step.value) {
        return;
    }
    let path = match step
        .value
        .only_object()
        .map(|id| &machine.heap.get(id).kind)
    {
        Some(ObjectKind::Host(path)) => path.to_string(),
        Some(ObjectKind::Method { receiver, .. }) => receiver
            .only_object()
            .and_then(|id| match machine.heap.get(id).kind {
                ObjectKind::Host(path) => Some(path.to_string()),
                _ => None,
            })
            .unwrap_or_default(),
        _ => step
            .value
            .as_outside()
            .map_or_else(String::new, |path| path.to_string()),
    };
    let is_known =
        path.starts_with("py:fastapi.") || path.starts_with("fastapi:") || host.answers(&path);
    let number = host.state().run.step;
    let has_done = host
        .state()
        .run
        .effects
        .iter()
        .any(|effect| effect.step == number);
    if !is_known && !has_done && crate::doors::sounds_like_guard(&path) {
        let reason = format!("what `{}` does is not known", step.name);
        host.state().run.unknown.push((number, reason));
    }
}

fn run_endpoint(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    number: usize,
    exchange: ObjectId,
    door: &Door,
) -> Result<(), Stop> {
    let span = door.handler.span;
    let paths = match plan.is_plain {
        false => plan::run_endpoint(host, machine, plan, number, exchange)?,
        true => {
            let request = shared(machine, exchange, "request");
            let arguments = Arguments::positional([request]);
            machine.call_paths(&plan.nodes[number].call, &arguments, span)?
        }
    };
    if door.transport == Transport::WebSocket {
        return Ok(());
    }
    for path in &paths {
        respond(host, machine, plan, path, (door.handler.name, span));
    }
    Ok(())
}

/// Notes an answer made of what the endpoint returned on one path; response objects have noted theirs when they
/// were made.
fn respond(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    path: &ReturnPath,
    (name, span): (Ustr, Span),
) {
    let is_made = |machine: &Machine<'_>, id: ObjectId| {
        let object = machine.heap.get(id);
        matches!(&object.kind, ObjectKind::Host(path)
            if path.starts_with("py:fastapi.responses.") || path == "py:fastapi.Response()" || path == "fastapi:later_response")
            || machine.outside_bases(id).iter().any(|base| {
                base.starts_with("py:fastapi.responses.") || base == "py:fastapi.Response"
            })
    };
    let value = &path.value;
    let made = value
        .objects()
        .filter(|id| is_made(machine, *id))
        .collect::<Vec<_>>();
    if !made.is_empty() && made.len() == value.atoms().len() {
        return;
    }
    let rest = value
        .filter(|atom| !matches!(atom, firedoor_eval::Atom::Object(id) if made.contains(id)))
        .unwrap_or_else(Value::null);
    let body = body_of(host, machine, plan, &rest);
    // Whatever it returns by, it is the endpoint's answer.
    let path = ReturnPath {
        function: name,
        span,
        ..path.clone()
    };
    let answer = EffectKind::Respond {
        status: plan.status,
        body,
        is_error: false,
    };
    push(host, &path, answer);
}

/// The fields that are told: those of the declared type, if that has some.
fn body_of(host: &ModelHost, machine: &mut Machine<'_>, plan: &Plan, value: &Value) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    if let Some(answers) = &plan.answers
        && !value.is_nothing()
    {
        tell(host, machine, answers, value, "", &mut fields);
    }
    if fields.is_empty() {
        return host.body_fields(machine, value);
    }
    fields
}

/// How deep models are followed within models.
const MODEL_DEPTH: usize = 3;

/// Adds what a declared type lets through of `value`, under names that begin with `prefix`. A field that is itself
/// a model lets through only what that declares.
fn tell(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    declared: &Value,
    value: &Value,
    prefix: &str,
    fields: &mut Vec<Field>,
) {
    let mut classes = Vec::new();
    pydantic::instances::collect_classes(machine, declared, &mut classes, 0);
    for class in classes {
        for declared in pydantic::fields::fields(machine, class) {
            let name = match prefix.is_empty() {
                true => declared.name,
                false => Ustr::from(&format!("{prefix}.{}", declared.name)),
            };
            if fields.iter().any(|field| field.name == name) {
                continue;
            }
            let (read, _) =
                machine.catching(|machine| machine.member(value, declared.name, machine.place()));
            let Ok(read) = read else {
                continue;
            };
            let before = fields.len();
            if prefix.split('.').count() < MODEL_DEPTH {
                tell(host, machine, &declared.annotation, &read, &name, fields);
            }
            if fields.len() == before {
                fields.push(Field {
                    name,
                    value: host.told_provenance(machine, &read),
                    operator: "=",
                });
            }
        }
    }
    for element in pydantic::instances::element_types(machine, declared, 0) {
        let (elements, _) = machine.elements_of(value);
        let each = match elements.is_empty() {
            true => machine.derived(Shape::Any, [value]),
            false => machine.join_all(&elements),
        };
        tell(host, machine, &element, &each, prefix, fields);
    }
}

/// Returns the status of an uncaught exception: its own, or that of what its handler answers.
pub(crate) fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    let (plan, exchange) = {
        let state = host.state();
        let number = state.fastapi.plan?;
        (
            state.fastapi.plans.get(number).cloned()?,
            state.fastapi.exchange?,
        )
    };
    let own = own_status(host, machine, value);
    let handler = handler_of(host, machine, &plan, value, own);
    match handler {
        Some(function) => handled_status(host, machine, exchange, &function, value).or(own),
        None if is_framework_error(host, machine, value) => own,
        None => None,
    }
}

/// Holds for exceptions that FastAPI answers without a handler of the application.
fn is_framework_error(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> bool {
    let is_known = |path: &str| {
        let made = path.trim_end_matches("()");
        path.starts_with("py:fastapi.")
            || path.starts_with("py:starlette.")
            || firedoor_eval::Host::is_subclass(host, made, "py:fastapi.HTTPException")
                == Some(true)
    };
    value.as_outside().is_some_and(|path| is_known(&path))
        || value.objects().any(|id| match machine.heap.get(id).kind {
            ObjectKind::Host(path) => is_known(&path),
            _ => machine.outside_base(id).is_some_and(|path| is_known(&path)),
        })
}

/// The status that the exception itself says.
fn own_status(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    if let Some(status) = host.number_of(machine, value, &["status_code", "status"]) {
        return Some(status);
    }
    let path = match value.only() {
        Some(firedoor_eval::Atom::Outside(path)) => Some(path),
        Some(firedoor_eval::Atom::Object(id)) => match machine.heap.get(id).kind {
            ObjectKind::Host(path) => Some(path),
            _ => machine.outside_base(id),
        },
        _ => None,
    }?;
    let is_http = path.starts_with("py:fastapi.HTTPException");
    if is_http && let Some(id) = value.only_object() {
        let place = machine.place();
        let (read, _) = machine.catching(|machine| {
            machine.member(&Value::object(id), Ustr::from("status_code"), place)
        });
        return read.ok()?.as_number().map(|status| status as u16);
    }
    (path.starts_with("py:fastapi.exceptions.RequestValidationError")).then_some(422)
}

/// The handler that the application, or one around it, has for an exception.
fn handler_of(
    host: &ModelHost,
    machine: &Machine<'_>,
    plan: &Plan,
    value: &Value,
    status: Option<u16>,
) -> Option<Value> {
    let handlers: Vec<(Value, Value)> = {
        let state = host.state();
        let router = state.routers.get(&plan.app)?;
        router
            .registrations
            .iter()
            .filter(|registration| registration.kind == RegistrationKind::ErrorHandler)
            .filter_map(|registration| match registration.handlers.as_slice() {
                [class, function] => Some((class.clone(), function.clone())),
                _ => None,
            })
            .collect()
    };
    let mut best: Option<(usize, Value)> = None;
    for (class, function) in handlers.into_iter().rev() {
        let rank = match class.as_number() {
            Some(number) => (Some(number as u16) == status).then_some(0),
            None => match machine.is_instance(value, &class) {
                Some(true) => Some(distance(machine, value, &class)),
                _ => None,
            },
        };
        if let Some(rank) = rank
            && best.as_ref().is_none_or(|(known, _)| rank < *known)
        {
            best = Some((rank, function));
        }
    }
    best.map(|(_, function)| function)
}

/// How far up the order of classes the class of a handler is.
fn distance(machine: &Machine<'_>, value: &Value, class: &Value) -> usize {
    let Some(id) = value.only_object() else {
        return 100;
    };
    let ObjectKind::Instance { class: own } = machine.heap.get(id).kind else {
        return 100;
    };
    let order = machine.class_order(own);
    let wanted = class.only_object();
    order
        .iter()
        .position(|found| Some(*found) == wanted)
        .map_or(100, |position| position + 1)
}

/// Runs a handler for exceptions to see the status of its answer; what it does is not noted.
fn handled_status(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    exchange: ObjectId,
    function: &Value,
    error: &Value,
) -> Option<u16> {
    let request = shared(machine, exchange, "request");
    let (effects, refusals) = {
        let state = host.state();
        (state.run.effects.len(), state.run.refusals.len())
    };
    let place = machine.place();
    let decided = machine.decided.clone();
    let arguments = Arguments::positional([request, error.clone()]);
    let (result, _) = machine.catching(|machine| {
        let called = machine.call_value(function, None, &arguments, place)?;
        settled(machine, called, place)
    });
    machine.decided = decided;
    let mut state = host.state();
    state.run.effects.truncate(effects);
    state.run.refusals.truncate(refusals);
    drop(state);
    let answer = result.ok()?;
    let statuses: Vec<u16> = answer
        .objects()
        .filter_map(|id| {
            let status = machine.heap.property(id, Ustr::from("status_code"))?;
            status.as_number().map(|status| status as u16)
        })
        .collect();
    statuses.first().copied()
}
