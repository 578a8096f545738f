//! Connections of WebSockets, whatever library made them: what is listened for, sent and closed.
//!
//! A listener is an entry point, and whoever comes to where it is registered has come through the handshake.
//! Messages are sent twice: the first may authenticate, and the second is the one that counts.

use firedoor_app::{EffectKind, Origin, Refusal, RequestPart, RoomKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::state::{Listener, ListenerKind};
use crate::{Door, Model, ModelHost, StepKind};

/// The property of a connection that is set once the program has closed it.
const CLOSED: &str = "$closed";

/// The role of the step that sends messages.
pub(crate) const MESSAGES: &str = "messages";

/// The model.
pub static MODEL: Model = Model {
    name: "socket",
    calls: &[
        ("ws:socket.on", on),
        ("ws:socket.once", once),
        ("ws:socket.addListener", on),
        ("ws:socket.addEventListener", add_event_listener),
        ("ws:socket.send", send),
        ("ws:socket.close", close),
        ("ws:socket.terminate", close),
        ("ws:socket.ping", nothing),
        ("ws:socket.pong", nothing),
        ("ws:socket.removeListener", nothing),
        ("ws:socket.off", nothing),
        ("ws:socket.removeAllListeners", nothing),
        ("ws:socket.removeEventListener", nothing),
        ("ws:other.send", broadcast),
        ("ws:other.close", disconnect_others),
        ("ws:other.terminate", disconnect_others),
        ("ws:other.ping", nothing),
        ("js:JSON.parse", parse_message),
    ],
    members: &[
        ("ws:socket.readyState", state_number),
        // Each connection has the constants of its class too.
        ("ws:socket.CONNECTING", |_, _, _, _| {
            Some(Value::number(0.0))
        }),
        ("ws:socket.OPEN", |_, _, _, _| Some(Value::number(1.0))),
        ("ws:socket.CLOSING", |_, _, _, _| Some(Value::number(2.0))),
        ("ws:socket.CLOSED", |_, _, _, _| Some(Value::number(3.0))),
        ("ws:socket.bufferedAmount", state_number),
        ("ws:socket._socket", connection),
        ("ws:socket.*", missing),
        ("ws:other.*", anything),
    ],
    sets: &[("ws:socket.onmessage", set_listener)],
    ..Model::EMPTY
};

/// Makes a connection.
pub(crate) fn make(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> Value {
    Value::object(host.make_object(machine, "ws:socket", span))
}

/// Returns the door of the connection alone, of one whose messages are entry points of their own.
pub(crate) fn without_messages(door: &Door) -> Option<Door> {
    if door.framework.name == "fastapi" || door.steps.last()?.role == "handler" {
        return crate::fastapi::websocket::without_messages(door);
    }
    let mut door = door.clone();
    door.steps.pop_if(|step| step.role == MESSAGES)?;
    if let Some(last) = door.steps.last_mut() {
        last.kind = StepKind::Handler;
        door.handler = firedoor_app::Symbol {
            name: last.name,
            span: last.span,
        };
    }
    Some(door)
}

fn on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    listen(host, machine, call, ListenerKind::Every);
    Ok(Some(call.this.clone()))
}

fn once(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    listen(host, machine, call, ListenerKind::Once);
    Ok(Some(call.this.clone()))
}

fn add_event_listener(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    listen(host, machine, call, ListenerKind::Event);
    Ok(Some(Value::undefined()))
}

fn listen(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>, kind: ListenerKind) {
    let Some(socket) = call.receiver else {
        return;
    };
    let listener = Listener {
        socket,
        event: call.arguments.get(0),
        handler: call.arguments.get(1),
        span: call.span,
        kind,
    };
    add_listener(host, machine, listener);
}

fn set_listener(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    socket: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let listener = Listener {
        socket,
        event: Value::string("message"),
        handler: value.clone(),
        span,
        kind: ListenerKind::Event,
    };
    add_listener(host, machine, listener);
    true
}

/// Remembers a listener. Whoever gets so far that the connection waits for what the entry point is about
/// has come through.
pub(crate) fn add_listener(host: &ModelHost, machine: &Machine<'_>, listener: Listener) {
    if !host.is_request() {
        return;
    }
    let span = listener.span;
    let is_socketio = matches!(machine.heap.get(listener.socket).kind,
        ObjectKind::Host(path) if path.starts_with("socketio:"));
    let is_awaited = {
        let run = &mut host.state().run;
        let name = listener.event.text();
        let is_awaited = match (run.event, name) {
            (Some(event), Some(name)) => event == name,
            (None, Some(name)) if is_socketio => !is_reserved(&name),
            (None, Some(name)) => !is_lifecycle(&name),
            (_, None) => listener.kind != ListenerKind::Layer,
        };
        if run.listeners.len() < 2_000 {
            run.listeners.push(listener);
        }
        is_awaited
    };
    if is_awaited {
        host.effect(machine, EffectKind::Continue, span);
    }
}

/// Events that come from Socket.IO itself; clients send what other libraries have for themselves. Source: socket.io 4.8,
/// `lib/socket-types.ts`, `RESERVED_EVENTS`; `error` is that of version 2.
pub(crate) fn is_reserved(event: &str) -> bool {
    matches!(
        event,
        "connect"
            | "connect_error"
            | "disconnect"
            | "disconnecting"
            | "error"
            | "newListener"
            | "removeListener"
    )
}

/// Events that come from the library, not from the client.
fn is_lifecycle(event: &str) -> bool {
    matches!(
        event,
        "close"
            | "error"
            | "open"
            | "ping"
            | "pong"
            | "upgrade"
            | "unexpected-response"
            | "disconnect"
            | "disconnecting"
            | "newListener"
            | "removeListener"
    )
}

/// Returns the listeners for messages so far.
pub(crate) fn message_listeners(host: &ModelHost) -> Vec<Listener> {
    let state = host.state();
    let listeners = state.run.listeners.iter();
    listeners
        .filter(|listener| listener.event.text().is_some_and(|name| name == "message"))
        .cloned()
        .collect()
}

/// Sends two messages: one of any kind, whose effects are not noted but which may change what the
/// connection remembers, and then the one that the entry point is about.
pub(crate) fn run_messages(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    span: Span,
) -> Result<(), Stop> {
    let first = message_listeners(host);
    quietly(host, machine, |machine| {
        run_round(host, machine, &first, span)
    })?;
    let mut second = message_listeners(host);
    if second
        .iter()
        .any(|listener| listener.kind != ListenerKind::Once)
    {
        second.retain(|listener| listener.kind != ListenerKind::Once);
    }
    run_round(host, machine, &second, span)
}

/// Sends something before what an entry point is about: it may change what the connection remembers, its effects are not
/// noted, and what it throws or decides is its own. Only a used-up budget ends what follows.
pub(crate) fn quietly<T>(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    send: impl FnOnce(&mut Machine<'_>) -> Result<T, Stop>,
) -> Result<(), Stop> {
    let base = machine.decided.len();
    let quiet = Quiet::begin(host);
    let (result, _) = machine.catching(send);
    quiet.end(host);
    machine.decided.truncate(base);
    match result {
        Err(Stop::Budget) => Err(Stop::Budget),
        _ => Ok(()),
    }
}

/// Keeps what happens from being noted, apart from the names of messages.
struct Quiet {
    effects: usize,
    refusals: usize,
    unknown: usize,
    reads: usize,
    outside: usize,
    passwords: usize,
    message: Option<Ustr>,
}

impl Quiet {
    fn begin(host: &ModelHost) -> Quiet {
        let run = &mut host.state().run;
        Quiet {
            effects: run.effects.len(),
            refusals: run.refusals.len(),
            unknown: run.unknown.len(),
            reads: run.reads.len(),
            outside: run.outside.len(),
            passwords: run.passwords.len(),
            message: run.message.take(),
        }
    }

    fn end(self, host: &ModelHost) {
        let run = &mut host.state().run;
        run.effects.truncate(self.effects);
        run.refusals.truncate(self.refusals);
        run.unknown.truncate(self.unknown);
        run.reads.truncate(self.reads);
        run.outside.truncate(self.outside);
        run.passwords.truncate(self.passwords);
        run.message = self.message;
    }
}

fn run_round(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    listeners: &[Listener],
    span: Span,
) -> Result<(), Stop> {
    for listener in listeners {
        let base = machine.decided.len();
        let data = message_data(host, machine);
        let arguments = match listener.kind {
            ListenerKind::Event => {
                let event = machine.heap.allocate(ObjectKind::Plain, span);
                let socket = Value::object(listener.socket);
                machine.heap.set_property(event, Ustr::from("data"), data);
                machine
                    .heap
                    .set_property(event, Ustr::from("target"), socket);
                Arguments::positional([Value::object(event)])
            }
            _ => Arguments::positional([data, Value::unknown(Shape::Bool)]),
        };
        let this = Some(Value::object(listener.socket));
        match call_and_wait(machine, &listener.handler, this, &arguments, span) {
            Err(Stop::Budget) => return Err(Stop::Budget),
            _ => machine.decided.truncate(base),
        }
    }
    Ok(())
}

/// The message as it arrives: text that is not parsed yet.
fn message_data(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let value = host.request_value(machine, RequestPart::Message, "");
    let (message, field) = {
        let run = &host.state().run;
        (run.message, run.message_field)
    };
    match message {
        Some(name) if field.is_empty() => Value::string(&name).with_origins(value.origins),
        _ => value,
    }
}

/// Calls a function and waits for its promise.
pub(crate) fn call_and_wait(
    machine: &mut Machine<'_>,
    function: &Value,
    this: Option<Value>,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let result = machine.call_value(function, this, arguments, span)?;
    let is_promise = result
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
    if is_promise {
        return machine.await_value(&result, span);
    }
    Ok(result)
}

/// The parsed message is as unknown as the text: it may not be valid.
fn parse_message(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let text = call.arguments.get(0);
    let is_message = host
        .origins_of(machine, text.origins)
        .iter()
        .any(|origin| matches!(origin, Origin::Request(RequestPart::Message, _)));
    if !is_message || text.text().is_some() {
        return Ok(None);
    }
    let mut error = Value::outside("js:SyntaxError()").with_origins(text.origins);
    error.control = text.control;
    machine.may_throw(error, call.span);
    Ok(Some(text.shaped(Shape::Any)))
}

fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    respond(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(Value::undefined()))
}

/// Notes that the client is told something.
pub(crate) fn respond(host: &ModelHost, machine: &mut Machine<'_>, body: &Value, span: Span) {
    let body = host.body_fields(machine, body);
    let kind = EffectKind::Respond {
        status: None,
        body,
        is_error: false,
    };
    host.effect(machine, kind, span);
}

fn close(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(socket) = call.receiver {
        mark_closed(host, machine, socket, call.span);
    }
    Ok(Some(Value::undefined()))
}

/// Notes that the program closes the connection that it serves.
pub(crate) fn mark_closed(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    socket: ObjectId,
    span: Span,
) {
    machine
        .heap
        .set_property(socket, Ustr::from(CLOSED), Value::bool(true));
    host.refuse(machine, Refusal::Close, span);
}

/// Forgets that the program has closed the connection.
pub(crate) fn reopen(machine: &mut Machine<'_>, socket: ObjectId) {
    if machine.heap.property(socket, Ustr::from(CLOSED)).is_some() {
        machine
            .heap
            .set_property(socket, Ustr::from(CLOSED), Value::bool(false));
    }
}

/// Notes that the connection stays open behind a step that has registered nothing to wait for.
pub(crate) fn continue_if_open(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    socket: &Value,
    span: Span,
) {
    let is_noted = {
        let state = host.state();
        let number = state.run.step;
        state
            .run
            .effects
            .iter()
            .any(|effect| effect.step == number && effect.kind == EffectKind::Continue)
    };
    let closed = socket
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from(CLOSED)).cloned());
    let is_closed = closed.is_some_and(|value| value.truth() == Some(true));
    if !is_noted && !is_closed {
        host.effect(machine, EffectKind::Continue, span);
    }
}

fn broadcast(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let kind = EffectKind::Room(RoomKind::Broadcast, Default::default());
    host.effect(machine, kind, call.span);
    Ok(Some(Value::undefined()))
}

fn disconnect_others(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.effect(
        machine,
        EffectKind::Disconnect(Default::default()),
        call.span,
    );
    Ok(Some(Value::undefined()))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn state_number(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Number))
}

fn connection(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    Some(Value::object(host.make_object(
        machine,
        "node:net.Socket",
        span,
    )))
}

fn anything(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Any))
}

/// What the program has not set on a connection is not there; methods are.
fn missing(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let is_method = MODEL.calls.iter().any(|(known, _)| path == *known);
    (!is_method).then(Value::undefined)
}
