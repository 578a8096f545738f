//! The adapter of sockets: what the server of Socket.IO asks before any gateway is told of a connection.
//!
//! A class of the application may extend `IoAdapter` and make the server itself, with options that refuse handshakes,
//! as `allowRequest` does, and with middleware of its own. Source: @nestjs/platform-socket.io 11.1,
//! `adapters/io-adapter.ts`: `createIOServer(port, options)` makes one server, and gateways get its namespaces.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::state::{RegistrationKind, Router};
use crate::{ModelHost, Step, socketio};

/// `super.createIOServer(port, options)`: a server of Socket.IO with these options.
pub(super) fn make_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    socketio::create_server(host, machine, call)
}

/// Returns what the server of the application's own adapters asks of a handshake to `path`: its options ask always,
/// its middleware only where the default namespace is meant.
pub(super) fn steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: &Router,
    path: &str,
) -> Vec<Step> {
    let mut found = Vec::new();
    let name = Ustr::from("createIOServer");
    let registered = app.registrations.iter();
    let adapters: Vec<Value> = registered
        .filter(|registration| registration.kind == RegistrationKind::Other("adapter"))
        .flat_map(|registration| registration.handlers.iter().cloned())
        .collect();
    for adapter in adapters {
        let Some(id) = adapter.only_object() else {
            continue;
        };
        let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
            continue;
        };
        if machine.class_attribute(class, name).is_none() {
            continue;
        }
        let span = machine.heap.get(class).span;
        let options = Value::object(machine.heap.allocate(ObjectKind::Plain, span));
        let arguments = Arguments::positional([Value::unknown(Shape::Number), options]);
        let (server, _) =
            machine.catching(|machine| machine.call_member(&adapter, name, &arguments, span));
        let server = server.ok().as_ref().and_then(Value::only_object);
        let router = server.and_then(|id| host.state().routers.get(&id).cloned());
        for registration in router.iter().flat_map(|router| &router.registrations) {
            let role = match registration.kind {
                RegistrationKind::Other("engine") => "engine",
                RegistrationKind::Other("allow") => "allow",
                RegistrationKind::Other("use") if path == "/" => "server",
                _ => continue,
            };
            found.push(socketio::doors::make_step(machine, registration, role));
        }
    }
    found
}
