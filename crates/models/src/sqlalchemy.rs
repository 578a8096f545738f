//! SQLAlchemy 1.4 and 2: models, and what reading and assigning their attributes means.
//!
//! An attribute of a model class is a column expression, of an instance the value in its row; assigning one
//! of a stored instance is an update. Source: SQLAlchemy 2.0 documentation, "ORM Mapped Class Overview" and
//! "Session Basics". Statements and sessions are in [`crate::sqlalchemy::query`] and
//! [`crate::sqlalchemy::session`].

mod backrefs;
pub(crate) mod columns;
pub(crate) mod query;
pub(crate) mod result;
pub(crate) mod session;
pub(crate) mod statement;
pub(crate) mod table;

use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{
    assign, assign_any, class_named, class_of, column_value, columns, fill, instance_value,
    keep_loaded, loaded, related,
};
use crate::python_support::keep;
use crate::sqlalchemy::columns::{
    allows_none, annotation, declare_model, is_collection, is_relationship, kind_name,
    take_columns, target_name,
};
use crate::sqlalchemy::query::column_object;
use crate::{Model, ModelHost};

const BASE: &str = "py:sqlalchemy.orm.DeclarativeBase";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlalchemy",
    calls: &[
        ("py:sqlalchemy.Column", keep),
        ("py:sqlalchemy.ForeignKey", keep),
        ("py:sqlalchemy.orm.mapped_column", keep),
        ("py:sqlalchemy.orm.relationship", keep),
        ("py:sqlalchemy.orm.backref", keep),
        ("py:sqlalchemy.orm.declarative_base", base_class),
        ("py:sqlalchemy.orm.registry", keep),
        ("py:sqlalchemy.orm.registry().generate_base", base_class),
        ("py:sqlalchemy.orm.as_declarative", keep),
        ("py:sqlalchemy.orm.as_declarative()", make_base),
        (
            "py:sqlalchemy.orm.registry().as_declarative_base",
            keep_as_declarative,
        ),
        ("py:sqlalchemy.orm.DeclarativeBase().__init__", initialize),
    ],
    members: &[
        ("py:sqlalchemy.orm.DeclarativeBase.*", class_member),
        ("py:sqlalchemy.orm.DeclarativeBase().*", instance_member),
    ],
    sets: &[("py:sqlalchemy.orm.DeclarativeBase.*", set_attribute)],
    classes: &[(BASE, class_made)],
    instances: &[(BASE, instance_made)],
    operators: &[("py:sqlalchemy.orm.DeclarativeBase()", compare_instances)],
    set_indexes: &[("py:sqlalchemy.orm.DeclarativeBase()", set_any)],
    aliases: &[
        ("py:sqlalchemy.orm.DeclarativeBaseNoMeta", BASE),
        (
            "py:sqlalchemy.ext.declarative.declarative_base",
            "py:sqlalchemy.orm.declarative_base",
        ),
        (
            "py:sqlalchemy.ext.declarative.as_declarative",
            "py:sqlalchemy.orm.as_declarative",
        ),
        (
            "py:sqlalchemy.orm.backref",
            "py:sqlalchemy.orm.relationship",
        ),
        ("py:sqlalchemy.schema.Column", "py:sqlalchemy.Column"),
        (
            "py:sqlalchemy.schema.ForeignKey",
            "py:sqlalchemy.ForeignKey",
        ),
    ],
    subclasses: &[
        ("py:sqlalchemy.orm.DeclarativeBase", "py:builtins.object"),
        ("py:sqlalchemy.exc.SQLAlchemyError", "py:builtins.Exception"),
        (
            "py:sqlalchemy.exc.DBAPIError",
            "py:sqlalchemy.exc.SQLAlchemyError",
        ),
        (
            "py:sqlalchemy.exc.IntegrityError",
            "py:sqlalchemy.exc.DBAPIError",
        ),
        (
            "py:sqlalchemy.exc.InvalidRequestError",
            "py:sqlalchemy.exc.SQLAlchemyError",
        ),
        (
            "py:sqlalchemy.exc.NoResultFound",
            "py:sqlalchemy.exc.InvalidRequestError",
        ),
        (
            "py:sqlalchemy.exc.MultipleResultsFound",
            "py:sqlalchemy.exc.InvalidRequestError",
        ),
        (
            "py:sqlalchemy.orm.exc.NoResultFound",
            "py:sqlalchemy.exc.InvalidRequestError",
        ),
    ],
    ..Model::EMPTY
};

fn base_class(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, BASE, call.span);
    Ok(Some(Value::object(id)))
}

/// `@mapper.as_declarative_base()`.
fn keep_as_declarative(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "py:sqlalchemy.orm.as_declarative()", call.span);
    Ok(Some(Value::object(id)))
}

/// `@as_declarative()` before a class makes it the base of models, as if it inherited from one.
fn make_base(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let Some(class) = call.arguments.positional.first().cloned() else {
        return Ok(None);
    };
    let base = host.make_object(machine, BASE, call.span);
    if let Some(id) = class.only_object()
        && let ObjectKind::Class { bases, .. } = &mut machine.heap.get_mut(id).kind
    {
        bases.push(Value::object(base));
    }
    Ok(Some(class))
}

