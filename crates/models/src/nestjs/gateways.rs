//! WebSocket gateways: connections and messages, over Socket.IO or ws.
//!
//! Guards, interceptors and pipes of the class and of the method run for messages; those of the whole application
//! do not, and none runs for a connection. Source: @nestjs/websockets 11.1, `socket-module.ts` (its contexts get
//! no application configuration), `web-sockets-controller.ts`: gateways that listen at one place share a server, and
//! each of them is told of every connection.
//!
//! What one message sets on the connection is there for the next: messages that look at a credential are sent before
//! the one that counts.

use firedoor_app::{EffectKind, Transport};
use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, Stop, Value};
use ustr::Ustr;

use super::decorators::arguments_of;
use super::doors::{Around, Placed, group, methods, step as make_step};
use super::{FRAMEWORK, handler, inject, run, sockets};
use crate::doors::join_paths;
use crate::request::send;
use crate::socket::{self, call_and_wait};
use crate::state::{RegistrationKind, Router};
use crate::tools::{keep, option};
use crate::{Door, ModelHost, Persona, Step, StepKind, socketio};

/// The classes that are provided and have `@WebSocketGateway`, with the module of each.
fn gateways(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<(ObjectId, usize)> {
    let mut found = inject::provided_classes(host);
    found.retain(|(class, _)| arguments_of(host, machine, *class, "WebSocketGateway").is_some());
    found
}

/// Where a gateway listens: its namespace, or its path with the adapter for ws.
fn path_of(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, is_plain: bool) -> String {
    let given = arguments_of(host, machine, class, "WebSocketGateway").unwrap_or_default();
    let span = machine.heap.get(class).span;
    let name = if is_plain { "path" } else { "namespace" };
    let found = given
        .iter()
        .find_map(|options| option(machine, options, name, span));
    let text = found.map(|value| super::paths::path_text(&value));
    join_paths("/", text.as_deref().unwrap_or(""))
}

/// Returns the object that `@WebSocketServer` gives: the namespace of the gateway.
pub(super) fn server(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId) -> Value {
    let known = host.state().nestjs.servers.get(&class).copied();
    if let Some(known) = known {
        return Value::object(known);
    }
    let span = machine.heap.get(class).span;
    let path = path_of(host, machine, class, false);
    let id = host.make_router(machine, "socketio:server", "socketio", "namespace", span);
    let mut state = host.state();
    if let Some(router) = state.routers.get_mut(&id) {
        router
            .options
            .insert(Ustr::from("name"), Value::string(&path));
    }
    state.nestjs.servers.insert(class, id);
    Value::object(id)
}

/// Lists the connection of each gateway, and its messages.
pub(super) fn doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: &Router,
    modules: &[usize],
    doors: &mut Vec<Door>,
) {
    let is_plain = uses_plain_sockets(app, machine, host);
    let mut placed = Vec::new();
    for (class, module) in gateways(host, machine) {
        if modules.contains(&module) {
            let path = path_of(host, machine, class, is_plain);
            placed.push((class, module, path));
        }
    }
    let first = doors.len();
    for (class, module, path) in &placed {
        let place = Placed {
            app,
            modules,
            module: *module,
            module_class: None,
            class: *class,
        };
        let server = server(host, machine, *class);
        let instance = inject::instance(host, machine, *class, *module);
        after_init(machine, &instance, *class, &server);
        let beside = placed.iter().filter(|(_, _, other)| other == path);
        let beside: Vec<ObjectId> = beside.map(|(class, ..)| *class).collect();
        gateway_doors(host, machine, (&place, path, &beside), &server, doors);
    }
    // There may be several applications: none of them is asked with the messages of another.
    let mut known = std::mem::take(&mut host.state().nestjs.authenticating);
    known.extend(authenticating(host, machine, &doors[first..]));
    host.state().nestjs.authenticating = known;
}

/// Returns the messages that look at a credential.
fn authenticating(host: &ModelHost, machine: &mut Machine<'_>, doors: &[Door]) -> Vec<Door> {
    let mut found = doors.to_vec();
    found.retain(|door| {
        let is_alone = || {
            let mut others = doors.iter().filter(|other| other.path == door.path);
            others.all(|other| other.message.is_none() || other.message == door.message)
        };
        if door.message.is_none() || is_alone() {
            return false;
        }
        let steps = door.steps.iter();
        let handler = steps
            .enumerate()
            .find(|(_, it)| it.kind == StepKind::Handler);
        let handler = handler.map_or(0, |(number, _)| number);
        let run = send(host, machine, door, Persona::User, None).run;
        run.effects.iter().any(|effect| {
            effect.step == handler
                && matches!(
                    effect.kind,
                    EffectKind::Verify(_) | EffectKind::CompareSecret(_)
                )
        })
    });
    found
}

