//! Instances: how they are made, what they are decorated with, and what they inherit.

use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::{About, Event, Hook, INSTANCE, Instance, NAME};
use crate::ModelHost;
use crate::tools::{last_part, option};

/// `fastify(options)`.
pub(super) fn create(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = make(host, machine, None, String::new(), call.span);
    let options = call.arguments.get(0);
    note_trust(host, machine, &options, call.span);
    let removes_all = removes_all(machine, &options, call.span);
    if let Some(instance) = host.state().fastify.instances.get_mut(&id) {
        instance.removes_all = removes_all;
    }
    Ok(Some(Value::object(id)))
}

/// `ajv: { customOptions: { removeAdditional: 'all' } }`.
fn removes_all(machine: &mut Machine<'_>, options: &Value, span: Span) -> bool {
    let mut value = Some(options.clone());
    for name in ["ajv", "customOptions", "removeAdditional"] {
        value = value.and_then(|value| option(machine, &value, name, span));
    }
    value
        .and_then(|value| value.text())
        .is_some_and(|text| text == "all")
}

fn note_trust(host: &ModelHost, machine: &mut Machine<'_>, options: &Value, span: Span) {
    let Some(trust) = option(machine, options, "trustProxy", span) else {
        return;
    };
    if host.is_request() || machine.truth(&trust) == Some(false) {
        return;
    }
    let value = host.deep_provenance(machine, &trust);
    host.state().settings.push(firedoor_app::Setting {
        kind: firedoor_app::SettingKind::TrustProxy(value),
        span,
        condition: None,
        app: Ustr::from(machine.program.files.path(span)),
    });
}

/// Makes an instance: an application, or a child that has copies of what its parent has so far.
pub(super) fn make(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    parent: Option<ObjectId>,
    prefix: String,
    span: Span,
) -> ObjectId {
    let role = if parent.is_some() { "plugin" } else { "app" };
    let id = host.make_router(machine, INSTANCE, NAME, role, span);
    let memory = &mut host.state().fastify;
    let above = parent.and_then(|parent| memory.instances.get(&parent));
    let instance = Instance {
        parent,
        children: Vec::new(),
        prefix,
        hooks: above.map_or_else(Vec::new, |above| above.hooks.clone()),
        on_route: above.map_or_else(Vec::new, |above| above.on_route.clone()),
        routes: Vec::new(),
        queue: Default::default(),
        error_handler: None,
        decorations: Default::default(),
        on_request: Default::default(),
        on_reply: Default::default(),
        has_validator: above.is_some_and(|above| above.has_validator),
        removes_all: above.is_some_and(|above| above.removes_all),
        span,
    };
    memory.instances.insert(id, instance);
    if let Some(above) = parent.and_then(|parent| memory.instances.get_mut(&parent)) {
        above.children.push(id);
    }
    id
}

/// The instance and what is above it, from the inside out.
pub(super) fn chain(host: &ModelHost, id: ObjectId) -> Vec<ObjectId> {
    let state = host.state();
    let mut found = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next.filter(|_| found.len() < 64) {
        found.push(id);
        next = state.fastify.instances.get(&id).and_then(|one| one.parent);
    }
    found
}

/// Returns what the instance, or one above it, was decorated with.
pub(super) fn decoration(host: &ModelHost, id: ObjectId, name: Ustr) -> Option<Value> {
    chain(host, id).into_iter().find_map(|id| {
        let state = host.state();
        let instance = state.fastify.instances.get(&id)?;
        instance.decorations.get(&name).cloned()
    })
}

/// `fastify-plugin`: the function works on the instance that it is registered on.
pub(super) fn plain_plugin(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    let options = call.arguments.get(1);
    let name = option(machine, &options, "name", call.span).and_then(|name| name.text());
    let needs = option(machine, &options, "dependencies", call.span);
    let needs = needs.map_or_else(Vec::new, |needs| machine.elements_of(&needs).0);
    let needs: Vec<Ustr> = needs.iter().filter_map(Value::text).collect();
    for id in function.objects() {
        let about = About {
            name,
            needs: needs.clone(),
        };
        host.state().fastify.about.insert(id, about);
    }
    let encapsulates = option(machine, &options, "encapsulate", call.span);
    if encapsulates.is_some_and(|value| machine.truth(&value) == Some(true)) {
        return Ok(Some(function));
    }
    host.state().fastify.plain.extend(function.objects());
    Ok(Some(function))
}

/// `decorate`, `decorateRequest` and `decorateReply`.
pub(super) fn decorate(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let (Some(id), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(Some(call.this.clone()));
    };
    let given = call.arguments.get(1);
    // A client of a library has no getter, whatever it answers when it is asked.
    let is_written = given
        .only_object()
        .is_some_and(|it| matches!(machine.heap.get(it).kind, ObjectKind::Plain));
    let value = match option(machine, &given, "getter", call.span) {
        Some(getter) if is_written && crate::tools::is_function(machine, &getter) => {
            let this = Some(call.this.clone());
            machine.call_value(&getter, this, &Default::default(), call.span)?
        }
        _ => given,
    };
    // Whoever reads of the function knows it by what it decorates with.
    if let Some(function) = value.only_object()
        && let ObjectKind::Function { .. } = machine.heap.get(function).kind
    {
        machine.heap.get_mut(function).name.get_or_insert(name);
    }
    add_decoration(host, id, last_part(&call.path), name, value);
    Ok(Some(call.this.clone()))
}

