//! Consumers of Channels: the handshake, messages, groups, and the scope of a connection.
//!
//! Source: channels 4.2 `generic/websocket.py`, `layers.py`.

use super::channels::*;
use super::{run, users};
use crate::fastapi::inputs::named_part;
use crate::fastapi::plan::settled;
use crate::python_support::last_name;
use crate::socket::quietly;
use crate::{Door, ModelHost, Step};
use firedoor_app::{EffectKind, Refusal, RequestPart, RoomKind};
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

/// Makes the scope of a connection, which its steps share.
pub(crate) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let scope = host.make_object(machine, SCOPE, door.registered);
    let holder = host.make_object(machine, "django:connection", door.registered);
    machine
        .heap
        .get_mut(holder)
        .properties
        .insert(Ustr::from("scope"), Value::object(scope));
    let arguments = run::parameters(host, machine, door);
    let kwargs = machine.heap.allocate(ObjectKind::Plain, door.registered);
    machine.heap.get_mut(kwargs).properties = arguments.keywords;
    let route = machine.heap.allocate(ObjectKind::Plain, door.registered);
    let args = machine.make_tuple(arguments.positional, door.registered);
    let properties = &mut machine.heap.get_mut(route).properties;
    properties.insert(Ustr::from("kwargs"), Value::object(kwargs));
    properties.insert(Ustr::from("args"), args);
    machine
        .heap
        .get_mut(scope)
        .properties
        .insert(Ustr::from("url_route"), Value::object(route));
    host.state().django.request = Some(holder);
    vec![Value::object(holder)]
}

/// Runs a step of a connection.
pub(crate) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    holder: &Value,
) -> Result<(), Stop> {
    let Some(holder) = holder.only_object() else {
        return Ok(());
    };
    let scope = machine.heap.property(holder, Ustr::from("scope")).cloned();
    let scope = scope.unwrap_or_else(Value::null);
    match step.role {
        "application" => application(host, machine, step, &scope),
        "connect" => {
            let consumer = consumer(machine, step, &scope, holder)?;
            let name = Ustr::from("connect");
            let none = Arguments::default();
            let called = machine.call_member(&consumer, name, &none, step.span)?;
            settled(machine, called, step.span)?;
            Ok(())
        }
        _ => {
            let consumer = consumer(machine, step, &scope, holder)?;
            quietly(host, machine, |machine| {
                message(host, machine, &consumer, step)
            })?;
            message(host, machine, &consumer, step)
        }
    }
}

/// One message.
pub(crate) fn message(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    consumer: &Value,
    step: &Step,
) -> Result<(), Stop> {
    let class = consumer
        .only_object()
        .and_then(|id| match machine.heap.get(id).kind {
            ObjectKind::Instance { class } => Some(class),
            _ => None,
        });
    let data = host.request_value(machine, RequestPart::Message, "");
    let is_json =
        class.is_some_and(|class| super::views::overrides(machine, class, "receive_json"));
    let (name, arguments) = match is_json {
        true => ("receive_json", Arguments::positional([data])),
        false => {
            let text = data.shaped(Shape::String);
            let keywords = [
                (Ustr::from("text_data"), text),
                (Ustr::from("bytes_data"), Value::null()),
            ];
            let arguments = Arguments {
                keywords: keywords.into_iter().collect(),
                ..Arguments::default()
            };
            ("receive", arguments)
        }
    };
    let called = machine.call_member(consumer, Ustr::from(name), &arguments, step.span)?;
    settled(machine, called, step.span)?;
    Ok(())
}

/// The consumer of the connection: one instance for all its steps.
pub(crate) fn consumer(
    machine: &mut Machine<'_>,
    step: &Step,
    scope: &Value,
    holder: ObjectId,
) -> Result<Value, Stop> {
    let key = Ustr::from("consumer");
    if let Some(known) = machine.heap.property(holder, key).cloned() {
        return Ok(known);
    }
    let route = step.value.only_object();
    let view = route.and_then(|route| machine.heap.get(route).elements.first()?.only_object());
    let class = view.and_then(|view| machine.heap.get(view).elements.first()?.only_object());
    let Some(class) = class else {
        return Ok(Value::null());
    };
    let instance = machine.instantiate(class, &Arguments::default(), step.span)?;
    if let Some(id) = instance.only_object() {
        machine
            .heap
            .set_property(id, Ustr::from("scope"), scope.clone());
    }
    machine.heap.set_property(holder, key, instance.clone());
    Ok(instance)
}

/// What a consumer inherits.
pub(crate) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    Ok(Some(match last_name(&call.path) {
        "connect" | "accept" => {
            host.effect(machine, EffectKind::Continue, span);
            Value::null()
        }
        "close" => {
            take_back(host, machine);
            host.refuse(machine, Refusal::Close, span);
            Value::null()
        }
        "send" | "send_json" => {
            let body = ["text_data", "content"]
                .iter()
                .find_map(|name| call.arguments.find(0, name))
                .cloned()
                .unwrap_or_else(Value::null);
            super::response::answer(host, machine, None, &body, span);
            Value::null()
        }
        // The JSON of a message is handed to `receive_json`.
        "receive" => {
            let text = ["text_data", "bytes_data"]
                .iter()
                .find_map(|name| call.arguments.find(0, name))
                .cloned()
                .unwrap_or_else(Value::null);
            let content = machine.derived(Shape::Any, [&text]);
            let arguments = Arguments::positional([content]);
            let name = Ustr::from("receive_json");
            machine.call_member(&call.this, name, &arguments, span)?
        }
        "encode_json" | "decode_json" => machine.derived(Shape::Any, call.arguments.all()),
        "disconnect" | "websocket_disconnect" | "__init__" => Value::null(),
        _ => return Ok(None),
    }))
}

