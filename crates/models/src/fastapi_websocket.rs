//! WebSockets of FastAPI and Starlette: <https://fastapi.tiangolo.com/reference/websockets/>.
//!
//! Source: starlette 0.46, `websockets.py`. A close before `accept` answers the handshake with 403.

use firedoor_app::{EffectKind, Refusal, RequestPart};
use firedoor_eval::{Answer, Call, Machine, Shape, Value};
use ustr::Ustr;

use crate::starlette::connection_member;
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "fastapi_websocket",
    calls: &[
        ("fastapi:websocket.accept", nothing),
        ("fastapi:websocket.close", close),
        ("fastapi:websocket.receive_text", receive_text),
        ("fastapi:websocket.receive_bytes", receive_text),
        ("fastapi:websocket.receive_json", receive_json),
        ("fastapi:websocket.receive", receive_json),
        ("fastapi:websocket.iter_text", iterate_text),
        ("fastapi:websocket.iter_bytes", iterate_text),
        ("fastapi:websocket.iter_json", iterate_json),
        ("fastapi:websocket.send_text", send),
        ("fastapi:websocket.send_bytes", send),
        ("fastapi:websocket.send_json", send),
        ("fastapi:websocket.send", send),
        ("py:fastapi.WebSocket", socket_of_scope),
    ],
    members: &[
        ("fastapi:websocket.headers", connection_member),
        ("fastapi:websocket.cookies", connection_member),
        ("fastapi:websocket.query_params", connection_member),
        ("fastapi:websocket.path_params", connection_member),
        ("fastapi:websocket.session", connection_member),
        ("fastapi:websocket.state", connection_member),
        ("fastapi:websocket.url", connection_member),
        ("fastapi:websocket.client", connection_member),
        ("fastapi:websocket.user", connection_member),
        ("fastapi:websocket.auth", connection_member),
    ],
    ..Model::EMPTY
};

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::null()))
}

fn socket_of_scope(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let scope = call.arguments.get(0);
    Ok(scope
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("$request")).cloned()))
}

fn close(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.refuse(machine, Refusal::Close, call.span);
    Ok(Some(Value::null()))
}

fn receive_text(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Message, "");
    Ok(Some(value.shaped(Shape::String)))
}

fn receive_json(host: &ModelHost, machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(host.request_value(machine, RequestPart::Message, "")))
}

fn iterate_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Message, "");
    let list = machine.make_list(vec![value.shaped(Shape::String)], false, call.span);
    Ok(Some(list))
}

fn iterate_json(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let value = host.request_value(machine, RequestPart::Message, "");
    let list = machine.make_list(vec![value], false, call.span);
    Ok(Some(list))
}

/// What is sent to the client is an answer.
fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    let fields = host.body_fields(machine, &body);
    host.effect(
        machine,
        EffectKind::Respond {
            status: None,
            body: fields,
            is_error: false,
        },
        call.span,
    );
    Ok(Some(Value::null()))
}
