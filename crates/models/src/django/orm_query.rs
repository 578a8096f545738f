//! Querysets and managers: `filter`, `get`, `create`, `Q` and `F`, `get_object_or_404`.
//!
//! A queryset does nothing until something is asked of it. Sources: django 5.2 `db/models/query.py`,
//! `db/models/query_utils.py`, `shortcuts.py`.

use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::orm;
use crate::python_active::{
    self, Run, class_in, condition, copied, found_or_made, keep, kept, made, named_values, narrow,
    query, required, run, set_run,
};
use crate::python_records::{asset_of, class_of, columns, create, instance_value};
use crate::python_support::{argument, exception, last_name, object_with_arguments};
use crate::sqlalchemy::query::{CONDITION, column_object, make};
use crate::{Model, ModelHost, Persona};

/// The object that a queryset or manager is.
pub(crate) const QUERY: &str = "django:query()";
const MANAGER_OF: &str = "django:manager-of";
const MISSING: &str = "py:django.db.models.Model.DoesNotExist";

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
fn manager(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = object_with_arguments(machine, call);
    machine.heap.get_mut(id).kind = ObjectKind::Host(Ustr::from(MANAGER_OF));
    Ok(Some(Value::object(id)))
}

/// `PostQuerySet.as_manager()`.
fn as_manager(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, MANAGER_OF, call.span);
    machine.heap.get_mut(id).elements = vec![call.this.clone()];
    Ok(Some(Value::object(id)))
}

/// `Manager.from_queryset(PostQuerySet)` is a class.
fn from_queryset(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "django:manager-class", call.span);
    machine.heap.get_mut(id).elements = vec![call.arguments.get(0)];
    Ok(Some(Value::object(id)))
}

