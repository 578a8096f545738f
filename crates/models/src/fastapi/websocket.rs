//! WebSockets of FastAPI and Starlette: <https://fastapi.tiangolo.com/reference/websockets/>.
//!
//! Source: starlette 0.46, `websockets.py`. A close before `accept` answers the handshake with 403.

use firedoor_app::{EffectKind, Refusal, RequestPart};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::starlette::connection::connection_member;
use crate::{Door, Model, ModelHost};

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
    awaits: &[
        ("fastapi:incoming_text", arrived),
        ("fastapi:incoming_json", arrived),
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

/// What a connection has received while it runs.
///
/// While one message is sent to see what it does, an earlier one of any kind goes before it, since many
/// protocols begin with one that authenticates. What that one does belongs to its own entry point.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// How many messages were received in this run.
    count: usize,
    /// How many were received in the last run for which no message was chosen.
    without_choice: usize,
    /// The chosen message, as long as an earlier one is being handled, and what was noted before that.
    hidden: Option<(Ustr, usize, usize)>,
    /// Holds if no message comes.
    is_silent: bool,
}

/// The role of a handler that receives nothing.
const HANDSHAKE: &str = "handshake";

/// Begins a connection.
pub(crate) fn begin(host: &ModelHost, door: &Door) {
    let is_silent = door.steps.last().is_some_and(|step| step.role == HANDSHAKE);
    let mut state = host.state();
    let is_chosen = state.run.message.is_some();
    let received = &mut state.fastapi.received;
    received.count = 0;
    received.hidden = None;
    received.is_silent = is_silent;
    if !is_chosen && !is_silent {
        received.without_choice = 0;
    }
}

/// Returns the door of the connection alone: its handler waits for a message that does not come.
pub(crate) fn without_messages(door: &Door) -> Option<Door> {
    let mut door = door.clone();
    door.steps.last_mut()?.role = HANDSHAKE;
    Some(door)
}

/// Notes that a message is received; `false` if none comes.
pub(crate) fn receive(host: &ModelHost) -> bool {
    let mut state = host.state();
    if state.fastapi.received.is_silent {
        return false;
    }
    let message = state.run.message;
    let noted = (state.run.effects.len(), state.run.refusals.len());
    let received = &mut state.fastapi.received;
    received.count += 1;
    match (message, received.hidden) {
        (Some(message), None) if received.count == 1 && received.without_choice > 1 => {
            received.hidden = Some((message, noted.0, noted.1));
            state.run.message = None;
        }
        (None, Some((message, effects, refusals))) => {
            received.hidden = None;
            state.run.message = Some(message);
            // Tokens that an earlier message proves are what later ones rest on.
            let earlier = state.run.effects.split_off(effects);
            let proofs = earlier.into_iter();
            let proofs = proofs.filter(|effect| matches!(effect.kind, EffectKind::Verify(_)));
            state.run.effects.extend(proofs);
            state.run.refusals.truncate(refusals);
        }
        (None, None) => received.without_choice = received.without_choice.max(received.count),
        _ => {}
    }
    true
}

/// The connection ends before a message comes.
fn disconnected(machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    machine.throw(
        Value::outside("py:fastapi.WebSocketDisconnect()"),
        call.span,
    )
}

fn receive_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !receive(host) {
        return disconnected(machine, call);
    }
    let value = host.request_value(machine, RequestPart::Message, "");
    Ok(Some(value.shaped(Shape::String)))
}

fn receive_json(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if !receive(host) {
        return disconnected(machine, call);
    }
    Ok(Some(host.request_value(machine, RequestPart::Message, "")))
}

fn iterate_text(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    messages(host, machine, call, Shape::String)
}

fn iterate_json(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    messages(host, machine, call, Shape::Any)
}

/// `async for message in websocket.iter_json()`: an earlier message, and the one that is chosen.
fn messages(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, shape: Shape) -> Answer {
    let is_silent = host.state().fastapi.received.is_silent;
    let mut incoming = Vec::new();
    for _ in 0..if is_silent { 0 } else { 2 } {
        let path = match shape {
            Shape::String => "fastapi:incoming_text",
            _ => "fastapi:incoming_json",
        };
        let id = host.make_object(machine, path, call.span);
        incoming.push(Value::object(id));
    }
    Ok(Some(machine.make_list(incoming, false, call.span)))
}

/// The loop waits for each message.
fn arrived(host: &ModelHost, machine: &mut Machine<'_>, object: ObjectId) -> Answer {
    receive(host);
    let value = host.request_value(machine, RequestPart::Message, "");
    let is_text = matches!(machine.heap.get(object).kind,
        ObjectKind::Host(path) if path == "fastapi:incoming_text");
    Ok(Some(match is_text {
        true => value.shaped(Shape::String),
        false => value,
    }))
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
