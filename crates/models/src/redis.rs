//! Redis: ioredis 4 and 5, redis (node-redis) 3 to 5, @upstash/redis.
//!
//! An asset is the fixed beginning of a key: `session:${id}` is of `session`. Commands are named in any
//! case. Sources: <https://redis.io/docs/latest/commands/>, <https://github.com/redis/ioredis>,
//! <https://github.com/redis/node-redis>.

use firedoor_app::{AssetKind, Field, Operation};
use firedoor_eval::{Answer, Atom, Call, HOLE, Machine, ObjectId, Shape, Value};
use ustr::Ustr;

use crate::store::{self, Conditions, method_name};
use crate::{Model, ModelHost, tools};

/// The model.
pub static MODEL: Model = Model {
    name: "redis",
    calls: &[
        ("npm:ioredis", open),
        ("npm:redis.createClient", open),
        ("npm:redis.createCluster", open),
        ("npm:@upstash/redis.Redis", open),
        ("npm:@upstash/redis.Redis.fromEnv", open),
        // `class Cache extends Redis`.
        ("npm:ioredis().multi", multi),
        ("npm:ioredis().pipeline", pipeline),
        ("npm:ioredis().connect", done),
        ("npm:ioredis().quit", done),
        ("npm:ioredis().on", itself),
        ("npm:ioredis().duplicate", itself),
        ("npm:ioredis().watch", watch),
        ("npm:ioredis().*", command),
        ("redis:client.multi", multi),
        ("redis:client.pipeline", pipeline),
        ("redis:client.connect", done),
        ("redis:client.quit", done),
        ("redis:client.on", itself),
        ("redis:client.duplicate", itself),
        ("redis:client.*", command),
        ("redis:client.watch", watch),
        ("redis:multi.exec", run),
        ("redis:multi.*", queued),
    ],
    aliases: &[
        ("npm:ioredis.default", "npm:ioredis"),
        ("npm:ioredis.Redis", "npm:ioredis"),
        ("npm:ioredis.Cluster", "npm:ioredis"),
    ],
    ..Model::EMPTY
};

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "redis:client", call.span);
    if call.path.starts_with("npm:ioredis") {
        tools::keep(machine, id, "$pairs", Value::bool(true));
    }
    Ok(Some(Value::object(id)))
}

fn itself(_host: &ModelHost, _machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    Ok(Some(call.this.clone()))
}

fn done(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    tools::deliver(machine, call, Value::unknown(Shape::Any))
}

/// What is watched may be changed by others, and then nothing of a `multi` is done.
fn watch(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if let Some(client) = call.receiver {
        tools::keep(machine, client, "$watched", Value::bool(true));
    }
    tools::deliver(machine, call, Value::unknown(Shape::Any))
}

/// Commands of `multi` run as one.
fn multi(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = queue(host, machine, call);
    tools::keep(machine, id, "$one", Value::bool(true));
    Ok(Some(Value::object(id)))
}

fn pipeline(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = queue(host, machine, call);
    Ok(Some(Value::object(id)))
}

