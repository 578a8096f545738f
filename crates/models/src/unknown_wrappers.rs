//! What a library that no model knows has made of a function of the program: a decorator of Python, or a wrapper as
//! `wrap(handler)`.
//!
//! The function runs as if the library let everybody through with what it was called with, since that is what most
//! of them do. Whether it asks who is there first, nobody knows, so authentication is `unknown` where the library
//! stands between the framework and the function, unless words of its name say that it does something else.

use firedoor_eval::decorated::{METHOD, WRAPPED};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::ModelHost;

/// Words of libraries and of their functions that say that these stand there for something else than the caller.
const HARMLESS: [&str; 72] = [
    "apifairy",
    "apispec",
    "async",
    "asyncio",
    "atomic",
    "backoff",
    "batch",
    "cache",
    "cached",
    "caching",
    "catch",
    "compress",
    "coroutine",
    "cors",
    "debounce",
    "debug",
    "deprecated",
    "deprecation",
    "doc",
    "docs",
    "error",
    "errors",
    "etag",
    "expect",
    "flasgger",
    "gzip",
    "inject",
    "injector",
    "instrument",
    "json",
    "jsonify",
    "limit",
    "limiter",
    "locale",
    "log",
    "logged",
    "logger",
    "logging",
    "logs",
    "marshal",
    "memoize",
    "metric",
    "metrics",
    "monitor",
    "openapi",
    "profile",
    "profiler",
    "prometheus",
    "pydantic",
    "ratelimit",
    "restx",
    "retry",
    "retrying",
    "schema",
    "sentry",
    "serialize",
    "spectacular",
    "spectree",
    "swag",
    "swagger",
    "template",
    "tenacity",
    "throttle",
    "throttled",
    "time",
    "timed",
    "timeout",
    "timer",
    "timing",
    "trace",
    "transaction",
    "webargs",
];

/// The libraries whose guards have models: what has none there stands for something else, if it does not sound like a
/// guard.
const KNOWN: [&str; 9] = [
    "py:fastapi.",
    "py:starlette.",
    "py:flask.",
    "py:django.",
    "py:rest_framework.",
    "py:asgiref.",
    "py:opentelemetry.",
    "py:celery.",
    "py:sqlalchemy.",
];

/// Answers for a library without a model, where it is known what it calls.
pub(crate) fn call(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: Ustr,
    call: &Call<'_>,
) -> Answer {
    match run(host, machine, path, call)? {
        Some(value) => Ok(Some(value)),
        None => run_behind_layer(machine, path, call),
    }
}

/// Runs the function within what a library without a model has made of it.
fn run(host: &ModelHost, machine: &mut Machine<'_>, path: Ustr, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver else {
        return Ok(None);
    };
    // A method of what the library has made is something else than calling it.
    let is_itself = matches!(machine.heap.get(id).kind, ObjectKind::Host(own) if own == call.path);
    if !is_itself {
        return Ok(None);
    }
    let is_asked = host.is_request() && machine.is_called_from_outside(id);
    let inner = decorated(machine, id)
        .or_else(|| method_within(machine, id, call))
        .or_else(|| match is_asked {
            true => handler_within(host, machine, id),
            false => None,
        });
    let Some(inner) = inner else {
        return Ok(None);
    };
    if is_asked && !is_harmless(&path) {
        let reason = format!("what `{}` does is not known", shown(&path));
        let run = &mut host.state().run;
        run.unknown.push((run.step, reason));
    }
    machine
        .call_value(&inner, None, call.arguments, call.span)
        .map(Some)
}

/// Holds if the name of an unknown library says that what it has made of a handler refuses nobody.
pub(crate) fn lets_through(
    host: &ModelHost,
    machine: &Machine<'_>,
    handler: &Value,
    path: &str,
) -> bool {
    let id = handler.only_object();
    id.is_some_and(|id| handler_within(host, machine, id).is_some()) && is_harmless(path)
}

/// The function of the program that an unknown decorator was given.
fn decorated(machine: &Machine<'_>, id: ObjectId) -> Option<Value> {
    let object = machine.heap.get(id);
    let inner = object.properties.get(&Ustr::from(WRAPPED))?;
    (object.is_open && inner.only_object() != Some(id)).then(|| inner.clone())
}

