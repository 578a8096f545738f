//! Flask-SocketIO and flask-sock.
//!
//! Events of Flask-SocketIO run in a request context, but no hook of the application runs before them; a
//! `connect` handler that returns `False` refuses. A route of flask-sock is a rule like others, with its
//! hooks. Source: flask-socketio 5.7, `__init__.py`, `_handle_event`; python-engineio 4.15 (only the
//! server's own origin may connect unless `cors_allowed_origins` says otherwise); flask-sock 0.7.

use firedoor_app::{EffectKind, Refusal, RequestPart, RoomKind, Transport};
use firedoor_eval::{
    Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::register;
use crate::doors::symbol;
use crate::python_support::{argument, given, last_name};
use crate::starlette::connection;
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Door, Framework, Model, ModelHost, Step, StepKind};

const SERVER: &str = "py:flask_socketio.SocketIO()";
const FRAMEWORK: &str = "flask-socketio";

/// The model.
pub static MODEL: Model = Model {
    name: "flask_sockets",
    calls: &[
        ("py:flask_socketio.SocketIO", make_server),
        ("py:flask_socketio.SocketIO().init_app", set_up),
        ("py:flask_socketio.SocketIO().on", on),
        ("py:flask_socketio.SocketIO().event", event),
        ("py:flask_socketio.SocketIO().on_event", on_event),
        ("py:flask_socketio.SocketIO().on_namespace", on_namespace),
        (
            "py:flask_socketio.SocketIO().on_error",
            register::pass_decorator,
        ),
        (
            "py:flask_socketio.SocketIO().on_error_default",
            register::given,
        ),
        (
            "py:flask_socketio.SocketIO().run",
            crate::python_support::nothing,
        ),
        ("py:flask_socketio.SocketIO().emit", emit),
        ("py:flask_socketio.SocketIO().send", emit),
        (
            "py:flask_socketio.SocketIO().start_background_task",
            crate::python_support::nothing,
        ),
        (
            "py:flask_socketio.SocketIO().sleep",
            crate::python_support::nothing,
        ),
        ("flask_socketio:decorator", decorate),
        ("py:flask_socketio.Namespace().emit", emit),
        ("py:flask_socketio.Namespace().send", emit),
        ("py:flask_socketio.emit", emit),
        ("py:flask_socketio.send", emit),
        ("py:flask_socketio.join_room", super::rooms::join),
        ("py:flask_socketio.leave_room", super::rooms::leave),
        ("py:flask_socketio.close_room", super::rooms::leave),
        ("py:flask_socketio.disconnect", super::rooms::disconnect),
        ("flask_socketio:origin", check_origin),
        ("flask_socketio:auth.get", connection::get_named),
        ("py:flask_sock.Sock", super::sock::make_sock),
        ("py:flask_sock.Sock().init_app", super::sock::set_sock),
        ("py:flask_sock.Sock().route", super::sock::sock_route),
        ("flask_sock:decorator", super::sock::decorate_sock),
        ("flask:socket.receive", super::sock::receive),
        ("flask:socket.send", super::sock::send),
        ("flask:socket.close", super::sock::close),
    ],
    indexes: &[("flask_socketio:auth", connection::index_named)],
    operators: &[("flask_socketio:auth", connection::contains)],
    instances: &[("py:flask_socketio.Namespace", namespace_made)],
    subclasses: &[
        (
            "py:flask_socketio.ConnectionRefusedError",
            "py:builtins.Exception",
        ),
        (
            "py:simple_websocket.ConnectionClosed",
            "py:builtins.Exception",
        ),
    ],
    aliases: &[
        (
            "py:socketio.exceptions.ConnectionRefusedError",
            "py:flask_socketio.ConnectionRefusedError",
        ),
        (
            "py:flask_sock.ConnectionClosed",
            "py:simple_websocket.ConnectionClosed",
        ),
    ],
    ..Model::EMPTY
};