/// `raise AcceptConnection()` in a handshake.
pub(crate) fn accept_by_exception(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    host.effect(machine, EffectKind::Continue, call.span);
    let path = "py:channels.exceptions.AcceptConnection";
    Ok(Some(crate::python_support::exception(machine, path, &[])))
}

/// A connection that is closed for certain as soon as it was accepted has let nobody in.
fn take_back(host: &ModelHost, machine: &Machine<'_>) {
    let base = host.state().django.base;
    let mut own = machine.decided.iter().skip(base);
    if !own.all(|decided| machine.decision(decided.decision).is_certain) {
        return;
    }
    let run = &mut host.state().run;
    let step = run.step;
    run.effects
        .retain(|effect| effect.step != step || effect.kind != EffectKind::Continue);
}

pub(crate) fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    object?;
    Some(match last_name(&path) {
        "channel_layer" => Value::object(host.make_object(machine, "django:channel-layer", span)),
        "channel_name" => Value::unknown(Shape::String),
        _ => {
            let holder = run::current(host)?;
            machine
                .heap
                .property(holder, Ustr::from("scope"))
                .cloned()?
        }
    })
}

pub(crate) fn get_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:channel-layer", call.span);
    Ok(Some(Value::object(id)))
}

pub(crate) fn room(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    kind: RoomKind,
) -> Answer {
    let group = host.deep_provenance(machine, &call.arguments.get(0));
    host.effect(machine, EffectKind::Room(kind, group), call.span);
    Ok(Some(Value::null()))
}

pub(crate) fn join(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    room(host, machine, call, RoomKind::Join)
}

pub(crate) fn leave(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    room(host, machine, call, RoomKind::Leave)
}

pub(crate) fn broadcast(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    room(host, machine, call, RoomKind::Broadcast)
}

pub(crate) fn user_of_scope(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let nobody = Value::null();
    users::current(host, machine, &nobody, call.span).map(Some)
}

/// What the scope says under a name.
pub(crate) fn of_scope(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    scope: ObjectId,
    name: &str,
) -> Value {
    if let Some(own) = machine.heap.property(scope, Ustr::from(name)).cloned() {
        if name == "user" {
            let user = own.origins;
            for origin in host.origins_of(machine, user) {
                if origin.is_identity() {
                    host.reads(origin);
                }
            }
        }
        return own;
    }
    match name {
        "query_string" => {
            let value = host.request_value(machine, RequestPart::Query, "");
            value.shaped(Shape::String)
        }
        "headers" => {
            let value = named_part(host, machine, RequestPart::Header, "");
            let element = value.shaped(Shape::Any);
            machine
                .make_open_list(Vec::new(), Some(element), machine.place())
                .with_origins(value.origins)
        }
        // A client names what it speaks in a header of the handshake, and sometimes who it is.
        "subprotocols" => {
            let value = named_part(host, machine, RequestPart::Header, "sec-websocket-protocol");
            let element = value.shaped(Shape::String);
            machine
                .make_open_list(Vec::new(), Some(element), machine.place())
                .with_origins(value.origins)
        }
        "cookies" => super::request::mapping(host, machine, "cookie", machine.place()),
        "session" => {
            let id = host.make_object(machine, "django:session", machine.place());
            Value::object(id)
        }
        "type" => Value::string("websocket"),
        "path" if host.is_request() => crate::express::request_path(host, machine),
        "user" => Value::null(),
        "client" => host.request_value(machine, RequestPart::Address, "client"),
        _ => host.request_value(machine, RequestPart::Line, name),
    }
}

/// Puts into the scope of the connection what a middleware has put into a copy of it: `dict(scope, user=user)`.
pub(crate) fn replace_scope(host: &ModelHost, machine: &mut Machine<'_>, given: &Value) {
    let holder = run::current(host);
    let scope = holder.and_then(|id| machine.heap.property(id, Ustr::from("scope")).cloned());
    let Some(scope) = scope.and_then(|scope| scope.only_object()) else {
        return;
    };
    let copies: Vec<ObjectId> = given
        .objects()
        .filter(|id| *id != scope && matches!(machine.heap.get(*id).kind, ObjectKind::Plain))
        .collect();
    let is_certain = copies.len() == given.atoms().len();
    let mut names: Vec<Ustr> = Vec::new();
    for copy in &copies {
        let own = machine.heap.get(*copy).properties.keys().copied();
        names.extend(own.filter(|name| !name.starts_with('$')));
    }
    names.sort();
    names.dedup();
    for name in names {
        let mut values: Vec<Value> = Vec::new();
        for copy in &copies {
            match machine.heap.property(*copy, name).cloned() {
                Some(value) => values.push(value),
                None => values.push(of_scope(host, machine, scope, &name)),
            }
        }
        if !is_certain {
            values.push(of_scope(host, machine, scope, &name));
        }
        let mut value = machine.join_all(&values);
        value.control = machine.origins.union(value.control, given.control);
        machine.heap.set_property(scope, name, value);
    }
}

pub(crate) fn scope_index(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: &Value,
    key: &Value,
    _span: Span,
) -> Option<Value> {
    let name = key.text()?;
    Some(of_scope(host, machine, object.only_object()?, &name))
}

pub(crate) fn scope_get(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(scope), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    let value = of_scope(host, machine, scope, &name);
    let default = call.arguments.find(1, "default").cloned();
    Ok(Some(match default {
        Some(default) if value.only() == Some(Atom::Null) => default,
        _ => value,
    }))
}
