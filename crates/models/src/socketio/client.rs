//! The connection of Socket.IO as its handlers see it: `socket`, rooms, and what is sent to whom.
//!
//! Middleware, connection handler and event handlers of one request see the same connection, so that
//! what one of them sets (`socket.user`, `socket.data.userId`) is there for the next.

use firedoor_app::{EffectKind, Origin, Provenance, RequestPart, RoomKind};
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_ir::{
    ExpressionId, ExpressionKind, Literal, Parameter, ParameterKind, Pattern, UnaryOperator,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::state::{Listener, ListenerKind};
use crate::{Model, ModelHost, socket, store, upgrade};

/// The field that stands for the name of an event.
pub(crate) const EVENT: &str = "$event";

/// The property of an operator that holds the rooms it addresses.
const ROOM: &str = "$room";

/// The model.
pub static MODEL: Model = Model {
    name: "socketio_client",
    calls: &[
        ("socketio:socket.on", on),
        ("socketio:socket.once", once),
        ("socketio:socket.addListener", on),
        ("socketio:socket.prependListener", on),
        ("socketio:socket.onAny", on_any),
        ("socketio:socket.prependAny", on_any),
        ("socketio:socket.use", use_layer),
        ("socketio:socket.emit", emit),
        ("socketio:socket.send", send),
        ("socketio:socket.write", send),
        ("socketio:socket.emitWithAck", emit),
        ("socketio:socket.join", join),
        ("socketio:socket.leave", leave),
        ("socketio:socket.leaveAll", chain),
        ("socketio:socket.disconnect", disconnect),
        ("socketio:socket.to", room),
        ("socketio:socket.in", room),
        ("socketio:socket.except", room),
        ("socketio:socket.timeout", chain),
        ("socketio:socket.compress", chain),
        ("socketio:socket.off", chain),
        ("socketio:socket.removeListener", chain),
        ("socketio:socket.removeAllListeners", chain),
        ("socketio:server.to", room),
        ("socketio:server.in", room),
        ("socketio:server.except", room),
        ("socketio:server.emit", broadcast),
        ("socketio:server.send", broadcast),
        ("socketio:server.timeout", room),
        ("socketio:server.disconnectSockets", disconnect_others),
        ("socketio:room.to", narrower_room),
        ("socketio:room.in", narrower_room),
        ("socketio:room.except", chain),
        ("socketio:room.timeout", chain),
        ("socketio:room.compress", chain),
        ("socketio:room.emit", broadcast),
        ("socketio:room.send", broadcast),
        ("socketio:room.emitWithAck", broadcast),
        ("socketio:room.disconnectSockets", disconnect_others),
        ("socketio:room.socketsJoin", join),
        ("socketio:room.socketsLeave", leave),
        ("socketio:ack", acknowledge),
    ],
    members: &[
        ("socketio:socket.handshake", handshake),
        ("socketio:socket.data", data),
        ("socketio:socket.id", identifier),
        ("socketio:socket.rooms", rooms),
        ("socketio:socket.connected", unknown_truth),
        ("socketio:socket.broadcast", all_others),
        ("socketio:socket.volatile", itself),
        ("socketio:socket.local", itself),
        ("socketio:socket.conn", connection),
        ("socketio:socket.client", connection),
        ("socketio:socket.nsp", anything),
        ("socketio:socket.server", anything),
        ("socketio:socket.*", missing),
        ("socketio:data.*", undefined),
        ("socketio:server.local", all_others),
        ("socketio:server.volatile", all_others),
        ("socketio:room.local", itself),
        ("socketio:room.volatile", itself),
        ("socketio:room.broadcast", itself),
        ("socketio:handshake.auth", handshake_auth),
        ("socketio:handshake.query", handshake_query),
        ("socketio:handshake.headers", handshake_headers),
        ("socketio:handshake.address", address),
        ("socketio:handshake.*", line),
        ("socketio:handshake.auth.*", auth_member),
        ("socketio:connection.request", connection_request),
        ("socketio:connection.remoteAddress", address),
        ("socketio:connection.*", anything),
    ],
    ..Model::EMPTY
};

/// Makes a connection.
pub(crate) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    request: &Value,
    span: Span,
) -> Value {
    let id = host.make_object(machine, "socketio:socket", span);
    machine
        .heap
        .set_property(id, Ustr::from("request"), request.clone());
    // It is there before anything is written into it: what only some paths write may be missing later.
    data(host, machine, Some(id), span);
    Value::object(id)
}

/// The name of an event: the client chooses it.
pub(crate) fn event_name(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    event: Option<Ustr>,
) -> Value {
    let value = match event {
        Some(name) => Value::string(&name),
        None => Value::unknown(Shape::String),
    };
    host.with_origin(
        machine,
        value,
        Origin::Request(RequestPart::Message, Ustr::from(EVENT)),
    )
}

