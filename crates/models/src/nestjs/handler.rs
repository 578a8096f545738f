//! The handler: what its parameters are, by their decorators, and what becomes of its answer.

use firedoor_app::{EffectKind, RequestPart, Transport};
use firedoor_eval::{Arguments, InjectedParameter, Machine, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::{arguments_of, parts};
use super::run::read;
use super::{doors, graphql, inject, pipes};
use crate::socket::call_and_wait;
use crate::tools::kept;
use crate::{Door, ModelHost, Step};

/// Calls the handler; what it returns is the answer, unless it has asked for the response itself.
pub(super) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let span = step.mounted;
    let parameters = with_inherited(machine, door, &step.value);
    let mut answers_itself = false;
    let mut given = Vec::new();
    let query = (door.transport == Transport::GraphQl).then(|| {
        let context = shared.get(3).and_then(Value::only_object);
        kept(machine, context, "$query")
    });
    for (position, parameter) in parameters.iter().enumerate() {
        if let Some(query) = query.as_ref().filter(|_| parameter.decorators.is_empty()) {
            given.push(graphql::by_position(host, machine, position, query));
            continue;
        }
        for decorator in &parameter.decorators {
            if let Some((kind, options)) = parts(machine, decorator)
                && matches!(kind.as_str(), "Res" | "Response" | "Next")
            {
                answers_itself |= options.is_empty();
            }
        }
        given.push(argument(host, machine, door, parameter, shared)?);
    }
    let this = instance(host, machine, door);
    let arguments = Arguments::positional(given);
    let result = machine.call_value(&step.value, Some(this), &arguments, span)?;
    // Nest waits for whatever a handler returns, also for a query that runs only then.
    let result = machine.await_value(&result, span)?;
    if answers_itself {
        return Ok(());
    }
    let status = step.value.only_object().and_then(|id| {
        let given = arguments_of(host, machine, id, "HttpCode")?;
        given.first()?.as_number()
    });
    let body = host.body_fields(machine, &result);
    let kind = EffectKind::Respond {
        status: status.map(|status| status as u16),
        body,
        is_error: false,
    };
    host.effect(machine, kind, span);
    Ok(())
}

/// Returns the controller or gateway of a door.
pub(super) fn instance(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Value {
    let class = firedoor_eval::ObjectId(door.group.0);
    if matches!(machine.heap.get(class).kind, ObjectKind::Class { .. }) {
        return inject::instance(host, machine, class, 0);
    }
    Value::undefined()
}

/// Returns the parameters of a handler with their decorators, and with those of what it was written over, each where it has
/// none of its own: they are kept by the class and the name of the method, and a class adds its own to what it inherits.
fn with_inherited(
    machine: &mut Machine<'_>,
    door: &Door,
    handler: &Value,
) -> Vec<InjectedParameter> {
    let mut all = parameters(machine, handler);
    let class = firedoor_eval::ObjectId(door.group.0);
    let name = handler
        .only_object()
        .and_then(|id| machine.heap.get(id).name);
    let Some(name) = name else { return all };
    let is_class = matches!(machine.heap.get(class).kind, ObjectKind::Class { .. });
    if !is_class {
        return all;
    }
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let written = machine.heap.get(prototype).properties.get(&name).cloned();
        let mut base = written.map_or_else(Vec::new, |written| parameters(machine, &written));
        // What stands behind the last decorator is not asked for.
        let decorated = base.iter().rposition(|one| !one.decorators.is_empty());
        base.truncate(decorated.map_or(0, |last| last + 1));
        for (position, one) in base.into_iter().enumerate() {
            match all.get_mut(position) {
                Some(own) if own.decorators.is_empty() => own.decorators = one.decorators,
                Some(_) => {}
                None => all.push(one),
            }
        }
    }
    all
}

/// Returns the parameters of a handler with their decorators.
pub(super) fn parameters(machine: &mut Machine<'_>, handler: &Value) -> Vec<InjectedParameter> {
    match handler.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Function { closure, .. }) => {
            let closure = *closure;
            machine.injected(closure)
        }
        _ => Vec::new(),
    }
}

/// Returns what a parameter of a handler gets, after its pipes.
pub(super) fn argument(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    parameter: &InjectedParameter,
    shared: &[Value],
) -> Result<Value, Stop> {
    for decorator in &parameter.decorators {
        let Some((kind, given)) = parts(machine, decorator) else {
            continue;
        };
        let span = parameter.span;
        let value = by_decorator(host, machine, (&kind, &given), decorator, shared, span)?;
        let value = pipes::whitelisted(host, machine, door, parameter, (&kind, &given), value);
        return piped(host, machine, &given, value, span);
    }
    Ok(machine.unknown("parameter"))
}

