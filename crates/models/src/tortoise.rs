//! Tortoise ORM: models, querysets, `Q` and `F`, transactions.
//!
//! A queryset does nothing until it is awaited or iterated over. Source: tortoise-orm 0.24, `models.py`,
//! `queryset.py` (`get` raises `DoesNotExist`, `get_or_none` and `first` give `None`), `query_utils.py`.

use firedoor_app::Operation;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_active::{
    Run, class_in, condition, copied, declare_class, element, found_or_made, instance_member, keep,
    kept, made, named_values, narrow, query, required, run, save, set_run, take_columns,
    transaction,
};
use crate::python_records::{
    access, asset_of, columns, create, delete, fill, instance_value, note,
};
use crate::python_support::{argument, last_name};
use crate::sqlalchemy::query::{CONDITION, column_object, make};
use crate::{Model, ModelHost};

const BASE: &str = "py:tortoise.models.Model";
const QUERY: &str = "tortoise:query()";
const MISSING: &str = "py:tortoise.exceptions.DoesNotExist";

/// The model.
pub static MODEL: Model = Model {
    name: "tortoise",
    calls: &[
        ("py:tortoise.fields.*", crate::python_support::keep),
        ("py:tortoise.models.Model.*", class_method),
        ("py:tortoise.models.Model().*", instance_method),
        ("py:tortoise.expressions.Q", conditions),
        ("py:tortoise.expressions.F", column),
        ("py:tortoise.transactions.in_transaction", transaction),
        ("py:tortoise.transactions.atomic", atomic),
        ("tortoise:atomic()", crate::python_support::first),
        ("tortoise:query().*", query_method),
    ],
    members: &[
        (
            "py:tortoise.models.Model.*",
            crate::python_active::class_member,
        ),
        ("py:tortoise.models.Model().*", instance_member),
    ],
    classes: &[(BASE, class_made)],
    instances: &[(BASE, instance_made)],
    operators: &[(
        "py:tortoise.models.Model()",
        crate::sqlalchemy::compare_instances,
    )],
    indexes: &[(QUERY, element)],
    awaits: &[(QUERY, awaited)],
    aliases: &[
        ("py:tortoise.Model", BASE),
        ("py:tortoise.queryset.Q", "py:tortoise.expressions.Q"),
        ("py:tortoise.query_utils.Q", "py:tortoise.expressions.Q"),
    ],
    subclasses: &[
        (
            "py:tortoise.exceptions.BaseORMException",
            "py:builtins.Exception",
        ),
        (
            "py:tortoise.exceptions.OperationalError",
            "py:tortoise.exceptions.BaseORMException",
        ),
        (MISSING, "py:tortoise.exceptions.OperationalError"),
        (
            "py:tortoise.exceptions.IntegrityError",
            "py:tortoise.exceptions.OperationalError",
        ),
    ],
    ..Model::EMPTY
};

fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let own = take_columns(host, machine, class, |path| {
        path.starts_with("py:tortoise.fields.")
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

/// What the end of a name asks for: `age__gt`.
fn lookup(name: &str) -> (&str, &'static str) {
    let Some((field, word)) = name.rsplit_once("__") else {
        return (name, "=");
    };
    let operator = match word {
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "not" => "!=",
        "in" => "in",
        "not_in" => "not in",
        "iexact" | "isnull" | "exact" => "=",
        "not_isnull" => "!=",
        "range" => "between",
        "contains" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith"
        | "search" | "posix_regex" => "like",
        _ => return (name, "="),
    };
    (field, operator)
}

/// The conditions of a call: named ones, and `Q` objects.
fn given(host: &ModelHost, machine: &mut Machine<'_>, asset: Ustr, call: &Call<'_>) -> Vec<Value> {
    let mut all = call.arguments.positional.clone();
    for (name, value) in &call.arguments.keywords {
        if matches!(name.as_str(), "using_db" | "defaults" | "join_type") {
            continue;
        }
        let (field, operator) = lookup(name);
        let field = field.replace("__", ".");
        let condition = condition(host, machine, (asset, &field), operator, value, call.span);
        all.push(condition);
    }
    all.extend(call.arguments.rest.clone());
    all
}

/// `Q(a=1, b=2)`, `Q(Q(...), Q(...), join_type="OR")`.
fn conditions(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = given(host, machine, Ustr::from(""), call);
    let joined = call.arguments.keyword("join_type").and_then(Value::text);
    let word = match joined.is_some_and(|word| word == "OR") {
        true => "or",
        false => "and",
    };
    Ok(Some(make(host, machine, CONDITION, word, parts, call.span)))
}

fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "name").text();
    Ok(name.map(|name| column_object(host, machine, Ustr::from(""), name, call.span)))
}

fn awaited(host: &ModelHost, machine: &mut Machine<'_>, query: ObjectId) -> Answer {
    let span = machine.heap.get(query).span;
    let found = run(host, machine, query, span);
    match kept(machine, query, "$required").is_some() {
        true => required(host, machine, &found, MISSING, span).map(Some),
        false => Ok(Some(found)),
    }
}

