//! flask-sock: routes that are WebSockets. Source: flask-sock 0.7, `__init__.py`.

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::register;
use crate::ModelHost;
use crate::python_support::{argument, given, object_with_arguments};

pub(super) fn make_sock(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    if let Some(app) = call.arguments.find(0, "app").cloned() {
        machine.heap.set_property(id, Ustr::from("$app"), app);
    }
    Ok(Some(Value::object(id)))
}

pub(super) fn set_sock(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let app = argument(call, 0, "app");
    let Some(sock) = call.receiver else {
        return Ok(Some(Value::null()));
    };
    let waiting = machine.heap.get(sock).elements.clone();
    machine
        .heap
        .set_property(sock, Ustr::from("$app"), app.clone());
    for pair in waiting.chunks(2) {
        if let ([path, function], Some(app)) = (pair, app.only_object()) {
            add_socket(host, machine, app, path, function, call.span);
        }
    }
    Ok(Some(Value::null()))
}

/// `@sock.route(path, bp=None)`.
pub(super) fn sock_route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask_sock:decorator", call.span);
    let blueprint = given(call, 1, "bp").unwrap_or_else(Value::null);
    machine.heap.get_mut(id).elements =
        vec![call.this.clone(), argument(call, 0, "path"), blueprint];
    Ok(Some(Value::object(id)))
}

pub(super) fn decorate_sock(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let function = call.arguments.get(0);
    let Some(id) = call.receiver else {
        return Ok(Some(function));
    };
    let (elements, span) = (
        machine.heap.get(id).elements.clone(),
        machine.heap.get(id).span,
    );
    let [sock, path, blueprint] = elements.as_slice() else {
        return Ok(Some(function));
    };
    let app = blueprint.only_object().or_else(|| {
        let sock = sock.only_object()?;
        let app = machine.heap.property(sock, Ustr::from("$app"))?;
        app.only_object()
    });
    match (app, sock.only_object()) {
        (Some(app), _) => add_socket(host, machine, app, path, &function, span),
        (None, Some(sock)) => {
            let more = [path.clone(), function.clone()];
            machine.heap.get_mut(sock).elements.extend(more);
        }
        _ => {}
    }
    Ok(Some(function))
}

pub(super) fn add_socket(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    path: &Value,
    function: &Value,
    span: Span,
) {
    let mut arguments = Arguments::positional([path.clone()]);
    arguments
        .keywords
        .insert(Ustr::from("websocket"), Value::bool(true));
    register::add_rule(host, machine, app, &arguments, Some(function), span);
}

pub(super) fn receive(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !crate::fastapi::websocket::receive(host) {
        let error = Value::outside("py:simple_websocket.ConnectionClosed()");
        return machine.throw(error, call.span);
    }
    let value = host.request_value(machine, RequestPart::Message, "");
    Ok(Some(value.shaped(Shape::String)))
}

pub(super) fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let body = host.body_fields(machine, &body);
    let answer = EffectKind::Respond {
        status: None,
        body,
        is_error: false,
    };
    host.effect(machine, answer, call.span);
    Ok(Some(Value::null()))
}

pub(super) fn close(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let own = Origin::Literal(Ustr::from("own"));
    let whom = firedoor_app::Provenance::new([own]);
    host.effect(machine, EffectKind::Disconnect(whom), call.span);
    host.refuse(machine, Refusal::Close, call.span);
    Ok(Some(Value::null()))
}
