//! Caches of Python around functions: what is called is the function, or what it answered before.
//!
//! A guard often asks a cached function who somebody is, and what that reads is what the guard decides on.
//! Sources: Flask-Caching 2.3 `flask_caching/__init__.py` (`cached`, `memoize`); cachetools 5.5 `__init__.py`, `func.py`;
//! async-lru 2.0; aiocache 0.12 `decorators.py`; fastapi-cache2 0.2 `decorator.py`.

use firedoor_eval::{Answer, Call, Machine, ObjectKind, Value};

use crate::python_support::first;
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