fn make_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, SERVER, FRAMEWORK, "server", call.span);
    keep_options(host, id, call.arguments);
    Ok(Some(Value::object(id)))
}

pub(crate) fn keep_options(host: &ModelHost, id: ObjectId, arguments: &Arguments) {
    if let Some(router) = host.state().routers.get_mut(&id) {
        for (name, value) in &arguments.keywords {
            router.options.insert(*name, value.clone());
        }
    }
}

fn set_up(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        keep_options(host, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

/// `@socketio.on(event, namespace=None)`.
fn on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask_socketio:decorator", call.span);
    let name = argument(call, 0, "message");
    let space = given(call, 1, "namespace").unwrap_or_else(Value::null);
    machine.heap.get_mut(id).elements = vec![call.this.clone(), name, space];
    Ok(Some(Value::object(id)))
}

/// `@socketio.event`, with a namespace in parentheses or without: the name is that of the function.
pub(crate) fn event(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if crate::tools::is_function(machine, &first) {
        let name = symbol(machine, &first, call.span).name;
        if let Some(server) = call.receiver {
            add(
                host,
                machine,
                server,
                Some(name),
                None,
                first.clone(),
                call.span,
            );
        }
        return Ok(Some(first));
    }
    let id = host.make_object(machine, "flask_socketio:decorator", call.span);
    let space = call.arguments.keyword("namespace").cloned();
    let space = space.unwrap_or_else(Value::null);
    machine.heap.get_mut(id).elements = vec![call.this.clone(), Value::null(), space];
    Ok(Some(Value::object(id)))
}

pub(crate) fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let Some(id) = call.receiver else {
        return Ok(Some(function));
    };
    let object = machine.heap.get(id);
    let (elements, span) = (object.elements.clone(), object.span);
    if let [server, name, space] = elements.as_slice()
        && let Some(server) = server.only_object()
    {
        let name = match name.is_nothing() {
            true => Some(symbol(machine, &function, span).name),
            false => name.text(),
        };
        add(
            host,
            machine,
            server,
            name,
            space.text(),
            function.clone(),
            span,
        );
    }
    Ok(Some(function))
}

/// `socketio.on_event(name, handler, namespace=None)`.
fn on_event(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(server) = call.receiver {
        let name = argument(call, 0, "message").text();
        let handler = argument(call, 1, "handler");
        let space = given(call, 2, "namespace").and_then(|space| space.text());
        add(host, machine, server, name, space, handler, call.span);
    }
    Ok(Some(Value::null()))
}

pub(crate) fn namespace_made(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let has_own = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    let name = arguments.find(0, "namespace").cloned();
    if let Some(name) = name {
        machine
            .heap
            .set_property(instance, Ustr::from("namespace"), name);
    }
    Ok(!has_own)
}

/// `socketio.on_namespace(Chat("/chat"))`: the methods whose names begin with `on_`.
pub(crate) fn on_namespace(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = argument(call, 0, "namespace_handler");
    let (Some(server), Some(instance)) = (call.receiver, given.only_object()) else {
        return Ok(Some(Value::null()));
    };
    let space = machine
        .heap
        .property(instance, Ustr::from("namespace"))
        .and_then(Value::text);
    let ObjectKind::Instance { class } = machine.heap.get(instance).kind else {
        return Ok(Some(Value::null()));
    };
    let mut names: Vec<Ustr> = Vec::new();
    for class in machine.class_order(class) {
        if let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind {
            let own = machine.heap.get(prototype).properties.keys();
            names.extend(own.filter(|name| name.starts_with("on_")));
        }
    }
    names.dedup();
    for name in names {
        let (read, _) = machine.catching(|machine| machine.member(&given, name, call.span));
        if let Ok(handler) = read {
            let event = Ustr::from(&name[3..]);
            add(
                host,
                machine,
                server,
                Some(event),
                space,
                handler,
                call.span,
            );
        }
    }
    Ok(Some(Value::null()))
}

