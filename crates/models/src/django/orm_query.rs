//! Querysets and managers: `filter`, `get`, `create`, `Q` and `F`, `get_object_or_404`.
//!
//! A queryset does nothing until something is asked of it. Sources: django 5.2 `db/models/query.py`,
//! `db/models/query_utils.py`, `shortcuts.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::orm_picks::{pick, picked};
pub(crate) use super::orm_related::*;
use crate::python_active::{
    self, EMPTY_SET, Run, class_in, condition, copied, forget_empty, found_or_made, keep, kept,
    made, named_values, narrow, query, required, run, set_run,
};
use crate::python_records::{asset_of, create};
use crate::python_support::{argument, last_name, object_with_arguments};
use crate::sqlalchemy::query::{CONDITION, column_object, make};
use crate::{Model, ModelHost};

/// The object that a queryset or manager is.
pub(crate) const QUERY: &str = "django:query()";
pub(super) const MANAGER_OF: &str = "django:manager-of";
pub(super) const MISSING: &str = "py:django.db.models.Model.DoesNotExist";

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:django.db.models.Q", conditions),
        ("py:django.db.models.F", column),
        ("py:django.db.models.Manager", manager),
        ("py:django.contrib.auth.models.UserManager", manager),
        ("py:django.db.models.Manager.from_queryset", from_queryset),
        ("py:django.db.models.QuerySet.as_manager", as_manager),
        ("py:django.db.models.Manager().*", manager_method),
        (
            "py:django.contrib.auth.models.UserManager().*",
            manager_method,
        ),
        (
            "py:django.contrib.auth.models.BaseUserManager().*",
            manager_method,
        ),
        ("django:manager-class", manager_of_class),
        ("django:manager-class().*", manager_method),
        ("django:query().*", query_method),
        ("django:related().*", related_method),
        ("py:django.shortcuts.get_object_or_404", get_or_404),
        ("py:django.shortcuts.aget_object_or_404", get_or_404),
        ("py:django.shortcuts.get_list_or_404", list_or_404),
        ("py:rest_framework.generics.get_object_or_404", get_or_404),
        ("py:django.db.models.Prefetch", crate::python_support::keep),
    ],
    members: &[("django:query().model", model_of)],
    indexes: &[(QUERY, element)],
    operators: &[(QUERY, combine)],
    aliases: &[
        (
            "py:django.db.models.manager.Manager",
            "py:django.db.models.Manager",
        ),
        (
            "py:django.contrib.auth.base_user.BaseUserManager",
            "py:django.contrib.auth.models.BaseUserManager",
        ),
        (
            "py:django.db.models.query.QuerySet",
            "py:django.db.models.QuerySet",
        ),
        ("py:django.db.models.query_utils.Q", "py:django.db.models.Q"),
        ("py:django.db.models.expressions.F", "py:django.db.models.F"),
    ],
    ..Model::EMPTY
};

/// Makes the queryset of all records of a class.
pub(crate) fn all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    span: Span,
) -> ObjectId {
    query(host, machine, QUERY, class, Run::Many, span)
}

/// `models.Manager()` gets its class once the class is made.
pub(super) fn manager(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    machine.heap.get_mut(id).kind = ObjectKind::Host(Ustr::from(MANAGER_OF));
    Ok(Some(Value::object(id)))
}

/// `PostQuerySet.as_manager()`.
pub(super) fn as_manager(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, MANAGER_OF, call.span);
    machine.heap.get_mut(id).elements = vec![call.this.clone()];
    Ok(Some(Value::object(id)))
}