/// What a listener is called with: a value for each of its parameters from `first` on. One that it calls is
/// the function by which it answers.
pub(crate) fn payload(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    handler: &Value,
    first: usize,
    span: Span,
) -> Vec<Value> {
    let names = parameters(machine, handler);
    let count = names.len().max(first + 1);
    let mut values = Vec::new();
    for index in first..count {
        let known = names.get(index).copied();
        let is_called = known.is_some_and(|(_, is_called)| is_called);
        if is_called || (names.is_empty() && index > first) {
            values.push(Value::object(host.make_object(
                machine,
                "socketio:ack",
                span,
            )));
            continue;
        }
        let field = match known {
            Some((Some(name), _)) if index > first => name.to_string(),
            _ if index > first => index.to_string(),
            _ => String::new(),
        };
        let sent = host.request_value(machine, RequestPart::Message, &field);
        // Clients may give a function as the last of what they send; a handler that only hands it on says nothing.
        if index > first && index + 1 == count {
            let function = Value::object(host.make_object(machine, "socketio:ack", span));
            values.push(machine.join(sent, &function));
            continue;
        }
        values.push(sent);
    }
    if names.is_empty() {
        values.push(Value::object(host.make_object(
            machine,
            "socketio:ack",
            span,
        )));
    }
    values
}

/// The parameters of a function of the program: the name of each, and whether the function calls it, or asks whether
/// it is a function.
fn parameters(machine: &Machine<'_>, handler: &Value) -> Vec<(Option<Ustr>, bool)> {
    let closure = match handler.only_object().map(|id| &machine.heap.get(id).kind) {
        Some(ObjectKind::Function { closure, .. }) => *closure,
        _ => return Vec::new(),
    };
    let module = machine.program.module(closure.module);
    let function = module.function(closure.function);
    let is_name = |id: ExpressionId, name: Ustr| matches!(module.expression(id).kind, ExpressionKind::Name(found) if found == name);
    let is_type = |id: ExpressionId, name: Ustr| match module.expression(id).kind {
        ExpressionKind::Unary(UnaryOperator::TypeOf, operand) => is_name(operand, name),
        _ => false,
    };
    let is_function_word = |id: ExpressionId| match &module.expression(id).kind {
        ExpressionKind::Literal(Literal::String(text)) => text.as_str() == "function",
        _ => false,
    };
    let is_called = |name: Ustr| {
        module.expressions.iter().any(|expression| {
            let is_within = function.span.start <= expression.span.start
                && expression.span.end <= function.span.end;
            is_within
                && match &expression.kind {
                    ExpressionKind::Call { callee, .. } => is_name(*callee, name),
                    // Whether it is a text or an object is asked of what is sent, too.
                    ExpressionKind::Binary(_, left, right) => {
                        is_type(*left, name) && is_function_word(*right)
                            || is_type(*right, name) && is_function_word(*left)
                    }
                    _ => false,
                }
        })
    };
    let is_rest = |parameter: &Parameter| parameter.kind == ParameterKind::Rest;
    let mut all: Vec<(Option<Ustr>, bool)> = function
        .parameters
        .iter()
        .map(|parameter| match &parameter.pattern {
            Pattern::Name(name, _) if !is_rest(parameter) => (Some(*name), is_called(*name)),
            _ => (None, false),
        })
        .collect();
    // Whoever takes all that comes takes the answering function, too.
    if function.parameters.last().is_some_and(is_rest) {
        all.push((None, false));
    }
    all
}

fn on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let event = call.arguments.get(0);
    let handler = call.arguments.get(1);
    listen(host, machine, call, event, handler, ListenerKind::Every)
}

fn once(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let event = call.arguments.get(0);
    let handler = call.arguments.get(1);
    listen(host, machine, call, event, handler, ListenerKind::Once)
}

fn on_any(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let handler = call.arguments.get(0);
    listen(
        host,
        machine,
        call,
        Value::undefined(),
        handler,
        ListenerKind::Any,
    )
}

fn use_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let handler = call.arguments.get(0);
    listen(
        host,
        machine,
        call,
        Value::undefined(),
        handler,
        ListenerKind::Layer,
    )
}

fn listen(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    event: Value,
    handler: Value,
    kind: ListenerKind,
) -> Answer {
    if let Some(socket) = call.receiver {
        let listener = Listener {
            socket,
            event,
            handler,
            span: call.span,
            kind,
        };
        socket::add_listener(host, machine, listener);
    }
    Ok(Some(call.this.clone()))
}

/// What is sent to the client itself; the name of the event goes before it.
fn emit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    socket::respond(host, machine, &call.arguments.get(1), call.span);
    Ok(Some(call.this.clone()))
}

fn send(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    socket::respond(host, machine, &call.arguments.get(0), call.span);
    Ok(Some(call.this.clone()))
}

fn acknowledge(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let arguments = &call.arguments.positional;
    let told = arguments
        .iter()
        .find(|value| !value.is_nothing())
        .cloned()
        .unwrap_or_else(Value::undefined);
    socket::respond(host, machine, &told, call.span);
    Ok(Some(Value::undefined()))
}

