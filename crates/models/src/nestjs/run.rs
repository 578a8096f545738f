//! Runs what stands around a handler, and the handler.

use firedoor_app::{EffectKind, Transport};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{application, context, exceptions, gateways, graphql, handler, metadata};
use crate::express::{self, go_on};
use crate::fastify::beneath;
use crate::socket::call_and_wait;
use crate::tools::keep;
use crate::{Door, ModelHost, Step, StepKind};

/// The request, the response and the execution context are shared by all steps.
pub(super) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = host.make_object(machine, "express:request", span);
    let response = host.make_object(machine, "express:response", span);
    let next = host.make_object(machine, "express:next", span);
    keep(machine, response, "req", Value::object(request));
    // With Fastify, middleware gets what a handler knows as `raw`: here they are one.
    keep(machine, request, "raw", Value::object(request));
    keep(machine, response, "raw", Value::object(response));
    let context = context::make(host, machine, door, request, response);
    let mut shared = vec![
        Value::object(request),
        Value::object(response),
        Value::object(next),
        Value::object(context),
    ];
    if door.transport == Transport::GraphQl {
        let query = graphql::context(machine, door, &shared);
        keep(machine, context, "$query", query);
    }
    if door.transport == Transport::WebSocket {
        let client = gateways::client(host, machine, door, &shared[0]);
        keep(machine, context, "$client", client.clone());
        shared.push(client);
    }
    shared
}

/// Runs one step.
pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    if step.kind == StepKind::ErrorHandler {
        return filter(host, machine, step, shared);
    }
    if door.transport == Transport::WebSocket && door.message.is_some() {
        gateways::authenticate(host, machine, door, shared)?;
    }
    one_step(host, machine, door, step, shared)
}

/// Runs one step that is not a filter.
pub(super) fn one_step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let context = shared.get(3).cloned().unwrap_or_else(Value::undefined);
    match step.role {
        graphql::CONTEXT => graphql::run_context(host, machine, step, &context),
        application::HOOK => hook(host, machine, step, shared),
        "guard" => guard(host, machine, step, &context),
        "interceptor" => interceptor(host, machine, step, &context),
        "pipe" => super::pipes::check(host, machine, door, step),
        "handler" => handler::run(host, machine, door, step, shared),
        "connection" | "message" | "server" | "allow" => {
            gateways::step(host, machine, door, step, shared)
        }
        _ => express::step(host, machine, door, step, &shared[..3.min(shared.len())]),
    }
}

/// A hook of Fastify gets its own reply, of which the response of Nest is the raw one.
fn hook(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [request, response, ..] = shared else {
        return Ok(());
    };
    let reply = host.make_object(machine, "fastify:reply", step.mounted);
    keep(machine, reply, "request", request.clone());
    keep(machine, reply, "raw", response.clone());
    let reply = Value::object(reply);
    beneath::run_hook(host, machine, step, request, &reply)
}

/// A guard lets the request on if `canActivate` answers something true; else it is a 403.
fn guard(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    context: &Value,
) -> Result<(), Stop> {
    let span = step.mounted;
    let arguments = Arguments::positional([context.clone()]);
    if is_unknown(host, machine, &step.value, "canActivate") {
        express::unknown_layer(host, machine, step);
        note_unknown(host, machine, step);
        return Ok(());
    }
    let function = machine.member(&step.value, Ustr::from("canActivate"), span)?;
    let answer = match function.is_nothing() {
        true => machine.call_member(&step.value, Ustr::from("canActivate"), &arguments, span)?,
        false => machine.call_value(&function, Some(step.value.clone()), &arguments, span)?,
    };
    let answer = machine.await_value(&answer, span)?;
    machine.when(
        &answer,
        span,
        |machine| {
            go_on(host, machine, span);
            Ok(())
        },
        |machine| {
            let refusal = exceptions::named(host, machine, "ForbiddenException", span);
            machine.throw(refusal, span)
        },
    )
}

