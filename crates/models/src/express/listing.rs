//! Lists the routes of Express applications with the layers that run before each, in order.

use firedoor_app::Transport;
use firedoor_eval::{Decided, HOLE, Machine, ModuleId, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use super::FRAMEWORK;
use super::paths::template;
use super::register::is_error_handler;
use crate::doors::{Mounting, is_below, join_paths, symbol};
use crate::sequel::{self, Place, Registered, Scope};
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Door, ModelHost, Step, StepKind, express_terminal};

/// Lists the routes of every application that is not mounted in another. What is never mounted anywhere is
/// not reachable, as long as some application is known to listen.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    let is_served = any_served(host);
    for root in roots(host) {
        let Some(known) = host.state().routers.get(&root).cloned() else {
            continue;
        };
        let is_open = is_reached(host, machine, root);
        if is_served && !is_open {
            leave_out(host, known.role, known.span);
            continue;
        }
        let mut listing = Listing::default();
        list(host, machine, root, &Above::root(root), &mut listing);
        for (mut door, place) in listing.doors {
            if known.role != "app" {
                let note = "its router is not mounted on any application that was found";
                door.unresolved.push(note.to_owned());
            }
            host.state().places.insert(sequel::key(&door), place);
            doors.push(door);
        }
    }
    doors
}

/// Holds if some application is known to be given to a server.
fn any_served(host: &ModelHost) -> bool {
    let state = host.state();
    let mut served = state.escaped.iter().filter_map(|id| state.routers.get(id));
    served.any(|router| router.framework == "express" && router.role == "app")
}

/// Holds if outside code was given the router, or another program can import the application.
fn is_reached(host: &ModelHost, machine: &mut Machine<'_>, router: ObjectId) -> bool {
    let (is_escaped, is_app) = {
        let state = host.state();
        let is_app = state
            .routers
            .get(&router)
            .is_some_and(|known| known.role == "app");
        (state.escaped.contains(&router), is_app)
    };
    is_escaped || (is_app && is_exported(machine, router))
}

fn is_exported(machine: &mut Machine<'_>, router: ObjectId) -> bool {
    let modules: Vec<ModuleId> = machine.program.iter().map(|(id, _)| id).collect();
    modules.into_iter().any(|module| {
        let exports = machine.module_exports(module);
        exports
            .iter()
            .any(|(_, value)| value.objects().any(|id| id == router))
    })
}

fn leave_out(host: &ModelHost, role: &str, span: Span) {
    let detail = match role {
        "app" => "this application is neither mounted nor served; its routes are not in the map",
        _ => "this router is mounted nowhere; its routes are not in the map",
    };
    host.state().unresolved.push(firedoor_app::Unresolved {
        reason: "not-mounted",
        span,
        detail: detail.to_owned(),
    });
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
    let mounted: FxHashSet<ObjectId> = own()
        .flat_map(|(_, router)| &router.registrations)
        .filter(|registration| registration.kind == RegistrationKind::Mount)
        .flat_map(|registration| registration.handlers.iter().flat_map(Value::objects))
        .collect();
    own()
        .filter(|(id, router)| !mounted.contains(id) && !router.registrations.is_empty())
        .map(|(id, _)| *id)
        .collect()
}

