//! What runs for a handshake of Socket.IO, and for an event.
//!
//! What one event sets on the connection is there for the next: events that look at a credential are sent
//! before the one that counts.

use firedoor_app::{EffectKind, Origin, RequestPart};
use firedoor_eval::{Arguments, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::request::send;
use crate::socketio::client;
use crate::state::{Listener, ListenerKind};
use crate::{Door, ModelHost, Persona, Step, express, socket};

/// The note of a namespace with the events that look at a credential.
const AUTHENTICATING: &str = "authenticating";

/// Remembers which events look at a credential: what they change is there for the events after them.
pub(crate) fn note_authenticating(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    doors: &[Door],
) {
    let mut names = Vec::new();
    for door in doors {
        let run = send(host, machine, door, Persona::User, None).run;
        let handler = door.steps.len() - 1;
        let proves = run.effects.iter().any(|effect| {
            effect.step == handler
                && matches!(
                    effect.kind,
                    EffectKind::Verify(_) | EffectKind::CompareSecret(_)
                )
        });
        let reads = run.reads.iter().any(|(origin, step)| {
            *step == handler && matches!(origin, Origin::Request(RequestPart::Message, _))
        });
        if let (true, Some(name)) = (proves || reads, door.message) {
            names.push(firedoor_eval::Atom::String(name));
        }
    }
    if !names.is_empty() {
        let names = Value::atoms_of(names);
        host.state().notes.insert((id, AUTHENTICATING), names);
    }
}

/// Returns the events of a namespace that look at a credential.
pub(crate) fn authenticating(host: &ModelHost, door: &Door) -> Vec<Ustr> {
    let state = host.state();
    let noted = state.notes.get(&(ObjectId(door.group.0), AUTHENTICATING));
    noted.and_then(Value::texts).unwrap_or_default()
}

/// Sends the events that authenticate, without noting what they do apart from what they change.
fn authenticate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    span: Span,
) -> Result<(), Stop> {
    for name in authenticating(host, door) {
        socket::quietly(host, machine, |machine| {
            run_listeners(host, machine, Some(name), span)
        })?;
    }
    Ok(())
}

/// The request of the handshake, an answer to it, and the connection are shared by all steps.
pub(crate) fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = Value::object(host.make_object(machine, "express:request", span));
    let response = Value::object(host.make_object(machine, "express:response", span));
    let client = client::make(host, machine, &request, span);
    vec![request, response, client]
}

/// Runs one step of a handshake or an event.
pub(crate) fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let [request, response, client] = shared else {
        return Ok(());
    };
    let span = step.mounted;
    let object = |machine: &mut Machine<'_>, path: &str| {
        Value::object(host.make_object(machine, path, span))
    };
    let arguments = match step.role {
        "engine" => {
            let next = object(machine, "express:next");
            vec![request.clone(), response.clone(), next]
        }
        "allow" => vec![request.clone(), object(machine, "socketio:allow")],
        "use" => vec![client.clone(), object(machine, "socketio:next")],
        "packet" => return run_packet_layer(host, machine, door, step),
        "event" => return run_event(host, machine, door, step),
        _ => vec![client.clone()],
    };
    let arguments = Arguments::positional(arguments);
    socket::call_and_wait(machine, &step.value, None, &arguments, span)?;
    match step.role {
        "connection" => settle_connection(host, machine, door, client, span)?,
        _ => express::unknown_layer(host, machine, step),
    }
    Ok(())
}

/// A connection goes on if it is open. An event exists only for whoever came to where it is listened for.
fn settle_connection(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    client: &Value,
    span: Span,
) -> Result<(), Stop> {
    let Some(event) = door.message else {
        socket::continue_if_open(host, machine, client, span);
        return run_any(host, machine, None, span);
    };
    let (is_last, listens) = {
        let state = host.state();
        let last = door
            .steps
            .iter()
            .rposition(|step| step.role == "connection");
        let listens = state.run.listeners.iter().any(|listener| {
            listener.kind == ListenerKind::Any
                || listener.event.text().is_none_or(|name| name == event)
        });
        (last == Some(state.run.step), listens)
    };
    if !is_last || listens {
        socket::continue_if_open(host, machine, client, span);
    }
    Ok(())
}

/// The listener for all events is called with an event of any name, to see which names it tells apart.
fn run_any(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    event: Option<Ustr>,
    span: Span,
) -> Result<(), Stop> {
    let listeners: Vec<Listener> = {
        let state = host.state();
        let listeners = state.run.listeners.iter();
        listeners
            .filter(|listener| listener.kind == ListenerKind::Any)
            .cloned()
            .collect()
    };
    for listener in listeners {
        let base = machine.decided.len();
        let mut arguments = vec![client::event_name(host, machine, event)];
        let rest = client::payload(host, machine, &listener.handler, 1, span);
        arguments.extend(rest);
        let arguments = Arguments::positional(arguments);
        let this = Some(Value::object(listener.socket));
        let result = socket::call_and_wait(machine, &listener.handler, this, &arguments, span);
        machine.decided.truncate(base);
        if result == Err(Stop::Budget) {
            return Err(Stop::Budget);
        }
    }
    Ok(())
}

/// The layer of this run that stands where `step` stood when the door was made.
fn run_packet_layer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
) -> Result<(), Stop> {
    let layer = {
        let state = host.state();
        let number = state.run.step;
        let before = door.steps.iter().take(number);
        let index = before.filter(|step| step.role == "packet").count();
        let layers = state.run.listeners.iter();
        let mut layers = layers.filter(|listener| listener.kind == ListenerKind::Layer);
        layers.nth(index).cloned()
    };
    let Some(layer) = layer else {
        host.effect(machine, EffectKind::Continue, step.mounted);
        return Ok(());
    };
    let span = step.mounted;
    let name = client::event_name(host, machine, door.message);
    let packet = machine.heap.allocate(ObjectKind::Array, span);
    let data = host.request_value(machine, RequestPart::Message, "");
    machine.heap.elements_mut(packet).extend([name, data]);
    let next = Value::object(host.make_object(machine, "socketio:next", span));
    let arguments = Arguments::positional([Value::object(packet), next]);
    let this = Some(Value::object(layer.socket));
    socket::call_and_wait(machine, &layer.handler, this, &arguments, span).map(drop)
}

fn run_event(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
) -> Result<(), Stop> {
    let span = step.mounted;
    authenticate(host, machine, door, span)?;
    run_any(host, machine, door.message, span)?;
    run_listeners(host, machine, door.message, span)
}

fn run_listeners(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    event: Option<Ustr>,
    span: Span,
) -> Result<(), Stop> {
    let listeners: Vec<Listener> = {
        let state = host.state();
        let listeners = state.run.listeners.iter();
        listeners
            .filter(|listener| {
                matches!(listener.kind, ListenerKind::Every | ListenerKind::Once)
                    && listener.event.text() == event
            })
            .cloned()
            .collect()
    };
    for listener in listeners {
        let base = machine.decided.len();
        let arguments = client::payload(host, machine, &listener.handler, 0, span);
        let arguments = Arguments::positional(arguments);
        let this = Some(Value::object(listener.socket));
        let result = socket::call_and_wait(machine, &listener.handler, this, &arguments, span);
        machine.decided.truncate(base);
        if result == Err(Stop::Budget) {
            return Err(Stop::Budget);
        }
    }
    Ok(())
}
