//! Django's models: classes that stand for tables, their records, and the managers that find them.
//!
//! Sources: django 5.2 `db/models/base.py`, `db/models/fields/related_descriptors.py`,
//! `db/models/manager.py`, `contrib/auth/models.py`.

use firedoor_app::Operation;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::orm_query::{self, QUERY};
use super::users;
use crate::python_active::{self, declare_class, keep, save, take_columns, transaction};
use crate::python_records::{
    access, asset_of, class_of, column_value, columns, delete, fill, key_of, note,
};
use crate::python_support::{last_name, object_with_arguments};
use crate::{Model, ModelHost};

const BASE: &str = "py:django.db.models.Model";

/// Library classes that stand for tables.
macro_rules! tables {
    ($($path:literal),* $(,)?) => {
        /// The library classes that stand for tables.
        const TABLES: &[&str] = &[$($path),*];

        /// The model.
        pub static LIBRARY: Model = Model {
            name: "django",
            calls: &[$(
                (concat!($path, ".*"), class_method),
                (concat!($path, "().*"), instance_method),
                ($path, make_record),
            )*],
            members: &[$(
                ($path, library_member),
                (concat!($path, ".*"), class_member),
                (concat!($path, "().*"), instance_member),
            )*],
            classes: &[$(($path, class_made)),*],
            instances: &[$(($path, instance_made)),*],
            ..Model::EMPTY
        };
    };
}

tables!(
    "py:django.contrib.auth.models.User",
    "py:django.contrib.auth.models.Group",
    "py:django.contrib.auth.models.Permission",
    "py:django.contrib.sessions.models.Session",
    "py:django.contrib.contenttypes.models.ContentType",
    "py:django.contrib.sites.models.Site",
    "py:rest_framework.authtoken.models.Token",
    "py:allauth.account.models.EmailAddress",
    "py:allauth.socialaccount.models.SocialAccount",
    "py:oauth2_provider.models.AccessToken",
    "py:axes.models.AccessAttempt",
);

/// The model.
pub static MODEL: Model = Model {
    name: "django",
    calls: &[
        ("py:django.db.models.*", field),
        ("py:django.contrib.postgres.fields.*", field),
        ("py:django.db.models.Model.*", class_method),
        ("py:django.db.models.Model().*", instance_method),
        ("py:django.contrib.auth.models.AbstractUser.*", class_method),
        (
            "py:django.contrib.auth.models.AbstractUser().*",
            instance_method,
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser.*",
            class_method,
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser().*",
            instance_method,
        ),
        (
            "py:django.contrib.auth.models.PermissionsMixin().*",
            instance_method,
        ),
        ("py:django.db.transaction.atomic", atomic),
        ("py:django.db.transaction.on_commit", on_commit),
        ("python:transaction()", crate::python_support::first),
    ],
    members: &[
        ("py:django.db.models.Model.*", class_member),
        ("py:django.db.models.Model().*", instance_member),
        ("py:django.contrib.auth.models.AbstractUser.*", class_member),
        (
            "py:django.contrib.auth.models.AbstractUser().*",
            instance_member,
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser.*",
            class_member,
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser().*",
            instance_member,
        ),
    ],
    classes: &[
        (BASE, class_made),
        ("py:django.contrib.auth.models.AbstractUser", class_made),
        ("py:django.contrib.auth.models.AbstractBaseUser", class_made),
    ],
    instances: &[
        (BASE, instance_made),
        ("py:django.contrib.auth.models.AbstractUser", instance_made),
        (
            "py:django.contrib.auth.models.AbstractBaseUser",
            instance_made,
        ),
    ],
    operators: &[
        ("py:django.db.models.Model()", super::users::compare_records),
        (
            "py:django.contrib.auth.models.AbstractUser()",
            super::users::compare_records,
        ),
        (
            "py:django.contrib.auth.models.AbstractBaseUser()",
            super::users::compare_records,
        ),
        (
            "py:django.contrib.auth.models.User()",
            super::users::compare_records,
        ),
    ],
    aliases: &[
        ("py:django.db.models.base.Model", BASE),
        ("py:django.contrib.gis.db.models.Model", BASE),
    ],
    ..Model::EMPTY
};

/// `models.CharField(...)` keeps what it is given; functions and expressions of the same module do too.
fn field(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    if call.path.contains("()") {
        return Ok(None);
    }
    let id = object_with_arguments(machine, call);
    Ok(Some(Value::object(id)))
}

/// Holds for the path of a field.
fn is_field(path: &str) -> bool {
    let last = last_name(path.trim_end_matches("()"));
    last.ends_with("Field") || last.ends_with("ForeignKey") || last.ends_with("ForeignKeyField")
}

/// The columns that users have.
const USER_COLUMNS: [&str; 11] = [
    "username",
    "email",
    "password",
    "first_name",
    "last_name",
    "is_staff",
    "is_superuser",
    "is_active",
    "date_joined",
    "last_login",
    "permissions",
];

