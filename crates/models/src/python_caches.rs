//! Caches of Python around functions: what is called is the function, or what it answered before.
//!
//! A guard often asks a cached function who somebody is, and what that reads is what the guard decides on.
//! Sources: Flask-Caching 2.3 `flask_caching/__init__.py` (`cached`, `memoize`); cachetools 5.5 `__init__.py`, `func.py`;
//! async-lru 2.0; aiocache 0.12 `decorators.py`; fastapi-cache2 0.2 `decorator.py`.

use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::python_support::{argument, first, given, last_name};
use crate::tables::CallFunction;
use crate::{Model, ModelHost};

const WRAPPER: &str = "python:cached-function";

const CALLS: &[(&str, CallFunction)] = &[
    ("py:flask_caching.Cache().cached", wrapper),
    ("py:flask_caching.Cache().memoize", wrapper),
    ("py:cachetools.cached", wrapper),
    ("py:cachetools.cachedmethod", wrapper),
    ("py:cachetools.func.lru_cache", wrapper),
    ("py:cachetools.func.ttl_cache", wrapper),
    ("py:async_lru.alru_cache", wrapper),
    ("py:aiocache.cached", wrapper),
    ("py:fastapi_cache.decorator.cache", wrapper),
    (WRAPPER, first),
    ("py:flask_caching.Cache().get", kept),
    ("py:flask_caching.Cache().set", kept),
    ("py:flask_caching.Cache().add", kept),
    ("py:flask_caching.Cache().delete", kept),
    ("py:flask_caching.Cache().has", kept),
    ("py:django.core.cache.cache.get", kept),
    ("py:django.core.cache.cache.set", kept),
    ("py:django.core.cache.cache.add", kept),
    ("py:django.core.cache.cache.delete", kept),
    ("py:django.core.cache.cache.has_key", kept),
    ("py:django.core.cache.cache.incr", kept),
    ("py:django.core.cache.cache.touch", kept),
];

/// The model.
pub static MODEL: Model = Model {
    name: "python_caches",
    calls: CALLS,
    aliases: &[
        ("py:flask_cache.Cache", "py:flask_caching.Cache"),
        ("py:aiocache.decorators.cached", "py:aiocache.cached"),
    ],
    ..Model::EMPTY
};

/// What the program itself keeps under a key, with `timeout` seconds to live. Sources: Flask-Caching 2.3
/// `flask_caching/__init__.py`; django 5.2 `core/cache/backends/base.py`, `BaseCache`.
fn kept(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_name(&call.path);
    let word = match name {
        "add" => "set",
        "delete" => "del",
        "has" | "has_key" => "exists",
        "touch" => "expire",
        name => name,
    };
    let key = argument(call, 0, "key");
    // Entries of no known kind are thrown away so that they are worked out again.
    if name == "delete" && key.text_pattern().is_none() {
        return Ok(Some(Value::null()));
    }
    let mut positional = vec![key];
    let (value, timeout) = match name {
        "set" | "add" => (Some(argument(call, 1, "value")), given(call, 2, "timeout")),
        "incr" => (given(call, 1, "delta"), None),
        "touch" => (given(call, 1, "timeout"), None),
        _ => (None, None),
    };
    positional.extend(value);
    if let Some(timeout) = timeout.filter(|timeout| !timeout.is_nothing()) {
        let id = machine.heap.allocate(ObjectKind::Plain, call.span);
        let properties = &mut machine.heap.get_mut(id).properties;
        properties.insert(Ustr::from("EX"), timeout);
        if name == "add" {
            properties.insert(Ustr::from("NX"), Value::bool(true));
        }
        positional.push(Value::object(id));
    }
    let Some(value) = crate::python_redis::noted(host, machine, call, word, positional) else {
        return Ok(None);
    };
    // What is not there may be what the program says.
    match given(call, 1, "default").filter(|_| name == "get") {
        Some(default) if value.atoms().contains(&Atom::Null) => {
            let found = value.filter(|atom| *atom != Atom::Null);
            Ok(Some(match found {
                Some(found) => machine.join(found, &default),
                None => default,
            }))
        }
        _ => Ok(Some(value)),
    }
}

/// `@cache.memoize(timeout=60)`, and the same without parentheses.
fn wrapper(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = call.arguments.get(0);
    let is_function = given
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Function { .. }));
    if is_function {
        return Ok(Some(given));
    }
    Ok(Some(Value::object(
        host.make_object(machine, WRAPPER, call.span),
    )))
}