/// What lies above a router while doors are listed.
#[derive(Clone)]
pub(super) struct Above {
    prefix: String,
    steps: Vec<(Scope, Step)>,
    decided: Vec<Decided>,
    depth: usize,
    app: ObjectId,
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

/// The doors of one application, and everything registered on it in order.
#[derive(Default)]
struct Listing {
    doors: Vec<(Door, Place)>,
    all: Registered,
}

impl Listing {
    fn add(&mut self, scope: &Scope, step: &Step) {
        self.all.borrow_mut().push((scope.clone(), step.clone()));
    }
}

/// Lists the doors of a router, and returns the layers that run for what is registered behind it: a request
/// that no route of the router answers has passed its layers.
fn list(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    above: &Above,
    listing: &mut Listing,
) -> Vec<(Scope, Step)> {
    let Some(known) = host.state().routers.get(&router).cloned() else {
        return above.steps.clone();
    };
    if above.depth > 12 || listing.doors.len() > 20_000 {
        return above.steps.clone();
    }
    let mut steps = above.steps.clone();
    let first = listing.doors.len();
    for registration in &known.registrations {
        let path = template(&join_paths(&above.prefix, &registration.path));
        match registration.kind {
            RegistrationKind::Layer | RegistrationKind::ErrorHandler => {
                let layers = (above, steps.as_slice());
                if let Some(made) = terminal(host, machine, registration, &path, layers) {
                    let group = machine.heap.get(router).name;
                    push_door(made, router, group, listing);
                    continue;
                }
                for (scope, step) in layer_steps(machine, registration, &path, above) {
                    add_late(&step, &path, &mut listing.doors[first..]);
                    listing.add(&scope, &step);
                    steps.push((scope, step));
                }
            }
            RegistrationKind::Mount => {
                let named = parameter_steps(machine, &known, registration, &path, above);
                for below in registration.handlers.iter().flat_map(Value::objects) {
                    let mut decided = above.decided.clone();
                    decided.extend(registration.decided.iter().copied());
                    let inner = Above {
                        prefix: path.clone(),
                        steps: [steps.as_slice(), &named].concat(),
                        decided,
                        depth: above.depth + 1,
                        app: above.app,
                    };
                    steps = list(host, machine, below, &inner, listing);
                }
            }
            RegistrationKind::Route(method) => {
                let named = parameter_steps(machine, &known, registration, &path, above);
                let before = [steps.as_slice(), &named].concat();
                let made = route(machine, registration, method, &path, above, &before);
                let group = machine.heap.get(router).name;
                push_door(made, router, group, listing);
                for (scope, step) in route_steps(machine, registration, method, &path, above) {
                    listing.add(&scope, &step);
                    steps.push((scope, step));
                }
                set_behind_route(listing);
            }
            RegistrationKind::WebSocket => {
                let method = Ustr::from("WS");
                let (door, place) = route(machine, registration, method, &path, above, &steps);
                let socket = as_socket(door, registration.handlers.len());
                let group = machine.heap.get(router).name;
                push_door((socket, place), router, group, listing);
            }
            _ => {}
        }
    }
    let end = listing.all.borrow().len();
    for (_, place) in &mut listing.doors[first..] {
        if place.behind_router == 0 {
            place.behind_router = end;
        }
    }
    steps
}

fn push_door(
    (mut door, mut place): (Door, Place),
    router: ObjectId,
    group: Option<Ustr>,
    listing: &mut Listing,
) {
    door.group = (router.0, group.unwrap_or_else(|| Ustr::from("router")));
    place.all = listing.all.clone();
    listing.doors.push((door, place));
}

fn set_behind_route(listing: &mut Listing) {
    let behind = listing.all.borrow().len();
    if let Some((_, place)) = listing.doors.last_mut() {
        place.behind_route = behind;
    }
}

fn layer_steps(
    machine: &Machine<'_>,
    registration: &Registration,
    path: &str,
    above: &Above,
) -> Vec<(Scope, Step)> {
    let (kind, role) = match registration.kind {
        RegistrationKind::ErrorHandler => (StepKind::ErrorHandler, "error"),
        _ => (StepKind::Layer, "layer"),
    };
    let scope = Scope {
        path: path.to_owned(),
        base: Ustr::from(path),
        method: None,
        is_exact: false,
    };
    let handlers = registration.handlers.iter();
    handlers
        .map(|handler| {
            let step = make_step(machine, handler, kind, role, registration, above);
            (scope.clone(), step)
        })
        .collect()
}

/// The functions of `param` run where a path of their own router has the parameter, once it has matched and
/// before what is registered there, wherever they were registered themselves.
fn parameter_steps(
    machine: &Machine<'_>,
    router: &Router,
    at: &Registration,
    path: &str,
    above: &Above,
) -> Vec<(Scope, Step)> {
    let own = template(&at.path);
    let mut named = Vec::new();
    for registration in &router.registrations {
        let RegistrationKind::Parameter(name) = registration.kind else {
            continue;
        };
        let Some(position) = own.find(&format!("{{{name}}}")) else {
            continue;
        };
        for handler in &registration.handlers {
            let kind = StepKind::Layer;
            let step = make_step(machine, handler, kind, "parameter", registration, above);
            named.push((position, step));
        }
    }
    named.sort_by_key(|(position, _)| *position);
    let scope = Scope {
        path: path.to_owned(),
        base: Ustr::from(&above.prefix),
        method: None,
        is_exact: false,
    };
    let steps = named.into_iter();
    steps.map(|(_, step)| (scope.clone(), step)).collect()
}

/// A layer comes too late for the doors that are registered before it.
fn add_late(step: &Step, path: &str, doors: &mut [(Door, Place)]) {
    if step.kind != StepKind::Layer {
        return;
    }
    for (door, _) in doors.iter_mut() {
        // Two guards that one function has made with different arguments are two.
        let has_it = door.steps.iter().any(|own| {
            own.span == step.span
                && own.name == step.name
                && own.value.only_object() == step.value.only_object()
        });
        if is_below(path, &door.path) == Some(true) && !has_it && door.late.len() < 8 {
            door.late.push(step.clone());
        }
    }
}

/// A route whose functions call `next` is a layer for the routes behind it that have its path.
fn route_steps(
    machine: &Machine<'_>,
    registration: &Registration,
    method: Ustr,
    path: &str,
    above: &Above,
) -> Vec<(Scope, Step)> {
    let scope = Scope {
        path: path.to_owned(),
        base: Ustr::from(&above.prefix),
        method: (method != "ANY").then_some(method),
        is_exact: true,
    };
    let handlers = registration.handlers.iter();
    handlers
        .map(|handler| {
            let (kind, role) = match is_error_handler(machine, handler) {
                true => (StepKind::ErrorHandler, "error"),
                false => (StepKind::Layer, "route-layer"),
            };
            let step = make_step(machine, handler, kind, role, registration, above);
            (scope.clone(), step)
        })
        .collect()
}

pub(super) fn make_step(
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

/// Returns the door of a route, and the paths that its steps are relative to.
fn route(
    machine: &Machine<'_>,
    registration: &Registration,
    method: Ustr,
    path: &str,
    above: &Above,
    steps: &[(Scope, Step)],
) -> (Door, Place) {
    let mut bases = Vec::new();
    let mut own: Vec<Step> = Vec::new();
    for (scope, step) in steps {
        if sequel::in_scope(scope, method, path) {
            bases.push(scope.base);
            own.push(step.clone());
        }
    }
    let last = registration
        .handlers
        .iter()
        .rposition(|handler| !is_error_handler(machine, handler))
        .unwrap_or(0);
    let mut handler = firedoor_app::Symbol {
        name: Ustr::from("(none)"),
        span: registration.span,
    };
    for (index, value) in registration.handlers.iter().enumerate() {
        let (kind, role) = match is_error_handler(machine, value) {
            true => (StepKind::ErrorHandler, "error"),
            false if index == last => (StepKind::Handler, "route"),
            false => (StepKind::Layer, "route"),
        };
        let step = make_step(machine, value, kind, role, registration, above);
        if index == last {
            handler.name = step.name;
            handler.span = step.span;
        }
        bases.push(Ustr::from(&above.prefix));
        own.push(step);
    }
    let mut unresolved = Vec::new();
    if path.contains(HOLE) {
        unresolved.push("a part of its path is not known".to_owned());
    }
    let mut decided = above.decided.clone();
    decided.extend(registration.decided.iter().copied());
    let app = machine.heap.get(above.app).span;
    let door = Door {
        transport: Transport::Http,
        method,
        path: Ustr::from(&path.replace(HOLE, "{unknown}")),
        message: None,
        framework: &FRAMEWORK,
        app: Ustr::from(machine.program.files.path(app)),
        handler,
        registered: registration.span,
        group: (0, Ustr::from("router")),
        steps: own,
        decided,
        unresolved,
        late: Vec::new(),
    };
    let place = Place {
        bases,
        ..Place::default()
    };
    (door, place)
}

/// The door of what `use` mounts below a path if it answers everything there.
fn terminal(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    registration: &Registration,
    path: &str,
    (above, steps): (&Above, &[(Scope, Step)]),
) -> Option<(Door, Place)> {
    let is_layer = registration.kind == RegistrationKind::Layer;
    if !is_layer || !express_terminal::may_answer(machine, registration) {
        return None;
    }
    let below = join_paths(path, "{path*}");
    let method = Ustr::from("ANY");
    let (mut door, place) = route(machine, registration, method, &below, above, steps);
    if express_terminal::is_library(machine, registration.handlers.last()?) {
        door.steps.last_mut()?.role = "library";
        return Some((door, place));
    }
    express_terminal::answers_itself(host, machine, &door).then_some((door, place))
}

/// The door of a route of express-ws: its functions run for the handshake, and what they listen for is the
/// work of the door.
fn as_socket(mut door: Door, functions: usize) -> Door {
    door.transport = Transport::WebSocket;
    let first = door.steps.len().saturating_sub(functions);
    let count = door.steps.len();
    for (index, step) in door.steps.iter_mut().enumerate().skip(first) {
        step.kind = StepKind::Layer;
        step.role = if index + 1 == count {
            "socket-last"
        } else {
            "socket"
        };
    }
    if let Some(last) = door.steps.last().cloned() {
        door.steps.push(Step {
            kind: StepKind::Handler,
            role: crate::socket::MESSAGES,
            ..last
        });
    }
    door
}

/// Every layer that is mounted anywhere, with the path below which it is.
pub(super) fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
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
pub(super) fn as_layer(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
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