/// A class with a table of its own is an asset.
fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let own = take_columns(host, machine, class);
    let has_table = machine
        .class_attribute(class, Ustr::from("__tablename__"))
        .is_some()
        || crate::flask::tables::names_itself(machine, class);
    let is_abstract = machine.class_order(class).first().is_some_and(|first| {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(*first).kind else {
            return false;
        };
        machine
            .heap
            .property(prototype, Ustr::from("__abstract__"))
            .is_some()
    });
    if !has_table || is_abstract || own.is_empty() {
        return;
    }
    declare_model(host, machine, class, own, span);
}

fn member_key(host: &ModelHost) -> Ustr {
    let path = host.state().member_name;
    Ustr::from(path.rsplit('.').next().unwrap_or(&path))
}

/// `User.email` is a column expression.
pub(crate) fn class_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let class = object?;
    if !matches!(machine.heap.get(class).kind, ObjectKind::Class { .. }) {
        return None;
    }
    let name = member_key(host);
    if name == "__table__" {
        return table::table_of(host, machine, class, span);
    }
    let table = columns(host, class)?;
    machine.heap.property(table, name)?;
    let asset = host.state().asset_of.get(&class).copied()?;
    Some(column_object(host, machine, asset, name, span))
}

/// `user.email` is what the row holds; a relationship gives the record, or records, of the other table.
pub(crate) fn instance_member(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let instance = object?;
    let class = class_of(machine, instance)?;
    let name = member_key(host);
    if name == "__table__" {
        return table::table_of(host, machine, class, span);
    }
    let table = columns(host, class)?;
    let Some(column) = machine.heap.property(table, name).cloned() else {
        return backrefs::backref_member(host, machine, (instance, class), name, span);
    };
    let is_relation = is_relationship(machine, &column)
        || (column.is_nothing() && annotated_class(host, machine, class, name).is_some());
    if !is_relation {
        return Some(column_value(host, machine, instance, name));
    }
    let target = target_name(machine, class, name, &column)?;
    let Some(target_class) = class_named(host, machine, &target) else {
        return Some(column_value(host, machine, instance, name));
    };
    if let Some(value) = loaded(host, machine, instance, name) {
        return Some(value);
    }
    let id = related(host, machine, instance, name, target_class, span);
    let mut value = instance_value(host, id);
    if is_collection(host, machine, class, name, target, &column) {
        let (origins, control) = (value.origins, value.control);
        let mut list = machine.make_open_list(Vec::new(), Some(value), span);
        list.origins = origins;
        list.control = control;
        return Some(list);
    }
    let may_be_none = annotation(machine, class, name)
        .is_some_and(|annotation| allows_none(machine, &annotation, 0));
    if may_be_none {
        value.add(Atom::Null);
    }
    keep_loaded(host, machine, (instance, name), &value, span);
    Some(value)
}

fn annotated_class(
    host: &ModelHost,
    machine: &Machine<'_>,
    class: ObjectId,
    name: Ustr,
) -> Option<ObjectId> {
    let annotation = annotation(machine, class, name)?;
    let target = kind_name(machine, &annotation, 0)?;
    class_named(host, machine, &target)
}

fn set_attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let name = member_key(host);
    note_assignment(host, machine, object, name, value, span);
    false
}

/// Assigning a column of a stored instance is an update.
pub(crate) fn note_assignment(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    name: Ustr,
    value: &Value,
    span: Span,
) {
    let class = class_of(machine, object).filter(|class| *class != object);
    let table = class.and_then(|class| columns(host, class));
    let is_column = table.is_some_and(|table| machine.heap.property(table, name).is_some());
    if is_column {
        assign(host, machine, object, name, value, span);
    }
}

pub(crate) fn set_any(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    _key: &Value,
    value: &Value,
    span: Span,
) {
    assign_any(host, machine, object, value, span);
}

/// A new instance takes its attributes by name, unless the class has a constructor of its own.
pub(crate) fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    _span: Span,
) -> Result<bool, Stop> {
    let has_constructor = machine
        .class_attribute(class, Ustr::from("__init__"))
        .is_some();
    if has_constructor || columns(host, class).is_none() {
        return Ok(false);
    }
    fill(machine, instance, arguments);
    Ok(true)
}

fn initialize(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    for id in call.this.objects().collect::<Vec<_>>() {
        fill(machine, id, call.arguments);
    }
    Ok(Some(Value::null()))
}

/// Two instances may be the same record.
pub(crate) fn compare_instances(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    operator: BinaryOperator,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    let are_instances = [left, right].iter().all(|side| {
        side.objects()
            .any(|id| matches!(machine.heap.get(id).kind, ObjectKind::Instance { .. }))
    });
    let is_equality = matches!(
        operator,
        BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Is
            | BinaryOperator::IsNot
    );
    let is_same = left.only_object().is_some() && left.only_object() == right.only_object();
    if !are_instances || !is_equality || is_same {
        return None;
    }
    let mut value = machine.tested(TestKind::Equality, None, &[left, right], span);
    if matches!(operator, BinaryOperator::NotEqual | BinaryOperator::IsNot) {
        value.test = value.test.map(|(test, is_negated)| (test, !is_negated));
    }
    Some(value)
}
