//! Express 4 and 5: <https://expressjs.com/en/5x/api.html>.
//!
//! Layers and routes run in the order in which they are registered. `use` takes everything below its path,
//! by whole segments and without regard to case; a route takes its path alone. A layer that does not call
//! `next` ends the request. Source: express 4.21 and router 2.2, `lib/router/index.js`, `lib/layer.js`.

use firedoor_app::{EffectKind, Refusal, RequestPart, Transport};
use firedoor_eval::{
    Answer, Arguments, Call, Decided, HOLE, Machine, ObjectId, ObjectKind, Shape, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::{Mounting, is_below, join_paths, symbol};
use crate::state::{Registration, RegistrationKind};
use crate::{Door, Framework, Model, ModelHost, Step, StepKind, express_ws};

const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "all",
];

/// The model.
pub static MODEL: Model = Model {
    name: "express",
    calls: &[
        ("npm:express", create_application),
        ("npm:express.default", create_application),
        ("npm:express.Router", create_router),
        ("npm:express().use", register_layer),
        ("npm:express().param", register_parameter),
        ("npm:express().route", route_object),
        ("npm:express().*", register_route),
        ("npm:express.Router().use", register_layer),
        ("npm:express.Router().param", register_parameter),
        ("npm:express.Router().route", route_object),
        ("npm:express.Router().*", register_route),
        ("npm:express().route().*", register_on_route),
        ("npm:express.json", passing_layer),
        ("npm:express.urlencoded", passing_layer),
        ("npm:express.raw", passing_layer),
        ("npm:express.text", passing_layer),
        ("npm:express.static", passing_layer),
        ("express:passing", run_passing),
        ("express:next", next),
        ("express:request.get", request_header),
        ("express:request.header", request_header),
        ("express:request.param", request_parameter),
        ("express:request.is", request_test),
        ("express:request.accepts", request_test),
        ("express:response.status", set_status),
        ("express:response.sendStatus", send_status),
        ("express:response.json", respond),
        ("express:response.send", respond),
        ("express:response.end", respond),
        ("express:response.jsonp", respond),
        ("express:response.render", respond),
        ("express:response.sendFile", respond),
        ("express:response.download", respond),
        ("express:response.writeHead", set_status),
        ("express:response.redirect", redirect),
        ("express:response.*", chain),
    ],
    members: &[
        ("express:request.body", request_member),
        ("express:request.query", request_member),
        ("express:request.params", request_member),
        ("express:request.headers", request_member),
        ("express:request.cookies", request_member),
        ("express:request.signedCookies", request_member),
        ("express:request.ip", request_member),
        ("express:request.ips", request_member),
        ("express:request.path", request_member),
        ("express:request.originalUrl", request_member),
        ("express:request.url", request_member),
        ("express:request.baseUrl", request_member),
        ("express:request.method", request_member),
        ("express:request.hostname", request_member),
        ("express:request.protocol", request_member),
        ("express:request.secure", request_member),
        ("express:request.file", request_member),
        ("express:request.files", request_member),
        ("express:request.socket", request_member),
        ("express:request.connection", request_member),
        ("express:request.rawBody", request_member),
        ("express:request.res", request_member),
        ("express:request.app", request_member),
        ("express:request.*", request_context),
        ("express:request.headers.*", header_member),
        ("express:request.cookies.*", cookie_member),
        ("express:response.locals", response_locals),
    ],
    framework: Some(&FRAMEWORK),
    ..Model::EMPTY
};

static FRAMEWORK: Framework = Framework {
    name: "express",
    doors,
    begin,
    step,
    mountings,
    as_layer,
    status_of,
};

fn create_application(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(machine, "npm:express()", "express", "app", call.span);
    Ok(Some(Value::object(id)))
}

fn create_router(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_router(
        machine,
        "npm:express.Router()",
        "express",
        "router",
        call.span,
    );
    Ok(Some(Value::object(id)))
}

/// Layers of Express itself that parse or serve and let every request on.
fn passing_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "express:passing", call.span);
    let name = call.path.rsplit('.').next().unwrap_or("layer");
    machine.heap.get_mut(id).name = Some(Ustr::from(name));
    Ok(Some(Value::object(id)))
}

