//! python-socketio 5 without Flask: <https://python-socketio.readthedocs.io/>.
//!
//! A server of its own, mounted beside an application of ASGI or WSGI, whose layers do not run for it. Every event is
//! an entry point, and the `connect` handler of its namespace runs before it: `False` and any exception refuse the
//! connection. What is saved as the session of a connection is there for its later events. Source: python-socketio
//! 5.18, `base_server.py`, `async_server.py` (`_handle_connect`, `_trigger_event`, `session`), `async_namespace.py`;
//! python-engineio 4.15, `base_server.py` (`_cors_allowed_origins`).

use firedoor_app::{EffectKind, Refusal, RequestPart, RoomKind};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::flask::{socket_runs, sockets};
use crate::python_support::{argument, given, last_name, nothing};
use crate::socketio::run::{authenticating, note_authenticating};
use crate::tools::{is_function, keep, kept};
use crate::{Door, Framework, Model, ModelHost, Step, own_connection, socket};

const SERVER: &str = "py:socketio.Server()";
const NAME: &str = "python-socketio";

/// The property of a server that holds the session of the connection that is being served.
const SESSION: &str = "$session";

/// The property of a namespace that holds its server.
const OWNER: &str = "$server";

/// The model.
pub static MODEL: Model = Model {
    name: "python_socketio",
    calls: &[
        ("py:socketio.Server", make_server),
        ("py:socketio.Server().on", on),
        ("py:socketio.Server().event", sockets::event),
        (
            "py:socketio.Server().register_namespace",
            register_namespace,
        ),
        ("py:socketio.Server().attach", nothing),
        ("py:socketio.Server().start_background_task", nothing),
        ("py:socketio.Server().sleep", nothing),
        ("py:socketio.Server().emit", emit),
        ("py:socketio.Server().send", emit),
        ("py:socketio.Server().call", emit),
        ("py:socketio.Server().enter_room", join),
        ("py:socketio.Server().leave_room", leave),
        ("py:socketio.Server().close_room", leave),
        ("py:socketio.Server().disconnect", disconnect),
        ("py:socketio.Server().save_session", save_session),
        ("py:socketio.Server().get_session", session),
        ("py:socketio.Server().session", session),
        ("py:socketio.Server().get_environ", environment),
        ("py:socketio.Namespace().emit", emit),
        ("py:socketio.Namespace().send", emit),
        ("py:socketio.Namespace().call", emit),
        ("py:socketio.Namespace().enter_room", join),
        ("py:socketio.Namespace().leave_room", leave),
        ("py:socketio.Namespace().close_room", leave),
        ("py:socketio.Namespace().disconnect", disconnect),
        ("py:socketio.Namespace().save_session", save_session),
        ("py:socketio.Namespace().get_session", session),
        ("py:socketio.Namespace().session", session),
        ("py:socketio.ASGIApp", make_application),
        ("py:socketio.ASGIApp().on_startup", nothing),
    ],
    instances: &[("py:socketio.Namespace", sockets::namespace_made)],
    aliases: &[
        ("py:socketio.AsyncServer", "py:socketio.Server"),
        ("py:socketio.async_server.AsyncServer", "py:socketio.Server"),
        ("py:socketio.server.Server", "py:socketio.Server"),
        ("py:socketio.AsyncNamespace", "py:socketio.Namespace"),
        (
            "py:socketio.async_namespace.AsyncNamespace",
            "py:socketio.Namespace",
        ),
        ("py:socketio.namespace.Namespace", "py:socketio.Namespace"),
        ("py:socketio.WSGIApp", "py:socketio.ASGIApp"),
        ("py:socketio.asgi.ASGIApp", "py:socketio.ASGIApp"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: NAME,
    doors,
    begin,
    step,
    mountings: |_, _| Vec::new(),
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

fn make_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, SERVER, NAME, "server", call.span);
    sockets::keep_options(host, id, call.arguments);
    Ok(Some(Value::object(id)))
}

/// `ASGIApp(sio, other_asgi_app=app)`: an application for a mount or a server; its entry points are the server's own.
fn make_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:socketio.ASGIApp()", call.span);
    Ok(Some(Value::object(id)))
}