/// `Manager.from_queryset(PostQuerySet)` is a class.
pub(super) fn from_queryset(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let id = host.make_object(machine, "django:manager-class", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

pub(super) fn manager_of_class(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let class = call.receiver.or(call.this.only_object());
    let elements = class.map_or_else(Vec::new, |id| machine.heap.get(id).elements.clone());
    let id = host.make_object(machine, MANAGER_OF, call.span);
    machine.heap.get_mut(id).elements = elements;
    Ok(Some(Value::object(id)))
}

/// Returns a manager that a class declares as one of this class; nothing for other values.
pub(crate) fn bound_manager(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    class: ObjectId,
    span: Span,
) -> Option<Value> {
    let id = value.only_object()?;
    let object = machine.heap.get(id).clone();
    match object.kind {
        ObjectKind::Host(path) if path == MANAGER_OF => {
            let query = all(host, machine, class, span);
            if let Some(own) = object.elements.first() {
                keep(machine, query, "$queryset", own.clone());
            }
            Some(Value::object(query))
        }
        // One of a base.
        ObjectKind::Host(path) if path == QUERY => {
            let query = copied(machine, id, span);
            keep(machine, query, "$class", Value::object(class));
            Some(Value::object(query))
        }
        ObjectKind::Instance { .. } => {
            let is_manager = machine
                .outside_bases(id)
                .iter()
                .any(|base| base.ends_with("Manager") || base == "django:manager-class");
            if !is_manager {
                return None;
            }
            let copy = machine.heap.allocate(object.kind, object.span);
            let made = machine.heap.get_mut(copy);
            made.properties = object.properties;
            made.properties
                .insert(Ustr::from("model"), Value::object(class));
            Some(Value::object(copy))
        }
        _ => None,
    }
}

pub(super) fn model_of(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    kept(machine, object?, "$class")
}

/// What a manager of the program inherits: the methods of the queryset of all its records.
pub(super) fn manager_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = call.this.objects().next() else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    if name == "__init__" {
        return Ok(Some(Value::null()));
    }
    let model = machine.heap.property(id, Ustr::from("model")).cloned();
    let Some(class) = model.and_then(|model| model.only_object()) else {
        return Ok(None);
    };
    match name {
        "get_queryset" | "all" if name == "get_queryset" => {
            let query = all(host, machine, class, call.span);
            return Ok(Some(Value::object(query)));
        }
        "normalize_email" => return Ok(Some(call.arguments.get(0))),
        "make_random_password" => {
            let origin = firedoor_app::Origin::Random {
                cryptographic: true,
                bits: Some(60),
            };
            let value = Value::unknown(Shape::String);
            return Ok(Some(host.with_origin(machine, value, origin)));
        }
        _ => {}
    }
    let whole = machine.call_member(
        &call.this,
        Ustr::from("get_queryset"),
        &Arguments::default(),
        call.span,
    )?;
    if name == "all" {
        return Ok(Some(whole));
    }
    machine
        .call_member(&whole, Ustr::from(name), call.arguments, call.span)
        .map(Some)
}

/// What the end of a name asks for: `age__gt`.
pub(super) fn lookup(name: &str) -> (String, &'static str) {
    let Some((field, word)) = name.rsplit_once("__") else {
        return (name.to_owned(), "=");
    };
    let operator = match word {
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        "in" => "in",
        "iexact" | "isnull" | "exact" => "=",
        "range" => "between",
        "contains" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith"
        | "regex" | "iregex" | "search" => "like",
        "date" | "year" | "month" | "day" | "unaccent" | "lower" => "like",
        _ => return (name.replace("__", "."), "="),
    };
    (field.replace("__", "."), operator)
}

/// The conditions of a call: named ones, and `Q` objects.
pub(crate) fn given(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: Option<ObjectId>,
    arguments: &Arguments,
    span: Span,
) -> Vec<Value> {
    let asset = class.and_then(|class| asset_of(host, machine, class));
    let asset = asset.unwrap_or_default();
    let mut conditions = arguments.positional.clone();
    for (name, value) in &arguments.keywords {
        if matches!(
            name.as_str(),
            "defaults" | "create_defaults" | "_connector" | "_negated"
        ) {
            continue;
        }
        let (mut field, operator) = lookup(name);
        if (field == "pk" || field == "id")
            && let Some(class) = class
        {
            field = python_active::primary_key(host, machine, class).to_string();
        }
        conditions.push(condition(
            host,
            machine,
            (asset, &field),
            operator,
            value,
            span,
        ));
    }
    conditions.extend(arguments.rest.clone());
    conditions
}

/// `Q(a=1, b=2)`.
pub(super) fn conditions(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = given(host, machine, None, call.arguments, call.span);
    Ok(Some(make(
        host, machine, CONDITION, "and", parts, call.span,
    )))
}

pub(super) fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "name").text();
    Ok(name.map(|name| column_object(host, machine, Ustr::from(""), name, call.span)))
}