fn run_passing(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.effect(machine, EffectKind::Continue, call.span);
    Ok(Some(Value::undefined()))
}

/// The paths and the functions of `use`, `get` and so on: a path may be left out or be a list, and
/// functions may be nested in lists.
fn split_arguments(machine: &mut Machine<'_>, arguments: &Arguments) -> (Vec<Ustr>, Vec<Value>) {
    let mut paths = Vec::new();
    let mut handlers = Vec::new();
    for (index, argument) in arguments.positional.iter().enumerate() {
        if index == 0
            && let Some(found) = paths_of(machine, argument)
        {
            paths = found;
            continue;
        }
        flatten(machine, argument, &mut handlers);
    }
    (paths, handlers)
}

fn flatten(machine: &mut Machine<'_>, value: &Value, handlers: &mut Vec<Value>) {
    let is_list = value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    if !is_list {
        handlers.push(value.clone());
        return;
    }
    for element in machine.elements_of(value).0 {
        flatten(machine, &element, handlers);
    }
}

fn paths_of(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Ustr>> {
    if let Some(path) = value.text_pattern() {
        return Some(vec![path]);
    }
    if let Some(texts) = value.texts() {
        return Some(texts);
    }
    let hole = Ustr::from(&HOLE.to_string());
    match value.only_object() {
        Some(id) => match &machine.heap.get(id).kind {
            ObjectKind::Regex(pattern) => Some(vec![regex_path(pattern)]),
            ObjectKind::Array => {
                let elements = machine.elements_of(value).0;
                let paths: Vec<Ustr> = elements
                    .iter()
                    .filter_map(|element| paths_of(machine, element))
                    .flatten()
                    .collect();
                (!paths.is_empty()).then_some(paths)
            }
            _ => None,
        },
        None if value.atoms().iter().all(|atom| {
            matches!(
                atom,
                firedoor_eval::Atom::Unknown(Shape::String)
                    | firedoor_eval::Atom::String(_)
                    | firedoor_eval::Atom::Pattern(_)
            )
        }) =>
        {
            Some(vec![hole])
        }
        None => None,
    }
}

/// A pattern that is a plain text at its start is a path with a rest; any other can be anything.
fn regex_path(pattern: &str) -> Ustr {
    let fixed: String = pattern
        .trim_start_matches('^')
        .replace("\\/", "/")
        .chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '_'))
        .collect();
    Ustr::from(&join_paths(&fixed, "*"))
}

fn register_layer(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let (paths, handlers) = split_arguments(machine, call.arguments);
    let paths = if paths.is_empty() {
        vec![Ustr::from("")]
    } else {
        paths
    };
    for path in paths {
        for handler in &handlers {
            let kind = layer_kind(host, machine, handler);
            add(
                host,
                machine,
                router,
                kind,
                path,
                vec![handler.clone()],
                call.span,
            );
        }
    }
    Ok(Some(call.this.clone()))
}

/// A router below, a function that handles errors (it takes four parameters), or a layer.
fn layer_kind(host: &ModelHost, machine: &Machine<'_>, handler: &Value) -> RegistrationKind {
    let Some(id) = handler.only_object() else {
        return RegistrationKind::Layer;
    };
    if host.state().routers.contains_key(&id) {
        return RegistrationKind::Mount;
    }
    match &machine.heap.get(id).kind {
        ObjectKind::Function { closure, .. } => {
            let function = machine
                .program
                .module(closure.module)
                .function(closure.function);
            if function.parameters.len() == 4 {
                RegistrationKind::ErrorHandler
            } else {
                RegistrationKind::Layer
            }
        }
        _ => RegistrationKind::Layer,
    }
}

fn register_parameter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let (Some(router), Some(name)) = (call.receiver, call.arguments.get(0).text()) {
        let handlers = vec![call.arguments.get(1)];
        add(
            host,
            machine,
            router,
            RegistrationKind::Parameter(name),
            Ustr::from(""),
            handlers,
            call.span,
        );
    }
    Ok(Some(call.this.clone()))
}