/// Decorates an instance, or the requests or replies of one.
pub(super) fn add_decoration(host: &ModelHost, id: ObjectId, kind: &str, name: Ustr, value: Value) {
    let mut state = host.state();
    let Some(instance) = state.fastify.instances.get_mut(&id) else {
        return;
    };
    let table = match kind {
        "decorateRequest" => &mut instance.on_request,
        "decorateReply" => &mut instance.on_reply,
        _ => &mut instance.decorations,
    };
    table.insert(name, value);
}

pub(super) fn has_decorator(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let (Some(id), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    Ok(Some(Value::bool(decoration(host, id, name).is_some())))
}

pub(super) fn get_decorator(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let (Some(id), Some(name)) = (call.receiver, call.arguments.get(0).text()) else {
        return Ok(None);
    };
    Ok(decoration(host, id, name))
}

/// `setErrorHandler(function)`: the last one of an instance counts.
pub(super) fn set_error_handler(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    if let Some(id) = call.receiver.filter(|_| !host.is_request()) {
        let hook = Hook {
            event: Event::Handler,
            value: call.arguments.get(0),
            span: call.span,
            decided: machine.decided.clone(),
            instance: id,
        };
        if let Some(instance) = host.state().fastify.instances.get_mut(&id) {
            instance.error_handler = Some(hook);
        }
    }
    Ok(Some(call.this.clone()))
}

/// `setNotFoundHandler(options, function)`: guards among its options are used where no route is.
pub(super) fn set_not_found(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let options = call.arguments.get(0);
    for name in ["preValidation", "preHandler"] {
        let Some(given) = option(machine, &options, name, call.span) else {
            continue;
        };
        let mut hooks = machine.elements_of(&given).0;
        hooks.push(given);
        let ids: Vec<ObjectId> = hooks.iter().flat_map(Value::objects).collect();
        host.state().used_guards.extend(ids);
    }
    Ok(Some(call.this.clone()))
}

/// `setValidatorCompiler(function)`: schemas are what it takes them for.
pub(super) fn set_validator(
    host: &ModelHost,
    _machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    if let Some(id) = call.receiver
        && let Some(instance) = host.state().fastify.instances.get_mut(&id)
    {
        instance.has_validator = true;
    }
    Ok(Some(call.this.clone()))
}

pub(super) fn same(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

pub(super) fn nothing(_host: &ModelHost, _machine: &mut Machine<'_>, _call: &Call<'_>) -> Answer {
    Ok(Some(Value::undefined()))
}

/// Holds for a function of the package that is called on instances: it is no member that may be missing.
fn is_method(name: &str) -> bool {
    let path = format!("{INSTANCE}.{name}");
    let mut calls = super::MODEL.calls.iter();
    calls.any(|(known, _)| path == *known)
        || matches!(
            name,
            "server"
                | "addresses"
                | "printRoutes"
                | "hasRoute"
                | "findRoute"
                | "addHttpMethod"
                | "supportedMethods"
                | "hasPlugin"
                | "printPlugins"
                | "getSchema"
                | "getSchemas"
                | "hasRequestDecorator"
                | "hasReplyDecorator"
                | "hasContentTypeParser"
                | "getDefaultRoute"
                | "setDefaultRoute"
                | "validatorCompiler"
                | "serializerCompiler"
                | "swagger"
                | "then"
                | "onClose"
                | "io"
                | "initialConfig"
        )
}

/// A member of an instance: a decoration of it or of one above.
pub(super) fn member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    let name = crate::tools::member_name(host);
    if let Some(value) = decoration(host, id, Ustr::from(&name)) {
        return Some(value);
    }
    match name.as_str() {
        "log" => Some(Value::object(host.make_object(
            machine,
            "fastify:logger",
            span,
        ))),
        "prefix" => {
            let state = host.state();
            let instance = state.fastify.instances.get(&id)?;
            Some(Value::string(&instance.prefix))
        }
        _ if is_method(&name) => None,
        _ => missing(host, id),
    }
}

/// What no plugin has added is not there, as long as all plugins are known.
fn missing(host: &ModelHost, id: ObjectId) -> Option<Value> {
    let chain = chain(host, id);
    let state = host.state();
    let is_open = chain.iter().any(|id| {
        let instance = state.fastify.instances.get(id);
        instance.is_none_or(|instance| {
            instance
                .decorations
                .contains_key(&Ustr::from(super::plugins::OPEN))
        })
    });
    (!is_open).then(Value::undefined)
}

/// Returns the function itself, bound to an instance as `this`.
pub(super) fn bound(machine: &mut Machine<'_>, function: &Value, instance: ObjectId) -> Value {
    let is_own = function
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }));
    if !is_own {
        return function.clone();
    }
    let span = function
        .only_object()
        .map_or_else(|| machine.place(), |id| machine.heap.get(id).span);
    let kind = ObjectKind::Bound {
        target: function.clone(),
        this: Some(Value::object(instance)),
        arguments: Vec::new(),
        keywords: Default::default(),
    };
    Value::object(machine.heap.allocate(kind, span))
}
