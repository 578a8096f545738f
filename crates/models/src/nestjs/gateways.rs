//! WebSocket gateways: connections and messages, over Socket.IO or ws.
//!
//! Guards, interceptors and pipes of the class and of the method run for messages; those of the whole application
//! do not, and none runs for a connection. Source: @nestjs/websockets 11.1, `socket-module.ts` (its contexts get
//! no application configuration), `web-sockets-controller.ts`.

use firedoor_app::Transport;
use firedoor_eval::{Arguments, Machine, ObjectId, Stop, Value};
use ustr::Ustr;

use super::decorators::arguments_of;
use super::doors::{Around, Placed, group, methods, step as make_step};
use super::{FRAMEWORK, handler, inject};
use crate::doors::join_paths;
use crate::socket::{self, call_and_wait};
use crate::state::{RegistrationKind, Router};
use crate::tools::option;
use crate::{Door, ModelHost, Step, StepKind, socketio};

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
    for (class, module) in gateways(host, machine) {
        if !modules.contains(&module) {
            continue;
        }
        let place = Placed {
            app,
            modules,
            module,
            module_class: None,
            class,
        };
        let server = server(host, machine, class);
        let instance = inject::instance(host, machine, class, module);
        after_init(machine, &instance, class, &server);
        let path = path_of(host, machine, class, is_plain);
        gateway_doors(host, machine, &place, &path, &server, doors);
    }
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
    place: &Placed<'_>,
    path: &str,
    server: &Value,
    doors: &mut Vec<Door>,
) {
    let class = place.class;
    let mut first = Vec::new();
    let registered = server
        .only_object()
        .and_then(|id| host.state().routers.get(&id).cloned());
    for registration in registered.iter().flat_map(|router| &router.registrations) {
        if registration.kind == RegistrationKind::Other("use") {
            first.push(socketio::doors::make_step(machine, registration, "server"));
        }
    }
    let connection = machine.class_attribute(class, Ustr::from("handleConnection"));
    let span = machine.heap.get(class).span;
    if let Some((_, function)) = &connection {
        first.push(make_step(machine, function, "connection", span));
    }
    let mut door = blank(machine, place, path);
    door.steps = first.clone();
    if let Some(last) = door
        .steps
        .last_mut()
        .filter(|step| step.role == "connection")
    {
        last.kind = StepKind::Handler;
        door.handler = firedoor_app::Symbol {
            name: last.name,
            span: last.span,
        };
    }
    if door.steps.iter().any(|step| step.role == "connection") {
        doors.push(door.clone());
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
    if step.role == "server" {
        let next = Value::object(host.make_object(machine, "socketio:next", span));
        let arguments = Arguments::positional([client.clone(), next]);
        return call_and_wait(machine, &step.value, None, &arguments, span).map(drop);
    }
    let this = handler::instance(host, machine, door);
    if step.role == "connection" {
        let arguments = Arguments::positional([client.clone(), request.clone()]);
        call_and_wait(machine, &step.value, Some(this), &arguments, span)?;
        socket::continue_if_open(host, machine, client, span);
        return Ok(());
    }
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