fn register_route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.path.rsplit('.').next().unwrap_or("");
    match method_of(name) {
        Some(method) => register_all(host, machine, call, RegistrationKind::Route(method)),
        None => Ok(None),
    }
}

/// Registers the functions of a call for each of its paths.
pub(crate) fn register_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    kind: RegistrationKind,
) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let (paths, handlers) = split_arguments(machine, call.arguments);
    if handlers.is_empty() {
        return Ok(None);
    }
    for path in paths {
        add(
            host,
            machine,
            router,
            kind,
            path,
            handlers.clone(),
            call.span,
        );
    }
    Ok(Some(call.this.clone()))
}

fn method_of(name: &str) -> Option<Ustr> {
    METHODS.contains(&name).then(|| {
        Ustr::from(&if name == "all" {
            "ANY".to_owned()
        } else {
            name.to_ascii_uppercase()
        })
    })
}

fn add(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    kind: RegistrationKind,
    path: Ustr,
    handlers: Vec<Value>,
    span: Span,
) {
    if host.is_request() {
        return;
    }
    host.register(
        router,
        Registration {
            kind,
            path,
            handlers,
            span,
            decided: machine.decided.clone(),
            options: Default::default(),
        },
    );
}

/// `router.route(path)`: methods of the result register on the router.
fn route_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:express().route()", call.span);
    machine
        .heap
        .set_property(id, Ustr::from("$router"), call.this.clone());
    machine
        .heap
        .set_property(id, Ustr::from("$path"), call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn register_on_route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call.path.rsplit('.').next().unwrap_or("");
    let (Some(route), Some(method)) = (call.receiver, method_of(name)) else {
        return Ok(None);
    };
    let router = machine
        .heap
        .property(route, Ustr::from("$router"))
        .and_then(Value::only_object);
    let path = machine.heap.property(route, Ustr::from("$path")).cloned();
    let (Some(router), Some(path)) = (router, path) else {
        return Ok(None);
    };
    let mut handlers = Vec::new();
    for argument in &call.arguments.positional {
        flatten(machine, argument, &mut handlers);
    }
    for path in paths_of(machine, &path).unwrap_or_default() {
        add(
            host,
            machine,
            router,
            RegistrationKind::Route(method),
            path,
            handlers.clone(),
            call.span,
        );
    }
    Ok(Some(call.this.clone()))
}

/// What lies above a router while doors are listed.
#[derive(Clone)]
struct Above {
    prefix: String,
    steps: Vec<(Scope, Step)>,
    decided: Vec<Decided>,
    depth: usize,
    app: ObjectId,
}

/// For which requests a step runs.
#[derive(Clone)]
struct Scope {
    path: String,
    method: Option<Ustr>,
    parameter: Option<Ustr>,
    is_exact: bool,
}

impl Above {
    fn root(app: ObjectId) -> Above {
        Above {
            prefix: String::new(),
            steps: Vec::new(),
            decided: Vec::new(),
            depth: 0,
            app,
        }
    }
}

/// The applications and routers that are not mounted in another.
fn roots(host: &ModelHost) -> Vec<ObjectId> {
    let state = host.state();
    let own = || {
        state
            .routers
            .iter()
            .filter(|(_, router)| router.framework == "express")
    };
    let mounted: Vec<ObjectId> = own()
        .flat_map(|(_, router)| &router.registrations)
        .filter(|registration| registration.kind == RegistrationKind::Mount)
        .flat_map(|registration| registration.handlers.iter().flat_map(Value::objects))
        .collect();
    own()
        .filter(|(id, router)| !mounted.contains(id) && !router.registrations.is_empty())
        .map(|(id, _)| *id)
        .collect()
}

/// Lists the routes of every application that is not mounted in another.
fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    for root in roots(host) {
        let before = doors.len();
        list(host, machine, root, &Above::root(root), &mut doors);
        let is_mounted = host
            .state()
            .routers
            .get(&root)
            .is_some_and(|router| router.role == "app");
        for door in &mut doors[before..] {
            if !is_mounted {
                let note = "its router is not mounted on any application that was found";
                door.unresolved.push(note.to_owned());
            }
        }
    }
    doors
}