fn manager_of_class(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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

fn model_of(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    kept(machine, object?, "$class")
}

/// What a manager of the program inherits: the methods of the queryset of all its records.
fn manager_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
fn lookup(name: &str) -> (String, &'static str) {
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
fn conditions(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let parts = given(host, machine, None, call.arguments, call.span);
    Ok(Some(make(
        host, machine, CONDITION, "and", parts, call.span,
    )))
}

fn column(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = argument(call, 0, "name").text();
    Ok(name.map(|name| column_object(host, machine, Ustr::from(""), name, call.span)))
}

/// Methods that give a queryset like the one they are called on.
fn is_same(name: &str) -> bool {
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

fn query_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
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
        "filter" | "get" | "exclude" | "exists" | "delete" | "count" => {
            let mut conditions = given(host, machine, class, call.arguments, span);
            if name == "exclude" && !conditions.is_empty() {
                conditions = vec![make(host, machine, CONDITION, "not", conditions, span)];
            }
            narrow(machine, id, conditions);
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
fn is_terminal(name: &str) -> bool {
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

fn terminal(
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
            required(host, machine, &found, MISSING, span)?
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
            run(host, machine, id, span)
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
            let (records, open) = machine.elements_of(&argument(call, 0, "objs"));
            for record in &records {
                match name {
                    "bulk_create" => create(host, machine, record, span),
                    _ => python_active::save(host, machine, record, span),
                }
            }
            let _ = open;
            argument(call, 0, "objs")
        }
        "get_or_create" | "update_or_create" => {
            found_or_create(host, machine, id, class, name, call)
        }
        "add" | "set" | "remove" => {
            change_members(host, machine, id, name, call);
            Value::null()
        }
        _ => return Ok(None),
    }))
}

/// A record that a related manager makes belongs to its owner.
fn make_record(
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
fn make_user(
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

fn found_or_create(
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

/// `recipe.shared.add(user)` writes which records belong to which.
fn change_members(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    id: ObjectId,
    name: &str,
    call: &Call<'_>,
) {
    let owner = kept(machine, id, "$owner");
    let asset = owner
        .as_ref()
        .and_then(Value::only_object)
        .and_then(|owner| asset_of(host, machine, owner));
    let Some(asset) = asset else { return };
    let field = kept(machine, id, "$m2m").or_else(|| kept(machine, id, "$by"));
    let field = field.and_then(|field| field.text()).unwrap_or_default();
    let operation = firedoor_app::Operation::Update;
    let mut done = crate::python_records::access(host, operation, asset);
    if let Some(owner) = owner.and_then(|owner| owner.only_object()) {
        done.key = crate::python_records::key_of(host, machine, owner);
    }
    let _ = name;
    for value in call.arguments.positional.clone() {
        done.values.push(firedoor_app::Field {
            name: field,
            value: host.deep_provenance(machine, &value),
            operator: "=",
        });
    }
    crate::python_records::note(host, machine, done, call.span);
}

/// A method that the program's own queryset class has.
fn own_method(
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
fn element(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    query: &Value,
    key: &Value,
    span: Span,
) -> Option<Value> {
    python_active::element(host, machine, query, key, span)
}

/// `a | b` has the records of either.
fn combine(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: firedoor_ir::BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    use firedoor_ir::BinaryOperator as Op;
    let (first, second) = (left.only_object()?, right.only_object()?);
    let word = match operator {
        Op::BitOr => "or",
        Op::BitAnd => "and",
        _ => return None,
    };
    let all = |machine: &Machine<'_>, id: ObjectId| machine.heap.get(id).elements.clone();
    let (a, b) = (all(machine, first), all(machine, second));
    let a = make(host, machine, CONDITION, "and", a, span);
    let b = make(host, machine, CONDITION, "and", b, span);
    let both = make(host, machine, CONDITION, word, vec![a, b], span);
    let id = copied(machine, first, span);
    machine.heap.get_mut(id).elements = vec![both];
    Some(Value::object(id))
}

/// The class that a relation refers to.
pub(crate) fn target_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    column: &Value,
    own: ObjectId,
) -> Option<ObjectId> {
    let object = machine.heap.get(column.only_object()?);
    let to = object
        .properties
        .get(&Ustr::from("to"))
        .or_else(|| object.elements.first())
        .cloned()?;
    if let Some(id) = to.only_object() {
        return Some(id);
    }
    let name = match to.text() {
        Some(name) => name,
        None => {
            let path = to.as_outside()?;
            if path == "py:django.conf.settings.AUTH_USER_MODEL" {
                return Some(super::users::class(host, machine));
            }
            return None;
        }
    };
    match name.as_str() {
        "self" => Some(own),
        "auth.User" => Some(super::users::class(host, machine)),
        _ => orm::class_named(host, machine, &name),
    }
}

/// The records that refer to a record: `user.posts`, `post.comment_set`, `user.profile`.
pub(crate) fn reverse(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    span: Span,
) -> Option<Value> {
    let own = class_of(machine, instance)?;
    let ancestors = machine.class_order(own);
    let models = host.state().django.models.clone();
    for model in models {
        let Some(table) = columns(host, model) else {
            continue;
        };
        let fields = machine.heap.get(table).properties.clone();
        for (field, column) in fields {
            let Some(path) = crate::sqlalchemy::columns::declared_path(machine, &column) else {
                continue;
            };
            let kind = last_name(path.trim_end_matches("()")).to_owned();
            let is_single = kind.contains("OneToOne");
            if !(is_single || kind.contains("ForeignKey") || kind.contains("ManyToMany")) {
                continue;
            }
            if reverse_name(machine, model, &column, is_single).is_none_or(|own| own != name) {
                continue;
            }
            let target = target_of(host, machine, &column, model);
            if !target.is_some_and(|target| ancestors.contains(&target)) {
                continue;
            }
            let id = all(host, machine, model, span);
            let asset = asset_of(host, machine, model).unwrap_or_default();
            let value = instance_value(host, instance);
            let key = condition(host, machine, (asset, &field), "=", &value, span);
            narrow(machine, id, [key]);
            if is_single {
                set_run(machine, id, Run::One);
                let found = run(host, machine, id, span);
                return required(host, machine, &found, MISSING, span).ok();
            }
            keep(machine, id, "$owner", value);
            keep(machine, id, "$by", Value::string(&field));
            return Some(Value::object(id));
        }
    }
    None
}

fn reverse_name(
    machine: &Machine<'_>,
    model: ObjectId,
    column: &Value,
    is_single: bool,
) -> Option<String> {
    let id = column.only_object()?;
    let given = machine.heap.property(id, Ustr::from("related_name"));
    let model = machine.heap.get(model).name?.to_ascii_lowercase();
    Some(match given.and_then(Value::text) {
        Some(name) => name.replace("%(class)s", &model),
        None if is_single => model,
        None => format!("{model}_set"),
    })
}

/// `user.groups.filter(name='x').exists()`.
fn related_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(id) = call.receiver.or(call.this.only_object()) else {
        return Ok(None);
    };
    let value = machine.heap.get(id).elements.first().cloned();
    let value = value.unwrap_or_else(Value::null);
    let name = last_name(&call.path);
    let mut parts: Vec<&Value> = vec![&value];
    parts.extend(call.arguments.all());
    Ok(Some(match name.trim_start_matches('a') {
        "exists" | "contains" => {
            machine.tested(firedoor_eval::TestKind::Membership, None, &parts, call.span)
        }
        "filter" | "ll" | "exclude" | "values_list" | "order_by" | "values" => {
            let joined = machine.derived(Shape::Any, parts);
            let id = host.make_object(machine, "django:related()", call.span);
            machine.heap.get_mut(id).elements = vec![joined.clone()];
            Value::object(id).with_origins(joined.origins)
        }
        _ => machine.derived(Shape::Any, parts),
    }))
}

/// The queryset that `klass` stands for: a class, a manager, or a queryset.
pub(crate) fn queryset_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    klass: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let Some(id) = klass.objects().next() else {
        return Ok(klass.clone());
    };
    if matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == QUERY) {
        return Ok(klass.clone());
    }
    if asset_of(host, machine, id).is_some() {
        let name = Ustr::from("objects");
        let manager = machine.member(klass, name, span)?;
        return queryset_of_manager(machine, &manager, span);
    }
    queryset_of_manager(machine, klass, span)
}

fn queryset_of_manager(
    machine: &mut Machine<'_>,
    manager: &Value,
    span: Span,
) -> Result<Value, Stop> {
    let is_instance = manager
        .only_object()
        .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }));
    match is_instance {
        true => machine.call_member(manager, Ustr::from("all"), &Arguments::default(), span),
        false => Ok(manager.clone()),
    }
}

