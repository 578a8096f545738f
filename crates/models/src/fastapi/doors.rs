//! Lists the routes of FastAPI and Starlette applications, with everything that runs for each.
//!
//! An inclusion puts its prefix and its dependencies before those of the routes; a mounted application keeps
//! its own dependencies and runs within the middleware of the one around it. Until FastAPI 0.136 an inclusion
//! copied the routes that were there; since 0.137 later ones are served too (`routing.py`, `_IncludedRouter`).

use firedoor_app::{Symbol, Transport};
use firedoor_eval::{Atom, Decided, HOLE, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::doors::symbol;
use crate::fastapi::middleware::{Form, Middleware, listed, of_application};
use crate::fastapi::plan::{Plan, nodes};
use crate::python_versions;
use crate::state::{Registration, RegistrationKind, Router};
use crate::{Door, Framework, ModelHost, Step, StepKind};

/// What lies above a router.
#[derive(Clone)]
struct Above {
    prefix: String,
    dependencies: Vec<Value>,
    middleware: Vec<(Middleware, Vec<Decided>)>,
    decided: Vec<Decided>,
    app: ObjectId,
    outer: Vec<ObjectId>,
    depth: usize,
    is_copied: bool,
}

/// Lists the routes of every application that is not mounted in another, and of routers nobody includes.
pub(crate) fn doors(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Door> {
    let routers: Vec<(ObjectId, Router)> = host
        .state()
        .routers
        .iter()
        .filter(|(_, router)| router.framework == "fastapi")
        .map(|(id, router)| (*id, router.clone()))
        .collect();
    let below: Vec<ObjectId> = routers
        .iter()
        .flat_map(|(_, router)| &router.registrations)
        .filter(|registration| {
            matches!(
                registration.kind,
                RegistrationKind::Mount | RegistrationKind::Other("mount")
            )
        })
        .filter_map(|registration| registration.handlers.first()?.only_object())
        .collect();
    let mut doors = Vec::new();
    for (id, router) in &routers {
        if below.contains(id) || router.registrations.is_empty() {
            continue;
        }
        let above = Above {
            prefix: String::new(),
            dependencies: Vec::new(),
            middleware: Vec::new(),
            decided: Vec::new(),
            app: *id,
            outer: Vec::new(),
            depth: 0,
            is_copied: is_copied(machine, router.span),
        };
        let before = doors.len();
        application(host, machine, *id, &above, &mut doors);
        if router.role == "router" {
            for door in &mut doors[before..] {
                door.unresolved
                    .push("its router is not mounted on any application that was found".to_owned());
            }
        }
    }
    doors
}

/// Holds if the version of FastAPI that is asked for is one that copies routes when it includes a router.
fn is_copied(machine: &Machine<'_>, span: Span) -> bool {
    let version = machine
        .program
        .project
        .dependency_version(span.file, "fastapi");
    let Some(version) = version else {
        return false;
    };
    python_versions::highest(version).is_some_and(|highest| highest < (0, 137))
}

/// An application brings its middleware.
fn application(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: ObjectId,
    above: &Above,
    doors: &mut Vec<Door>,
) {
    let Some(router) = host.state().routers.get(&app).cloned() else {
        return;
    };
    let mut inner = above.clone();
    inner.outer.push(above.app);
    inner.app = app;
    for (middleware, registration) in of_application(machine, &router.registrations) {
        inner.middleware.push((middleware, registration.decided));
    }
    list(host, machine, app, None, &inner, doors);
}

fn list(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    count: Option<usize>,
    above: &Above,
    doors: &mut Vec<Door>,
) {
    let Some(known) = host.state().routers.get(&router).cloned() else {
        return;
    };
    if above.depth > 12 || doors.len() > 20_000 {
        return;
    }
    let count = match above.is_copied {
        true => count.unwrap_or(usize::MAX),
        false => usize::MAX,
    };
    for registration in known.registrations.iter().take(count) {
        match registration.kind {
            RegistrationKind::Route(method) => {
                doors.push(door(host, machine, router, registration, method, above));
            }
            RegistrationKind::WebSocket => {
                let method = Ustr::from("WS");
                doors.push(door(host, machine, router, registration, method, above));
            }
            RegistrationKind::Mount => include(host, machine, registration, above, doors),
            RegistrationKind::Other("mount") => mount(host, machine, registration, above, doors),
            _ => {}
        }
    }
}

fn include(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    registration: &Registration,
    above: &Above,
    doors: &mut Vec<Door>,
) {
    let Some(router) = registration.handlers.first().and_then(Value::only_object) else {
        return;
    };
    let mut inner = above.clone();
    inner.depth += 1;
    inner.prefix.push_str(&registration.path);
    inner
        .dependencies
        .extend(registration.handlers.iter().skip(1).cloned());
    inner.decided.extend(registration.decided.iter().copied());
    let count = registration
        .options
        .get(&Ustr::from("count"))
        .and_then(Value::as_number)
        .map(|count| count as usize);
    list(host, machine, router, count, &inner, doors);
}

fn mount(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    registration: &Registration,
    above: &Above,
    doors: &mut Vec<Door>,
) {
    let Some(app) = registration.handlers.first().and_then(Value::only_object) else {
        return;
    };
    let mut inner = above.clone();
    inner.depth += 1;
    inner.prefix.push_str(&registration.path);
    inner.dependencies.clear();
    inner.decided.extend(registration.decided.iter().copied());
    for element in registration.handlers.iter().skip(1) {
        if let Some(found) = listed(machine, element) {
            inner.middleware.push((found, registration.decided.clone()));
        }
    }
    if host.state().routers.contains_key(&app) && inner.depth < 12 {
        application(host, machine, app, &inner, doors);
    }
}

/// Writes a path of Starlette as a template: `/a/{id:int}` is `/a/{id}`, `{rest:path}` is `{rest*}`.
pub(crate) fn template(path: &str) -> String {
    let mut written = String::new();
    let mut rest = path;
    while let Some(start) = rest.find('{') {
        written.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('}') else {
            break;
        };
        let inner = &rest[start + 1..start + end];
        match inner.split_once(':') {
            Some((name, "path")) => written.push_str(&format!("{{{name}*}}")),
            Some((name, _)) => written.push_str(&format!("{{{name}}}")),
            None => written.push_str(&format!("{{{inner}}}")),
        }
        rest = &rest[start + end + 1..];
    }
    written.push_str(rest);
    if written.is_empty() {
        "/".to_owned()
    } else {
        written
    }
}

fn door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    router: ObjectId,
    registration: &Registration,
    method: Ustr,
    above: &Above,
) -> Door {
    let path = template(&format!("{}{}", above.prefix, registration.path));
    let is_socket = method == "WS";
    let mut decided = above.decided.clone();
    decided.extend(registration.decided.iter().copied());
    let plan = plan(host, machine, registration, &path, is_socket, above);
    let steps = steps(host, machine, &plan, registration, &decided, above);
    let endpoint = registration
        .handlers
        .first()
        .cloned()
        .unwrap_or_else(Value::null);
    let handler = symbol(machine, &endpoint, registration.span);
    host.state().fastapi.plans.push(plan);
    let mut unresolved = Vec::new();
    if path.contains(HOLE) {
        unresolved.push("a part of its path is not known".to_owned());
    }
    let listed = registration.handlers.iter().skip(1);
    let listed: Vec<Value> = above.dependencies.iter().chain(listed).cloned().collect();
    let late = crate::fastapi::uncalled::uncalled(host, machine, &listed);
    let app = machine
        .heap
        .get(above.outer.get(1).copied().unwrap_or(above.app))
        .span;
    let group = machine.heap.get(router).name;
    Door {
        transport: match is_socket {
            true => Transport::WebSocket,
            false => Transport::Http,
        },
        method,
        path: Ustr::from(&path.replace(HOLE, "{unknown}")),
        message: None,
        framework: framework(),
        app: Ustr::from(machine.program.files.path(app)),
        handler,
        registered: registration.span,
        group: (router.0, group.unwrap_or_else(|| Ustr::from("router"))),
        steps,
        decided,
        unresolved,
        late,
    }
}

fn framework() -> &'static Framework {
    crate::fastapi::MODEL
        .framework
        .expect("the model of FastAPI is one of a framework")
}