fn by_decorator(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (kind, given): (&str, &[Value]),
    decorator: &Value,
    shared: &[Value],
    span: Span,
) -> Result<Value, Stop> {
    let request = shared.first().cloned().unwrap_or_else(Value::undefined);
    let field = given.first().and_then(Value::text);
    let of_request = |machine: &mut Machine<'_>, part: &str| {
        let whole = read(machine, &request, part, span);
        match field {
            Some(field) => read(machine, &whole, &field, span),
            None => whole,
        }
    };
    let value = match kind {
        "Body" => of_request(machine, "body"),
        "Query" => of_request(machine, "query"),
        "Param" => of_request(machine, "params"),
        "Headers" => {
            let headers = read(machine, &request, "headers", span);
            match field {
                Some(field) => read(machine, &headers, &field.to_ascii_lowercase(), span),
                None => headers,
            }
        }
        "Session" => of_request(machine, "session"),
        "Ip" => read(machine, &request, "ip", span),
        "RawBody" => read(machine, &request, "rawBody", span),
        "UploadedFile" => read(machine, &request, "file", span),
        "UploadedFiles" => read(machine, &request, "files", span),
        "HostParam" => host.request_value(machine, RequestPart::Header, "host"),
        "Req" | "Request" => request,
        "Res" | "Response" => shared.get(1).cloned().unwrap_or_else(Value::undefined),
        "Next" => shared.get(2).cloned().unwrap_or_else(Value::undefined),
        "ConnectedSocket" => shared.get(4).cloned().unwrap_or_else(Value::undefined),
        "MessageBody" => {
            let field = field.map_or_else(String::new, |field| field.to_string());
            host.request_value(machine, RequestPart::Message, &field)
        }
        "gql:Args" => {
            let name = argument_name(machine, given, span);
            let name = name.map_or_else(String::new, |name| name.to_string());
            host.request_value(machine, RequestPart::Body, &name)
        }
        "gql:Context" => {
            let context = shared.get(3).and_then(Value::only_object);
            let query = kept(machine, context, "$query");
            match field {
                Some(field) => read(machine, &query, &field, span),
                None => query,
            }
        }
        "gql:Parent" | "gql:Root" => Value::undefined(),
        "custom" => {
            let factory = kept(machine, decorator.only_object(), "$factory");
            let context = shared.get(3).cloned().unwrap_or_else(Value::undefined);
            let data = given.first().cloned().unwrap_or_else(Value::undefined);
            let arguments = Arguments::positional([data, context]);
            call_and_wait(machine, &factory, None, &arguments, span)?
        }
        _ => machine.unknown("parameter"),
    };
    Ok(value)
}

/// Returns the name of the argument that `@Args` asks for; it may ask for all of them.
pub(super) fn argument_name(
    machine: &mut Machine<'_>,
    given: &[Value],
    span: Span,
) -> Option<Ustr> {
    let first = given.first()?;
    let named = || crate::tools::option(machine, first, "name", span)?.text();
    first.text().or_else(named)
}

/// Gives a value to the pipes that stand in its decorator.
fn piped(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    given: &[Value],
    value: Value,
    span: Span,
) -> Result<Value, Stop> {
    let mut value = value;
    for pipe in given {
        let name = pipe
            .as_outside()
            .map(|path| path.rsplit('.').next().unwrap_or("").to_owned());
        if let Some("ParseIntPipe" | "ParseFloatPipe") = name.as_deref() {
            value = value.shaped(Shape::Number);
            continue;
        }
        let is_class = pipe
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }));
        let pipe = if is_class {
            doors::instance(host, machine, pipe, 0)
        } else {
            pipe.clone()
        };
        let is_own = pipe
            .only_object()
            .is_some_and(|id| match machine.heap.get(id).kind {
                ObjectKind::Instance { class } => machine
                    .class_attribute(class, Ustr::from("transform"))
                    .is_some(),
                _ => false,
            });
        if is_own {
            let about = machine.unknown("metadata");
            let arguments = Arguments::positional([value, about]);
            let made = machine.call_member(&pipe, Ustr::from("transform"), &arguments, span)?;
            value = machine.await_value(&made, span)?;
        }
    }
    Ok(value)
}