fn class_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call
        .this
        .objects()
        .find(|id| asset_of(host, machine, *id).is_some());
    let Some(class) = class else {
        return Ok(None);
    };
    match last_name(&call.path) {
        "create" => {
            let record = made(machine, class, call.arguments, call.span);
            create(host, machine, &record, call.span);
            Ok(Some(record))
        }
        "bulk_create" => {
            let (records, _) = machine.elements_of(&argument(call, 0, "objects"));
            for record in &records {
                create(host, machine, record, call.span);
            }
            Ok(Some(Value::null()))
        }
        "get_or_create" | "update_or_create" => found_or_create(host, machine, class, call),
        _ => {
            let id = query(host, machine, QUERY, class, Run::Many, call.span);
            refine(host, machine, id, call)
        }
    }
}

/// A method of a queryset, or of a class as of the queryset of all.
fn refine(host: &ModelHost, machine: &mut Machine<'_>, id: ObjectId, call: &Call<'_>) -> Answer {
    let asset = class_in(machine, id).and_then(|class| asset_of(host, machine, class));
    let asset = asset.unwrap_or_default();
    let name = last_name(&call.path);
    match name {
        "filter" | "get" | "get_or_none" | "exists" | "exclude" => {
            let mut conditions = given(host, machine, asset, call);
            if name == "exclude" && !conditions.is_empty() {
                conditions = vec![make(host, machine, CONDITION, "not", conditions, call.span)];
            }
            narrow(machine, id, conditions);
        }
        _ => {}
    }
    match name {
        "get" | "get_or_none" | "first" | "last" | "earliest" | "latest" => {
            set_run(machine, id, Run::One);
            if name == "get" {
                keep(machine, id, "$required", Value::bool(true));
            }
        }
        "count" => set_run(machine, id, Run::Count),
        "exists" => set_run(machine, id, Run::Exists),
        "delete" => set_run(machine, id, Run::Delete),
        "update" => {
            let values = named_values(machine, call.arguments, call.span);
            set_run(machine, id, Run::Update);
            keep(machine, id, "$values", values);
        }
        "select_for_update" => host.state().run.transactions += 1,
        "filter" | "exclude" | "all" | "order_by" | "limit" | "offset" | "prefetch_related"
        | "select_related" | "distinct" | "only" | "values" | "values_list" | "annotate"
        | "using_db" | "group_by" => {}
        _ => return Ok(None),
    }
    Ok(Some(Value::object(id)))
}

fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(receiver) = call.receiver else {
        return Ok(None);
    };
    let id = copied(machine, receiver, call.span);
    refine(host, machine, id, call)
}

fn found_or_create(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    call: &Call<'_>,
) -> Answer {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let id = query(host, machine, QUERY, class, Run::One, call.span);
    let conditions = given(host, machine, asset, call);
    narrow(machine, id, conditions);
    let found = run(host, machine, id, call.span);
    let defaults = call.arguments.keyword("defaults").cloned();
    let defaults = defaults.unwrap_or_else(Value::null);
    if last_name(&call.path) == "update_or_create" {
        set_run(machine, id, Run::Update);
        keep(machine, id, "$values", defaults.clone());
        run(host, machine, id, call.span);
    }
    let mut arguments = call.arguments.clone();
    arguments.keywords.shift_remove(&Ustr::from("defaults"));
    let record = made(machine, class, &arguments, call.span);
    if let Some(id) = record.only_object() {
        crate::store::assign_into(machine, id, &defaults);
    }
    create(host, machine, &record, call.span);
    Ok(Some(found_or_made(machine, &found, &record, call.span)))
}

fn instance_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let records = call.this.clone();
    match last_name(&call.path) {
        "save" => save(host, machine, &records, call.span),
        "delete" => delete(host, machine, &records, call.span),
        "update_from_dict" => {
            let data = argument(call, 0, "data");
            for id in records.objects().collect::<Vec<_>>() {
                crate::store::assign_into(machine, id, &data);
            }
            return Ok(Some(records));
        }
        "__init__" => {
            for id in records.objects().collect::<Vec<_>>() {
                fill(machine, id, call.arguments);
            }
        }
        "refresh_from_db" => {
            for id in records.objects().collect::<Vec<_>>() {
                if let Some(asset) = asset_of(host, machine, id) {
                    let mut read = access(host, Operation::Read, asset);
                    read.key = crate::python_records::key_of(host, machine, id);
                    note(host, machine, read, call.span);
                }
            }
        }
        "fetch_related" => {}
        "clone" => {
            let id = records.only_object();
            return Ok(id.map(|id| instance_value(host, id)));
        }
        _ => return Ok(None),
    }
    Ok(Some(Value::null()))
}

/// `@atomic()` leaves the function as it is.
fn atomic(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "tortoise:atomic()", call.span);
    Ok(Some(Value::object(id)))
}
