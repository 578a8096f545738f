//! Channels: which consumers answer which WebSockets, and what stands before them.
//!
//! `connect` is the handshake: a consumer accepts it or closes; messages come to `receive` once it is accepted.
//! Sources: channels 4.2 `routing.py`, `auth.py`, `security/websocket.py`, `generic/websocket.py`, `layers.py`.

use firedoor_app::{EffectKind, Refusal, RequestPart};
use firedoor_eval::{
    Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

pub(crate) use super::consumers::*;
use super::run::host_path;
use super::urls::{Route, door, routes_of};
use super::users;
use crate::fastapi::inputs::named_part;
use crate::fastapi::plan::settled;
use crate::python_support::{argument, last_name, object_with_arguments};
use crate::socket::MESSAGES;
use crate::tables::{CallFunction, MemberFunction};
use crate::{Door, Model, ModelHost, Step, StepKind};

pub(super) const URL_ROUTER: &str = "py:channels.routing.URLRouter()";
pub(super) const CONSUMER: &str = "django:consumer";
pub(super) const NEXT: &str = "django:next-app";
pub(super) const SCOPE: &str = "django:scope";

macro_rules! consumers {
    ($($path:literal),* $(,)?) => {
        const CONSUMERS: &[(&str, CallFunction)] = &[
            $(
                (concat!($path, ".as_asgi"), as_asgi),
                (concat!($path, "().*"), method),
            )*
        ];
        const MEMBERS: &[(&str, MemberFunction)] = &[
            $(
                (concat!($path, "().scope"), member),
                (concat!($path, "().channel_layer"), member),
                (concat!($path, "().channel_name"), member),
            )*
        ];
    };
}

consumers!(
    "py:channels.generic.websocket.WebsocketConsumer",
    "py:channels.generic.websocket.JsonWebsocketConsumer",
    "py:channels.generic.websocket.AsyncWebsocketConsumer",
    "py:channels.generic.websocket.AsyncJsonWebsocketConsumer",
    "py:channels.consumer.AsyncConsumer",
    "py:channels.consumer.SyncConsumer",
);

/// The consumers.
pub static MODEL: Model = Model {
    name: "django",
    calls: CONSUMERS,
    members: MEMBERS,
    ..Model::EMPTY
};

/// What routes to consumers.
pub static ROUTING: Model = Model {
    name: "django",
    calls: &[
        ("py:channels.routing.ProtocolTypeRouter", protocols),
        ("py:channels.routing.URLRouter", keep),
        ("py:channels.auth.AuthMiddlewareStack", keep),
        ("py:channels.auth.AuthMiddleware", keep),
        ("py:channels.sessions.SessionMiddlewareStack", keep),
        ("py:channels.sessions.SessionMiddleware", keep),
        ("py:channels.sessions.CookieMiddleware", keep),
        (
            "py:channels.security.websocket.AllowedHostsOriginValidator",
            keep,
        ),
        ("py:channels.security.websocket.OriginValidator", keep),
        (
            "py:channels.middleware.BaseMiddleware().__init__",
            keep_inner,
        ),
        ("py:channels.middleware.BaseMiddleware().__call__", go_on),
        ("django:next-app", go_on),
        ("django:scope.get", scope_get),
        (
            "py:channels.db.database_sync_to_async",
            crate::python_support::first,
        ),
        (
            "py:asgiref.sync.async_to_sync",
            crate::python_support::first,
        ),
        (
            "py:asgiref.sync.sync_to_async",
            crate::python_support::first,
        ),
        (
            "py:channels.exceptions.AcceptConnection",
            accept_by_exception,
        ),
        ("py:channels.layers.get_channel_layer", get_layer),
        ("django:channel-layer.group_add", join),
        ("django:channel-layer.group_discard", leave),
        ("django:channel-layer.group_send", broadcast),
        ("django:channel-layer.send", broadcast),
        ("py:channels.auth.get_user", user_of_scope),
        ("py:channels.auth.login", crate::python_support::nothing),
        ("py:channels.auth.logout", crate::python_support::nothing),
    ],
    indexes: &[(SCOPE, scope_index)],
    instances: &[("py:channels.middleware.BaseMiddleware", base_made)],
    subclasses: &[
        (
            "py:channels.exceptions.DenyConnection",
            "py:builtins.Exception",
        ),
        (
            "py:channels.exceptions.AcceptConnection",
            "py:builtins.Exception",
        ),
        (
            "py:channels.exceptions.StopConsumer",
            "py:builtins.Exception",
        ),
    ],
    ..Model::EMPTY
};

pub(super) fn keep(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    machine.heap.get_mut(id).name = Some(Ustr::from(last_name(&call.path)));
    Ok(Some(Value::object(id)))
}

pub(super) fn protocols(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    host.state().django.protocols.push(id);
    Ok(Some(Value::object(id)))
}

pub(super) fn keep_inner(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.this.only_object() {
        let inner = argument(call, 0, "inner");
        machine.heap.set_property(id, Ustr::from("inner"), inner);
    }
    Ok(Some(Value::null()))
}

pub(super) fn base_made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    if let Some(inner) = arguments.find(0, "inner") {
        let inner = inner.clone();
        machine
            .heap
            .set_property(instance, Ustr::from("inner"), inner);
    }
    Ok(machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_none())
}