fn plan(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    registration: &Registration,
    path: &str,
    is_socket: bool,
    above: &Above,
) -> Plan {
    let option = |name: &str| registration.options.get(&Ustr::from(name));
    let number = option("dependant")
        .and_then(Value::as_number)
        .unwrap_or(0.0) as usize;
    let taken = host.state().fastapi.dependants[number].clone();
    let endpoint = crate::fastapi::views::with_instance(machine, taken, registration.span);
    let is_plain = option("plain").and_then(Value::truth) == Some(true);
    let mut dependencies = Vec::new();
    if !is_plain {
        dependencies.extend(above.dependencies.iter().cloned());
        dependencies.extend(registration.handlers.iter().skip(1).cloned());
    }
    let mut middleware: Vec<Middleware> = above
        .middleware
        .iter()
        .map(|(middleware, _)| middleware.clone())
        .collect();
    if let Some(list) = option("middleware").cloned() {
        let elements = machine.elements_of(&list).0;
        middleware.extend(
            elements
                .iter()
                .filter_map(|element| listed(machine, element)),
        );
    }
    if is_socket {
        middleware.retain(|middleware| middleware.is_for_sockets());
    }
    let returned = endpoint_function(machine, &endpoint.call)
        .and_then(|closure| machine.returned_type(closure));
    let answers = option("response_model").cloned().or(returned);
    Plan {
        middleware,
        nodes: nodes(host, machine, &dependencies, &endpoint, path),
        status: option("status_code")
            .and_then(Value::as_number)
            .map(|status| status as u16),
        answers,
        app: above.app,
        outer: above.outer.clone(),
        is_plain,
    }
}