/// `get_object_or_404(klass, *args, **kwargs)`.
fn get_or_404(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let klass = argument(call, 0, "klass");
    let mut arguments = call.arguments.clone();
    if !arguments.positional.is_empty() {
        arguments.positional.remove(0);
    }
    one_or_404(host, machine, &klass, &arguments, call.span).map(Some)
}

/// Returns the record that is asked for, or answers that there is none.
pub(crate) fn one_or_404(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    klass: &Value,
    arguments: &Arguments,
    span: Span,
) -> Result<Value, Stop> {
    let whole = queryset_of(host, machine, klass, span)?;
    let queries: Vec<ObjectId> = whole
        .objects()
        .filter(|id| matches!(machine.heap.get(*id).kind, ObjectKind::Host(path) if path == QUERY))
        .collect();
    if queries.is_empty() {
        let mut parts: Vec<&Value> = vec![&whole];
        parts.extend(arguments.all());
        return Ok(machine.derived(Shape::Object, parts));
    }
    let mut found = Vec::new();
    for id in queries {
        let query = copied(machine, id, span);
        let class = class_in(machine, query);
        let conditions = given(host, machine, class, arguments, span);
        narrow(machine, query, conditions);
        set_run(machine, query, Run::One);
        found.push(run(host, machine, query, span));
    }
    let found = machine.join_all(&found);
    required(host, machine, &found, "py:django.http.Http404", span)
}

fn list_or_404(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let klass = argument(call, 0, "klass");
    let whole = queryset_of(host, machine, &klass, call.span)?;
    let mut arguments = call.arguments.clone();
    if !arguments.positional.is_empty() {
        arguments.positional.remove(0);
    }
    let name = Ustr::from("filter");
    let found = machine.call_member(&whole, name, &arguments, call.span)?;
    if host.persona() == Persona::User {
        let error = exception(machine, "py:django.http.Http404", &[&found]);
        machine.may_throw(error, call.span);
    }
    Ok(Some(found))
}

/// Runs the querysets in what is answered: a template or an encoder iterates over them.
pub(crate) fn read_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    value: &Value,
    span: Span,
) -> Value {
    let is_query = |machine: &Machine<'_>, id: ObjectId| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == QUERY);
    let queries: Vec<ObjectId> = value
        .objects()
        .filter(|id| is_query(machine, *id))
        .collect();
    if !queries.is_empty() {
        let mut found = Vec::new();
        for id in queries {
            let copy = copied(machine, id, span);
            set_run(machine, copy, Run::Many);
            found.push(run(host, machine, copy, span));
        }
        return machine.join_all(&found);
    }
    if let Some(id) = value.only_object() {
        if matches!(machine.heap.get(id).kind, ObjectKind::Plain) {
            let parts: Vec<Value> = machine.heap.get(id).properties.values().cloned().collect();
            for part in parts {
                if part.only_object().is_some_and(|id| is_query(machine, id)) {
                    read_all(host, machine, &part, span);
                }
            }
        }
    }
    value.clone()
}