/// `Consumer.as_asgi(**attributes)`.
pub(super) fn as_asgi(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, CONSUMER, call.span);
    let name = crate::doors::symbol(machine, &call.this, call.span).name;
    let object = machine.heap.get_mut(id);
    object.elements = vec![call.this.clone()];
    object.properties = call.arguments.keywords.clone();
    object.name = Some(name);
    Ok(Some(Value::object(id)))
}

/// Lists the WebSockets of all applications.
pub(crate) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let applications = host.state().django.protocols.clone();
    let mut doors = Vec::new();
    for application in applications {
        let object = machine.heap.get(application).clone();
        let table = object.elements.first().and_then(Value::only_object);
        let socket = table.and_then(|table| {
            machine
                .heap
                .property(table, Ustr::from("websocket"))
                .cloned()
        });
        let Some(socket) = socket else { continue };
        let app = Ustr::from(machine.program.files.path(object.span));
        let Some(module) = machine.program.module_of(object.span.file) else {
            continue;
        };
        machine.in_module(module, |machine| {
            unwrap(host, machine, &socket, Vec::new(), app, &mut doors, 0);
        });
    }
    doors
}

/// What stands around the routes becomes layers.
pub(super) fn unwrap(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    steps: Vec<Step>,
    app: Ustr,
    doors: &mut Vec<Door>,
    depth: usize,
) {
    let Some(id) = value.objects().next().filter(|_| depth < 12) else {
        return;
    };
    let object = machine.heap.get(id).clone();
    if let ObjectKind::Host(path) = object.kind {
        if path == URL_ROUTER {
            let list = object.elements.first().cloned().unwrap_or_else(Value::null);
            for route in routes_of(host, machine, &list) {
                consumer_door(host, machine, &route, &steps, app, doors, depth);
            }
            return;
        }
        let inner = object.elements.first().cloned().unwrap_or_else(Value::null);
        let mut steps = steps;
        steps.push(layer(machine, value, object.span));
        return unwrap(host, machine, &inner, steps, app, doors, depth + 1);
    }
    let inner = object
        .properties
        .values()
        .find(|value| is_application(machine, value));
    let Some(inner) = inner.cloned() else { return };
    let mut steps = steps;
    steps.push(layer(machine, value, object.span));
    unwrap(host, machine, &inner, steps, app, doors, depth + 1);
}

pub(super) fn is_application(machine: &Machine<'_>, value: &Value) -> bool {
    let Some(id) = value.only_object() else {
        return false;
    };
    match &machine.heap.get(id).kind {
        ObjectKind::Host(path) => path.starts_with("py:channels.") || path == CONSUMER,
        ObjectKind::Instance { .. } => machine
            .heap
            .get(id)
            .properties
            .values()
            .any(|value| is_application(machine, value)),
        _ => false,
    }
}

pub(super) fn layer(machine: &Machine<'_>, value: &Value, span: Span) -> Step {
    let mut symbol = crate::doors::symbol(machine, value, span);
    if let Some(id) = value.only_object()
        && let ObjectKind::Instance { class } = machine.heap.get(id).kind
    {
        symbol.span = machine.heap.get(class).span;
        symbol.name = machine.heap.get(class).name.unwrap_or(symbol.name);
    }
    Step {
        value: value.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: span,
        decided: Vec::new(),
        role: "application",
    }
}

