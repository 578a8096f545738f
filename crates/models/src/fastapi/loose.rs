//! Dependencies by themselves: those of inclusions that have no routes, and functions that nobody depends on.

use firedoor_app::EffectKind;
use firedoor_eval::{Closure, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_ir::ParameterKind;
use ustr::Ustr;

use crate::doors::{Mounting, symbol};
use crate::fastapi::dependencies::{Dependant, Source, dependant, depends_object};
use crate::fastapi::doors::node_symbol;
use crate::fastapi::middleware::{Form, listed, of_application};
use crate::fastapi::plan::{Plan, nodes, run_node};
use crate::state::{Registration, RegistrationKind};
use crate::{Door, ModelHost, Step, StepKind};

/// Every place where a dependency is put on a whole router.
pub(crate) fn mountings(host: &ModelHost, machine: &mut Machine<'_>) -> Vec<Mounting> {
    let listed: Vec<(Ustr, Value)> = {
        let state = host.state();
        let routers = state
            .routers
            .values()
            .filter(|router| router.framework == "fastapi");
        routers
            .flat_map(|router| &router.registrations)
            .filter(|registration| registration.kind == RegistrationKind::Mount)
            .flat_map(|registration| {
                let path = registration.path;
                let handlers = registration.handlers.iter().skip(1);
                handlers.map(move |handler| (path, handler.clone()))
            })
            .collect()
    };
    let mut mountings = Vec::new();
    for (path, value) in listed {
        let Some(depends) = depends_object(machine, &value) else {
            continue;
        };
        let object = machine.heap.get(depends);
        let span = object.span;
        let call = object.properties.get(&Ustr::from("dependency")).cloned();
        if let Some(call) = call.filter(|call| !call.is_nothing()) {
            mountings.push(Mounting {
                step: Step {
                    mounted: span,
                    ..loose_step(machine, &call)
                },
                path: Ustr::from(&crate::fastapi::doors::template(&path)),
            });
        }
    }
    mountings.extend(middleware(host, machine));
    mountings
}

/// The role of a middleware that runs by itself.
pub(crate) const LOOSE_MIDDLEWARE: &str = "loose middleware";

/// The program's own middleware, which may look at paths.
fn middleware(host: &ModelHost, machine: &Machine<'_>) -> Vec<Mounting> {
    let registrations: Vec<Registration> = {
        let state = host.state();
        let routers = state.routers.values();
        let own = routers.filter(|router| router.framework == "fastapi");
        own.flat_map(|router| router.registrations.iter().cloned())
            .collect()
    };
    let mut mountings = Vec::new();
    for (middleware, registration) in of_application(machine, &registrations) {
        let Some(kept) = registration.handlers.first() else {
            continue;
        };
        if middleware.form == Form::Library {
            continue;
        }
        let symbol = symbol(machine, &middleware.value, middleware.span);
        mountings.push(Mounting {
            step: Step {
                value: kept.clone(),
                kind: StepKind::Layer,
                name: symbol.name,
                span: symbol.span,
                mounted: middleware.span,
                decided: Vec::new(),
                role: LOOSE_MIDDLEWARE,
            },
            path: Ustr::from(""),
        });
    }
    mountings
}

/// Runs a middleware for a route that is not known.
pub(crate) fn run_middleware(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    exchange: ObjectId,
) -> Result<(), Stop> {
    match listed(machine, &step.value) {
        Some(found) => crate::fastapi::middleware::run(host, machine, &found, exchange),
        None => Ok(()),
    }
}

/// Returns the step that runs a function by itself.
pub(super) fn loose_step(machine: &Machine<'_>, call: &Value) -> Step {
    let place = call
        .objects()
        .next()
        .map_or(machine.place(), |id| machine.heap.get(id).span);
    let symbol = node_symbol(machine, call, place);
    Step {
        value: call.clone(),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: symbol.span,
        decided: Vec::new(),
        role: "loose",
    }
}

/// A class of the program that has the form of a middleware: `C(app, …)` that answers `(scope, receive, send)`, or a
/// `BaseHTTPMiddleware`. What else its constructor takes is not known.
fn as_middleware(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
    let class = value.only_object()?;
    let maker = method(machine, class, "__init__").map(|closure| machine.signature(closure));
    let is_base = machine
        .outside_bases(class)
        .iter()
        .any(|base| base == crate::fastapi::middleware::BASE);
    let takes_app = maker.as_ref().is_some_and(|taken| taken.len() >= 2);
    let is_plain = method(machine, class, "__call__").is_some_and(|closure| {
        machine.signature(closure).len() == 4 && machine.function_of(closure).is_async
    });
    if !(is_base || is_plain && takes_app) {
        return None;
    }
    let symbol = symbol(machine, value, machine.heap.get(class).span);
    let kept = host.make_object(machine, "fastapi:middleware", symbol.span);
    machine.heap.get_mut(kept).elements = vec![value.clone()];
    for parameter in maker.into_iter().flatten().skip(2) {
        if parameter.kind != ParameterKind::Normal || parameter.default.is_some() {
            continue;
        }
        let unknown = machine.unknown("constructor-argument");
        machine.heap.set_property(kept, parameter.name, unknown);
    }
    Some(Step {
        value: Value::object(kept),
        kind: StepKind::Layer,
        name: symbol.name,
        span: symbol.span,
        mounted: symbol.span,
        decided: Vec::new(),
        role: LOOSE_MIDDLEWARE,
    })
}

fn method(machine: &Machine<'_>, class: ObjectId, name: &str) -> Option<Closure> {
    let (_, value) = machine.class_attribute(class, Ustr::from(name))?;
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Function { closure, .. } => Some(closure),
        _ => None,
    }
}

