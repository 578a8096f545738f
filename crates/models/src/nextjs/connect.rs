//! next-connect: a router with layers in a file of the pages router.
//!
//! Sources: next-connect 1.0, `src/node.ts`, `src/router.ts`; 0.13, `src/index.js`. What `use` takes runs for every
//! method from there on, a route for its own; each function is called with `next`, and what one throws goes to `onError`.

use firedoor_eval::{
    Answer, Arguments, Call, Machine, ModuleId, ObjectId, ObjectKind, Stop, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::doors::{Place, door};
use crate::doors::symbol;
use crate::tokens::plain;
use crate::tools::{keep, kept, last_part, option};
use crate::{Door, Model, ModelHost, Step, StepKind};

/// The roles of its steps.
pub(super) const CONNECT: &str = "connect";
pub(super) const ERROR: &str = "connect-error";

const ROUTER: &str = "next-connect:router";
const HANDLER: &str = "next-connect:handler";

/// The model.
pub static MODEL: Model = Model {
    name: "next-connect",
    calls: &[
        ("npm:next-connect", create),
        ("npm:next-connect.default", create),
        ("npm:next-connect.createRouter", create),
        ("npm:next-connect.expressWrapper", wrapped),
        ("next-connect:router.use", register),
        ("next-connect:router.all", register),
        ("next-connect:router.get", register),
        ("next-connect:router.head", register),
        ("next-connect:router.post", register),
        ("next-connect:router.put", register),
        ("next-connect:router.patch", register),
        ("next-connect:router.delete", register),
        ("next-connect:router.options", register),
        ("next-connect:router.clone", cloned),
        ("next-connect:router.handler", handler),
    ],
    ..Model::EMPTY
};

/// A function of a router, or what `use` takes.
struct Part {
    method: Ustr,
    path: Option<Ustr>,
    function: Value,
    span: Span,
}

/// `createRouter()`, or `nc(options)` up to 0.13, which is the handler too.
fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ROUTER, call.span);
    keep(machine, id, "$options", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// `expressWrapper(layer)` gives the layer.
fn wrapped(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.arguments.get(0)))
}

/// `use([path, ]...functions)`, and the same by method.
fn register(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(router) = call.receiver else {
        return Ok(None);
    };
    let method = match last_part(&call.path) {
        "use" => String::new(),
        "all" => "ANY".to_owned(),
        name => name.to_ascii_uppercase(),
    };
    let mut functions = call.arguments.positional.clone();
    let path = functions.first().and_then(Value::text);
    if path.is_some() {
        functions.remove(0);
    }
    let known = kept(machine, Some(router), "$parts");
    let mut parts = machine.elements_of(&known).0;
    for function in functions {
        let inner = kept(machine, router_of(machine, &function), "$parts");
        let inner = machine.elements_of(&inner).0;
        if !inner.is_empty() {
            parts.extend(inner);
            continue;
        }
        let path = path.map_or_else(Value::undefined, |path| Value::string(&path));
        let method = Value::string(&method);
        let properties = [("method", method), ("path", path), ("function", function)];
        parts.push(plain(machine, &properties, call.span));
    }
    let parts = machine.make_list(parts, false, call.span);
    keep(machine, router, "$parts", parts);
    Ok(Some(call.this.clone()))
}

fn cloned(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, ROUTER, call.span);
    for name in ["$options", "$parts"] {
        let value = kept(machine, call.receiver, name);
        keep(machine, id, name, value);
    }
    Ok(Some(Value::object(id)))
}

/// `handler(options)` gives what the file exports.
fn handler(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, HANDLER, call.span);
    keep(machine, id, "$router", call.this.clone());
    keep(machine, id, "$options", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

fn is_host(machine: &Machine<'_>, id: ObjectId, path: &str) -> bool {
    matches!(machine.heap.get(id).kind, ObjectKind::Host(found) if found == path)
}

fn router_of(machine: &Machine<'_>, value: &Value) -> Option<ObjectId> {
    value
        .only_object()
        .filter(|id| is_host(machine, *id, ROUTER))
}

/// Returns the entry points of a file whose handler is a router: one for each method.
pub(super) fn doors(
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    path: &str,
    exported: &Value,
) -> Option<Vec<Door>> {
    let made = exported.only_object()?;
    let router = match is_host(machine, made, HANDLER) {
        true => router_of(machine, &kept(machine, Some(made), "$router"))?,
        false => router_of(machine, exported)?,
    };
    let options = kept(machine, Some(made), "$options");
    let parts = parts(machine, router);
    let mut routes: Vec<(Ustr, Option<Ustr>)> = Vec::new();
    for part in parts.iter().filter(|part| !part.method.is_empty()) {
        let route = (part.method, part.path);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    let mut doors = Vec::new();
    for (method, own) in routes {
        let path = own.map_or_else(|| path.to_owned(), |own| crate::express::template(&own));
        let runs = |part: &&Part| match part.method.as_str() {
            "" => part
                .path
                .is_none_or(|base| path.starts_with(base.trim_end_matches('/'))),
            other => part.path == own && (other == "ANY" || other == method.as_str()),
        };
        let running: Vec<&Part> = parts.iter().filter(runs).collect();
        doors.extend(route_door(
            machine,
            place,
            module,
            (&method, &path),
            &running,
            &options,
        ));
    }
    Some(doors)
}

fn parts(machine: &mut Machine<'_>, router: ObjectId) -> Vec<Part> {
    let kept_parts = kept(machine, Some(router), "$parts");
    let elements = machine.elements_of(&kept_parts).0;
    let parts = elements.iter().filter_map(|element| {
        let id = element.only_object()?;
        Some(Part {
            method: kept(machine, Some(id), "method").text()?,
            path: kept(machine, Some(id), "path").text(),
            function: kept(machine, Some(id), "function"),
            span: machine.heap.get(id).span,
        })
    });
    parts.collect()
}

/// Makes a door of the functions that run for a route, of which the last one answers.
fn route_door(
    machine: &mut Machine<'_>,
    place: &Place<'_>,
    module: ModuleId,
    route: (&str, &str),
    running: &[&Part],
    options: &Value,
) -> Option<Door> {
    let own = running.iter().rposition(|part| !part.method.is_empty())?;
    let (last, before) = running.get(..=own)?.split_last()?;
    let mut door = door(machine, place, module, route, &last.function, CONNECT);
    let at = door.steps.len().saturating_sub(1);
    let layers: Vec<Step> = before.iter().map(|part| layer(machine, part)).collect();
    door.steps.splice(at..at, layers);
    if let Some(on_error) = option(machine, options, "onError", last.span) {
        let found = symbol(machine, &on_error, last.span);
        door.steps.push(Step {
            value: on_error,
            kind: StepKind::ErrorHandler,
            name: found.name,
            span: found.span,
            mounted: found.span,
            decided: Vec::new(),
            role: ERROR,
        });
    }
    Some(door)
}

fn layer(machine: &Machine<'_>, part: &Part) -> Step {
    let found = symbol(machine, &part.function, part.span);
    Step {
        value: part.function.clone(),
        kind: StepKind::Layer,
        name: found.name,
        span: found.span,
        mounted: part.span,
        decided: Vec::new(),
        role: CONNECT,
    }
}

/// Calls a function with the request, the response and `next`, and behind an exception with that before them.
pub(super) fn run(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    given: &[Value],
) -> Result<(), Stop> {
    let arguments = Arguments::positional(given.iter().cloned());
    let result = machine.call_value(&step.value, None, &arguments, step.mounted)?;
    machine.await_value(&result, step.mounted)?;
    crate::express::unknown_layer(host, machine, step);
    Ok(())
}
