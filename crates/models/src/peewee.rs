//! Peewee: models, and queries made of column expressions.
//!
//! A `SELECT` runs when it is iterated over or asked for rows; the others when they are executed. Source: peewee
//! 3.17, `peewee.py` (`get` raises the model's `DoesNotExist`, `get_or_none` and `first` give `None`,
//! `save` updates a row that has a primary key).

use firedoor_app::Operation;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_active::{
    Run, class_in, condition, copied, declare_class, element, found_or_made, instance_member, keep,
    made, named_values, narrow, primary_key, query, required, run, save, set_run, take_columns,
    transaction,
};
use crate::python_records::{access, asset_of, columns, create, delete, fill, note};
use crate::python_support::{argument, last_name};
use crate::{Model, ModelHost};

const BASE: &str = "py:peewee.Model";
const QUERY: &str = "peewee:query()";
const MISSING: &str = "py:peewee.DoesNotExist";

/// The model.
pub static MODEL: Model = Model {
    name: "peewee",
    calls: &[
        ("py:peewee.*", crate::python_support::keep),
        ("py:peewee.Model.*", class_method),
        ("py:peewee.Model().*", instance_method),
        ("py:peewee.fn.*", crate::sqlalchemy::query::function),
        ("py:peewee.SqliteDatabase().atomic", transaction),
        ("py:peewee.PostgresqlDatabase().atomic", transaction),
        ("py:peewee.MySQLDatabase().atomic", transaction),
        ("peewee:query().*", query_method),
    ],
    members: &[
        ("py:peewee.Model.DoesNotExist", missing),
        ("py:peewee.Model.*", crate::python_active::class_member),
        ("py:peewee.Model().*", instance_member),
    ],
    classes: &[(BASE, class_made)],
    instances: &[(BASE, instance_made)],
    operators: &[("py:peewee.Model()", crate::sqlalchemy::compare_instances)],
    indexes: &[(QUERY, element)],
    aliases: &[
        (
            "py:playhouse.postgres_ext.PostgresqlExtDatabase",
            "py:peewee.PostgresqlDatabase",
        ),
        (
            "py:playhouse.pool.PooledPostgresqlDatabase",
            "py:peewee.PostgresqlDatabase",
        ),
    ],
    subclasses: &[
        (MISSING, "py:builtins.Exception"),
        ("py:peewee.PeeweeException", "py:builtins.Exception"),
        ("py:peewee.IntegrityError", "py:peewee.PeeweeException"),
    ],
    ..Model::EMPTY
};

fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let own = take_columns(host, machine, class, |path| {
        (path.starts_with("py:peewee.") || path.starts_with("py:playhouse."))
            && path.ends_with("Field()")
    });
    if !own.is_empty() {
        declare_class(host, machine, class, own, span);
    }
}

fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let is_model = columns(host, class).is_some();
    if is_model {
        fill(machine, instance, arguments);
    }
    Ok(is_model)
}

fn missing(
    _host: &ModelHost,
    _machine: &mut Machine<'_>,
    _class: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    Some(Value::outside(MISSING))
}

/// Conditions by name, as `get_or_none(email=...)` and `filter(email=...)` take them.
fn named(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    call: &Call<'_>,
) -> Vec<Value> {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let mut all = call.arguments.positional.clone();
    for (name, value) in &call.arguments.keywords {
        if name == "defaults" {
            continue;
        }
        all.push(condition(
            host,
            machine,
            (asset, name),
            "=",
            value,
            call.span,
        ));
    }
    all.extend(call.arguments.rest.clone());
    all
}

/// Finds the one record that these conditions choose.
fn find_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    conditions: Vec<Value>,
    span: Span,
) -> Value {
    let id = query(host, machine, QUERY, class, Run::One, span);
    narrow(machine, id, conditions);
    run(host, machine, id, span)
}