#[allow(clippy::too_many_arguments, reason = "an event is many things at once")]
pub(crate) fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    server: ObjectId,
    name: Option<Ustr>,
    space: Option<Ustr>,
    handler: Value,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    let name = name.map_or_else(Value::null, |name| Value::string(&name));
    let options = [(Ustr::from("event"), name)];
    host.register(
        server,
        Registration {
            kind: RegistrationKind::Other("event"),
            path: space.unwrap_or_else(|| Ustr::from("/")),
            handlers: vec![handler],
            span,
            decided: machine.decided.clone(),
            options: options.into_iter().collect(),
        },
    );
}

fn event_name(registration: &Registration) -> Option<Ustr> {
    registration.options.get(&Ustr::from("event"))?.text()
}

/// The entry points: each namespace, and each event in it.
pub(super) fn doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    framework: &'static Framework,
) -> Vec<Door> {
    doors_of(host, machine, FRAMEWORK, framework)
}

/// The entry points of the servers that are registered under a name.
pub(crate) fn doors_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    framework: &'static Framework,
) -> Vec<Door> {
    let servers: Vec<(ObjectId, Router)> = {
        let state = host.state();
        let own = state.routers.iter();
        own.filter(|(_, router)| router.framework == name)
            .map(|(id, router)| (*id, router.clone()))
            .collect()
    };
    let mut doors = Vec::new();
    for (id, router) in &servers {
        let mut spaces: Vec<Ustr> = Vec::new();
        for registration in &router.registrations {
            if !spaces.contains(&registration.path) {
                spaces.push(registration.path);
            }
        }
        for space in spaces {
            namespace(host, machine, (*id, router), space, framework, &mut doors);
        }
    }
    doors
}

fn namespace(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (id, router): (ObjectId, &Router),
    space: Ustr,
    framework: &'static Framework,
    doors: &mut Vec<Door>,
) {
    let own = router.registrations.iter();
    let own: Vec<&Registration> = own.filter(|found| found.path == space).collect();
    let mut steps: Vec<Step> = origin_step(host, machine, router).into_iter().collect();
    let connect = own
        .iter()
        .rev()
        .find(|found| event_name(found).is_some_and(|name| name == "connect"));
    let first = own.first().map_or(router.span, |found| found.span);
    match connect {
        Some(connect) => push_guarded(machine, connect, "connect", &mut steps),
        None => {
            let open = host.make_object(machine, "flask:pass", router.span);
            machine.heap.get_mut(open).name = Some(Ustr::from("connect"));
            let decided = Vec::new();
            steps.push(step(machine, &Value::object(open), "open", first, &decided));
        }
    }
    let mut connection = door(machine, (id, router), space, None, steps.clone(), framework);
    if let Some(last) = connection.steps.last_mut() {
        last.kind = StepKind::Handler;
        connection.handler = firedoor_app::Symbol {
            name: last.name,
            span: last.span,
        };
        connection.registered = last.mounted;
    }
    doors.push(connection);
    let mut seen: Vec<Ustr> = Vec::new();
    for registration in own {
        let Some(name) = event_name(registration) else {
            continue;
        };
        if matches!(name.as_str(), "connect" | "disconnect" | "error") || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let mut steps = steps.clone();
        push_guarded(machine, registration, "event", &mut steps);
        let mut made = door(machine, (id, router), space, Some(name), steps, framework);
        if let Some(last) = made.steps.last_mut() {
            last.kind = StepKind::Handler;
            made.handler = firedoor_app::Symbol {
                name: last.name,
                span: last.span,
            };
        }
        made.registered = registration.span;
        doors.push(made);
    }
}

