//! Redis from Python (redis-py 4 and 5, aioredis 1 and 2), and caches of the process (cachetools, expiringdict).
//!
//! Commands are those of [`crate::redis`], with options by name. A pipeline is a transaction unless it says
//! otherwise: redis-py 5, `client.py`, `pipeline(transaction=True)`. A cache of cachetools is a dictionary.

use firedoor_eval::{Answer, Arguments, Atom, Call, Machine, ObjectKind, Value};
use ustr::Ustr;

use crate::python_support::{first, last_name, nothing, same};
use crate::{Model, ModelHost, store};

const CLIENT: &str = "python:redis";
const PIPELINE: &str = "python:redis pipeline";

/// The model.
pub static MODEL: Model = Model {
    name: "python_redis",
    calls: &[
        ("py:redis.Redis", open),
        ("py:redis.StrictRedis", open),
        ("py:redis.RedisCluster", open),
        ("py:redis.from_url", open),
        ("py:redis.Redis.from_url", open),
        ("py:redis.asyncio.Redis", open),
        ("py:redis.asyncio.StrictRedis", open),
        ("py:redis.asyncio.RedisCluster", open),
        ("py:redis.asyncio.from_url", open),
        ("py:redis.asyncio.Redis.from_url", open),
        ("py:aioredis.Redis", open),
        ("py:aioredis.from_url", open),
        ("py:aioredis.Redis.from_url", open),
        ("py:aioredis.create_redis", open),
        ("py:aioredis.create_redis_pool", open),
        ("py:fakeredis.FakeRedis", open),
        ("py:fakeredis.aioredis.FakeRedis", open),
        ("python:redis.pipeline", pipeline),
        ("python:redis.multi_exec", pipeline),
        ("python:redis.lock", crate::python_active::transaction),
        ("python:redis.ping", nothing),
        ("python:redis.close", nothing),
        ("python:redis.aclose", nothing),
        ("python:redis.__enter__", same),
        ("python:redis.*", command),
        ("python:redis pipeline.__enter__", same),
        ("python:redis pipeline.execute", execute),
        ("python:redis pipeline.*", queued),
        ("py:cachetools.TTLCache", cache),
        ("py:cachetools.LRUCache", cache),
        ("py:cachetools.LFUCache", cache),
        ("py:cachetools.Cache", cache),
        ("py:expiringdict.ExpiringDict", cache),
        ("py:cachetools.cached", decorator),
        ("python:cachetools decorator", first),
    ],
    aliases: &[
        ("py:redis.client.Redis", "py:redis.Redis"),
        ("py:redis.asyncio.client.Redis", "py:redis.asyncio.Redis"),
        (
            "py:redis.asyncio.utils.from_url",
            "py:redis.asyncio.from_url",
        ),
    ],
    subclasses: &[
        ("py:redis.exceptions.RedisError", "py:builtins.Exception"),
        ("py:redis.RedisError", "py:builtins.Exception"),
        (
            "py:redis.exceptions.ConnectionError",
            "py:redis.exceptions.RedisError",
        ),
    ],
    ..Model::EMPTY
};

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, CLIENT, call.span);
    Ok(Some(Value::object(id)))
}

fn pipeline(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, PIPELINE, call.span);
    let transaction = call.arguments.find(0, "transaction");
    let is_one = transaction.and_then(Value::truth) != Some(false);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("$one"), Value::bool(is_one));
    Ok(Some(Value::object(id)))
}

fn command(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(run(host, machine, call))
}

fn queued(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_one = store::property(machine, &call.this, "$one");
    let value = match is_one.and_then(|value| value.truth()) {
        Some(true) => store::in_transaction(host, machine, |machine| run(host, machine, call)),
        _ => run(host, machine, call),
    };
    if let (Some(id), Some(value)) = (call.receiver, value) {
        machine.heap.get_mut(id).elements.push(value);
    }
    Ok(Some(call.this.clone()))
}

/// The results of what was queued, in order.
fn execute(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let results = match call.receiver {
        Some(id) => machine.heap.get(id).elements.clone(),
        None => Vec::new(),
    };
    Ok(Some(machine.make_list(results, false, call.span)))
}

/// The names of what commands take, in the order in which the protocol has it.
fn names(command: &str) -> &'static [&'static str] {
    match command {
        "setex" | "psetex" => &["name", "time", "value"],
        "hset" | "hsetnx" | "hincrby" => &["name", "key", "value"],
        "hget" | "hexists" => &["name", "key"],
        "expire" | "pexpire" => &["name", "time"],
        "incr" | "incrby" | "decr" | "decrby" => &["name", "amount"],
        _ => &["name", "value"],
    }
}

/// Runs a command with its options put where the protocol has them.
fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Value> {
    let name = last_name(&call.path);
    let mut positional = call.arguments.positional.clone();
    let mut options: Vec<(String, Value)> = Vec::new();
    let order = names(name);
    for wanted in order.iter().skip(positional.len()) {
        if let Some(value) = call.arguments.keyword(wanted) {
            positional.push(value.clone());
        }
    }
    for (key, value) in &call.arguments.keywords {
        let is_off = value.truth() == Some(false) || value.is_nothing();
        match key.as_str() {
            "mapping" => positional.push(value.clone()),
            "ex" | "px" | "exat" | "nx" | "xx" if !is_off => {
                options.push((key.to_ascii_uppercase(), value.clone()));
            }
            _ => {}
        }
    }
    // `set(name, value, ex, px, nx)` by position: the third is the number of seconds.
    if name == "set" && positional.len() > 2 {
        let rest = positional.split_off(2);
        let words = ["EX", "PX", "NX", "XX"].iter().zip(rest);
        let given = words.filter(|(_, value)| !value.is_nothing());
        options.extend(given.map(|(word, value)| ((*word).to_owned(), value)));
    }
    if !options.is_empty() {
        let id = machine.heap.allocate(ObjectKind::Plain, call.span);
        for (key, value) in options {
            let properties = &mut machine.heap.get_mut(id).properties;
            properties.insert(Ustr::from(&key), value);
        }
        positional.push(Value::object(id));
    }
    let word = match name {
        "delete" => "del",
        "getex" => "get",
        "expire_at" => "expireat",
        name => name,
    };
    noted(host, machine, call, word, positional)
}

/// Runs the command of Redis that is called `word`, as the clients of Node name it.
pub(crate) fn noted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    word: &str,
    positional: Vec<Value>,
) -> Option<Value> {
    let arguments = Arguments::positional(positional);
    let command = Call {
        path: Ustr::from(&format!("redis:client.{word}")),
        receiver: call.receiver,
        this: call.this.clone(),
        arguments: &arguments,
        span: call.span,
        is_new: false,
    };
    let value = crate::redis::note(host, machine, &command)?;
    // What is not there is `None` in Python.
    Some(store::exchange(&value, &Atom::Undefined, Atom::Null))
}

/// A cache starts as an empty dictionary.
fn cache(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    Ok(Some(Value::object(id)))
}

/// `@cached(cache={})` gives the function as it is: what it returns does not change by being kept.
fn decorator(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "python:cachetools decorator", call.span);
    Ok(Some(Value::object(id)))
}
