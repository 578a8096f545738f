//! ws 7 and 8: <https://github.com/websockets/ws/blob/master/doc/ws.md>.
//!
//! A server takes handshakes itself (`server`, `port`), or the program hands them over from an `upgrade`
//! handler (`noServer`); then the paths are those that the handler compares the URL with. Which server takes
//! a path is found out by sending a user's handshake to it. Source: ws 8.18, `lib/websocket-server.js`.

use firedoor_app::{EffectKind, Refusal, Transport};
use firedoor_eval::{
    Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::symbol;
use crate::request::{Sent, send};
use crate::state::{Connected, Registration, RegistrationKind, Router, Upgrade};
use crate::{Door, Framework, Model, ModelHost, Persona, Step, StepKind, socket};

/// The model.
pub static MODEL: Model = Model {
    name: "ws",
    calls: &[
        ("npm:ws.WebSocketServer", create_server),
        ("npm:ws.WebSocketServer().on", register),
        ("npm:ws.WebSocketServer().once", register),
        ("npm:ws.WebSocketServer().addListener", register),
        ("npm:ws.WebSocketServer().handleUpgrade", handle_upgrade),
        ("npm:ws.WebSocketServer().emit", emit),
        ("npm:ws.WebSocketServer().close", nothing),
        ("npm:ws.WebSocketServer().shouldHandle", unknown_truth),
        ("ws:verified", verified),
    ],
    members: &[("npm:ws.WebSocketServer().clients", clients)],
    aliases: &[
        ("npm:ws.Server", "npm:ws.WebSocketServer"),
        ("npm:ws.default.Server", "npm:ws.WebSocketServer"),
        ("npm:ws.default.WebSocketServer", "npm:ws.WebSocketServer"),
        ("npm:ws.WebSocket.Server", "npm:ws.WebSocketServer"),
        ("npm:ws.WebSocket.WebSocketServer", "npm:ws.WebSocketServer"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: "ws",
    doors,
    begin,
    step,
    mountings: |_, _| Vec::new(),
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

/// A path that no program compares with: whoever takes it takes every path.
const OTHER_PATH: &str = "/--any-other-path--";

fn create_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let options = call.arguments.get(0);
    let id = host.make_router(
        machine,
        "npm:ws.WebSocketServer()",
        "ws",
        "server",
        call.span,
    );
    let mut read = indexmap::IndexMap::new();
    for name in ["server", "port", "noServer", "path", "verifyClient"] {
        let value = machine.member(&options, Ustr::from(name), call.span);
        if let Ok(value) = value
            && !value.is_nothing()
        {
            read.insert(Ustr::from(name), value);
        }
    }
    if let Some(router) = host.state().routers.get_mut(&id) {
        router.options = read;
    }
    Ok(Some(Value::object(id)))
}

fn register(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_connection = call
        .arguments
        .get(0)
        .text()
        .is_some_and(|event| event == "connection");
    if let (Some(server), true, false) = (call.receiver, is_connection, host.is_request()) {
        host.register(
            server,
            Registration {
                kind: RegistrationKind::WebSocket,
                path: Ustr::default(),
                handlers: vec![call.arguments.get(1)],
                span: call.span,
                decided: machine.decided.clone(),
                options: Default::default(),
            },
        );
    }
    Ok(Some(call.this.clone()))
}

/// The handshake is taken: from here on it is the server's.
fn handle_upgrade(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(server) = call.receiver else {
        return Ok(None);
    };
    host.state().run.upgraded.push(Upgrade {
        server,
        callback: call.arguments.get(3),
        request: call.arguments.get(0),
        span: call.span,
    });
    host.effect(machine, EffectKind::Continue, call.span);
    Ok(Some(Value::undefined()))
}

fn emit(host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_connection = call
        .arguments
        .get(0)
        .text()
        .is_some_and(|event| event == "connection");
    if let (Some(server), true) = (call.receiver, is_connection) {
        let arguments = call.arguments.positional.iter().skip(1).cloned().collect();
        host.state()
            .run
            .connected
            .push(Connected { server, arguments });
    }
    Ok(Some(Value::bool(true)))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

fn unknown_truth(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

/// All connections: a set with one that stands for any.
fn clients(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let other = Value::object(host.make_object(machine, "ws:other", span));
    let set = machine.heap.allocate(ObjectKind::Set, span);
    machine.heap.elements_mut(set).push(other);
    machine.heap.open(set);
    Some(Value::object(set))
}

/// `verifyClient` with a callback answers by it: `callback(ok, status, name, headers)`.
fn verified(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let status = call
        .arguments
        .get(1)
        .as_number()
        .map_or(401, |status| status as u16);
    verify_outcome(host, machine, &call.arguments.get(0), status, call.span)?;
    Ok(Some(Value::undefined()))
}

fn verify_outcome(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    outcome: &Value,
    status: u16,
    span: Span,
) -> Result<(), Stop> {
    machine.when(
        outcome,
        span,
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
        |machine| {
            host.refuse(machine, Refusal::Status(status), span);
            Ok(())
        },
    )
}

fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let routers: Vec<(ObjectId, Router)> = host
        .state()
        .routers
        .iter()
        .map(|(id, router)| (*id, router.clone()))
        .collect();
    let mut doors = Vec::new();
    let servers = || {
        routers
            .iter()
            .filter(|(_, router)| router.framework == "ws")
    };
    for (id, router) in servers().filter(|(_, router)| !is_without_server(router)) {
        doors.push(server_door(host, machine, *id, router));
    }
    for (id, router) in &routers {
        for registration in &router.registrations {
            if registration.kind == RegistrationKind::Other("upgrade") {
                upgrade_doors(host, machine, *id, registration, &mut doors);
            }
        }
    }
    for (id, router) in servers().filter(|(_, router)| is_without_server(router)) {
        if !router.registrations.is_empty() && !is_covered(router, &doors) {
            let mut door = server_door(host, machine, *id, router);
            door.unresolved
                .push("how handshakes come to its server was not found".to_owned());
            doors.push(door);
        }
    }
    doors
}

/// Holds if some door leads to the connection handlers of a server.
fn is_covered(router: &Router, doors: &[Door]) -> bool {
    let handlers = || router.registrations.iter().flat_map(|one| &one.handlers);
    doors
        .iter()
        .flat_map(|door| &door.steps)
        .any(|step| handlers().any(|handler| *handler == step.value))
}

fn is_without_server(router: &Router) -> bool {
    router
        .options
        .get(&Ustr::from("noServer"))
        .is_some_and(|value| value.truth() == Some(true))
}

/// The door of a server that takes handshakes itself.
fn server_door(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, router: &Router) -> Door {
    let path = router
        .options
        .get(&Ustr::from("path"))
        .map_or(Some(Ustr::from("/")), Value::text_pattern);
    let mut door = empty_door(
        machine,
        id,
        router.span,
        path.unwrap_or_else(|| Ustr::from("{path*}")),
    );
    door.steps = server_steps(machine, id, router);
    finish(host, machine, door)
}

fn empty_door(machine: &Machine<'_>, id: ObjectId, span: Span, path: Ustr) -> Door {
    let name = machine.heap.get(id).name;
    Door {
        transport: Transport::WebSocket,
        method: Ustr::from("WS"),
        path: Ustr::from(&crate::doors::join_paths("/", &path)),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(machine.heap.get(id).span)),
        handler: firedoor_app::Symbol {
            name: Ustr::from("(none)"),
            span,
        },
        registered: span,
        group: (id.0, name.unwrap_or_else(|| Ustr::from("ws"))),
        steps: Vec::new(),
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

/// What a server runs for a handshake: `verifyClient`, then the connection handlers.
fn server_steps(machine: &Machine<'_>, id: ObjectId, router: &Router) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(verify) = router.options.get(&Ustr::from("verifyClient")) {
        steps.push(make_step(machine, verify, "verify", router.span, &[]));
    }
    for registration in &router.registrations {
        for handler in &registration.handlers {
            let mut step = make_step(
                machine,
                handler,
                "connection",
                registration.span,
                &registration.decided,
            );
            step.kind = StepKind::Layer;
            steps.push(step);
        }
    }
    let _ = id;
    steps
}

fn make_step(
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

/// The messages are the work of the door, if there are any; else the connection is.
fn finish(host: &ModelHost, machine: &mut Machine<'_>, mut door: Door) -> Door {
    let sent = send(host, machine, &door, Persona::User, None);
    let listener = sent.run.listeners.iter().find(|listener| {
        listener
            .event
            .text()
            .is_some_and(|event| event == "message")
    });
    match listener {
        Some(listener) => {
            let mut step = make_step(
                machine,
                &listener.handler,
                socket::MESSAGES,
                listener.span,
                &[],
            );
            step.kind = StepKind::Handler;
            door.steps.push(step);
        }
        None => {
            if let Some(step) = door.steps.last_mut() {
                step.kind = StepKind::Handler;
            }
        }
    }
    if let Some(step) = door.steps.last() {
        door.handler = firedoor_app::Symbol {
            name: step.name,
            span: step.span,
        };
    }
    door
}

/// The doors behind a handler of handshakes: one for each path that it tells apart.
fn upgrade_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    server: ObjectId,
    registration: &Registration,
    doors: &mut Vec<Door>,
) {
    let any = upgrade_door(machine, server, registration, "/{path*}");
    let sent = send(host, machine, &any, Persona::User, None);
    let paths: Vec<Ustr> = sent
        .run
        .paths
        .keys()
        .filter(|path| path.starts_with('/'))
        .copied()
        .collect();
    if paths.is_empty() {
        let mut door = any;
        door.path = Ustr::from("/");
        doors.extend(with_server(host, machine, door, &sent));
        return;
    }
    for path in paths {
        let door = upgrade_door(machine, server, registration, &path);
        let sent = send(host, machine, &door, Persona::User, None);
        doors.extend(with_server(host, machine, door, &sent));
    }
    let other = upgrade_door(machine, server, registration, OTHER_PATH);
    let sent = send(host, machine, &other, Persona::User, None);
    let any = upgrade_door(machine, server, registration, "/{path*}");
    doors.extend(with_server(host, machine, any, &sent));
}

fn upgrade_door(
    machine: &Machine<'_>,
    server: ObjectId,
    registration: &Registration,
    path: &str,
) -> Door {
    let mut door = empty_door(machine, server, registration.span, Ustr::from(path));
    for handler in &registration.handlers {
        let step = make_step(
            machine,
            handler,
            "upgrade",
            registration.span,
            &registration.decided,
        );
        door.steps.push(step);
    }
    door
}

/// Adds the steps of the server that took the handshake; without one there is no door.
fn with_server(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    mut door: Door,
    sent: &Sent,
) -> Option<Door> {
    let mut servers: Vec<ObjectId> = Vec::new();
    for upgrade in &sent.run.upgraded {
        if !servers.contains(&upgrade.server) {
            servers.push(upgrade.server);
        }
    }
    if servers.is_empty() {
        return None;
    }
    for server in servers {
        let Some(router) = host.state().routers.get(&server).cloned() else {
            continue;
        };
        let steps = server_steps(machine, server, &router);
        door.steps.extend(steps);
    }
    if door.steps.iter().all(|step| step.role != "connection") {
        let upgrade = &sent.run.upgraded[0];
        let step = make_step(machine, &upgrade.callback, "callback", upgrade.span, &[]);
        door.steps.push(step);
    }
    Some(finish(host, machine, door))
}

/// The request, the TCP connection and the WebSocket are shared by all steps.
fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = host.make_object(machine, "express:request", span);
    let connection = host.make_object(machine, "node:net.Socket", span);
    let client = socket::make(host, machine, span);
    vec![Value::object(request), Value::object(connection), client]
}

fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [request, connection, client] = shared else {
        return Ok(());
    };
    let span = step.mounted;
    match step.role {
        "upgrade" => {
            let head = Value::unknown(Shape::Object);
            let arguments = Arguments::positional([request.clone(), connection.clone(), head]);
            socket::call_and_wait(machine, &step.value, None, &arguments, span).map(drop)
        }
        "verify" => verify(host, machine, step, request),
        "connection" => connect(host, machine, step, request, client),
        "callback" => {
            answer_handshakes(host, machine, client)?;
            socket::continue_if_open(host, machine, client, span);
            Ok(())
        }
        _ => socket::run_messages(host, machine, span),
    }
}

/// With two parameters `verifyClient` answers by its callback, with one by what it returns.
fn verify(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
) -> Result<(), Stop> {
    let info = machine.heap.allocate(ObjectKind::Plain, step.mounted);
    let origin = host.request_value(machine, firedoor_app::RequestPart::Header, "origin");
    let fields = [
        ("req", request.clone()),
        ("origin", origin),
        ("secure", Value::unknown(Shape::Bool)),
    ];
    for (name, value) in fields {
        machine.heap.set_property(info, Ustr::from(name), value);
    }
    let mut arguments = Arguments::positional([Value::object(info)]);
    let has_callback = parameter_count(machine, &step.value) == Some(2);
    if has_callback {
        let callback = host.make_object(machine, "ws:verified", step.mounted);
        arguments.positional.push(Value::object(callback));
    }
    let result = socket::call_and_wait(machine, &step.value, None, &arguments, step.mounted)?;
    if has_callback {
        return Ok(());
    }
    verify_outcome(host, machine, &result, 401, step.mounted)
}

/// Returns the number of parameters of a function of the program.
pub(crate) fn parameter_count(machine: &Machine<'_>, value: &Value) -> Option<usize> {
    let ObjectKind::Function { closure, .. } = machine.heap.get(value.only_object()?).kind else {
        return None;
    };
    let module = machine.program.module(closure.module);
    Some(module.function(closure.function).parameters.len())
}

/// Calls what the program gave `handleUpgrade`, which usually tells the server of the connection.
fn answer_handshakes(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    client: &Value,
) -> Result<(), Stop> {
    let upgraded = std::mem::take(&mut host.state().run.upgraded);
    for upgrade in &upgraded {
        let arguments = Arguments::positional([client.clone(), upgrade.request.clone()]);
        socket::call_and_wait(machine, &upgrade.callback, None, &arguments, upgrade.span)?;
    }
    Ok(())
}

fn connect(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    request: &Value,
    client: &Value,
) -> Result<(), Stop> {
    answer_handshakes(host, machine, client)?;
    let server = server_of(host, &step.value);
    let connected = host
        .state()
        .run
        .connected
        .iter()
        .find(|connected| Some(connected.server) == server)
        .map(|connected| connected.arguments.clone());
    let arguments = connected.unwrap_or_else(|| vec![client.clone(), request.clone()]);
    let arguments = Arguments::positional(arguments);
    socket::call_and_wait(machine, &step.value, None, &arguments, step.mounted)?;
    socket::continue_if_open(host, machine, client, step.mounted);
    Ok(())
}

fn server_of(host: &ModelHost, handler: &Value) -> Option<ObjectId> {
    let state = host.state();
    let mut routers = state.routers.iter();
    routers
        .find(|(_, router)| {
            router.framework == "ws"
                && router
                    .registrations
                    .iter()
                    .any(|registration| registration.handlers.contains(handler))
        })
        .map(|(id, _)| *id)
}
