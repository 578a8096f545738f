//! Node's `http` and `https` servers: <https://nodejs.org/api/http.html>.
//!
//! A handler that is an application of a framework is nothing more than that. A function of the program
//! that answers itself tells its routes apart by comparing the URL and the method: each path that it
//! compares with, and each method on that path, is an entry point.

use firedoor_app::{EffectKind, Transport};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::symbol;
use crate::request::{Sent, send};
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Door, Framework, Model, ModelHost, Persona, Step, StepKind, socket};

/// The model.
pub static MODEL: Model = Model {
    name: "node_http",
    calls: &[
        ("node:http.createServer", create_server),
        ("node:http.Server()", create_server),
        ("node:http.Server().on", register),
        ("node:http.Server().once", register),
        ("node:http.Server().addListener", register),
        ("node:http.Server().listen", listen),
        ("node:http.Server().close", chain),
        ("node:http.Server().*", chain),
        ("npm:express().listen", listen_application),
    ],
    aliases: &[
        ("node:https.createServer", "node:http.createServer"),
        ("node:http2.createServer", "node:http.createServer"),
        ("node:http2.createSecureServer", "node:http.createServer"),
        ("node:http.Server", "node:http.createServer"),
        ("node:https.Server", "node:http.createServer"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "node",
    doors,
    begin,
    step,
    mountings: |_, _| Vec::new(),
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

fn create_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make_server(host, machine, call.span);
    let handler = call
        .arguments
        .positional
        .iter()
        .rev()
        .find(|value| is_function(machine, value))
        .cloned();
    if let Some(handler) = handler {
        add(host, machine, id, "request", handler, call.span);
    }
    Ok(Some(Value::object(id)))
}

fn make_server(host: &ModelHost, machine: &mut Machine<'_>, span: Span) -> ObjectId {
    host.make_router(machine, "node:http.Server()", "node", "server", span)
}

/// Makes a server with a handler of a library.
pub(crate) fn serve(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    handler: Value,
    span: Span,
) -> ObjectId {
    let id = make_server(host, machine, span);
    add(host, machine, id, "request", handler, span);
    id
}

fn is_function(machine: &Machine<'_>, value: &Value) -> bool {
    crate::trpc::is_handler(machine, value)
        || value.only_object().is_some_and(|id| {
            matches!(
                machine.heap.get(id).kind,
                ObjectKind::Function { .. } | ObjectKind::Bound { .. } | ObjectKind::Method { .. }
            )
        })
}

fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    server: ObjectId,
    event: &'static str,
    handler: Value,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    host.register(
        server,
        Registration {
            kind: RegistrationKind::Other(event),
            path: Ustr::default(),
            handlers: vec![handler],
            span,
            decided: machine.decided.clone(),
            options: Default::default(),
        },
    );
}

fn register(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let event = match call.arguments.get(0).text() {
        Some(event) if event == "upgrade" => Some("upgrade"),
        Some(event) if event == "request" => Some("request"),
        _ => None,
    };
    if let (Some(server), Some(event)) = (call.receiver, event) {
        let handler = call.arguments.get(1);
        if event == "upgrade" || is_function(machine, &handler) {
            add(host, machine, server, event, handler, call.span);
        }
    }
    Ok(Some(call.this.clone()))
}

/// A server that listens calls back; what the program registers then is a part of its wiring.
fn listen(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    call_back(host, machine, call);
    Ok(Some(call.this.clone()))
}

fn listen_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let server = make_server(host, machine, call.span);
    call_back(host, machine, call);
    Ok(Some(Value::object(server)))
}

fn call_back(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) {
    if host.is_request() {
        return;
    }
    let last = call.arguments.positional.last().cloned();
    if let Some(function) = last.filter(|value| is_function(machine, value)) {
        let base = machine.decided.len();
        let none = Arguments::default();
        // It runs when the module is done, so that it costs the module nothing that it is too much to evaluate.
        let _ = machine.aside(|machine| {
            machine.catching(|machine| machine.call_value(&function, None, &none, call.span))
        });
        machine.decided.truncate(base);
    }
}

fn chain(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let servers: Vec<(ObjectId, Router)> = host
        .state()
        .routers
        .iter()
        .filter(|(_, router)| router.framework == "node")
        .map(|(id, router)| (*id, router.clone()))
        .collect();
    let mut doors = Vec::new();
    for (id, server) in &servers {
        for registration in &server.registrations {
            if registration.kind == RegistrationKind::Other("request") {
                handler_doors(host, machine, *id, registration, &mut doors);
            }
        }
    }
    doors
}

/// The doors of a handler: one for each path and method that it tells apart. Without any there is one for
/// everything, if the handler answers at all.
fn handler_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    server: ObjectId,
    registration: &Registration,
    doors: &mut Vec<Door>,
) {
    let any = door(machine, server, registration, "ANY", "/{path*}");
    let sent = send(host, machine, &any, Persona::User, None);
    let paths: Vec<Ustr> = sent
        .run
        .paths
        .keys()
        .filter(|path| path.starts_with('/'))
        .copied()
        .collect();
    if paths.is_empty() {
        if answers(&sent) {
            doors.push(any);
        }
        return;
    }
    for path in paths {
        let one = door(machine, server, registration, "ANY", &path);
        let sent = send(host, machine, &one, Persona::User, None);
        let methods: Vec<Ustr> = sent
            .run
            .methods
            .keys()
            .filter(|method| method.chars().all(|c| c.is_ascii_uppercase()) && *method != "OPTIONS")
            .copied()
            .collect();
        if methods.is_empty() && answers(&sent) {
            doors.push(one);
        }
        for method in methods {
            let one = door(machine, server, registration, &method, &path);
            let sent = send(host, machine, &one, Persona::User, None);
            if answers(&sent) {
                doors.push(one);
            }
        }
    }
}

/// Holds if something else than an error is answered.
fn answers(sent: &Sent) -> bool {
    sent.run.effects.iter().any(|effect| match &effect.kind {
        EffectKind::Respond {
            status, is_error, ..
        } => {
            !is_error && status.is_none_or(|status| status < 400 || status == 401 || status == 403)
        }
        EffectKind::Redirect(_) => true,
        _ => false,
    })
}

fn door(
    machine: &Machine<'_>,
    server: ObjectId,
    registration: &Registration,
    method: &str,
    path: &str,
) -> Door {
    let handler = registration.handlers.first().cloned();
    let handler = handler.unwrap_or_else(Value::undefined);
    let symbol = symbol(machine, &handler, registration.span);
    let object = machine.heap.get(server);
    Door {
        transport: Transport::Http,
        method: Ustr::from(method),
        path: Ustr::from(path),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(object.span)),
        handler: symbol.clone(),
        registered: registration.span,
        group: (
            server.0,
            object.name.unwrap_or_else(|| Ustr::from("server")),
        ),
        steps: vec![Step {
            value: handler,
            kind: StepKind::Handler,
            name: symbol.name,
            span: symbol.span,
            mounted: registration.span,
            decided: registration.decided.clone(),
            role: "request",
        }],
        decided: registration.decided.clone(),
        unresolved: Vec::new(),
        late: Vec::new(),
    }
}

fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = host.make_object(machine, "express:request", span);
    let response = host.make_object(machine, "express:response", span);
    vec![Value::object(request), Value::object(response)]
}

fn step(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    _door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    let arguments = Arguments::positional(shared.iter().cloned());
    socket::call_and_wait(machine, &step.value, None, &arguments, step.mounted).map(drop)
}