/// Lists the doors of a router, and returns the layers that run for what is registered behind it: a request
/// that no route of the router answers has passed its layers.
fn list(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    above: &Above,
    doors: &mut Vec<Door>,
) -> Vec<(Scope, Step)> {
    let Some(known) = host.state().routers.get(&router).cloned() else {
        return above.steps.clone();
    };
    if above.depth > 12 || doors.len() > 20_000 {
        return above.steps.clone();
    }
    let mut steps = above.steps.clone();
    let first = doors.len();
    for registration in &known.registrations {
        let path = template(&join_paths(&above.prefix, &registration.path));
        match registration.kind {
            RegistrationKind::Layer
            | RegistrationKind::Parameter(_)
            | RegistrationKind::ErrorHandler => {
                add_layer(machine, registration, &path, above, &mut steps);
                add_late(machine, registration, &path, above, &mut doors[first..]);
            }
            RegistrationKind::Mount => {
                for below in registration.handlers.iter().flat_map(Value::objects) {
                    let mut decided = above.decided.clone();
                    decided.extend(registration.decided.iter().copied());
                    let inner = Above {
                        prefix: path.clone(),
                        steps: steps.clone(),
                        decided,
                        depth: above.depth + 1,
                        app: above.app,
                    };
                    steps = list(host, machine, below, &inner, doors);
                }
            }
            RegistrationKind::Route(method) => {
                let group = machine.heap.get(router).name;
                let door = door(
                    machine,
                    registration,
                    method,
                    &path,
                    above,
                    &steps,
                    (router, group),
                );
                doors.push(door);
                add_route_as_layer(machine, registration, method, &path, above, &mut steps);
            }
            RegistrationKind::WebSocket => {
                let group = machine.heap.get(router).name;
                let method = Ustr::from("WS");
                let door = door(
                    machine,
                    registration,
                    method,
                    &path,
                    above,
                    &steps,
                    (router, group),
                );
                doors.push(as_socket(door, registration.handlers.len()));
            }
            _ => {}
        }
    }
    steps
}

fn add_layer(
    machine: &Machine<'_>,
    registration: &Registration,
    path: &str,
    above: &Above,
    steps: &mut Vec<(Scope, Step)>,
) {
    let (kind, parameter, role) = match registration.kind {
        RegistrationKind::ErrorHandler => (StepKind::ErrorHandler, None, "error"),
        RegistrationKind::Parameter(name) => (StepKind::Layer, Some(name), "parameter"),
        _ => (StepKind::Layer, None, "layer"),
    };
    for handler in &registration.handlers {
        let scope = Scope {
            path: path.to_owned(),
            method: None,
            parameter,
            is_exact: false,
        };
        steps.push((
            scope,
            make_step(machine, handler, kind, role, registration, above),
        ));
    }
}

/// A layer comes too late for the doors that are registered before it.
fn add_late(
    machine: &Machine<'_>,
    registration: &Registration,
    path: &str,
    above: &Above,
    doors: &mut [Door],
) {
    if registration.kind != RegistrationKind::Layer {
        return;
    }
    for handler in &registration.handlers {
        let step = make_step(
            machine,
            handler,
            StepKind::Layer,
            "layer",
            registration,
            above,
        );
        for door in doors.iter_mut() {
            let has_it = door
                .steps
                .iter()
                .any(|own| own.span == step.span && own.name == step.name);
            if is_below(path, &door.path) == Some(true) && !has_it && door.late.len() < 8 {
                door.late.push(step.clone());
            }
        }
    }
}

