//! Lists the routes of Express applications with the layers that run before each, in order.

use firedoor_app::Transport;
use firedoor_eval::{Decided, HOLE, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use super::FRAMEWORK;
use super::paths::template;
use crate::doors::{Mounting, is_below, join_paths, symbol};
use crate::state::{Registration, RegistrationKind};
use crate::{Door, ModelHost, Step, StepKind};

/// Lists the routes of every application that is not mounted in another.
pub(super) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
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

/// For which requests a step runs.
#[derive(Clone)]
pub(super) struct Scope {
    path: String,
    method: Option<Ustr>,
    parameter: Option<Ustr>,
    is_exact: bool,
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
            role: "messages",
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