/// Before the first step of a message that is no part of the handshake, sends the messages that authenticate, without
/// noting what they do apart from what they change on the connection.
pub(super) fn authenticate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    shared: &[Value],
) -> Result<(), Stop> {
    let number = host.state().run.step;
    let first = door.steps.iter().position(|step| !is_handshake(step));
    let Some(client) = shared.get(4).filter(|_| first == Some(number)) else {
        return Ok(());
    };
    let mut earlier = host.state().nestjs.authenticating.clone();
    earlier.retain(|other| {
        other.app == door.app && other.path == door.path && other.message != door.message
    });
    for other in &earlier {
        let sent = socket::quietly(host, machine, |machine| {
            send_before(host, machine, other, client)
        });
        // A connection that was closed for a message sends none after it; this one has not sent that message.
        if let Some(id) = client.only_object() {
            socket::reopen(machine, id);
        }
        sent?;
    }
    Ok(())
}

fn send_before(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    client: &Value,
) -> Result<(), Stop> {
    let mut shared = run::begin(host, machine, door);
    if let Some(context) = shared.get(3).and_then(Value::only_object) {
        keep(machine, context, "$client", client.clone());
    }
    shared.truncate(4);
    shared.push(client.clone());
    for step in &door.steps {
        if is_handshake(step) || step.kind == StepKind::ErrorHandler {
            continue;
        }
        run::one_step(host, machine, door, step, &shared)?;
    }
    Ok(())
}

fn is_handshake(step: &Step) -> bool {
    matches!(step.role, "engine" | "allow" | "server" | "connection")
}

fn uses_plain_sockets(app: &Router, machine: &Machine<'_>, host: &ModelHost) -> bool {
    let mut adapters = app
        .registrations
        .iter()
        .filter(|registration| registration.kind == RegistrationKind::Other("adapter"))
        .flat_map(|registration| &registration.handlers);
    adapters.any(|adapter| {
        let paths = host.paths_of(machine, adapter);
        paths.iter().any(|path| path.contains("platform-ws"))
    })
}

fn after_init(machine: &mut Machine<'_>, instance: &Value, class: ObjectId, server: &Value) {
    let name = Ustr::from("afterInit");
    if machine.class_attribute(class, name).is_none() {
        return;
    }
    let span = machine.heap.get(class).span;
    let arguments = Arguments::positional([server.clone()]);
    let (_, _) = machine.catching(|machine| machine.call_member(instance, name, &arguments, span));
}

fn gateway_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (place, path, beside): (&Placed<'_>, &str, &[ObjectId]),
    server: &Value,
    doors: &mut Vec<Door>,
) {
    let class = place.class;
    let mut first = sockets::steps(host, machine, place.app, path);
    let registered = server
        .only_object()
        .and_then(|id| host.state().routers.get(&id).cloned());
    for registration in registered.iter().flat_map(|router| &router.registrations) {
        if registration.kind == RegistrationKind::Other("use") {
            first.push(socketio::doors::make_step(machine, registration, "server"));
        }
    }
    let span = machine.heap.get(class).span;
    let mut is_own = false;
    for listening in beside {
        let name = Ustr::from("handleConnection");
        if let Some((_, function)) = machine.class_attribute(*listening, name) {
            note_gateway(host, &function, *listening);
            first.push(make_step(machine, &function, "connection", span));
            is_own |= *listening == class;
        }
    }
    let mut door = blank(machine, place, path);
    door.steps = first.clone();
    if is_own {
        connection_door(&mut door, doors);
    }
    let around = Around::default().with(host, machine, place, class);
    for function in methods(machine, class) {
        let Some(given) = arguments_of(host, machine, function, "SubscribeMessage") else {
            continue;
        };
        let around = around.with(host, machine, place, function);
        let span = machine.heap.get(function).span;
        let mut handler = make_step(machine, &Value::object(function), "message", span);
        handler.kind = StepKind::Handler;
        let mut door = door.clone();
        door.message = given.first().and_then(Value::text);
        door.registered = span;
        door.handler = firedoor_app::Symbol {
            name: handler.name,
            span: handler.span,
        };
        door.steps = first.clone();
        door.steps.extend(around.guards.iter().cloned());
        door.steps.extend(around.interceptors.iter().cloned());
        door.steps.extend(around.pipes.iter().cloned());
        door.steps.push(handler);
        door.steps.extend(around.filters.iter().rev().cloned());
        doors.push(door);
    }
}

