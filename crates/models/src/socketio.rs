//! Socket.IO 2 to 4: <https://socket.io/docs/v4/server-api/>.
//!
//! Every event is an entry point. For each namespace a user's handshake is sent through its middleware and
//! its connection handlers, and what these listen for are its events. `io.use` is `io.of('/').use`: it does not cover
//! other namespaces. Source: socket.io 4.8, `lib/index.ts`, `lib/namespace.ts`, `lib/socket.ts`.

pub(crate) mod client;
pub(crate) mod doors;
pub(crate) mod run;

use firedoor_app::{EffectKind, Flag, Provenance, Refusal, Setting, SettingKind};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::{Mounting, join_paths};
use crate::socketio::doors::make_step;
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Framework, Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "socketio",
    calls: &[
        ("npm:socket.io", create_server),
        ("npm:socket.io.Server", create_server),
        ("socketio:server.of", namespace),
        ("socketio:server.use", register_layer),
        ("socketio:server.on", register_handler),
        ("socketio:server.once", register_handler),
        ("socketio:server.addListener", register_handler),
        ("socketio:server.attach", attach),
        ("socketio:server.listen", attach),
        ("socketio:server.bind", attach),
        ("socketio:server.attachApp", attach),
        ("socketio:engine.use", register_engine_layer),
        ("socketio:engine.on", nothing),
        ("socketio:next", next),
        ("socketio:allow", allow),
    ],
    members: &[
        ("socketio:server.engine", engine),
        ("socketio:server.sockets", default_namespace),
    ],
    aliases: &[
        ("npm:socket.io.default", "npm:socket.io"),
        ("npm:socket.io.listen", "npm:socket.io"),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

pub(crate) static FRAMEWORK: Framework = Framework {
    name: "socketio",
    doors: doors::doors,
    begin: run::begin,
    step: run::step,
    mountings,
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

/// The property of a namespace that holds its server; the server itself has none.
pub(crate) const SERVER: &str = "$server";

/// `new Server([server or port,] options)`.
pub(crate) fn create_server(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_router(machine, "socketio:server", "socketio", "server", call.span);
    read_options(host, machine, id, call);
    Ok(Some(Value::object(id)))
}

fn attach(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(server) = call.receiver {
        read_options(host, machine, server, call);
    }
    Ok(Some(call.this.clone()))
}

/// Options stand last, whether or not a server or a port stands before them.
fn read_options(host: &ModelHost, machine: &mut Machine<'_>, server: ObjectId, call: &Call<'_>) {
    let Some(options) = call
        .arguments
        .positional
        .last()
        .and_then(Value::only_object)
    else {
        return;
    };
    if !matches!(machine.heap.get(options).kind, ObjectKind::Plain) {
        return;
    }
    let allow = machine
        .heap
        .property(options, Ustr::from("allowRequest"))
        .cloned();
    if let Some(function) = allow {
        add(host, machine, server, "allow", "", function, call.span);
    }
    if let Some(cors) = machine.heap.property(options, Ustr::from("cors")).cloned() {
        let app = Ustr::from(machine.program.files.path(call.span));
        note_cors(host, machine, &cors, call.span, app);
    }
}

/// `cors` is handed to the package of that name: `origin: true` reflects, `*` allows any.
fn note_cors(host: &ModelHost, machine: &mut Machine<'_>, cors: &Value, span: Span, app: Ustr) {
    let option = |machine: &mut Machine<'_>, name: &str| {
        machine
            .member(cors, Ustr::from(name), span)
            .unwrap_or_else(|_| Value::undefined())
    };
    let origin = option(machine, "origin");
    let credentials = option(machine, "credentials");
    let is_any = origin.is_nothing() || origin.text().is_some_and(|text| text == "*");
    let origins: Vec<Provenance> = match origin.only_object() {
        Some(id) if matches!(machine.heap.get(id).kind, ObjectKind::Array) => {
            let elements = machine.elements_of(&origin).0;
            elements
                .iter()
                .map(|element| host.provenance(machine, element))
                .collect()
        }
        _ => vec![host.provenance(machine, &origin)],
    };
    let kind = SettingKind::Cors {
        origins,
        reflects: flag(&origin),
        any: if is_any { Flag::On } else { Flag::Off },
        matches_loosely: None,
        credentials: flag(&credentials),
    };
    host.state().settings.push(Setting {
        kind,
        span,
        condition: None,
        app,
    });
}

fn flag(value: &Value) -> Flag {
    use firedoor_eval::Atom;
    match value.only() {
        Some(Atom::Bool(true)) => Flag::On,
        Some(Atom::Undefined | Atom::Null) => Flag::Default,
        Some(Atom::Unknown(Shape::Any | Shape::Bool)) => Flag::Unknown,
        _ => Flag::Off,
    }
}

/// `io.of(name)`: the same object for the same name. The default namespace is the server itself.
fn namespace(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(server) = call.receiver else {
        return Ok(None);
    };
    let path = namespace_path(machine, &call.arguments.get(0));
    if path == "/" {
        return Ok(Some(call.this.clone()));
    }
    let known = host
        .state()
        .routers
        .iter()
        .find(|(id, router)| {
            router.role == "namespace"
                && router
                    .options
                    .get(&Ustr::from("name"))
                    .and_then(Value::text_pattern)
                    == Some(path)
                && machine.heap.property(**id, Ustr::from(SERVER)) == Some(&Value::object(server))
        })
        .map(|(id, _)| *id);
    let id = match known {
        Some(id) => id,
        None => make_namespace(host, machine, server, path, call.span),
    };
    if let Some(handler) = call.arguments.positional.get(1) {
        add(
            host,
            machine,
            id,
            "connection",
            "",
            handler.clone(),
            call.span,
        );
    }
    Ok(Some(Value::object(id)))
}

fn make_namespace(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    server: ObjectId,
    path: Ustr,
    span: Span,
) -> ObjectId {
    let id = host.make_router(machine, "socketio:server", "socketio", "namespace", span);
    let name = Value::pattern(&path);
    if let Some(router) = host.state().routers.get_mut(&id) {
        router.options.insert(Ustr::from("name"), name);
    }
    machine
        .heap
        .set_property(id, Ustr::from(SERVER), Value::object(server));
    id
}

/// A name is a path; a pattern or a function makes namespaces as clients ask for them.
fn namespace_path(machine: &Machine<'_>, name: &Value) -> Ustr {
    if let Some(text) = name.text_pattern() {
        let text = text.replace(firedoor_eval::HOLE, "{unknown}");
        return Ustr::from(&join_paths("/", &text));
    }
    let pattern = name
        .only_object()
        .and_then(|id| match &machine.heap.get(id).kind {
            ObjectKind::Regex(pattern) => Some(*pattern),
            _ => None,
        });
    let Some(pattern) = pattern else {
        return Ustr::from("/{namespace}");
    };
    let fixed: String = pattern
        .trim_start_matches('^')
        .replace("\\/", "/")
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'))
        .collect();
    Ustr::from(&format!("/{}{{namespace}}", fixed.trim_start_matches('/')))
}

fn default_namespace(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    object.map(Value::object)
}

fn engine(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = host.make_object(machine, "socketio:engine", span);
    let server = Value::object(object?);
    machine.heap.set_property(id, Ustr::from(SERVER), server);
    Some(Value::object(id))
}

fn register_engine_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let server = call
        .receiver
        .and_then(|engine| machine.heap.property(engine, Ustr::from(SERVER)))
        .and_then(Value::only_object);
    if let Some(server) = server {
        let layer = call.arguments.get(0);
        add(host, machine, server, "engine", "", layer, call.span);
    }
    Ok(Some(Value::undefined()))
}