fn class_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call
        .this
        .objects()
        .find(|id| asset_of(host, machine, *id).is_some());
    let Some(class) = class else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    let started = |host: &ModelHost, machine: &mut Machine<'_>, kind: Run| {
        query(host, machine, QUERY, class, kind, call.span)
    };
    let value = match name {
        "create" | "insert" if name == "create" || call.arguments.positional.is_empty() => {
            let record = made(machine, class, call.arguments, call.span);
            create(host, machine, &record, call.span);
            record
        }
        "insert" | "insert_many" | "replace" => insert(host, machine, class, call),
        "get" | "get_or_none" | "get_by_id" => {
            let conditions = match name {
                "get_by_id" => by_identity(host, machine, class, call),
                _ => named(host, machine, class, call),
            };
            let found = find_one(host, machine, class, conditions, call.span);
            match name {
                "get_or_none" => found,
                _ => required(host, machine, &found, MISSING, call.span)?,
            }
        }
        "get_or_create" => {
            let conditions = named(host, machine, class, call);
            let found = find_one(host, machine, class, conditions, call.span);
            let mut arguments = call.arguments.clone();
            let defaults = arguments.keywords.shift_remove(&Ustr::from("defaults"));
            let record = made(machine, class, &arguments, call.span);
            if let (Some(id), Some(defaults)) = (record.only_object(), defaults) {
                crate::store::assign_into(machine, id, &defaults);
            }
            create(host, machine, &record, call.span);
            found_or_made(machine, &found, &record, call.span)
        }
        "select" => Value::object(started(host, machine, Run::Many)),
        "filter" => {
            let id = started(host, machine, Run::Many);
            let conditions = named(host, machine, class, call);
            narrow(machine, id, conditions);
            Value::object(id)
        }
        "update" => {
            let id = started(host, machine, Run::Update);
            let values = match call.arguments.positional.first() {
                Some(values) => values.clone(),
                None => named_values(machine, call.arguments, call.span),
            };
            keep(machine, id, "$values", values);
            Value::object(id)
        }
        "delete" => Value::object(started(host, machine, Run::Delete)),
        "delete_by_id" => {
            let id = started(host, machine, Run::Delete);
            let conditions = by_identity(host, machine, class, call);
            narrow(machine, id, conditions);
            run(host, machine, id, call.span)
        }
        "set_by_id" => {
            let id = started(host, machine, Run::Update);
            let conditions = by_identity(host, machine, class, call);
            narrow(machine, id, conditions);
            keep(machine, id, "$values", argument(call, 1, "value"));
            run(host, machine, id, call.span)
        }
        "create_table" | "drop_table" | "bind" => Value::null(),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// `User.get_by_id(3)`.
fn by_identity(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    call: &Call<'_>,
) -> Vec<Value> {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let name = primary_key(host, machine, class);
    let value = argument(call, 0, "pk");
    vec![condition(
        host,
        machine,
        (asset, &name),
        "=",
        &value,
        call.span,
    )]
}

/// `User.insert({...})`, `User.insert_many([...])`: noted where they stand, and executed by a further call.
fn insert(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, call: &Call<'_>) -> Value {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let mut done = access(host, Operation::Create, asset);
    for part in crate::store::parts(machine, &call.arguments.get(0)) {
        let (fields, spread) = crate::python_active::changes(host, machine, &part, asset);
        done.values.extend(fields);
        done.spread.extend(spread);
    }
    done.is_many = last_name(&call.path) == "insert_many";
    note(host, machine, done, call.span);
    made(machine, class, &Arguments::default(), call.span)
}

fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(receiver) = call.receiver else {
        return Ok(None);
    };
    let id = copied(machine, receiver, call.span);
    let Some(class) = class_in(machine, id) else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    match name {
        "where" | "filter" | "orwhere" | "having" => {
            let conditions = named(host, machine, class, call);
            narrow(machine, id, conditions);
        }
        "get" | "get_or_none" | "first" => {
            let conditions = match name {
                "first" => Vec::new(),
                _ => named(host, machine, class, call),
            };
            narrow(machine, id, conditions);
            set_run(machine, id, Run::One);
            let found = run(host, machine, id, call.span);
            return match name {
                "get" => required(host, machine, &found, MISSING, call.span).map(Some),
                _ => Ok(Some(found)),
            };
        }
        "count" | "exists" | "scalar" => {
            let kind = match name {
                "exists" => Run::Exists,
                _ => Run::Count,
            };
            set_run(machine, id, kind);
            return Ok(Some(run(host, machine, id, call.span)));
        }
        "execute" => return Ok(Some(run(host, machine, id, call.span))),
        _ => {}
    }
    Ok(Some(Value::object(id)))
}

fn instance_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match last_name(&call.path) {
        "save" => save(host, machine, &call.this, call.span),
        "delete_instance" => delete(host, machine, &call.this, call.span),
        "__init__" => {
            for id in call.this.objects().collect::<Vec<_>>() {
                if matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }) {
                    fill(machine, id, call.arguments);
                }
            }
        }
        _ => return Ok(None),
    }
    Ok(Some(Value::number(1.0)))
}