/// The guards of libraries around a handler come first.
fn push_guarded(
    machine: &Machine<'_>,
    registration: &Registration,
    role: &'static str,
    steps: &mut Vec<Step>,
) {
    let handler = registration.handlers.first().cloned();
    let handler = handler.unwrap_or_else(Value::null);
    let (guards, inner) = super::steps::guards_of(machine, &handler);
    for guard in &guards {
        let (span, decided) = (registration.span, &registration.decided);
        steps.push(step(machine, guard, "before", span, decided));
    }
    steps.push(step(
        machine,
        &inner,
        role,
        registration.span,
        &registration.decided,
    ));
}

fn step(
    machine: &Machine<'_>,
    value: &Value,
    role: &'static str,
    mounted: Span,
    decided: &[Decided],
) -> Step {
    let symbol = symbol(machine, value, mounted);
    Step {
        value: value.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted,
        decided: decided.to_vec(),
        role,
    }
}

/// Unless all origins are allowed, others than the listed or the server's own are refused.
fn origin_step(host: &ModelHost, machine: &mut Machine<'_>, router: &Router) -> Option<Step> {
    let given = router
        .options
        .get(&Ustr::from("cors_allowed_origins"))
        .cloned();
    let is_any = |value: &Value| value.text().is_some_and(|text| text == "*");
    if let Some(given) = given {
        let elements = match given.only_object() {
            Some(_) => machine.elements_of(&given).0,
            None => Vec::new(),
        };
        // An empty list switches the check off (`engineio/base_server.py`, `_cors_allowed_origins`).
        let is_empty = given.only_object().is_some() && elements.is_empty();
        if is_any(&given) || elements.iter().any(is_any) || is_empty {
            return None;
        }
    }
    let id = host.make_object(machine, "flask_socketio:origin", router.span);
    machine.heap.get_mut(id).name = Some(Ustr::from("cors_allowed_origins"));
    Some(step(
        machine,
        &Value::object(id),
        "before",
        router.span,
        &[],
    ))
}

fn check_origin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let sent = host.request_value_quietly(machine, RequestPart::Header, "origin");
    let own = host.request_value_quietly(machine, RequestPart::Header, "host");
    let test = machine.tested(TestKind::Equality, None, &[&sent, &own], call.span);
    let span = call.span;
    machine.when(
        &test,
        span,
        |_| Ok(()),
        |machine| {
            host.refuse(machine, Refusal::Status(400), span);
            Err(Stop::Throw)
        },
    )?;
    Ok(Some(Value::null()))
}

fn door(
    machine: &Machine<'_>,
    (id, router): (ObjectId, &Router),
    space: Ustr,
    message: Option<Ustr>,
    steps: Vec<Step>,
    framework: &'static Framework,
) -> Door {
    let name = machine.heap.get(id).name;
    let last = steps.last();
    Door {
        transport: Transport::WebSocket,
        method: Ustr::from("WS"),
        path: space,
        message,
        framework,
        app: Ustr::from(machine.program.files.path(router.span)),
        handler: firedoor_app::Symbol {
            name: last.map_or_else(|| Ustr::from("(none)"), |step| step.name),
            span: last.map_or(router.span, |step| step.span),
        },
        registered: last.map_or(router.span, |step| step.mounted),
        group: (id.0, name.unwrap_or_else(|| Ustr::from("socketio"))),
        steps,
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

fn emit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_event = last_name(&call.path) == "emit";
    let data = argument(call, usize::from(is_event), "data");
    let to = ["to", "room", "broadcast"]
        .iter()
        .find_map(|name| call.arguments.keyword(name))
        .filter(|to| !to.is_nothing())
        .cloned();
    let is_server = call.path.starts_with(SERVER);
    if to.is_some() || is_server {
        let room = to.map(|to| host.deep_provenance(machine, &to));
        let kind = EffectKind::Room(RoomKind::Broadcast, room.unwrap_or_default());
        host.effect(machine, kind, call.span);
        return Ok(Some(Value::null()));
    }
    let body = host.body_fields(machine, &data);
    let answer = EffectKind::Respond {
        status: None,
        body,
        is_error: false,
    };
    host.effect(machine, answer, call.span);
    Ok(Some(Value::null()))
}