/// Holds for what neither the program nor a model says how to run.
fn is_unknown(host: &ModelHost, machine: &Machine<'_>, value: &Value, method: &str) -> bool {
    let Some(id) = value.only_object() else {
        return true;
    };
    let object = machine.heap.get(id);
    match &object.kind {
        ObjectKind::Host(path) => !host.answers(&format!("{path}.{method}")),
        ObjectKind::Instance { class } => {
            let name = Ustr::from(method);
            let is_own = machine.class_attribute(*class, name).is_some()
                || object.properties.contains_key(&name);
            let mut bases = machine.outside_bases(*class).into_iter();
            !is_own && !bases.any(|base| host.answers(&format!("{base}().{method}")))
        }
        _ => false,
    }
}

/// What a guard of an unknown library does is not known.
fn note_unknown(host: &ModelHost, machine: &Machine<'_>, step: &Step) {
    let mut state = host.state();
    let number = state.run.step;
    let is_noted = state.run.unknown.iter().any(|(at, _)| *at == number);
    if !is_noted {
        let reason = format!("what `{}` does is not known", step.name);
        state.run.unknown.push((number, reason));
    }
    let effects = state.run.effects.iter();
    let goes_on = effects
        .filter(|effect| effect.step == number)
        .any(|effect| effect.kind == EffectKind::Continue);
    drop(state);
    if !goes_on {
        host.effect(machine, EffectKind::Continue, step.mounted);
    }
}

/// An interceptor runs until it asks for the handler.
fn interceptor(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    context: &Value,
) -> Result<(), Stop> {
    let span = step.mounted;
    if is_unknown(host, machine, &step.value, "intercept") {
        go_on(host, machine, span);
        return Ok(());
    }
    let next = Value::object(host.make_object(machine, "nest:next", span));
    let arguments = Arguments::positional([context.clone(), next]);
    let result = machine.call_member(&step.value, Ustr::from("intercept"), &arguments, span)?;
    machine.await_value(&result, span).map(drop)
}

/// `next.handle()` of an interceptor.
pub(super) fn handle(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    go_on(host, machine, call.span);
    Ok(Some(Value::unknown(Shape::Object)))
}

/// A filter takes the exceptions that `@Catch` names, or all.
fn filter(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [error, _, _, _, context, ..] = shared else {
        return Ok(());
    };
    let span = step.mounted;
    if !takes(host, machine, step, error) || is_unknown(host, machine, &step.value, "catch") {
        return machine.throw(error.clone(), span);
    }
    let arguments = Arguments::positional([error.clone(), context.clone()]);
    let name = Ustr::from("catch");
    let function = machine.member(&step.value, name, span)?;
    call_and_wait(
        machine,
        &function,
        Some(step.value.clone()),
        &arguments,
        span,
    )
    .map(drop)
}

fn takes(host: &ModelHost, machine: &mut Machine<'_>, step: &Step, error: &Value) -> bool {
    let class = match step
        .value
        .only_object()
        .map(|id| &machine.heap.get(id).kind)
    {
        Some(ObjectKind::Instance { class }) => *class,
        _ => return false,
    };
    let wanted = metadata::list(host, machine, class, Ustr::from("$Catch"));
    wanted.is_empty()
        || wanted
            .iter()
            .any(|wanted| is_kind(host, machine, error, wanted))
}

/// Holds if an exception is an instance of a class.
fn is_kind(host: &ModelHost, machine: &Machine<'_>, error: &Value, wanted: &Value) -> bool {
    let Some(id) = error.objects().next() else {
        return false;
    };
    let is_own_class = match (&machine.heap.get(id).kind, wanted.only_object()) {
        (ObjectKind::Instance { class }, Some(wanted)) => {
            machine.class_order(*class).contains(&wanted)
        }
        _ => false,
    };
    let Some(wanted) = wanted.as_outside() else {
        return is_own_class;
    };
    let made = host.paths_of(machine, error);
    made.iter().any(|made| {
        let made = made.trim_end_matches("()");
        made == wanted.as_str()
            || firedoor_eval::Host::is_subclass(host, made, &wanted) == Some(true)
    })
}

/// Reads a member without failing.
pub(super) fn read(machine: &mut Machine<'_>, object: &Value, name: &str, span: Span) -> Value {
    let (found, _) = machine.catching(|machine| machine.member(object, Ustr::from(name), span));
    found.unwrap_or_else(|_| Value::undefined())
}