pub(super) fn consumer_door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    route: &Route,
    steps: &[Step],
    app: Ustr,
    doors: &mut Vec<Door>,
    depth: usize,
) {
    let view = as_consumer(host, machine, &route.view, route.span);
    let Some(view) = view else {
        let before = doors.len();
        unwrap(
            host,
            machine,
            &route.view,
            steps.to_vec(),
            app,
            doors,
            depth + 1,
        );
        // A router within a route has a path below it.
        let prefix = super::patterns::as_path(&route.template);
        for door in &mut doors[before..] {
            let path = crate::doors::join_paths(&prefix, &door.path);
            door.path = Ustr::from(&path);
        }
        return;
    };
    let route = &Route {
        view,
        ..route.clone()
    };
    let consumer = route.view.only_object();
    let class = consumer.and_then(|id| machine.heap.get(id).elements.first().cloned());
    let class = class.unwrap_or_else(Value::null);
    let symbol = crate::doors::symbol(machine, &class, route.span);
    let own = super::views::own_class(machine, &class);
    let place = |name: &str| {
        let found = own.and_then(|class| machine.class_attribute(class, Ustr::from(name)));
        found.map(|(_, value)| {
            let place = crate::doors::symbol(machine, &value, symbol.span).span;
            (Ustr::from(&format!("{}.{name}", symbol.name)), place)
        })
    };
    let connect = place("connect").unwrap_or((symbol.name, symbol.span));
    let receive = place("receive_json").or_else(|| place("receive"));
    let opened = super::guards::open(machine, &route.view);
    let mut steps = steps.to_vec();
    let mut step = super::views::handler_step(host, machine, route, &opened, &connect);
    step.role = "connect";
    match receive {
        Some(receive) => {
            step.kind = StepKind::Layer;
            let mut messages = super::views::handler_step(host, machine, route, &opened, &receive);
            messages.role = MESSAGES;
            steps.push(step);
            steps.push(messages);
        }
        None => steps.push(step),
    }
    doors.push(door(machine, route, "WS", &route.view, steps, app));
}

/// Returns the consumer that a route leads to, if it leads to one: `Consumer.as_asgi()`, or the class itself, which Channels
/// 2 makes an instance of.
fn as_consumer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    view: &Value,
    span: Span,
) -> Option<Value> {
    if host_path(machine, view).is_some_and(|path| path == CONSUMER) {
        return Some(view.clone());
    }
    let class = view.only_object()?;
    let is_class = matches!(machine.heap.get(class).kind, ObjectKind::Class { .. });
    let mut bases = machine.outside_bases(class).into_iter();
    let is_consumer = is_class
        && bases.any(|base| {
            CONSUMERS
                .iter()
                .any(|(path, _)| path.strip_suffix(".as_asgi") == Some(base.as_str()))
        });
    if !is_consumer {
        return None;
    }
    let name = crate::doors::symbol(machine, view, span).name;
    let id = host.make_object(machine, CONSUMER, span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![view.clone()];
    object.name = Some(name);
    Some(Value::object(id))
}

/// What stands around a consumer.
pub(super) fn application(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    scope: &Value,
) -> Result<(), Stop> {
    let span = step.mounted;
    match host_path(machine, &step.value).as_deref().map(last_name) {
        Some("AllowedHostsOriginValidator()" | "OriginValidator()") => {
            return check_origin(host, machine, &step.value, span);
        }
        Some("AuthMiddlewareStack()" | "AuthMiddleware()") => {
            if let Some(id) = scope.only_object() {
                let reads = host.state().run.reads.len();
                let user = users::current(host, machine, &Value::null(), span)?;
                host.state().run.reads.truncate(reads);
                machine.heap.set_property(id, Ustr::from("user"), user);
            }
        }
        Some(_) => {}
        None => return own_application(host, machine, step, scope),
    }
    host.effect(machine, EffectKind::Continue, span);
    Ok(())
}

/// A middleware of the program: what it calls next lets the connection on.
pub(super) fn own_application(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    scope: &Value,
) -> Result<(), Stop> {
    let Some(id) = step.value.only_object() else {
        return Ok(());
    };
    let next = Value::object(host.make_object(machine, NEXT, step.span));
    let properties = machine.heap.get(id).properties.clone();
    for (name, value) in properties {
        if is_application(machine, &value) {
            machine.heap.set_property(id, name, next.clone());
        }
    }
    let channel = Value::object(host.make_object(machine, "django:channel", step.span));
    let arguments = Arguments::positional([scope.clone(), channel.clone(), channel]);
    let called = machine.call_value(&step.value, None, &arguments, step.span)?;
    settled(machine, called, step.span)?;
    Ok(())
}

/// `OriginValidator(application, ['*'])` lets all pass.
pub(super) fn check_origin(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    validator: &Value,
    span: Span,
) -> Result<(), Stop> {
    let list = validator
        .only_object()
        .and_then(|id| machine.heap.get(id).elements.get(1).cloned());
    let is_open = list.is_some_and(|list| {
        let (elements, _) = machine.elements_of(&list);
        elements
            .iter()
            .any(|text| text.text().is_some_and(|text| text == "*"))
    });
    if is_open {
        host.effect(machine, EffectKind::Continue, span);
        return Ok(());
    }
    let origin = named_part(host, machine, RequestPart::Header, "origin");
    let test = machine.tested(TestKind::Membership, None, &[&origin], span);
    machine.when(
        &test,
        span,
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
        |machine| {
            host.refuse(machine, Refusal::Close, span);
            Ok(())
        },
    )
}

/// What is called next gets a scope, which may be another one than the middleware has got.
pub(super) fn go_on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let scope = argument(call, 0, "scope");
    replace_scope(host, machine, &scope);
    host.effect(machine, EffectKind::Continue, call.span);
    Ok(Some(Value::null()))
}
