//! Plugins that hand a client of a database, or the settings, to the instance as a decoration.
//!
//! What the clients do is told by the models of their drivers. Sources: `@fastify/postgres` 6, `@fastify/mysql`
//! 5, `@fastify/mongodb` 9, `@fastify/redis` 7, `@fastify/env` 5, each `index.js`.

use firedoor_app::Origin;
use firedoor_eval::{Arguments, Machine, ObjectKind, Shape, Value};
use ustr::Ustr;

use super::{Loading, decorate, text_option};
use crate::ModelHost;
use crate::tools::{keep, option, unknown_of};

fn made(machine: &mut Machine<'_>, path: &str, loading: &Loading<'_>, given: &[Value]) -> Value {
    let arguments = Arguments::positional(given.iter().cloned());
    let maker = Value::outside(path);
    let (made, _) =
        machine.catching(|machine| machine.call_value(&maker, None, &arguments, loading.span));
    let (made, _) = machine.catching(|machine| match made {
        Ok(made) => machine.await_value(&made, loading.span),
        Err(stop) => Err(stop),
    });
    made.unwrap_or_else(|_| Value::undefined())
}

/// A named client stands below the name.
fn decorate_named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    loading: &Loading<'_>,
    decoration: &str,
    client: Value,
) {
    let name = text_option(machine, loading, "name")
        .or_else(|| text_option(machine, loading, "namespace"));
    let Some(name) = name else {
        decorate(host, loading.id, decoration, client);
        return;
    };
    let known = crate::fastify::instance::decoration(host, loading.id, Ustr::from(decoration));
    let all = known.and_then(|known| known.only_object());
    let all = all.unwrap_or_else(|| machine.heap.allocate(ObjectKind::Plain, loading.span));
    machine.heap.set_property(all, name, client);
    decorate(host, loading.id, decoration, Value::object(all));
}

pub(super) fn load_postgres(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let pool = made(
        machine,
        "npm:pg.Pool",
        loading,
        std::slice::from_ref(loading.options),
    );
    if let Some(id) = pool.only_object() {
        keep(machine, id, "pool", pool.clone());
    }
    decorate_named(host, machine, loading, "pg", pool);
}

pub(super) fn load_mysql(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let promise = option(machine, loading.options, "promise", loading.span);
    let path = match promise.is_some_and(|value| machine.truth(&value) == Some(true)) {
        true => "npm:mysql2/promise.createPool",
        false => "npm:mysql2.createPool",
    };
    let pool = made(
        machine,
        path,
        loading,
        std::slice::from_ref(loading.options),
    );
    if let Some(id) = pool.only_object() {
        keep(machine, id, "pool", pool.clone());
    }
    decorate_named(host, machine, loading, "mysql", pool);
}

pub(super) fn load_mongo(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let url = option(machine, loading.options, "url", loading.span);
    let url = url.unwrap_or_else(|| Value::unknown(Shape::String));
    let client = made(machine, "npm:mongodb.MongoClient", loading, &[url]);
    let database = text_option(machine, loading, "database");
    let arguments = Arguments::positional(database.map(|name| Value::string(&name)));
    let (found, _) = machine.catching(|machine| {
        machine.call_member(&client, Ustr::from("db"), &arguments, loading.span)
    });
    let all = machine.heap.allocate(ObjectKind::Plain, loading.span);
    let db = found.unwrap_or_else(|_| Value::undefined());
    for (name, value) in [
        ("client", client),
        ("db", db),
        ("ObjectId", Value::outside("npm:mongodb.ObjectId")),
        ("ObjectID", Value::outside("npm:mongodb.ObjectId")),
    ] {
        machine.heap.set_property(all, Ustr::from(name), value);
    }
    decorate(host, loading.id, "mongo", Value::object(all));
}

pub(super) fn load_redis(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let client = match option(machine, loading.options, "client", loading.span) {
        Some(client) => client,
        None => made(
            machine,
            "npm:ioredis",
            loading,
            std::slice::from_ref(loading.options),
        ),
    };
    decorate_named(host, machine, loading, "redis", client);
}

/// `@fastify/env` puts the variables that its schema names into `app.config`.
pub(super) fn load_env(host: &ModelHost, machine: &mut Machine<'_>, loading: &Loading<'_>) {
    let span = loading.span;
    let name = text_option(machine, loading, "confKey");
    let name = name.unwrap_or_else(|| Ustr::from("config"));
    let config = machine.heap.allocate(ObjectKind::Plain, span);
    let schema = option(machine, loading.options, "schema", span);
    let properties = schema.and_then(|schema| option(machine, &schema, "properties", span));
    let named: Vec<(Ustr, Value)> = properties
        .and_then(|properties| properties.only_object())
        .map(|id| {
            let properties = machine.heap.get(id).properties.iter();
            properties
                .map(|(name, value)| (*name, value.clone()))
                .collect()
        })
        .unwrap_or_default();
    for (variable, about) in named {
        let default = option(machine, &about, "default", span);
        let fallback = default.as_ref().and_then(Value::text);
        let origin = Origin::Environment {
            name: variable,
            fallback,
        };
        let mut value = unknown_of(host, machine, Shape::String, origin);
        if let Some(default) = default {
            value = machine.join(value, &default);
        }
        machine.heap.set_property(config, variable, value);
    }
    machine.heap.get_mut(config).is_open = true;
    decorate(host, loading.id, &name, Value::object(config));
}
