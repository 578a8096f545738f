//! What programs register on applications and routers of Express: layers, routes, parameters.

use firedoor_eval::pattern_may_be;
use firedoor_eval::{
    Answer, Arguments, Atom, Call, HOLE, Machine, ObjectId, ObjectKind, Shape, Value,
};
use firedoor_source::Span;
use ustr::Ustr;

use super::paths::{regex_path, variants};
use crate::ModelHost;
use crate::state::{Registration, RegistrationKind};

pub(super) fn register_layer(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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
    let is_router = |id| host.state().routers.contains_key(&id);
    let is_object = |atom: &Atom| matches!(atom, Atom::Object(_));
    if handler.atoms().iter().all(is_object) && handler.objects().all(is_router) {
        return RegistrationKind::Mount;
    }
    match is_error_handler(machine, handler) {
        true => RegistrationKind::ErrorHandler,
        false => RegistrationKind::Layer,
    }
}

/// Express calls a function that declares four parameters only when something has failed.
pub(super) fn is_error_handler(machine: &Machine<'_>, handler: &Value) -> bool {
    let Some(id) = handler.only_object() else {
        return false;
    };
    let ObjectKind::Function { closure, .. } = &machine.heap.get(id).kind else {
        return false;
    };
    let module = machine.program.module(closure.module);
    module.function(closure.function).parameters.len() == 4
}

pub(super) fn register_parameter(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

pub(super) fn register_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "all",
];

pub(super) fn method_of(name: &str) -> Option<Ustr> {
    METHODS.contains(&name).then(|| {
        Ustr::from(&if name == "all" {
            "ANY".to_owned()
        } else {
            name.to_ascii_uppercase()
        })
    })
}

pub(super) fn add(
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
pub(super) fn route_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "npm:express().route()", call.span);
    machine
        .heap
        .set_property(id, Ustr::from("$router"), call.this.clone());
    machine
        .heap
        .set_property(id, Ustr::from("$path"), call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

pub(super) fn register_on_route(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
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

/// The paths and the functions of `use`, `get` and so on: a path may be left out or be a list, and
/// functions may be nested in lists.
pub(super) fn split_arguments(
    machine: &mut Machine<'_>,
    arguments: &Arguments,
) -> (Vec<Ustr>, Vec<Value>) {
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

/// What is not there is no layer: Express 4 and 5 throw at it (`lib/router/index.js`, "requires a middleware
/// function"), so that a server that runs has the other alternative.
pub(super) fn flatten(machine: &mut Machine<'_>, value: &Value, handlers: &mut Vec<Value>) {
    let there = value.filter(|atom| !atom.is_nothing());
    let value = there.as_ref().unwrap_or(value);
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

/// Returns the paths that a value names, if it is one or a list of them; a value that is known only as a
/// fallback is taken for that.
pub(crate) fn paths_of(machine: &mut Machine<'_>, value: &Value) -> Option<Vec<Ustr>> {
    if let Some(id) = value.only_object() {
        return match &machine.heap.get(id).kind {
            ObjectKind::Regex(pattern) => Some(vec![regex_path(pattern)]),
            ObjectKind::Array => paths_of_list(machine, value),
            _ => None,
        };
    }
    let mut texts = Vec::new();
    for atom in value.atoms() {
        match atom {
            Atom::String(text) | Atom::Pattern(text) => texts.push(*text),
            Atom::Unknown(Shape::String) => {}
            Atom::Unknown(Shape::Any) if value.atoms().len() > 1 => {}
            _ => return None,
        }
    }
    if texts.is_empty() {
        return Some(vec![Ustr::from(&HOLE.to_string())]);
    }
    let known: Vec<Ustr> = texts
        .iter()
        .copied()
        .filter(|text| !text.contains(HOLE))
        .collect();
    texts.retain(|text| {
        !text.contains(HOLE) || !known.iter().any(|known| pattern_may_be(text, known))
    });
    let paths = texts.iter().flat_map(|text| variants(text));
    Some(paths.map(|path| Ustr::from(&path)).collect())
}

fn paths_of_list(machine: &mut Machine<'_>, list: &Value) -> Option<Vec<Ustr>> {
    let elements = machine.elements_of(list).0;
    let mut paths = Vec::new();
    for element in &elements {
        paths.extend(paths_of(machine, element).unwrap_or_default());
    }
    (!paths.is_empty()).then_some(paths)
}
