//! Middleware that modules apply to routes: `configure(consumer)`.
//!
//! A class stands for the routes of the controller. Modules come by their distance from the root, those of the whole
//! application first. Source: @nestjs/core 11.2, `middleware/middleware-module.ts`, `middleware/routes-mapper.ts`.

use firedoor_eval::{Answer, Arguments, Call, Decided, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::mounts::{self, Route};
use super::paths::{self, Served, Shape};
use super::{doors, metadata, modules};
use crate::doors::{Mounting, join_paths};
use crate::express::template;
use crate::tools::keep;
use crate::{ModelHost, Step};

/// Middleware with the routes that it is for.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    handlers: Vec<Value>,
    routes: Vec<Route>,
    excluded: Vec<Route>,
    module: usize,
    span: Span,
    decided: Vec<Decided>,
}

/// Calls `configure` of a module.
pub(super) fn configure(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    module: &Value,
    number: usize,
) {
    let Some(ObjectKind::Instance { class }) = module
        .only_object()
        .map(|id| machine.heap.get(id).kind.clone())
    else {
        return;
    };
    let name = Ustr::from("configure");
    if machine.class_attribute(class, name).is_none() {
        return;
    }
    let span = machine.heap.get(class).span;
    let consumer = host.make_object(machine, "nest:consumer", span);
    keep(machine, consumer, "$module", Value::number(number as f64));
    let arguments = Arguments::positional([Value::object(consumer)]);
    let (_, _) = machine.catching(|machine| machine.call_member(module, name, &arguments, span));
}

/// `consumer.apply(...)`.
pub(super) fn apply(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:proxy", call.span);
    let mut handlers = Vec::new();
    for value in &call.arguments.positional {
        match is_list(machine, value) {
            true => handlers.extend(machine.elements_of(value).0),
            false => handlers.push(value.clone()),
        }
    }
    machine.heap.get_mut(id).elements = handlers;
    keep(machine, id, "$consumer", call.this.clone());
    Ok(Some(Value::object(id)))
}

fn is_list(machine: &Machine<'_>, value: &Value) -> bool {
    let id = value.only_object();
    id.is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array))
}

/// `.exclude(...)`.
pub(super) fn exclude(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(id) = call.receiver {
        let mut all = crate::tools::kept(machine, Some(id), "$excluded");
        let mut list = machine.elements_of(&all).0;
        list.extend(call.arguments.positional.iter().cloned());
        all = machine.make_list(list, false, call.span);
        keep(machine, id, "$excluded", all);
    }
    Ok(Some(call.this.clone()))
}

/// `.forRoutes(...)`.
pub(super) fn for_routes(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    let consumer = crate::tools::kept(machine, Some(id), "$consumer");
    let module = crate::tools::kept(machine, consumer.only_object(), "$module");
    let mut routes = Vec::new();
    let mut given = Vec::new();
    for value in &call.arguments.positional {
        // A path is a text, which has elements too.
        given.extend(match is_list(machine, value) {
            true => machine.elements_of(value).0,
            false => vec![value.clone()],
        });
    }
    for value in given {
        add_route(host, machine, &value, call.span, &mut routes);
    }
    let excluded = crate::tools::kept(machine, Some(id), "$excluded");
    let mut left_out = Vec::new();
    for value in machine.elements_of(&excluded).0 {
        add_route(host, machine, &value, call.span, &mut left_out);
    }
    let made = Consumer {
        handlers: machine.heap.get(id).elements.clone(),
        routes,
        excluded: left_out,
        module: module.as_number().unwrap_or(0.0) as usize,
        span: call.span,
        decided: machine.decided.clone(),
    };
    host.state().nestjs.consumers.push(made);
    Ok(Some(consumer))
}

