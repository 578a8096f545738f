//! Dependencies by themselves: those of inclusions that have no routes, and functions that nobody depends on.

use firedoor_app::EffectKind;
use firedoor_eval::{Machine, ObjectId, ObjectKind, Stop, Value};
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

fn loose_step(machine: &Machine<'_>, call: &Value) -> Step {
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

/// A function of the program that has the form of a dependency and that no route has.
pub(crate) fn as_layer(host: &ModelHost, machine: &mut Machine<'_>, value: &Value) -> Option<Step> {
    let id = value.only_object()?;
    let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return None;
    };
    let is_python =
        machine.program.module(closure.module).language == firedoor_ir::Language::Python;
    let is_taken = {
        let state = host.state();
        let has_router = state
            .routers
            .values()
            .any(|router| router.framework == "fastapi");
        let mut nodes = state.fastapi.plans.iter().flat_map(|plan| &plan.nodes);
        !has_router || nodes.any(|node| node.call.only_object() == Some(id))
    };
    if !is_python || is_taken {
        return None;
    }
    let taken = dependant(machine, value, machine.heap.get(id).span, 0);
    is_fed_by_request(&taken).then(|| loose_step(machine, value))
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