fn endpoint_function(machine: &Machine<'_>, call: &Value) -> Option<firedoor_eval::Closure> {
    if let Some(inner) = crate::fastapi::plan::wrapped(machine, call) {
        return endpoint_function(machine, &inner);
    }
    match &machine.heap.get(call.only_object()?).kind {
        ObjectKind::Function { closure, .. } => Some(*closure),
        ObjectKind::Bound { target, .. } => endpoint_function(machine, target),
        _ => None,
    }
}

fn steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    plan: &Plan,
    registration: &Registration,
    decided: &[Decided],
    above: &Above,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for middleware in &plan.middleware {
        let known = above
            .middleware
            .iter()
            .find(|(found, _)| found.span == middleware.span && found.value == middleware.value);
        let own = known.map_or_else(Vec::new, |(_, decided)| decided.clone());
        let symbol = symbol(machine, &middleware.value, middleware.span);
        steps.push(Step {
            value: middleware.value.clone(),
            kind: StepKind::Layer,
            name: symbol.name,
            span: symbol.span,
            mounted: middleware.span,
            decided: own,
            role: match middleware.form {
                Form::Function => "function",
                Form::Dispatch => "dispatch",
                Form::Asgi => "asgi",
                Form::Library => "library",
            },
        });
    }
    let number = host.state().fastapi.plans.len();
    let last = plan.nodes.len().saturating_sub(1);
    for (index, node) in plan.nodes.iter().enumerate() {
        let is_handler = index == last;
        let symbol = node_symbol(machine, &node.call, node.span);
        let value = match is_handler {
            false => node.call.clone(),
            true => {
                let id = host.make_object(machine, "fastapi:route", symbol.span);
                machine.heap.get_mut(id).elements = vec![Value::number(number as f64)];
                Value::object(id)
            }
        };
        steps.push(Step {
            value,
            kind: match is_handler {
                true => StepKind::Handler,
                false => StepKind::Layer,
            },
            name: symbol.name,
            span: symbol.span,
            mounted: match is_handler {
                true => registration.span,
                false => node.span,
            },
            decided: decided.iter().chain(&node.decided).copied().collect(),
            role: match is_handler {
                true => "handler",
                false => "dependency",
            },
        });
    }
    steps
}

/// The name of a dependency: of an object with `__call__` the variable that holds it, or its class.
pub(crate) fn node_symbol(machine: &Machine<'_>, call: &Value, span: Span) -> Symbol {
    let mut symbol = symbol(machine, call, span);
    let Some(Atom::Object(id)) = call.only() else {
        return symbol;
    };
    if let ObjectKind::Instance { class } = machine.heap.get(id).kind {
        symbol.span = machine.heap.get(class).span;
    }
    symbol
}