/// The connection, handled by the last of those that are told of it.
fn connection_door(door: &mut Door, doors: &mut Vec<Door>) {
    let connected = door.steps.iter_mut();
    if let Some(last) = connected.last().filter(|step| step.role == "connection") {
        last.kind = StepKind::Handler;
        door.handler = firedoor_app::Symbol {
            name: last.name,
            span: last.span,
        };
        doors.push(door.clone());
    }
}

/// Remembers which gateway a function is of.
fn note_gateway(host: &ModelHost, function: &Value, class: ObjectId) {
    if let Some(id) = function.only_object() {
        host.state().nestjs.connections.insert(id, class);
    }
}

/// Returns the gateway whose connection a step handles.
fn gateway_of(host: &ModelHost, machine: &mut Machine<'_>, door: &Door, step: &Step) -> Value {
    let own = ObjectId(door.group.0);
    let name = Ustr::from("handleConnection");
    let is_class = matches!(machine.heap.get(own).kind, ObjectKind::Class { .. });
    let of_own = is_class.then(|| machine.class_attribute(own, name));
    if of_own.flatten().is_some_and(|(_, it)| it == step.value) {
        return handler::instance(host, machine, door);
    }
    let known = {
        let state = host.state();
        let function = step.value.only_object();
        function.and_then(|id| state.nestjs.connections.get(&id).copied())
    };
    match known {
        Some(class) => inject::instance(host, machine, class, 0),
        None => handler::instance(host, machine, door),
    }
}

fn blank(machine: &Machine<'_>, place: &Placed<'_>, path: &str) -> Door {
    let span = machine.heap.get(place.class).span;
    let (number, name) = group(machine, place);
    Door {
        transport: Transport::WebSocket,
        method: Ustr::from("WS"),
        path: Ustr::from(path),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(place.app.span)),
        handler: firedoor_app::Symbol { name, span },
        registered: span,
        group: (number, name),
        steps: Vec::new(),
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

/// Makes the connection: of Socket.IO, or a plain one.
pub(super) fn client(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    request: &Value,
) -> Value {
    let is_plain = {
        let app = {
            let state = host.state();
            let mut routers = state.routers.values();
            routers.find(|router| router.framework == "nestjs").cloned()
        };
        app.is_some_and(|app| uses_plain_sockets(&app, machine, host))
    };
    match is_plain {
        true => socket::make(host, machine, door.registered),
        false => socketio::client::make(host, machine, request, door.registered),
    }
}

/// Runs middleware of the server, the connection, or a message.
pub(super) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [request, _, _, _, client] = shared else {
        return Ok(());
    };
    let span = step.mounted;
    let asked = match step.role {
        "allow" => Some((request, "socketio:allow")),
        "server" => Some((client, "socketio:next")),
        _ => None,
    };
    if let Some((asked, answer)) = asked {
        let answer = Value::object(host.make_object(machine, answer, span));
        let arguments = Arguments::positional([asked.clone(), answer]);
        return call_and_wait(machine, &step.value, None, &arguments, span).map(drop);
    }
    if step.role == "connection" {
        let this = gateway_of(host, machine, door, step);
        let arguments = Arguments::positional([client.clone(), request.clone()]);
        call_and_wait(machine, &step.value, Some(this), &arguments, span)?;
        socket::continue_if_open(host, machine, client, span);
        return Ok(());
    }
    let this = handler::instance(host, machine, door);
    let arguments = message_arguments(host, machine, door, step, shared)?;
    let result = machine.call_value(&step.value, Some(this), &arguments, span)?;
    // A query that is handed on runs only when somebody waits for it, as Nest does.
    let result = machine.await_value(&result, span)?;
    if !result.is_nothing() {
        socket::respond(host, machine, &result, span);
    }
    Ok(())
}

/// Without decorators a handler gets the connection and the data.
fn message_arguments(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<Arguments, Stop> {
    let parameters = handler::parameters(machine, &step.value);
    let mut given = Vec::new();
    let is_decorated = parameters
        .iter()
        .any(|parameter| !parameter.decorators.is_empty());
    if !is_decorated {
        given.push(shared[4].clone());
        given.push(host.request_value(machine, firedoor_app::RequestPart::Message, ""));
        return Ok(Arguments::positional(given));
    }
    for parameter in &parameters {
        given.push(handler::argument(host, machine, door, parameter, shared)?);
    }
    Ok(Arguments::positional(given))
}