fn join(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    // Each of several rooms is called after something else; what was spread among them is the rest.
    let all = call.arguments.get(0);
    let whole = host.deep_provenance(machine, &all);
    let parts = store::parts(machine, &all);
    let mut rooms: Vec<Provenance> = Vec::new();
    for part in parts {
        rooms.push(host.deep_provenance(machine, &part));
    }
    let is_known = |origin: &&Origin| rooms.iter().any(|room| room.origins().contains(origin));
    let rest: Vec<Origin> = whole
        .origins()
        .iter()
        .filter(|it| !is_known(it))
        .cloned()
        .collect();
    if !rest.is_empty() || rooms.is_empty() {
        rooms.push(Provenance::new(rest));
    }
    for room in rooms {
        host.effect(machine, EffectKind::Room(RoomKind::Join, room), call.span);
    }
    Ok(Some(Value::undefined()))
}

fn leave(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = host.deep_provenance(machine, &call.arguments.get(0));
    host.effect(machine, EffectKind::Room(RoomKind::Leave, room), call.span);
    Ok(Some(Value::undefined()))
}

/// `to(room)`: what it returns sends to the room.
fn room(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "socketio:room", call.span);
    let room = call.arguments.get(0);
    machine.heap.set_property(id, Ustr::from(ROOM), room);
    Ok(Some(Value::object(id)))
}

fn narrower_room(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let above = room_of(machine, call);
    let id = host.make_object(machine, "socketio:room", call.span);
    let own = call.arguments.get(0);
    let both = machine.join(own, &above);
    machine.heap.set_property(id, Ustr::from(ROOM), both);
    Ok(Some(Value::object(id)))
}

fn room_of(machine: &Machine<'_>, call: &Call<'_>) -> Value {
    call.receiver
        .and_then(|id| machine.heap.property(id, Ustr::from(ROOM)).cloned())
        .unwrap_or_else(Value::undefined)
}

fn broadcast(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = room_of(machine, call);
    let room = host.deep_provenance(machine, &room);
    let kind = EffectKind::Room(RoomKind::Broadcast, room);
    host.effect(machine, kind, call.span);
    Ok(Some(Value::bool(true)))
}

fn disconnect_others(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = room_of(machine, call);
    let room = host.deep_provenance(machine, &room);
    host.effect(machine, EffectKind::Disconnect(room), call.span);
    Ok(Some(Value::undefined()))
}

fn disconnect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(socket) = call.receiver {
        socket::mark_closed(host, machine, socket, call.span);
    }
    Ok(Some(call.this.clone()))
}

fn chain(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn made(host: &ModelHost, machine: &mut Machine<'_>, path: &str, span: Span) -> Option<Value> {
    Some(Value::object(host.make_object(machine, path, span)))
}

fn handshake(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "socketio:handshake", span)
}

/// `socket.data` is kept with the connection.
fn data(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let value = made(host, machine, "socketio:data", span)?;
    machine
        .heap
        .set_property(object?, Ustr::from("data"), value.clone());
    Some(value)
}

/// The server gives the number, and tells it to the client alone.
fn identifier(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(crate::own_connection::number(host, machine))
}

/// The server alone lets connections into rooms, so that being in one is what is known of who is there.
fn rooms(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let set = machine.heap.allocate(ObjectKind::Set, span);
    let origin = Origin::Principal(Ustr::from("rooms"));
    let room = host.with_origin(machine, Value::unknown(Shape::String), origin);
    machine.heap.elements_mut(set).push(room.clone());
    machine.heap.open(set);
    Some(Value::object(set).with_origins(room.origins))
}

fn unknown_truth(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Bool))
}

fn anything(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::unknown(Shape::Any))
}

fn undefined(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::undefined())
}

fn itself(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}

fn all_others(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "socketio:room", span)
}

/// What lies under the connection knows the request too.
fn connection(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let value = made(host, machine, "socketio:connection", span)?;
    let request = machine
        .heap
        .property(object?, Ustr::from("request"))
        .cloned()?;
    machine
        .heap
        .set_property(value.only_object()?, Ustr::from("request"), request);
    Some(value)
}

fn connection_request(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "express:request", span)
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

fn handshake_auth(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "socketio:handshake.auth", span)
}

fn handshake_query(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "upgrade:query", span)
}

fn handshake_headers(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    made(host, machine, "express:request.headers", span)
}

/// Whatever is sent as `auth` is meant to prove something, if its name does not say otherwise.
fn auth_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    if crate::judge::is_credential_name(&name) {
        return Some(host.request_value(machine, RequestPart::Handshake, &name));
    }
    let value = upgrade::query_value(host, machine, &name);
    Some(Value::atoms_of([Atom::Undefined, Atom::Unknown(Shape::Any)]).with_origins(value.origins))
}

fn address(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(host.request_value(machine, RequestPart::Address, "ip"))
}

fn line(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = crate::tools::member_name(host);
    Some(host.request_value(machine, RequestPart::Line, &name))
}