fn is_abstract(machine: &Machine<'_>, class: ObjectId) -> bool {
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return false;
    };
    let meta = machine.heap.property(prototype, Ustr::from("Meta"));
    let Some(meta) = meta.and_then(Value::only_object) else {
        return false;
    };
    let ObjectKind::Class { prototype, .. } = machine.heap.get(meta).kind else {
        return false;
    };
    let flag = machine.heap.property(prototype, Ustr::from("abstract"));
    flag.and_then(Value::truth) == Some(true)
}

fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    if is_abstract(machine, class) {
        return;
    }
    let mut own = take_columns(host, machine, class, is_field);
    let bases = machine.outside_bases(class);
    if bases.iter().any(|base| last_name(base).contains("User")) {
        for name in USER_COLUMNS {
            if own.iter().all(|(known, _)| known != name) {
                own.push((Ustr::from(name), Value::null()));
            }
        }
    }
    declare_class(host, machine, class, own, span);
    host.state().django.models.push(class);
    bind_managers(host, machine, class, span);
}

/// Every class has managers of its own: those that it or its bases declare.
fn bind_managers(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let ObjectKind::Class { prototype, .. } = machine.heap.get(class).kind else {
        return;
    };
    let mut found: Vec<(Ustr, Value)> = Vec::new();
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        let members = machine.heap.get(prototype).properties.clone();
        for (name, value) in members {
            if found.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(bound) = orm_query::bound_manager(host, machine, &value, class, span) {
                found.push((name, bound));
            }
        }
    }
    for (name, value) in found {
        let properties = &mut machine.heap.get_mut(prototype).properties;
        properties.insert(name, value);
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

/// Returns the object that stands for a class of a library.
pub(crate) fn library_class(host: &ModelHost, machine: &mut Machine<'_>, path: &str) -> ObjectId {
    let known = host.state().django.classes.get(&Ustr::from(path)).copied();
    if let Some(known) = known {
        return known;
    }
    let span = machine.place();
    let id = host.make_object(machine, path, span);
    machine.heap.get_mut(id).name = Some(Ustr::from(last_name(path)));
    let names: &[&str] = match last_name(path) {
        "User" => &USER_COLUMNS,
        "Token" => &["key", "user", "created"],
        "Session" => &["session_key", "session_data", "expire_date"],
        "EmailAddress" => &["user", "email", "verified", "primary"],
        _ => &["name"],
    };
    let columns = names.iter().map(|name| (Ustr::from(name), Value::null()));
    declare_class(host, machine, id, columns.collect(), span);
    let mut state = host.state();
    state.django.classes.insert(Ustr::from(path), id);
    state.django.models.push(id);
    id
}

/// `django.contrib.auth.models.User` is a class.
fn library_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    _object: Option<ObjectId>,
    _span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    TABLES.iter().any(|table| path == *table).then(|| {
        let class = library_class(host, machine, &path);
        Value::object(class)
    })
}

/// `User(username=...)` of a library class.
fn make_record(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = library_class(host, machine, &call.path);
    Ok(Some(python_active::made(
        machine,
        class,
        call.arguments,
        call.span,
    )))
}

/// Returns the model of that name.
pub(crate) fn class_named(host: &ModelHost, machine: &Machine<'_>, name: &str) -> Option<ObjectId> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let models = host.state().django.models.clone();
    models
        .into_iter()
        .find(|class| machine.heap.get(*class).name.is_some_and(|own| own == last))
}

/// `Model.objects`, `Model.DoesNotExist`.
fn class_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let path = host.state().member_name;
    let class = match object {
        Some(class) => class,
        None => {
            let owner = path.rsplit_once('.').map_or("", |(owner, _)| owner);
            match TABLES.contains(&owner) {
                true => library_class(host, machine, owner),
                false => return None,
            }
        }
    };
    match last_name(&path) {
        "objects" | "_default_manager" | "_base_manager" => {
            asset_of(host, machine, class)?;
            let id = orm_query::all(host, machine, class, span);
            Some(Value::object(id))
        }
        "DoesNotExist" => Some(Value::outside("py:django.db.models.Model.DoesNotExist")),
        "MultipleObjectsReturned" => Some(Value::outside(
            "py:django.core.exceptions.MultipleObjectsReturned",
        )),
        "_meta" => Some(super::meta::meta(host, machine, class, span)),
        _ => None,
    }
}

fn class_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match last_name(&call.path) {
        "from_db" | "check" => Ok(None),
        _ => {
            let _ = (host, machine);
            Ok(None)
        }
    }
}

