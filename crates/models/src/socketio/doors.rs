//! The entry points of Socket.IO: each namespace, and each event that its connection handlers listen for.

use firedoor_app::Transport;
use firedoor_eval::{Decided, Machine, ObjectId, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::symbol;
use crate::request::{Sent, send};
use crate::socketio::{FRAMEWORK, SERVER, path_of, routers};
use crate::socketio::{client, run};
use crate::state::{Listener, ListenerKind, Registration, RegistrationKind, Router};
use crate::{Door, ModelHost, Persona, Step, StepKind, socket};

/// Lists the entry points.
pub(crate) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    for (id, router) in routers(host) {
        let has_handler = router
            .registrations
            .iter()
            .any(|registration| registration.kind == RegistrationKind::Other("connection"));
        if has_handler {
            namespace_doors(host, machine, id, &router, &mut doors);
        }
    }
    doors
}

/// The connection, and an entry point for each event that its handlers listen for.
fn namespace_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    router: &Router,
    doors: &mut Vec<Door>,
) {
    let mut door = connection_door(host, machine, id, router);
    let sent = send(host, machine, &door, Persona::User, None);
    let events = events(&sent);
    let layers: Vec<Listener> = listeners_of(&sent, ListenerKind::Layer);
    let first = doors.len();
    for (event, listener) in &events {
        doors.push(event_door(machine, &door, *event, listener, &layers));
    }
    run::note_authenticating(host, machine, id, &doors[first..]);
    if sent
        .run
        .listeners
        .iter()
        .any(|listener| listener.kind == ListenerKind::Every && listener.event.text().is_none())
    {
        door.unresolved
            .push("the name of an event that it listens for is not known".to_owned());
    }
    if let Some(last) = door.steps.last_mut() {
        last.kind = StepKind::Handler;
    }
    doors.push(door);
}

fn connection_door(host: &ModelHost, machine: &Machine<'_>, id: ObjectId, router: &Router) -> Door {
    let server = machine
        .heap
        .property(id, Ustr::from(SERVER))
        .and_then(Value::only_object)
        .unwrap_or(id);
    let whole = host.state().routers.get(&server).cloned();
    let mut steps = Vec::new();
    for kind in ["engine", "allow"] {
        let registrations = whole.iter().flat_map(|router| &router.registrations);
        steps.extend(steps_of(machine, registrations, kind));
    }
    for kind in ["use", "connection"] {
        steps.extend(steps_of(machine, &router.registrations, kind));
    }
    let handler = steps.last().map_or(
        firedoor_app::Symbol {
            name: Ustr::from("(none)"),
            span: router.span,
        },
        |step| firedoor_app::Symbol {
            name: step.name,
            span: step.span,
        },
    );
    let registered = steps.last().map_or(router.span, |step| step.mounted);
    let name = machine.heap.get(id).name;
    Door {
        transport: Transport::WebSocket,
        method: Ustr::from("WS"),
        path: path_of(router),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(machine.heap.get(server).span)),
        handler,
        registered,
        group: (id.0, name.unwrap_or_else(|| Ustr::from("io"))),
        steps,
        decided: Vec::new(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

fn steps_of<'r>(
    machine: &Machine<'_>,
    registrations: impl IntoIterator<Item = &'r Registration>,
    kind: &'static str,
) -> Vec<Step> {
    registrations
        .into_iter()
        .filter(|registration| registration.kind == RegistrationKind::Other(kind))
        .map(|registration| make_step(machine, registration, kind))
        .collect()
}

/// Makes the step that a registration is.
pub(crate) fn make_step(
    machine: &Machine<'_>,
    registration: &Registration,
    role: &'static str,
) -> Step {
    let value = registration.handlers.first().cloned();
    let value = value.unwrap_or_else(Value::undefined);
    step_for(
        machine,
        value,
        role,
        registration.span,
        &registration.decided,
    )
}

fn step_for(
    machine: &Machine<'_>,
    value: Value,
    role: &'static str,
    mounted: Span,
    decided: &[Decided],
) -> Step {
    let symbol = symbol(machine, &value, mounted);
    Step {
        value,
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted,
        decided: decided.to_vec(),
        role,
    }
}

fn listeners_of(sent: &Sent, kind: ListenerKind) -> Vec<Listener> {
    let listeners = sent.run.listeners.iter();
    listeners
        .filter(|listener| listener.kind == kind)
        .cloned()
        .collect()
}

/// The events that are listened for, each with its first listener; and those that a listener for all
/// events tells apart.
fn events(sent: &Sent) -> Vec<(Ustr, Listener)> {
    let mut events: Vec<(Ustr, Listener)> = Vec::new();
    let mut add = |name: Ustr, listener: &Listener| {
        let is_known = events.iter().any(|(known, _)| *known == name);
        if !is_known && !socket::is_reserved(&name) {
            events.push((name, listener.clone()));
        }
    };
    for listener in &sent.run.listeners {
        if let Some(name) = listener.event.text()
            && matches!(listener.kind, ListenerKind::Every | ListenerKind::Once)
        {
            add(name, listener);
        }
    }
    let any = sent
        .run
        .listeners
        .iter()
        .find(|listener| listener.kind == ListenerKind::Any);
    if let Some(any) = any {
        for (field, name) in sent.run.messages.keys() {
            if field == client::EVENT {
                add(*name, any);
            }
        }
    }
    events
}

fn event_door(
    machine: &Machine<'_>,
    connection: &Door,
    event: Ustr,
    listener: &Listener,
    layers: &[Listener],
) -> Door {
    let mut door = connection.clone();
    door.message = Some(event);
    for layer in layers {
        let step = step_for(machine, layer.handler.clone(), "packet", layer.span, &[]);
        door.steps.push(step);
    }
    let mut step = step_for(
        machine,
        listener.handler.clone(),
        "event",
        listener.span,
        &[],
    );
    step.kind = StepKind::Handler;
    door.handler = firedoor_app::Symbol {
        name: step.name,
        span: step.span,
    };
    door.registered = listener.span;
    door.steps.push(step);
    door
}