/// A function of the program that has the form of a dependency and that no route has, or such a middleware.
pub(crate) fn as_layer(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
    let id = value.only_object()?;
    if let ObjectKind::Class { module, .. } = machine.heap.get(id).kind {
        let is_python = machine.program.module(module).language == firedoor_ir::Language::Python;
        return match is_python && has_router(host) {
            true => as_middleware(host, machine, value),
            false => None,
        };
    }
    let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return None;
    };
    let is_python =
        machine.program.module(closure.module).language == firedoor_ir::Language::Python;
    let is_taken = {
        let has_router = has_router(host);
        let state = host.state();
        let mut nodes = state.fastapi.plans.iter().flat_map(|plan| &plan.nodes);
        !has_router || nodes.any(|node| node.call.only_object() == Some(id))
    };
    if !is_python || is_taken {
        return None;
    }
    let taken = dependant(machine, value, machine.heap.get(id).span, 0);
    is_fed_by_request(&taken).then(|| loose_step(machine, value))
}

fn has_router(host: &ModelHost) -> bool {
    let state = host.state();
    let mut routers = state.routers.values();
    routers.any(|router| router.framework == "fastapi")
}

/// Holds if FastAPI could fill its parameters, and some of them say so.
fn is_fed_by_request(taken: &Dependant) -> bool {
    taken
        .parameters
        .iter()
        .any(|parameter| match &parameter.source {
            Source::Dependency(_) | Source::Connection => true,
            Source::Input(marker) => marker.is_some(),
            _ => false,
        })
}

/// Runs a dependency with what it depends on, for a route that is not known.
pub(crate) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    door: &Door,
    step: &Step,
    exchange: ObjectId,
) -> Result<(), Stop> {
    let taken = dependant(machine, &step.value, step.mounted, 0);
    let plan = Plan {
        middleware: Vec::new(),
        nodes: nodes(host, machine, &[], &taken, &door.path),
        status: None,
        answers: None,
        app: exchange,
        outer: Vec::new(),
        is_plain: false,
    };
    for number in 0..plan.nodes.len() {
        run_node(host, machine, &plan, number, exchange)?;
    }
    host.effect(machine, EffectKind::Continue, step.mounted);
    Ok(())
}