/// The method that an unknown decorator was given, where it is called on an instance.
fn method_within(machine: &Machine<'_>, id: ObjectId, call: &Call<'_>) -> Option<Value> {
    let object = machine.heap.get(id);
    let inner = object.properties.get(&Ustr::from(METHOD))?;
    let first = call.arguments.positional.first()?.only_object()?;
    let is_instance = matches!(machine.heap.get(first).kind, ObjectKind::Instance { .. });
    (object.is_open && is_instance).then(|| inner.clone())
}

/// The only function of the program that an unknown wrapper was given, where it is called to answer: a layer that takes a
/// function takes it for a choice of its own as often as not.
fn handler_within(host: &ModelHost, machine: &Machine<'_>, id: ObjectId) -> Option<Value> {
    let object = machine.heap.get(id);
    let is_library = matches!(object.kind, ObjectKind::Host(path)
        if path.starts_with("npm:") || path.starts_with("py:"));
    let is_method = object.properties.contains_key(&Ustr::from(METHOD));
    if !object.is_open || !is_library || is_method || !host.state().run.is_at_handler {
        return None;
    }
    let mut functions = object.elements.iter().filter(|value| {
        let kind = value.only_object().map(|id| &machine.heap.get(id).kind);
        match kind {
            Some(ObjectKind::Function { .. } | ObjectKind::Bound { .. }) => true,
            Some(ObjectKind::Host(path)) => {
                let is_outside = path.starts_with("npm:") || path.starts_with("py:");
                !is_outside && host.answers(path) || is_wrapper(machine, value)
            }
            _ => false,
        }
    });
    let only = functions.next()?.clone();
    functions.next().is_none().then_some(only)
}

/// Holds for what another unknown library has made of a function.
fn is_wrapper(machine: &Machine<'_>, value: &Value) -> bool {
    let Some(object) = value.only_object().map(|id| machine.heap.get(id)) else {
        return false;
    };
    let is_function = |value: &Value| {
        let kind = value.only_object().map(|id| &machine.heap.get(id).kind);
        matches!(kind, Some(ObjectKind::Function { .. }))
    };
    object.is_open && object.elements.iter().any(is_function)
}

/// A layer of an unknown library that the program calls itself, with what comes behind it as a function.
fn run_behind_layer(machine: &mut Machine<'_>, path: Ustr, call: &Call<'_>) -> Answer {
    let [request, response, next] = call.arguments.positional.as_slice() else {
        return Ok(None);
    };
    let kind_of = |machine: &Machine<'_>, value: &Value| {
        let id = value.only_object()?;
        Some(machine.heap.get(id).kind.clone())
    };
    let is = |value: &Value, wanted: &str| matches!(kind_of(machine, value), Some(ObjectKind::Host(path)) if path == wanted);
    let is_request = is(request, "express:request") && is(response, "express:response");
    let is_function = match kind_of(machine, next) {
        Some(ObjectKind::Function { .. }) => true,
        Some(ObjectKind::Host(path)) => path.ends_with(":next"),
        _ => false,
    };
    if !path.starts_with("npm:") || !is_request || !is_function {
        return Ok(None);
    }
    machine.call_value(next, None, &Arguments::default(), call.span)?;
    Ok(Some(Value::undefined()))
}

fn is_harmless(path: &str) -> bool {
    if crate::doors::sounds_like_guard(path) {
        return false;
    }
    let is_known = KNOWN.iter().any(|library| path.starts_with(library));
    let says = |list: &[&str]| words(path).iter().any(|word| list.contains(&word.as_str()));
    let is_standard = firedoor_project::is_standard_python(path);
    is_known || is_standard || (says(&HARMLESS) && !says(&ABOUT_ACCESS))
}

/// Words of things that may refuse somebody, whatever else a path says.
const ABOUT_ACCESS: [&str; 14] = [
    "access",
    "admin",
    "csrf",
    "hmac",
    "key",
    "keys",
    "role",
    "roles",
    "secure",
    "security",
    "sign",
    "signature",
    "token",
    "verify",
];

/// The words that a path is made of, lower case: `npm:lib.cacheControl` has `npm`, `lib`, `cache` and `control`.
fn words(path: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in path.chars() {
        let begins = letter.is_uppercase() && was_lower;
        was_lower = letter.is_lowercase();
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphanumeric(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// The library and its function as the program names them.
fn shown(path: &str) -> &str {
    let path = path.split_once(':').map_or(path, |(_, path)| path);
    path.trim_end_matches("()")
}