fn add_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
    routes: &mut Vec<Route>,
) {
    let class = value
        .only_object()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Class { .. }));
    let Some(class) = class else {
        let (path, method) = paths::route_info(machine, value, span);
        let versions = paths::version_info(machine, value, span);
        routes.push(Route {
            path,
            method,
            versions,
        });
        return;
    };
    for module in hosts_of(host, class) {
        let Some(controller) = paths::of_controller(host, machine, class, module) else {
            continue;
        };
        for function in doors::methods(machine, class) {
            let key = |name: &str| metadata::get(host, machine, function, Ustr::from(name));
            let (Some(method), Some(own)) = (key("$method").and_then(|it| it.text()), key("$path"))
            else {
                continue;
            };
            for declared in paths::declared(host, machine, &controller, function, &own) {
                routes.push(Route {
                    path: declared.path,
                    method: Some(method),
                    versions: declared.versions,
                });
            }
        }
    }
}

/// The modules that a controller belongs to, whose paths may stand before its own: one for each path, since the framework
/// takes each only once.
fn hosts_of(host: &ModelHost, controller: ObjectId) -> Vec<Option<ObjectId>> {
    let state = host.state();
    let modules = state.nestjs.modules.iter();
    let hosts = modules.filter(|module| module.controllers.contains(&controller));
    let mut paths = Vec::new();
    let mut found = Vec::new();
    for host in hosts.map(|module| module.class) {
        let path = host.and_then(|class| state.nestjs.module_paths.get(&class).copied());
        if !paths.contains(&path) {
            paths.push(path);
            found.push(host);
        }
    }
    if found.is_empty() {
        found.push(None);
    }
    found
}

/// Returns the middleware that runs for a route, as often as it runs.
pub(super) fn steps(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: &Shape,
    served: &Served,
    modules: &[usize],
) -> Vec<Step> {
    let mut steps = Vec::new();
    for consumer in consumers(host, modules) {
        if mounts::is_left_out(shape, &consumer.excluded, served) {
            continue;
        }
        for _ in 0..mounts::times(shape, &consumer.routes, served) {
            for handler in &consumer.handlers {
                steps.push(step(host, machine, handler, &consumer));
            }
        }
    }
    steps
}

/// Returns what modules apply, in the order in which it is mounted.
fn consumers(host: &ModelHost, modules: &[usize]) -> Vec<Consumer> {
    let mut consumers = host.state().nestjs.consumers.clone();
    consumers.retain(|consumer| modules.contains(&consumer.module));
    if consumers.is_empty() {
        return consumers;
    }
    let distances = modules::distances(host, modules);
    consumers.sort_by_key(|consumer| distances.get(&consumer.module).copied());
    consumers
}

/// Returns every place where middleware is mounted, with the path below which it runs: the one that the module names,
/// with the prefix of the application before it.
pub(super) fn mountings(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    shape: &Shape,
    modules: &[usize],
) -> Vec<Mounting> {
    let mut mountings = Vec::new();
    for consumer in consumers(host, modules) {
        for handler in &consumer.handlers {
            let step = step(host, machine, handler, &consumer);
            for route in &consumer.routes {
                let own = join_paths("/", &route.path);
                let path = Ustr::from(&template(&paths::prefixed(shape, &own)));
                let step = step.clone();
                mountings.push(Mounting { step, path });
            }
        }
    }
    mountings
}

/// A class is middleware by its method `use`; a function is it by itself.
fn step(host: &ModelHost, machine: &mut Machine<'_>, handler: &Value, consumer: &Consumer) -> Step {
    let made = doors::instance(host, machine, handler, consumer.module);
    let mut step = doors::step(machine, &made, "layer", consumer.span);
    let is_instance = made
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }));
    if is_instance {
        let (method, _) =
            machine.catching(|machine| machine.member(&made, Ustr::from("use"), consumer.span));
        if let Ok(method) = method {
            let bound = ObjectKind::Bound {
                target: method,
                this: Some(made),
                arguments: Vec::new(),
                keywords: Default::default(),
            };
            step.value = Value::object(machine.heap.allocate(bound, step.span));
        }
    }
    step.decided = consumer.decided.clone();
    step
}