/// What an attribute of a record is: what the row holds, the record that it refers to, or the records that
/// refer to it.
fn instance_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let instance = object?;
    let path = host.state().member_name;
    let name = last_name(&path).to_owned();
    class_of(machine, instance).filter(|class| *class != instance)?;
    asset_of(host, machine, instance)?;
    if is_user(machine, instance)
        && let Some(value) = users::user_member(host, machine, instance, &name, span)
    {
        return Some(value);
    }
    if let Some(value) = many_to_many(host, machine, instance, &name, span) {
        return Some(value);
    }
    host.state().member_name = path;
    if let Some(value) = python_active::instance_member(host, machine, object, span) {
        return Some(value);
    }
    orm_query::reverse(host, machine, instance, &name, span)
}

/// Holds if a record is one of a user.
fn is_user(machine: &Machine<'_>, instance: ObjectId) -> bool {
    let bases = machine.outside_bases(instance);
    bases.iter().any(|base| {
        base.starts_with("py:django.contrib.auth.models.")
            && matches!(
                last_name(base),
                "User" | "AbstractUser" | "AbstractBaseUser" | "PermissionsMixin"
            )
    })
}

/// `recipe.shared`: the records that a many-to-many field refers to.
fn many_to_many(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    instance: ObjectId,
    name: &str,
    span: Span,
) -> Option<Value> {
    let class = class_of(machine, instance)?;
    let table = columns(host, class)?;
    let column = machine.heap.property(table, Ustr::from(name)).cloned()?;
    let path = crate::sqlalchemy::columns::declared_path(machine, &column)?;
    if !last_name(path.trim_end_matches("()")).contains("ManyToMany") {
        return None;
    }
    let target = orm_query::target_of(host, machine, &column, class);
    let value = column_value(host, machine, instance, Ustr::from(name));
    let Some(target) = target else {
        return Some(related_list(host, machine, instance, name, value, span));
    };
    let id = orm_query::all(host, machine, target, span);
    let asset = asset_of(host, machine, target).unwrap_or_default();
    let own = crate::python_records::instance_value(host, instance);
    let by = machine.heap.get(instance).span;
    let condition = python_active::condition(host, machine, (asset, name), "=", &own, by);
    python_active::narrow(machine, id, [condition]);
    keep(machine, id, "$m2m", Value::string(name));
    keep(machine, id, "$owner", own);
    Some(Value::object(id))
}

/// Records that belong to another by a relation that nothing more is known of.
pub(crate) fn related_list(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    _instance: ObjectId,
    name: &str,
    value: Value,
    span: Span,
) -> Value {
    let id = machine
        .heap
        .allocate(ObjectKind::Host(Ustr::from("django:related()")), span);
    let object = machine.heap.get_mut(id);
    object.elements = vec![value.clone()];
    object.name = Some(Ustr::from(name));
    Value::object(id).with_origins(value.origins)
}

/// What the methods of records do.
fn instance_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let records = call.this.clone();
    let Some(instance) = records.objects().next() else {
        return Ok(None);
    };
    let name = last_name(&call.path);
    if is_user(machine, instance)
        && let Some(value) = users::user_method(host, machine, instance, name, call)?
    {
        return Ok(Some(value));
    }
    match name {
        "save" | "asave" | "save_base" => save(host, machine, &records, call.span),
        "delete" | "adelete" => delete(host, machine, &records, call.span),
        "__init__" => {
            for id in records.objects().collect::<Vec<_>>() {
                fill(machine, id, call.arguments);
            }
        }
        "refresh_from_db" | "arefresh_from_db" => {
            for id in records.objects().collect::<Vec<_>>() {
                if let Some(asset) = asset_of(host, machine, id) {
                    let mut read = access(host, Operation::Read, asset);
                    read.key = key_of(host, machine, id);
                    note(host, machine, read, call.span);
                }
            }
        }
        "full_clean" | "clean" | "clean_fields" | "validate_unique" => {
            let path = "py:django.core.exceptions.ValidationError";
            let error = crate::python_support::exception(machine, path, &[&records]);
            machine.may_throw(error, call.span);
        }
        "get_absolute_url" => return Ok(Some(Value::unknown(Shape::String))),
        "__str__" => return Ok(Some(machine.derived(Shape::String, [&records]))),
        _ if name.starts_with("get_") && name.ends_with("_display") => {
            return Ok(Some(machine.derived(Shape::String, [&records])));
        }
        _ => return Ok(None),
    }
    Ok(Some(Value::null()))
}

/// `with transaction.atomic():`, `@transaction.atomic`, `@transaction.atomic()`.
fn atomic(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let first = call.arguments.get(0);
    if crate::store::is_function(machine, &first) {
        return Ok(Some(first));
    }
    transaction(host, machine, call)
}

/// What is done once a transaction has ended belongs to the request.
fn on_commit(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let function = call.arguments.get(0);
    machine.call_value(&function, None, &Arguments::default(), call.span)?;
    let _ = QUERY;
    Ok(Some(Value::null()))
}