/// Methods that give a queryset like the one they are called on.
pub(super) fn is_same(name: &str) -> bool {
    matches!(
        name,
        "all"
            | "order_by"
            | "prefetch_related"
            | "select_related"
            | "distinct"
            | "only"
            | "defer"
            | "values"
            | "values_list"
            | "annotate"
            | "alias"
            | "using"
            | "reverse"
            | "iterator"
            | "aiterator"
            | "select_for_update"
            | "extra"
            | "dates"
            | "datetimes"
            | "union"
            | "intersection"
            | "difference"
            | "get_queryset"
            | "none"
            | "in_bulk"
    )
}

pub(super) fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(receiver) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let mut name = last_name(&call.path);
    if let Some(plain) = name.strip_prefix('a')
        && is_terminal(plain)
    {
        name = plain;
    }
    let id = copied(machine, receiver, call.span);
    let class = class_in(machine, id);
    let span = call.span;
    match name {
        "select_for_update" => host.state().run.transactions += 1,
        "values" | "values_list" => pick(machine, id, name, call),
        "union" => forget_empty(machine, id),
        "none" => keep(machine, id, EMPTY_SET, Value::bool(true)),
        "filter" | "get" | "exclude" | "exists" | "delete" | "count" => {
            let mut conditions = given(host, machine, class, call.arguments, span);
            if name == "exclude" && !conditions.is_empty() {
                conditions = vec![make(host, machine, CONDITION, "not", conditions, span)];
            }
            narrow(machine, id, conditions);
            if name != "exclude" && super::orm_sets::asks_for_none(machine, call.arguments) {
                keep(machine, id, EMPTY_SET, Value::bool(true));
            }
        }
        _ => {}
    }
    if is_same(name) || matches!(name, "filter" | "exclude") {
        return Ok(Some(Value::object(id)));
    }
    if is_terminal(name) {
        return terminal(host, machine, id, name, call);
    }
    own_method(machine, receiver, name, call)
}

/// Methods that are answered at once.
pub(super) fn is_terminal(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "first"
            | "last"
            | "earliest"
            | "latest"
            | "count"
            | "exists"
            | "aggregate"
            | "delete"
            | "update"
            | "create"
            | "create_user"
            | "create_superuser"
            | "bulk_create"
            | "bulk_update"
            | "get_or_create"
            | "update_or_create"
            | "add"
            | "set"
            | "remove"
            | "clear"
            | "contains"
            | "get_by_natural_key"
    )
}

pub(super) fn terminal(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let span = call.span;
    let Some(class) = class_in(machine, id) else {
        return Ok(None);
    };
    Ok(Some(match name {
        "get" => {
            set_run(machine, id, Run::One);
            let found = run(host, machine, id, span);
            let found = required(host, machine, &found, MISSING, span)?;
            picked(machine, id, found, span)
        }
        "get_by_natural_key" => {
            let asset = asset_of(host, machine, class).unwrap_or_default();
            let key = condition(
                host,
                machine,
                (asset, "username"),
                "=",
                &call.arguments.get(0),
                span,
            );
            narrow(machine, id, [key]);
            set_run(machine, id, Run::One);
            let found = run(host, machine, id, span);
            required(host, machine, &found, MISSING, span)?
        }
        "first" | "last" | "earliest" | "latest" => {
            set_run(machine, id, Run::One);
            let found = run(host, machine, id, span);
            picked(machine, id, found, span)
        }
        "count" | "aggregate" => {
            set_run(machine, id, Run::Count);
            run(host, machine, id, span)
        }
        "exists" | "contains" => {
            set_run(machine, id, Run::Exists);
            run(host, machine, id, span)
        }
        "delete" | "clear" => {
            set_run(machine, id, Run::Delete);
            run(host, machine, id, span)
        }
        "update" => {
            let values = named_values(machine, call.arguments, span);
            set_run(machine, id, Run::Update);
            keep(machine, id, "$values", values);
            run(host, machine, id, span)
        }
        "create" => make_record(host, machine, id, class, call.arguments, span),
        "create_user" | "create_superuser" => make_user(host, machine, class, name, call),
        "bulk_create" | "bulk_update" => {
            let (records, _) = machine.elements_of(&argument(call, 0, "objs"));
            for record in &records {
                match name {
                    "bulk_create" => create(host, machine, record, span),
                    _ => python_active::save(host, machine, record, span),
                }
            }
            argument(call, 0, "objs")
        }
        "get_or_create" | "update_or_create" => {
            found_or_create(host, machine, id, class, name, call)
        }
        "add" | "set" | "remove" => {
            change_members(host, machine, id, call);
            Value::null()
        }
        _ => return Ok(None),
    }))
}