/// `@sio.on(event, namespace=None)`, or `sio.on(event, handler, namespace)`.
fn on(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "event");
    let handler = argument(call, 1, "handler");
    let space = argument(call, 2, "namespace");
    if is_function(machine, &handler) {
        if let Some(server) = call.receiver {
            let (name, space) = (name.text(), space.text());
            sockets::add(host, machine, server, name, space, handler, call.span);
        }
        return Ok(Some(Value::null()));
    }
    let id = host.make_object(machine, "flask_socketio:decorator", call.span);
    machine.heap.get_mut(id).elements = vec![call.this.clone(), name, space];
    Ok(Some(Value::object(id)))
}

/// `sio.register_namespace(Chat("/chat"))`: the methods whose names begin with `on_`.
fn register_namespace(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let instance = given(call, 0, "namespace_handler").and_then(|value| value.only_object());
    if let (Some(instance), Some(server)) = (instance, call.receiver) {
        keep(machine, instance, OWNER, Value::object(server));
    }
    sockets::on_namespace(host, machine, call)
}

/// The entry points: each namespace, and each event in it.
fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let doors = sockets::doors_of(host, machine, NAME, &FRAMEWORK);
    let mut rest = doors.as_slice();
    while let Some(first) = rest.first() {
        let of_server = |door: &&Door| door.group.0 == first.group.0;
        let (own, others) = rest.split_at(rest.iter().take_while(of_server).count());
        let events: Vec<Door> = own
            .iter()
            .filter(|door| door.message.is_some())
            .cloned()
            .collect();
        note_authenticating(host, machine, ObjectId(first.group.0), &events);
        rest = others;
    }
    doors
}

/// The session of a connection is empty before anything is saved.
fn begin(_host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let session = machine.heap.allocate(ObjectKind::Plain, door.registered);
    let server = ObjectId(door.group.0);
    keep(machine, server, SESSION, Value::object(session));
    Vec::new()
}

fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    _shared: &[Value],
) -> Result<(), Stop> {
    match step.role {
        "connect" => {
            let arguments = on_connecting(host, machine, step);
            socket_runs::connect_with(host, machine, step, &arguments)
        }
        "event" => {
            authenticate(host, machine, door)?;
            let arguments = on_event(host, machine, door, step);
            socket_runs::event_with(host, machine, step, &arguments)
        }
        "open" => {
            host.effect(machine, EffectKind::Continue, step.mounted);
            Ok(())
        }
        _ => {
            machine.call_value(&step.value, None, &Arguments::default(), step.mounted)?;
            host.effect(machine, EffectKind::Continue, step.mounted);
            Ok(())
        }
    }
}

/// `connect(sid, environ)`, or `connect(sid, environ, auth)`.
fn on_connecting(host: &ModelHost, machine: &mut Machine<'_>, step: &Step) -> Arguments {
    let number = own_connection::number(host, machine);
    let id = host.make_object(machine, "flask:environ", step.mounted);
    let mut arguments = Arguments::positional([number, Value::object(id)]);
    if socket_runs::parameters(machine, &step.value) > 2 {
        let sent = socket_runs::sent_on_connecting(host, machine, step.mounted);
        arguments.positional.push(sent);
    }
    arguments
}

/// `event(sid, data)`; a handler of all events is told the name of the event first.
fn on_event(host: &ModelHost, machine: &mut Machine<'_>, door: &Door, step: &Step) -> Arguments {
    let mut arguments = Arguments::default();
    if door.message.is_some_and(|name| name == "*") {
        let name = host.request_value(machine, RequestPart::Message, "");
        arguments.positional.push(name.shaped(Shape::String));
    }
    let number = own_connection::number(host, machine);
    arguments.positional.push(number);
    socket_runs::push_sent(host, machine, &step.value, &mut arguments);
    arguments
}

