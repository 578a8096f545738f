//! next-safe-action 7 and 8: <https://next-safe-action.dev/docs/define-actions/middleware>.
//!
//! A client collects middleware and schemas; `action` makes an action that runs them in order. What is thrown
//! on the way is answered as an error, so that it refuses.

use firedoor_app::RequestPart;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::tools::{copied, keep, kept, last_part, option, promised};
use crate::{Model, ModelHost};

/// The path of actions that a client has made.
pub(super) const ACTION: &str = "safe-action:action";
const CLIENT: &str = "safe-action:client";

/// The model.
pub static MODEL: Model = Model {
    name: "next-safe-action",
    calls: &[
        ("npm:next-safe-action.createSafeActionClient", client),
        ("safe-action:client.action", action),
        ("safe-action:client.stateAction", action),
        ("safe-action:client.*", extend),
        ("safe-action:action", run),
        ("safe-action:next", next),
    ],
    ..Model::EMPTY
};

fn client(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(Value::object(
        host.make_object(machine, CLIENT, call.span),
    )))
}

/// `use`, `schema`, `inputSchema`, `metadata` and so on give a new client.
fn extend(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = copied(host, machine, call.receiver, CLIENT, call.span);
    match last_part(&call.path) {
        "use" => machine.heap.push_element(id, call.arguments.get(0)),
        "schema" | "inputSchema" => keep(machine, id, "$schema", call.arguments.get(0)),
        _ => {}
    }
    Ok(Some(Value::object(id)))
}

fn action(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = copied(host, machine, call.receiver, ACTION, call.span);
    keep(machine, id, "$handler", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let span = call.span;
    let input = match call.arguments.positional.last() {
        Some(input) => input.clone(),
        None => host.request_value(machine, RequestPart::Body, ""),
    };
    promised(machine, span, |machine| {
        let empty = crate::tokens::plain(machine, &[], span);
        go_on(host, machine, (id, 0), &input, &empty, span)
    })
    .map(Some)
}

/// Runs the middleware at `index` and what lies behind it, or the function of the action.
fn go_on(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (action, index): (ObjectId, usize),
    input: &Value,
    context: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let layer = machine.heap.get(action).elements.get(index).cloned();
    let Some(layer) = layer else {
        return handle(machine, action, input, context, span);
    };
    let next = host.make_object(machine, "safe-action:next", span);
    keep(machine, next, "$action", Value::object(action));
    keep(machine, next, "$index", Value::number((index + 1) as f64));
    keep(machine, next, "$input", input.clone());
    keep(machine, next, "$context", context.clone());
    let given = crate::tokens::plain(
        machine,
        &[
            ("next", Value::object(next)),
            ("ctx", context.clone()),
            ("clientInput", input.clone()),
        ],
        span,
    );
    let result = machine.call_value(&layer, None, &Arguments::positional([given]), span)?;
    machine.await_value(&result, span)
}

/// `next({ctx})` adds to the context.
fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    let action = kept(machine, call.receiver, "$action").only_object();
    let index = kept(machine, call.receiver, "$index").as_number();
    let (Some(action), Some(index)) = (action, index) else {
        return Ok(None);
    };
    let input = kept(machine, call.receiver, "$input");
    let before = kept(machine, call.receiver, "$context");
    let more = option(machine, &call.arguments.get(0), "ctx", span);
    let context = joined(machine, &before, more.as_ref(), span);
    promised(machine, span, |machine| {
        go_on(
            host,
            machine,
            (action, index as usize),
            &input,
            &context,
            span,
        )
    })
    .map(Some)
}

fn joined(machine: &mut Machine<'_>, before: &Value, more: Option<&Value>, span: Span) -> Value {
    let id = machine.heap.allocate(ObjectKind::Plain, span);
    for part in [Some(before), more].into_iter().flatten() {
        crate::store::assign_into(machine, id, part);
    }
    Value::object(id)
}

fn handle(
    machine: &mut Machine<'_>,
    action: ObjectId,
    input: &Value,
    context: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let schema = kept(machine, Some(action), "$schema");
    let parsed = match schema.is_nothing() {
        true => input.clone(),
        false => {
            let arguments = Arguments::positional([input.clone()]);
            machine.call_member(&schema, Ustr::from("parse"), &arguments, span)?
        }
    };
    let given = crate::tokens::plain(
        machine,
        &[("parsedInput", parsed), ("ctx", context.clone())],
        span,
    );
    let handler = kept(machine, Some(action), "$handler");
    let result = machine.call_value(&handler, None, &Arguments::positional([given]), span)?;
    machine.await_value(&result, span)
}