/// A record that a related manager makes belongs to its owner.
pub(super) fn make_record(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: ObjectId,
    class: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Value {
    let record = made(machine, class, arguments, span);
    if let (Some(id), Some(owner), Some(name)) = (
        record.only_object(),
        kept(machine, query, "$owner"),
        kept(machine, query, "$by").and_then(|name| name.text()),
    ) {
        machine.heap.get_mut(id).properties.insert(name, owner);
    }
    create(host, machine, &record, span);
    record
}

/// `create_user(username, email, password, **fields)` hashes the password.
pub(super) fn make_user(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Value {
    let mut arguments = Arguments {
        keywords: call.arguments.keywords.clone(),
        rest: call.arguments.rest.clone(),
        ..Arguments::default()
    };
    for (index, field) in ["username", "email", "password"].iter().enumerate() {
        if let Some(value) = call.arguments.positional.get(index) {
            arguments.keywords.insert(Ustr::from(field), value.clone());
        }
    }
    let password = Ustr::from("password");
    if let Some(given) = arguments.keywords.get(&password).cloned() {
        let provenance = host.deep_provenance(machine, &given);
        let kind = firedoor_app::EffectKind::HashPassword(provenance);
        host.effect(machine, kind, call.span);
        let value = machine.derived(Shape::String, [&given]);
        let hashed = host.with_origin(machine, value, firedoor_app::Origin::Digest);
        arguments.keywords.insert(password, hashed);
    }
    if name == "create_superuser" {
        for flag in ["is_staff", "is_superuser"] {
            arguments
                .keywords
                .entry(Ustr::from(flag))
                .or_insert(Value::bool(true));
        }
    }
    let record = made(machine, class, &arguments, call.span);
    create(host, machine, &record, call.span);
    record
}

pub(super) fn found_or_create(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    class: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Value {
    let conditions = given(host, machine, Some(class), call.arguments, call.span);
    narrow(machine, id, conditions);
    set_run(machine, id, Run::One);
    let found = run(host, machine, id, call.span);
    let defaults = call.arguments.keyword("defaults").cloned();
    let defaults = defaults.unwrap_or_else(Value::null);
    if name == "update_or_create" {
        set_run(machine, id, Run::Update);
        keep(machine, id, "$values", defaults.clone());
        run(host, machine, id, call.span);
    }
    let mut arguments = call.arguments.clone();
    arguments.positional.clear();
    arguments.keywords.shift_remove(&Ustr::from("defaults"));
    let record = made(machine, class, &arguments, call.span);
    if let Some(id) = record.only_object() {
        crate::store::assign_into(machine, id, &defaults);
    }
    create(host, machine, &record, call.span);
    found_or_made(machine, &found, &record, call.span)
}

/// A method that the program's own queryset class has.
pub(super) fn own_method(
    machine: &mut Machine<'_>,
    receiver: ObjectId,
    name: &str,
    call: &Call<'_>,
) -> Answer {
    let class = kept(machine, receiver, "$queryset").and_then(|class| class.only_object());
    let Some((_, function)) =
        class.and_then(|class| machine.class_attribute(class, Ustr::from(name)))
    else {
        return Ok(None);
    };
    let mut arguments = call.arguments.clone();
    arguments.positional.insert(0, Value::object(receiver));
    machine
        .call_value(&function, None, &arguments, call.span)
        .map(Some)
}

/// What iterating over a queryset gives, or one of its records by number.
pub(super) fn element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    let found = python_active::element(host, machine, query, key, span)?;
    Some(match query.only_object() {
        Some(id) => picked(machine, id, found, span),
        None => found,
    })
}
