//! Routes: their methods, paths and options, and what is told of them when they are added.
//!
//! Functions that were added as `onRoute` see a route when it is registered and may change its options; a
//! route that was there before them is never shown to them (fastify 5.12.8, `lib/route.js`).

use firedoor_eval::{Answer, Arguments, Call, HOLE, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{Event, Route, paths, plugins};
use crate::ModelHost;
use crate::tools::{is_function, last_part, option};

/// `get(path[, options], handler)` and the others.
pub(super) fn shorthand(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.filter(|_| !host.is_request()) else {
        return Ok(Some(call.this.clone()));
    };
    let method = match last_part(&call.path) {
        "all" => "ANY".to_owned(),
        name => name.to_ascii_uppercase(),
    };
    let second = call.arguments.get(1);
    let (options, handler) = match is_function(machine, &second) || is_outside(machine, &second) {
        true => (Value::undefined(), second),
        false => (second, call.arguments.get(2)),
    };
    let made = copy(machine, &options, call.span);
    if !handler.is_nothing() {
        machine
            .heap
            .set_property(made, Ustr::from("handler"), handler);
    }
    let url = call.arguments.get(0);
    add(
        host,
        machine,
        id,
        &[Ustr::from(&method)],
        &url,
        made,
        call.span,
    );
    Ok(Some(call.this.clone()))
}

fn is_outside(machine: &Machine<'_>, value: &Value) -> bool {
    let is_host = value
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Host(_)));
    is_host || value.as_outside().is_some()
}

/// `route({method, url, handler, ...})`.
pub(super) fn route(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.filter(|_| !host.is_request()) else {
        return Ok(Some(call.this.clone()));
    };
    let given = call.arguments.get(0);
    let made = copy(machine, &given, call.span);
    let url = option(machine, &given, "url", call.span)
        .or_else(|| option(machine, &given, "path", call.span))
        .unwrap_or_else(Value::undefined);
    let methods = methods_of(machine, &given, call.span);
    add(host, machine, id, &methods, &url, made, call.span);
    Ok(Some(call.this.clone()))
}

fn methods_of(machine: &mut Machine<'_>, options: &Value, span: Span) -> Vec<Ustr> {
    let Some(given) = option(machine, options, "method", span) else {
        return vec![Ustr::from("{unknown}")];
    };
    let parts = match given.texts() {
        Some(_) => vec![given],
        None => machine.elements_of(&given).0,
    };
    let texts = parts.iter().filter_map(Value::texts).flatten();
    let names: Vec<Ustr> = texts
        .map(|text| Ustr::from(&text.to_ascii_uppercase()))
        .collect();
    match names.len() {
        0 => vec![Ustr::from("ANY")],
        // Whoever names all of them means every method.
        7.. => vec![Ustr::from("ANY")],
        _ => names,
    }
}

/// The options of a route as an object of its own, which may be changed.
fn copy(machine: &mut Machine<'_>, options: &Value, span: Span) -> ObjectId {
    let made = machine.heap.allocate(ObjectKind::Plain, span);
    for id in options.objects().collect::<Vec<_>>() {
        let given = machine.heap.get(id).clone();
        if matches!(given.kind, ObjectKind::Plain) {
            let object = machine.heap.get_mut(made);
            object.properties.extend(given.properties);
            object.is_open |= given.is_open;
        }
    }
    made
}

/// Adds a handler of a library for every method.
pub(super) fn add_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    path: &str,
    handler: Value,
    span: Span,
) {
    let options = machine.heap.allocate(ObjectKind::Plain, span);
    machine
        .heap
        .set_property(options, Ustr::from("handler"), handler);
    let methods = [Ustr::from("ANY")];
    add(
        host,
        machine,
        id,
        &methods,
        &Value::string(path),
        options,
        span,
    );
}

/// Adds a route to an instance for each path that its value may be.
pub(super) fn add(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    methods: &[Ustr],
    url: &Value,
    options: ObjectId,
    span: Span,
) {
    let urls = match url.texts() {
        Some(texts) => texts,
        None => vec![
            url.text_pattern()
                .unwrap_or_else(|| Ustr::from(&HOLE.to_string())),
        ],
    };
    for url in urls {
        add_one(host, machine, id, methods, url, options, span);
    }
}

fn add_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    methods: &[Ustr],
    url: Ustr,
    options: ObjectId,
    span: Span,
) {
    let (prefix, listeners) = {
        let state = host.state();
        let Some(instance) = state.fastify.instances.get(&id) else {
            return;
        };
        (instance.prefix.clone(), instance.on_route.clone())
    };
    let path = paths::join(&prefix, &url);
    for (name, value) in [
        ("url", Value::string(&path)),
        ("path", Value::string(&path)),
        ("routePath", Value::string(&url)),
        ("prefix", Value::string(&prefix)),
    ] {
        machine.heap.set_property(options, Ustr::from(name), value);
    }
    let method = match methods {
        [only] => Value::string(only),
        several => {
            let names = several.iter().map(|name| Value::string(name)).collect();
            machine.make_list(names, false, span)
        }
    };
    machine
        .heap
        .set_property(options, Ustr::from("method"), method);
    let mut more = Vec::new();
    let mut is_socket = false;
    for listener in listeners {
        match plugins::on_route(host, machine, &listener, options, span) {
            plugins::OnRoute::Hook(event, guard) => more.push((event, guard)),
            plugins::OnRoute::Socket => is_socket = true,
            plugins::OnRoute::Nothing => {}
            plugins::OnRoute::Unknown => {
                tell(machine, &listener, id, options, span);
            }
        }
    }
    let route = Route {
        instance: id,
        methods: methods.to_vec(),
        path: Ustr::from(&path),
        options: Value::object(options),
        more,
        is_socket,
        span,
        decided: machine.decided.clone(),
    };
    if let Some(instance) = host.state().fastify.instances.get_mut(&id) {
        instance.routes.push(route);
    }
}

/// Calls a function of the program that was added as `onRoute`.
fn tell(machine: &mut Machine<'_>, listener: &Value, id: ObjectId, options: ObjectId, span: Span) {
    let base = machine.decided.len();
    let arguments = Arguments::positional([Value::object(options)]);
    let this = Some(Value::object(id));
    let _ = machine.catching(|machine| machine.call_value(listener, this, &arguments, span));
    machine.decided.truncate(base);
}

/// The hooks among the options of a route, in order.
pub(super) fn own_hooks(
    machine: &mut Machine<'_>,
    route: &Route,
    event: Event,
    name: &str,
) -> Vec<Value> {
    let mut found = Vec::new();
    if let Some(given) = option(machine, &route.options, name, route.span) {
        flatten(machine, &given, &mut found);
    }
    let more = route.more.iter().filter(|(at, _)| *at == event);
    found.extend(more.map(|(_, value)| value.clone()));
    found
}

/// A single function or a list of them; of several lists that it may be, all.
fn flatten(machine: &mut Machine<'_>, value: &Value, found: &mut Vec<Value>) {
    let is_list = value
        .objects()
        .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
    if is_list {
        for element in machine.elements_of(value).0 {
            flatten(machine, &element, found);
        }
        return;
    }
    if !value.is_nothing() {
        found.push(value.clone());
    }
}