/// A route whose functions call `next` is a layer for the routes behind it.
fn add_route_as_layer(
    machine: &Machine<'_>,
    registration: &Registration,
    method: Ustr,
    path: &str,
    above: &Above,
    steps: &mut Vec<(Scope, Step)>,
) {
    let is_pattern = path.contains("*}") || path.contains('{') || method == "ANY";
    if !is_pattern {
        return;
    }
    for handler in &registration.handlers {
        let scope = Scope {
            path: path.to_owned(),
            method: (method != "ANY").then_some(method),
            parameter: None,
            is_exact: true,
        };
        steps.push((
            scope,
            make_step(
                machine,
                handler,
                StepKind::Layer,
                "route-layer",
                registration,
                above,
            ),
        ));
    }
}

fn make_step(
    machine: &Machine<'_>,
    handler: &Value,
    kind: StepKind,
    role: &'static str,
    registration: &Registration,
    above: &Above,
) -> Step {
    let symbol = symbol(machine, handler, registration.span);
    let mut decided = above.decided.clone();
    decided.extend(registration.decided.iter().copied());
    Step {
        value: handler.clone(),
        kind,
        name: symbol.name,
        span: symbol.span,
        mounted: registration.span,
        decided,
        role,
    }
}

fn door(
    machine: &Machine<'_>,
    registration: &Registration,
    method: Ustr,
    path: &str,
    above: &Above,
    steps: &[(Scope, Step)],
    group: (ObjectId, Option<Ustr>),
) -> Door {
    let mut own: Vec<Step> = steps
        .iter()
        .filter(|(scope, _)| in_scope(scope, method, path))
        .map(|(_, step)| step.clone())
        .collect();
    let last = registration.handlers.len().saturating_sub(1);
    for (index, handler) in registration.handlers.iter().enumerate() {
        let kind = if index == last {
            StepKind::Handler
        } else {
            StepKind::Layer
        };
        own.push(make_step(
            machine,
            handler,
            kind,
            "route",
            registration,
            above,
        ));
    }
    let handler = own.last().map_or_else(
        || firedoor_app::Symbol {
            name: Ustr::from("(none)"),
            span: registration.span,
        },
        |step| firedoor_app::Symbol {
            name: step.name,
            span: step.span,
        },
    );
    let mut decided = above.decided.clone();
    decided.extend(registration.decided.iter().copied());
    let mut unresolved = Vec::new();
    if path.contains(HOLE) {
        unresolved.push("a part of its path is not known".to_owned());
    }
    let app = machine.heap.get(above.app).span;
    Door {
        transport: Transport::Http,
        method,
        path: Ustr::from(&path.replace(HOLE, "{unknown}")),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(app)),
        handler,
        registered: registration.span,
        group: (group.0.0, group.1.unwrap_or_else(|| Ustr::from("router"))),
        steps: own,
        decided,
        unresolved,
        late: Vec::new(),
    }
}

/// Every layer that is mounted anywhere, with the path below which it is.
fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let mut mountings = Vec::new();
    for root in roots(host) {
        let above = Above::root(root);
        list_mountings(host, machine, root, &above, &mut mountings);
    }
    mountings
}

fn list_mountings(
    host: &ModelHost,
    machine: &Machine<'_>,
    router: ObjectId,
    above: &Above,
    mountings: &mut Vec<Mounting>,
) {
    let Some(known) = host.state().routers.get(&router).cloned() else {
        return;
    };
    if above.depth > 12 {
        return;
    }
    for registration in &known.registrations {
        let path = template(&join_paths(&above.prefix, &registration.path));
        match registration.kind {
            RegistrationKind::Layer => {
                for handler in &registration.handlers {
                    mountings.push(Mounting {
                        step: make_step(
                            machine,
                            handler,
                            StepKind::Layer,
                            "layer",
                            registration,
                            above,
                        ),
                        path: Ustr::from(&path),
                    });
                }
            }
            RegistrationKind::Mount => {
                for below in registration.handlers.iter().flat_map(Value::objects) {
                    let inner = Above {
                        prefix: path.clone(),
                        depth: above.depth + 1,
                        ..above.clone()
                    };
                    list_mountings(host, machine, below, &inner, mountings);
                }
            }
            _ => {}
        }
    }
}