/// Sends the events that look at a credential before the one that counts: what they change is there for it.
fn authenticate(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Result<(), Stop> {
    let names = authenticating(host, door);
    let others = names.iter().filter(|name| door.message != Some(**name));
    for name in others.copied().collect::<Vec<_>>() {
        let Some((handler, span)) = handler_of(host, door, name) else {
            continue;
        };
        let number = own_connection::number(host, machine);
        let mut arguments = Arguments::positional([number]);
        socket_runs::push_sent(host, machine, &handler, &mut arguments);
        socket::quietly(host, machine, |machine| {
            machine.call_value(&handler, None, &arguments, span)
        })?;
    }
    Ok(())
}

/// Returns what handles an event in the namespace of a door.
fn handler_of(host: &ModelHost, door: &Door, event: Ustr) -> Option<(Value, Span)> {
    let state = host.state();
    let router = state.routers.get(&ObjectId(door.group.0))?;
    let mut own = router.registrations.iter();
    let found = own.find(|found| {
        let name = found.options.get(&Ustr::from("event"));
        found.path == door.path && name.and_then(Value::text) == Some(event)
    })?;
    Some((found.handlers.first()?.clone(), found.span))
}

/// Returns the server that a call is made on, or the server of its namespace.
fn server_of(machine: &Machine<'_>, call: &Call<'_>) -> Option<ObjectId> {
    let receiver = call.receiver?;
    Some(
        kept(machine, Some(receiver), OWNER)
            .only_object()
            .unwrap_or(receiver),
    )
}

/// `sio.save_session(sid, session)` takes the place of what was saved before.
fn save_session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(server) = server_of(machine, call)
        && is_own(host, machine, call)
    {
        keep(machine, server, SESSION, argument(call, 1, "session"));
    }
    Ok(Some(Value::null()))
}

/// `sio.get_session(sid)`, and `sio.session(sid)`, which saves what is changed in it.
fn session(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let server = server_of(machine, call);
    if !host.is_request() || !is_own(host, machine, call) {
        return Ok(Some(machine.unknown("the session of another connection")));
    }
    Ok(Some(kept(machine, server, SESSION)))
}

/// Holds if the connection that a call is about is the one that is being served.
fn is_own(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> bool {
    let number = argument(call, 0, "sid");
    own_connection::is_own(&host.deep_provenance(machine, &number))
}

fn environment(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "flask:environ", call.span);
    Ok(Some(Value::object(id)))
}

fn join(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = argument(call, 1, "room");
    let room = host.deep_provenance(machine, &room);
    host.effect(machine, EffectKind::Room(RoomKind::Join, room), call.span);
    Ok(Some(Value::null()))
}

fn leave(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let room = given(call, 1, "room").unwrap_or_else(|| argument(call, 0, "room"));
    let room = host.deep_provenance(machine, &room);
    host.effect(machine, EffectKind::Room(RoomKind::Leave, room), call.span);
    Ok(Some(Value::null()))
}

/// What is sent to the connection that is being served is an answer; the rest goes to a room, or to everybody.
fn emit(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = usize::from(last_name(&call.path) != "send");
    let to = given(call, first + 1, "to").or_else(|| given(call, first + 2, "room"));
    let room = to.filter(|to| !to.is_nothing());
    let room = room.map(|room| host.deep_provenance(machine, &room));
    if room.as_ref().is_some_and(own_connection::is_own) {
        let data = argument(call, first, "data");
        socket::respond(host, machine, &data, call.span);
        return Ok(Some(Value::null()));
    }
    let kind = EffectKind::Room(RoomKind::Broadcast, room.unwrap_or_default());
    host.effect(machine, kind, call.span);
    Ok(Some(Value::null()))
}

/// Closing one's own connection refuses; closing another's is an effect on that one.
fn disconnect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_own = is_own(host, machine, call);
    let whom = argument(call, 0, "sid");
    let whom = host.deep_provenance(machine, &whom);
    host.effect(machine, EffectKind::Disconnect(whom), call.span);
    if is_own {
        host.refuse(machine, Refusal::Close, call.span);
    }
    Ok(Some(Value::null()))
}