/// Makes an object that keeps what its commands give until they are run.
fn queue(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> ObjectId {
    let id = host.make_object(machine, "redis:multi", call.span);
    if call.path.starts_with("npm:ioredis") {
        tools::keep(machine, id, "$pairs", Value::bool(true));
    }
    for name in ["$pairs", "$watched"] {
        if let Some(kept) = store::property(machine, &call.this, name) {
            tools::keep(machine, id, name, kept);
        }
    }
    tools::keep(machine, id, "$count", Value::number(0.0));
    id
}

fn queued(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let is_one = store::property(machine, &call.this, "$one").is_some();
    let given = if is_one {
        store::in_transaction(host, machine, |machine| note(host, machine, call))
    } else {
        note(host, machine, call)
    };
    if let Some(queue) = call.receiver {
        let given = given.unwrap_or_else(|| Value::unknown(Shape::Any));
        // How many there are is not known where some are left out under a condition.
        let count = tools::kept(machine, Some(queue), "$count").as_number();
        let next = match count {
            Some(count) if count < MANY => {
                tools::keep(machine, queue, &format!("${count}"), given);
                Value::number(count + 1.0)
            }
            _ => Value::unknown(Shape::Number),
        };
        tools::keep(machine, queue, "$count", next);
    }
    Ok(Some(call.this.clone()))
}

/// What more commands than these give is not followed.
const MANY: f64 = 16.0;

/// `exec()` gives what each command gives, in their order; ioredis gives each together with its error.
fn run(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let count = tools::kept(machine, call.receiver, "$count").as_number();
    let Some(count) = count.filter(|count| *count > 0.0) else {
        return tools::deliver(machine, call, Value::unknown(Shape::Any));
    };
    let is_paired = store::property(machine, &call.this, "$pairs").is_some();
    let mut given = Vec::new();
    let mut index = 0.0;
    while index < count {
        let one = tools::kept(machine, call.receiver, &format!("${index}"));
        given.push(match is_paired {
            true => machine.make_list(vec![Value::null(), one], false, call.span),
            false => one,
        });
        index += 1.0;
    }
    let mut all = machine.make_list(given, false, call.span);
    if store::property(machine, &call.this, "$watched").is_some() {
        all = machine.join(all, &Value::null());
    }
    tools::deliver(machine, call, all)
}

fn command(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match note(host, machine, call) {
        Some(value) => tools::deliver(machine, call, value),
        None => Ok(None),
    }
}

fn operation(command: &str) -> Option<Operation> {
    Some(match command {
        "get" | "mget" | "hget" | "hgetall" | "hmget" | "smembers" | "lrange" | "zrange"
        | "zrevrange" | "keys" | "scan" | "hvals" | "hkeys" | "getbuffer" | "json.get" => {
            Operation::Read
        }
        "exists" | "ttl" | "pttl" | "sismember" | "scard" | "llen" | "zcard" | "hexists"
        | "zscore" | "zrank" | "hlen" | "strlen" => Operation::Count,
        "set" | "setex" | "psetex" | "setnx" | "mset" | "hset" | "hmset" | "hsetnx" | "sadd"
        | "lpush" | "rpush" | "zadd" | "append" | "getset" | "xadd" => Operation::Create,
        "incr" | "incrby" | "incrbyfloat" | "decr" | "decrby" | "hincrby" | "zincrby"
        | "expire" | "pexpire" | "expireat" | "persist" | "rename" => Operation::Update,
        "del" | "unlink" | "getdel" | "hdel" | "srem" | "zrem" | "lrem" | "lpop" | "rpop"
        | "spop" | "flushdb" | "flushall" => Operation::Delete,
        _ => return None,
    })
}

/// Holds if the command asks whether something is in what the key holds, as one does that takes it out and says whether
/// it was there: nothing else is found there by it.
fn asks_for_member(command: &str) -> bool {
    matches!(
        command,
        "sismember" | "zscore" | "zrank" | "hexists" | "srem" | "zrem"
    )
}

/// The fixed beginning of a key, up to its last separator. A key that may have been made in several ways is of one asset
/// where all of them begin alike: `session:${id ?? ''}`.
fn asset_name(key: &Value) -> Ustr {
    let mut names = key.atoms().iter().map(|atom| match atom {
        Atom::String(text) => text.split([':', '/']).next().unwrap_or(""),
        Atom::Pattern(text) => {
            let fixed = text.split(HOLE).next().unwrap_or("");
            fixed.trim_end_matches([':', '/', '.', '-', '_', '{'])
        }
        _ => "",
    });
    let name = names.next().unwrap_or("");
    match name.is_empty() || names.any(|other| other != name) {
        true => Ustr::from("redis"),
        false => Ustr::from(name),
    }
}

/// Notes a command and returns what it gives.
pub(crate) fn note(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Option<Value> {
    let name = method_name(&call.path).to_ascii_lowercase();
    let operation = operation(&name)?;
    let mut arguments = call.arguments.positional.clone();
    arguments.retain(|value| !store::is_function(machine, value));
    let mut keys = keys(machine, &name, &arguments, call).into_iter();
    let first = keys.next()?;
    let result = note_key(host, machine, call, (&name, operation), &first, &arguments);
    for key in keys {
        note_key(host, machine, call, (&name, operation), &key, &arguments);
    }
    Some(result)
}

/// The keys that a command names: several may be deleted at once, one by one, in a list, or as what a list gives. What
/// is perhaps missing in a list is sent where it is there.
fn keys(machine: &mut Machine<'_>, name: &str, arguments: &[Value], call: &Call<'_>) -> Vec<Value> {
    let takes_many = matches!(name, "del" | "unlink");
    let named = arguments.iter().chain(&call.arguments.rest);
    let mut keys: Vec<Value> = Vec::new();
    for argument in named {
        for key in store::parts(machine, argument) {
            let key = key.filter(|atom| !atom.is_nothing()).unwrap_or(key);
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        if !takes_many {
            break;
        }
    }
    if arguments.is_empty() && call.arguments.rest.is_none() {
        keys.push(Value::undefined());
    }
    keys.truncate(if takes_many { MOST_KEYS } else { 1 });
    keys
}

/// More keys than these of one command are not followed.
const MOST_KEYS: usize = 8;

/// Notes what a command does to what stands under one key.
fn note_key(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    (name, operation): (&str, Operation),
    key_value: &Value,
    arguments: &[Value],
) -> Value {
    let asset = asset_name(key_value);
    store::declare(host, asset, AssetKind::KeyValue, call.span, Vec::new());
    let mut key = Conditions::default();
    key.add(host, machine, "key", "=", key_value);
    for field in &mut key.fields {
        field.value = host.key_provenance(machine, key_value);
    }
    if asks_for_member(name)
        && let Some(member) = arguments.get(1)
    {
        key.add(host, machine, "member", "=", member);
    }
    let mut access = store::access(host, operation, asset);
    access.is_many = matches!(name, "keys" | "scan" | "flushdb" | "flushall");
    access.key.clone_from(&key.fields);
    let values = arguments.get(1..).unwrap_or_default();
    match operation {
        Operation::Create => {
            access.values = written(host, machine, name, values);
            let only_new = |value: &Value| {
                value
                    .text()
                    .is_some_and(|text| text.eq_ignore_ascii_case("nx"))
                    || store::property(machine, value, "NX").is_some()
            };
            access.is_conditional = name.ends_with("nx") || values.iter().any(only_new);
        }
        Operation::Update => {
            let one = Value::number(1.0);
            let by = values.last().unwrap_or(&one);
            let (field, operator) = match name {
                _ if name.contains("expire") => ("expires", "="),
                _ if name.starts_with("decr") => ("value", "-="),
                _ => ("value", "+="),
            };
            access.values.push(Field {
                name: Ustr::from(field),
                value: host.deep_provenance(machine, by),
                operator,
            });
        }
        _ => {}
    }
    host.effect(machine, firedoor_app::EffectKind::Access(access), call.span);
    result(host, machine, operation, name, asset, &key, call)
}

fn written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    name: &str,
    values: &[Value],
) -> Vec<Field> {
    let field = |machine: &mut Machine<'_>, name: &str, value: &Value| Field {
        name: Ustr::from(name),
        value: host.deep_provenance(machine, value),
        operator: "=",
    };
    match (name, values) {
        ("hset" | "hmset" | "hsetnx", [first, second, ..]) => {
            let column = first.text().unwrap_or_default();
            vec![field(machine, &column, second)]
        }
        ("hset" | "hmset", [all]) => store::written(host, machine, all).0,
        ("setex" | "psetex", [seconds, value, ..]) => {
            vec![
                field(machine, "value", value),
                field(machine, "expires", seconds),
            ]
        }
        (_, [value, rest @ ..]) => {
            let mut fields = vec![field(machine, "value", value)];
            let options = rest.first();
            let expiry = options.and_then(|options| {
                ["EX", "PX", "ex", "px", "EXAT"]
                    .iter()
                    .find_map(|name| store::property(machine, options, name))
            });
            let by_word = options.and_then(Value::text).is_some_and(|word| {
                matches!(word.to_ascii_uppercase().as_str(), "EX" | "PX" | "EXAT")
            });
            let expiry = expiry.or_else(|| rest.get(1).filter(|_| by_word).cloned());
            if let Some(expiry) = expiry {
                fields.push(field(machine, "expires", &expiry));
            }
            fields
        }
        _ => Vec::new(),
    }
}

fn result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operation: Operation,
    name: &str,
    asset: Ustr,
    key: &Conditions,
    call: &Call<'_>,
) -> Value {
    let gives_record = matches!(name, "getdel" | "getset" | "lpop" | "rpop" | "spop");
    match operation {
        Operation::Read if matches!(name, "smembers" | "lrange" | "zrange" | "keys" | "mget") => {
            let found = store::found_one(host, machine, asset, key, Atom::Undefined);
            let found = store::exchange(
                &found,
                &Atom::Unknown(Shape::Object),
                Atom::Unknown(Shape::String),
            );
            store::list_of(machine, &found, call.span)
        }
        _ if operation == Operation::Read || gives_record => {
            let found = store::found_one(host, machine, asset, key, Atom::Null);
            if name == "hgetall" {
                return found;
            }
            store::exchange(
                &found,
                &Atom::Unknown(Shape::Object),
                Atom::Unknown(Shape::String),
            )
        }
        Operation::Create => {
            let value = Value::atoms_of([Atom::Null, Atom::Unknown(Shape::String)]);
            let counted = store::counted(host, machine, asset, key, "set");
            value.with_origins(counted.origins)
        }
        _ => store::counted(host, machine, asset, key, "value"),
    }
}