/// A function of three parameters, request, response and next, can be a layer.
fn as_layer(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
    let id = value.only_object()?;
    let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return None;
    };
    let module = machine.program.module(closure.module);
    let has_router = host
        .state()
        .routers
        .values()
        .any(|router| router.framework == "express");
    let is_javascript = module.language == firedoor_ir::Language::JavaScript;
    if !has_router || !is_javascript || module.function(closure.function).parameters.len() != 3 {
        return None;
    }
    let symbol = symbol(machine, value, machine.heap.get(id).span);
    Some(Step {
        value: value.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: symbol.span,
        decided: Vec::new(),
        role: "layer",
    })
}

/// The door of a route of express-ws: its functions run for the handshake, and what they listen for is the
/// work of the door.
fn as_socket(mut door: Door, functions: usize) -> Door {
    door.transport = Transport::WebSocket;
    let first = door.steps.len().saturating_sub(functions);
    let count = door.steps.len();
    for (index, step) in door.steps.iter_mut().enumerate().skip(first) {
        step.kind = StepKind::Layer;
        step.role = if index + 1 == count { "socket-last" } else { "socket" };
    }
    if let Some(last) = door.steps.last().cloned() {
        door.steps.push(Step {
            kind: StepKind::Handler,
            role: "messages",
            ..last
        });
    }
    door
}

fn in_scope(scope: &Scope, method: Ustr, path: &str) -> bool {
    if scope
        .method
        .is_some_and(|wanted| wanted != method && method != "ANY")
    {
        return false;
    }
    if let Some(parameter) = scope.parameter {
        return path.contains(&format!("{{{parameter}}}"));
    }
    let below = is_below(&scope.path, path).unwrap_or(true);
    if !scope.is_exact || scope.path.contains("*}") {
        return below;
    }
    below
        && firedoor_app::path_segments(&scope.path).count()
            == firedoor_app::path_segments(path).count()
}

/// Writes a path of Express as a template: `/a/:id(\\d+)?` is `/a/{id}`, `*` and `*name` are `{path*}`.
fn template(path: &str) -> String {
    let mut written = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        written.push(segment_template(segment));
    }
    format!("/{}", written.join("/"))
}

fn segment_template(segment: &str) -> String {
    if segment.starts_with('{') && !segment.contains(':') {
        return segment.to_owned();
    }
    if segment.starts_with('*') || segment == "(.*)" || segment == "{*path}" || segment == ".*" {
        let name = segment.trim_start_matches('*');
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        return format!("{{{}*}}", if is_name { name } else { "path" });
    }
    let mut written = String::new();
    let mut rest = segment;
    while let Some(colon) = rest.find(':') {
        written.push_str(&rest[..colon]);
        let after = &rest[colon + 1..];
        let end = after
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        written.push_str(&format!("{{{}}}", &after[..end]));
        rest = skip_pattern(&after[end..]);
    }
    written.push_str(rest.trim_end_matches('?'));
    written
}

/// Leaves out the pattern and the modifier behind a parameter's name.
fn skip_pattern(rest: &str) -> &str {
    let rest = match rest.strip_prefix('(') {
        Some(inner) => inner.find(')').map_or("", |end| &inner[end + 1..]),
        None => rest,
    };
    rest.trim_start_matches(['?', '+', '*'])
}

/// A request, a response and `next` are shared by all steps.
fn begin(host: &ModelHost, machine: &mut Machine<'_>, door: &Door) -> Vec<Value> {
    let span = door.registered;
    let request = host.make_object(machine, "express:request", span);
    let response = host.make_object(machine, "express:response", span);
    let next = host.make_object(machine, "express:next", span);
    machine
        .heap
        .set_property(response, Ustr::from("req"), Value::object(request));
    let mut shared = vec![
        Value::object(request),
        Value::object(response),
        Value::object(next),
    ];
    if door.transport == Transport::WebSocket {
        shared.push(crate::socket::make(host, machine, span));
    }
    shared
}