fn register_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(namespace) = call.receiver {
        let layer = call.arguments.get(0);
        add(host, machine, namespace, "use", "", layer, call.span);
    }
    Ok(Some(call.this.clone()))
}

fn register_handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_connection = call
        .arguments
        .get(0)
        .text()
        .is_some_and(|event| event == "connection" || event == "connect");
    if let (Some(namespace), true) = (call.receiver, is_connection) {
        let handler = call.arguments.get(1);
        add(
            host,
            machine,
            namespace,
            "connection",
            "",
            handler,
            call.span,
        );
    }
    Ok(Some(call.this.clone()))
}

fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    kind: &'static str,
    path: &str,
    handler: Value,
    span: Span,
) {
    if host.is_request() || handler.is_nothing() {
        return;
    }
    host.register(
        router,
        Registration {
            kind: RegistrationKind::Other(kind),
            path: Ustr::from(path),
            handlers: vec![handler],
            span,
            decided: machine.decided.clone(),
            options: Default::default(),
        },
    );
}

/// `next(error)` refuses the connection or drops the packet; `next()` lets it on.
fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = call.arguments.get(0);
    if error.is_nothing() {
        host.effect(machine, EffectKind::Continue, call.span);
        return Ok(Some(Value::undefined()));
    }
    let may_be_nothing = error.atoms().iter().any(firedoor_eval::Atom::is_nothing);
    let outcome = (!may_be_nothing).then_some(true);
    let test = machine.tested(
        firedoor_eval::TestKind::Truth,
        outcome,
        &[&error],
        call.span,
    );
    let span = call.span;
    machine.when(
        &test,
        span,
        |machine| {
            host.refuse(machine, Refusal::Close, span);
            Ok(())
        },
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// `allowRequest` answers by its callback: `callback(error, success)`.
fn allow(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let span = call.span;
    machine.when(
        &call.arguments.get(1),
        span,
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
        |machine| {
            host.refuse(machine, Refusal::Status(403), span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

pub(crate) fn routers(host: &ModelHost) -> Vec<(ObjectId, Router)> {
    host.state()
        .routers
        .iter()
        .filter(|(_, router)| router.framework == "socketio")
        .map(|(id, router)| (*id, router.clone()))
        .collect()
}

fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let mut mountings = Vec::new();
    for (_, router) in routers(host) {
        let path = path_of(&router);
        for registration in &router.registrations {
            if registration.kind == RegistrationKind::Other("use") {
                mountings.push(Mounting {
                    step: make_step(machine, registration, "use"),
                    path,
                });
            }
        }
    }
    mountings
}

pub(crate) fn path_of(router: &Router) -> Ustr {
    let name = router.options.get(&Ustr::from("name"));
    name.and_then(Value::text_pattern)
        .unwrap_or_else(|| Ustr::from("/"))
}
