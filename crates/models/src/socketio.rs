//! Socket.IO 2 to 4: <https://socket.io/docs/v4/server-api/>.
//!
//! Every event is an entry point. For each namespace a user's handshake is sent through its middleware and
//! its connection handlers, and what these listen for are its events. `io.use` is `io.of('/').use`: it does not cover
//! other namespaces. Source: socket.io 4.8, `lib/index.ts`, `lib/namespace.ts`, `lib/socket.ts`.

use firedoor_app::{
    EffectKind, Flag, Origin, Provenance, Refusal, RequestPart, Setting, SettingKind, Transport,
};
use firedoor_eval::{
    Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::{Mounting, join_paths, symbol};
use crate::request::{Sent, send};
use crate::state::{Listener, ListenerKind, Registration, RegistrationKind, Router};
use crate::{Door, Framework, Model, ModelHost, Persona, Step, StepKind, socket, socketio_client};

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

static FRAMEWORK: Framework = Framework {
    name: "socketio",
    doors,
    begin,
    step,
    mountings,
    as_layer: |_, _, _| None,
    status_of: |_, _, _| None,
};

/// The property of a namespace that holds its server; the server itself has none.
const SERVER: &str = "$server";

/// The note of a namespace with the events that look at a credential.
const AUTHENTICATING: &str = "authenticating";

fn create_server(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
    settle(host, machine, &test, Refusal::Close, call.span)
}

/// `allowRequest` answers by its callback: `callback(error, success)`.
fn allow(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let success = call.arguments.get(1);
    let refused = match success.truth() {
        Some(truth) => Value::bool(!truth),
        None => Value::unknown(Shape::Bool),
    };
    let outcome = refused.truth();
    let test = machine.tested(
        firedoor_eval::TestKind::Truth,
        outcome,
        &[&success],
        call.span,
    );
    settle(host, machine, &test, Refusal::Status(403), call.span)
}

fn settle(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    refuses: &Value,
    refusal: Refusal,
    span: Span,
) -> Answer {
    machine.when(
        refuses,
        span,
        |machine| {
            host.refuse(machine, refusal, span);
            Ok(())
        },
        |machine| {
            host.effect(machine, EffectKind::Continue, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

fn routers(host: &ModelHost) -> Vec<(ObjectId, Router)> {
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

fn path_of(router: &Router) -> Ustr {
    let name = router.options.get(&Ustr::from("name"));
    name.and_then(Value::text_pattern)
        .unwrap_or_else(|| Ustr::from("/"))
}

fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
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
    note_authenticating(host, machine, id, &doors[first..]);
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

fn make_step(machine: &Machine<'_>, registration: &Registration, role: &'static str) -> Step {
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
        if !is_known && !socket::is_lifecycle(&name) {
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
            if field == socketio_client::EVENT {
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

/// Remembers which events look at a credential: what they change is there for the events after them.
fn note_authenticating(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, doors: &[Door]) {
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

/// Sends the events that authenticate, without noting what they do apart from what they change.
fn authenticate(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    span: Span,
) -> Result<(), Stop> {
    let names = {
        let state = host.state();
        let noted = state.notes.get(&(ObjectId(door.group.0), AUTHENTICATING));
        noted.and_then(Value::texts).unwrap_or_default()
    };
    for name in names {
        let base = machine.decided.len();
        let quiet = socket::Quiet::begin(host);
        let (result, _) =
            machine.catching(|machine| run_listeners(host, machine, Some(name), span));
        quiet.end(host);
        machine.decided.truncate(base);
        if result == Err(Stop::Budget) {
            return result;
        }
    }
    Ok(())
}

/// The request of the handshake, an answer to it, and the connection are shared by all steps.
fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = Value::object(host.make_object(machine, "express:request", span));
    let response = Value::object(host.make_object(machine, "express:response", span));
    let client = socketio_client::make(host, machine, &request, span);
    vec![request, response, client]
}

fn step(
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
    if step.role == "connection" {
        settle_connection(host, machine, door, client, span)?;
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
        let mut arguments = vec![socketio_client::event_name(host, machine, event)];
        let rest = socketio_client::payload(host, machine, &listener.handler, 1, span);
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
    let name = socketio_client::event_name(host, machine, door.message);
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
        let arguments = socketio_client::payload(host, machine, &listener.handler, 0, span);
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

/// Returns the origin of the name of an event.
pub(crate) fn event_origin() -> Origin {
    Origin::Request(RequestPart::Message, Ustr::from(socketio_client::EVENT))
}