fn step(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    shared: &[Value],
) -> Result<(), Stop> {
    match step.role {
        "socket" | "socket-last" => {
            let is_last = step.role == "socket-last";
            return express_ws::run_route(host, machine, step, shared, is_last);
        }
        "messages" => return crate::socket::run_messages(host, machine, step.mounted),
        _ => {}
    }
    let mut arguments = Arguments::positional(shared.iter().take(3).cloned());
    if step.role == "parameter" {
        let value = host.request_value(machine, RequestPart::Path, "");
        arguments.positional.push(value);
    }
    let result = machine.call_value(&step.value, None, &arguments, step.mounted)?;
    let is_promise = result
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Promise { .. }));
    if is_promise {
        machine.await_value(&result, step.mounted)?;
    }
    unknown_layer(host, machine, door, step);
    Ok(())
}

/// A layer of an unknown library lets requests on, as far as anybody knows; whether it refuses some is
/// not known if its name says that it guards.
fn unknown_layer(host: &ModelHost, machine: &mut Machine<'_>, _door: &Door, step: &Step) {
    let is_outside = match step.value.only_object() {
        Some(id) => {
            matches!(&machine.heap.get(id).kind, ObjectKind::Host(path) if !path.starts_with("express:"))
                && !host.state().made_guards.contains_key(&id)
        }
        None => true,
    };
    let noted = {
        let state = host.state();
        let number = state.run.step;
        state.run.effects.iter().any(|effect| effect.step == number)
            || state
                .run
                .refusals
                .iter()
                .any(|refusal| refusal.step == number)
    };
    if !is_outside || noted {
        return;
    }
    let path = match step
        .value
        .only_object()
        .map(|id| &machine.heap.get(id).kind)
    {
        Some(ObjectKind::Host(path)) => path.to_string(),
        _ => step
            .value
            .as_outside()
            .map_or_else(String::new, |path| path.to_string()),
    };
    if path.is_empty() || crate::doors::sounds_like_guard(&path) {
        let number = host.state().run.step;
        let name = step.name;
        host.state()
            .run
            .unknown
            .push((number, format!("what `{name}` does is not known")));
    }
    host.effect(machine, EffectKind::Continue, step.mounted);
}

fn next(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = call.arguments.get(0);
    let is_route = error
        .text()
        .is_some_and(|text| text == "route" || text == "router");
    if is_route || error.is_nothing() {
        go_on(host, machine, call.span);
        return Ok(Some(Value::undefined()));
    }
    let may_be_nothing = error.atoms().iter().any(firedoor_eval::Atom::is_nothing);
    let test = machine.tested(
        firedoor_eval::TestKind::Truth,
        if may_be_nothing { None } else { Some(true) },
        &[&error],
        call.span,
    );
    let span = call.span;
    let with_error = error.filter(|atom| !atom.is_nothing()).unwrap_or(error);
    machine.when(
        &test,
        span,
        |machine| {
            machine.may_throw(with_error, span);
            Ok(())
        },
        |machine| {
            go_on(host, machine, span);
            Ok(())
        },
    )?;
    Ok(Some(Value::undefined()))
}

/// The next layer finds what this path has written, not what others have.
fn go_on(host: &ModelHost, machine: &mut Machine<'_>, span: Span) {
    host.effect(machine, EffectKind::Continue, span);
    let mark = host.state().run.mark;
    let written = machine.written_since(mark);
    let passed = &mut host.state().run.passed;
    if passed.len() < 32 {
        passed.push(written);
    }
}

fn request_header(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call
        .arguments
        .get(0)
        .text()
        .map_or_else(String::new, |name| name.to_ascii_lowercase());
    Ok(Some(host.request_value(
        machine,
        RequestPart::Header,
        &name,
    )))
}

fn request_parameter(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = call
        .arguments
        .get(0)
        .text()
        .map_or_else(String::new, |name| name.to_string());
    Ok(Some(host.request_value(machine, RequestPart::Path, &name)))
}

fn request_test(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::unknown(Shape::Bool)))
}

fn last_name(host: &ModelHost) -> String {
    let path = host.state().member_name;
    path.rsplit('.').next().unwrap_or("").to_owned()
}

fn request_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let name = last_name(host);
    let value = match name.as_str() {
        "body" | "rawBody" => host.request_value(machine, RequestPart::Body, ""),
        "query" => host.request_value(machine, RequestPart::Query, ""),
        "params" => host
            .request_value(machine, RequestPart::Path, "")
            .shaped(Shape::Object),
        "headers" => Value::object(host.make_object(machine, "express:request.headers", span)),
        "cookies" | "signedCookies" => {
            Value::object(host.make_object(machine, "express:request.cookies", span))
        }
        "file" | "files" => host.request_value(machine, RequestPart::File, ""),
        "ip" | "ips" | "socket" | "connection" => {
            host.request_value(machine, RequestPart::Address, &name)
        }
        "path" | "originalUrl" | "url" | "baseUrl" => request_path(host, machine),
        "method" => {
            let method = host.state().run.method;
            match method.as_str() {
                "ANY" => host.request_value(machine, RequestPart::Line, "method"),
                method => Value::string(method),
            }
        }
        "res" | "app" => return None,
        _ => host.request_value(machine, RequestPart::Line, &name),
    };
    let _ = object;
    Some(value)
}

/// The path of the request as far as the entry point fixes it.
fn request_path(host: &ModelHost, machine: &mut Machine<'_>) -> Value {
    let path = host.state().run.path;
    let mut text = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '{' => {
                depth += 1;
                text.push(HOLE);
            }
            '}' => depth -= 1,
            c if depth == 0 => text.push(c),
            _ => {}
        }
    }
    let value = Value::pattern(&text);
    host.with_origin(
        machine,
        value,
        firedoor_app::Origin::Request(RequestPart::Line, Ustr::from("path")),
    )
}

fn header_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host).to_ascii_lowercase();
    Some(host.request_value(machine, RequestPart::Header, &name))
}

fn cookie_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    Some(host.request_value(machine, RequestPart::Cookie, &name))
}

/// What earlier layers may have attached to the request.
fn request_context(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let name = last_name(host);
    Some(host.request_value(machine, RequestPart::Context, &name))
}

fn response_locals(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let object = object?;
    let locals = Value::object(host.make_object(machine, "express:request", span));
    machine
        .heap
        .set_property(object, Ustr::from("locals"), locals.clone());
    Some(locals)
}

fn set_status(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(response) = call.receiver {
        machine
            .heap
            .set_property(response, Ustr::from("$status"), call.arguments.get(0));
    }
    Ok(Some(call.this.clone()))
}

fn chain(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let _ = machine;
    Ok(Some(call.this.clone()))
}

fn send_status(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    set_status(host, machine, call)?;
    answer(host, machine, call.receiver, &Value::undefined(), call.span);
    Ok(Some(call.this.clone()))
}

fn respond(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let body = call.arguments.get(0);
    answer(host, machine, call.receiver, &body, call.span);
    Ok(Some(call.this.clone()))
}

/// Notes an answer; one with a status of 400 or more is a refusal.
fn answer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    response: Option<ObjectId>,
    body: &Value,
    span: Span,
) {
    let status = response
        .and_then(|response| {
            machine
                .heap
                .property(response, Ustr::from("$status"))
                .cloned()
        })
        .and_then(|status| status.as_number())
        .map(|status| status as u16);
    let fields = host.body_fields(machine, body);
    if let Some(status) = status.filter(|status| *status >= 400) {
        host.refuse(machine, Refusal::Status(status), span);
    }
    host.effect(
        machine,
        EffectKind::Respond {
            status,
            body: fields,
            is_error: false,
        },
        span,
    );
}

fn redirect(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let target = match call.arguments.positional.len() {
        0 | 1 => call.arguments.get(0),
        _ => call.arguments.get(1),
    };
    let text = target.text_pattern().map(|text| text.to_string());
    host.refuse(machine, Refusal::Redirect(text), call.span);
    let provenance = host.provenance(machine, &target);
    host.effect(machine, EffectKind::Redirect(provenance), call.span);
    Ok(Some(call.this.clone()))
}

fn status_of(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<u16> {
    host.number_of(
        machine,
        value,
        &["status", "statusCode", "code", "httpStatus"],
    )
}
