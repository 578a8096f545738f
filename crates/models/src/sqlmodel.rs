//! SQLModel: classes with `table=True` are SQLAlchemy models whose every annotated name is a column; the others
//! are pydantic models, and methods of pydantic work on both.
//!
//! Source: sqlmodel 0.0.24 `sqlmodel/main.py`.

use firedoor_app::Operation;
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_ir::ArgumentKind;
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{
    access, asset_of, columns, fill, instance_value, is_stored, key_of, note,
};
use crate::python_support::{argument, keep, last_name};
use crate::sqlalchemy::columns::{annotations, declare_model, take_columns};
use crate::sqlalchemy::{
    class_member, compare_instances, instance_member, note_assignment, set_any,
};
use crate::{Model, ModelHost};

const BASE: &str = "py:sqlmodel.SQLModel";
const PYDANTIC: &str = "py:pydantic.BaseModel";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlmodel",
    calls: &[
        ("py:sqlmodel.Field", keep),
        ("py:sqlmodel.Relationship", keep),
        ("py:sqlmodel.col", crate::python_support::first),
        ("py:sqlmodel.SQLModel().sqlmodel_update", update),
        ("py:sqlmodel.SQLModel().*", instance_method),
        ("py:sqlmodel.SQLModel.*", class_method),
    ],
    members: &[
        ("py:sqlmodel.SQLModel.*", class_member),
        ("py:sqlmodel.SQLModel().*", instance_member),
    ],
    attributes: &[(BASE, attribute)],
    sets: &[("py:sqlmodel.SQLModel.*", set_attribute)],
    classes: &[(BASE, class_made)],
    instances: &[(BASE, instance_made)],
    operators: &[("py:sqlmodel.SQLModel()", compare_instances)],
    set_indexes: &[("py:sqlmodel.SQLModel()", set_any)],
    aliases: &[
        ("py:sqlmodel.main.SQLModel", BASE),
        ("py:sqlmodel.select", "py:sqlalchemy.select"),
        ("py:sqlmodel.update", "py:sqlalchemy.update"),
        ("py:sqlmodel.insert", "py:sqlalchemy.insert"),
        ("py:sqlmodel.delete", "py:sqlalchemy.delete"),
        ("py:sqlmodel.and_", "py:sqlalchemy.and_"),
        ("py:sqlmodel.or_", "py:sqlalchemy.or_"),
        ("py:sqlmodel.not_", "py:sqlalchemy.not_"),
        ("py:sqlmodel.func", "py:sqlalchemy.func"),
        ("py:sqlmodel.text", "py:sqlalchemy.text"),
        ("py:sqlmodel.Column", "py:sqlalchemy.Column"),
        ("py:sqlmodel.Session", "py:sqlalchemy.orm.Session"),
        ("py:sqlmodel.create_engine", "py:sqlalchemy.create_engine"),
        (
            "py:sqlmodel.ext.asyncio.session.AsyncSession",
            "py:sqlalchemy.ext.asyncio.AsyncSession",
        ),
    ],
    subclasses: &[("py:sqlmodel.SQLModel", "py:pydantic.BaseModel")],
    ..Model::EMPTY
};

/// Holds if the class statement says `table=True`.
fn is_table(machine: &Machine<'_>, class: ObjectId) -> bool {
    let ObjectKind::Class {
        module, class: id, ..
    } = machine.heap.get(class).kind
    else {
        return false;
    };
    let definition = machine.program.module(module).class(id);
    definition
        .bases
        .iter()
        .any(|base| base.kind == ArgumentKind::Keyword(Ustr::from("table")))
}

/// A name that a table declares is a column, whatever default the class has for it.
fn attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: Option<ObjectId>,
    span: Span,
) -> Option<Value> {
    let id = object?;
    match machine.heap.get(id).kind {
        ObjectKind::Class { .. } => class_member(host, machine, object, span),
        _ => instance_member(host, machine, object, span),
    }
}

fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    if !is_table(machine, class) {
        if let Some(function) = host.class_function(PYDANTIC) {
            function(host, machine, class, span);
        }
        return;
    }
    let mut all: indexmap::IndexMap<Ustr, Value> = indexmap::IndexMap::new();
    for owner in machine.class_order(class).into_iter().rev() {
        for (name, _) in annotations(machine, owner) {
            let declared = machine.class_attribute(owner, name);
            all.insert(name, declared.map_or_else(Value::null, |(_, value)| value));
        }
    }
    all.extend(take_columns(host, machine, class));
    all.shift_remove(&Ustr::from("__tablename__"));
    all.shift_remove(&Ustr::from("model_config"));
    declare_model(host, machine, class, all.into_iter().collect(), span);
}

fn instance_made(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    instance: ObjectId,
    arguments: &Arguments,
    span: Span,
) -> Result<bool, Stop> {
    if columns(host, class).is_some() {
        fill(machine, instance, arguments);
        return Ok(true);
    }
    match host.instance_function(PYDANTIC) {
        Some(function) => function(host, machine, class, instance, arguments, span),
        None => Ok(false),
    }
}

fn set_attribute(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    object: ObjectId,
    value: &Value,
    span: Span,
) -> bool {
    let path = host.state().member_name;
    let name = Ustr::from(path.rsplit('.').next().unwrap_or(&path));
    note_assignment(host, machine, object, name, value, span);
    false
}

/// Asks the model of pydantic about a method. Never by way of the class, whose base is `SQLModel`
/// and leads here again.
fn as_pydantic(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let path = call.path.replacen(BASE, PYDANTIC, 1);
    let call = Call {
        path: Ustr::from(&path),
        receiver: call.receiver,
        this: call.this.clone(),
        arguments: call.arguments,
        span: call.span,
        is_new: call.is_new,
    };
    match host.function(call.path) {
        Some(function) => function(host, machine, &call),
        None => Ok(None),
    }
}

/// A record is dumped as a whole; a new one as what it was given.
fn instance_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let record = call
        .this
        .objects()
        .find(|id| asset_of(host, machine, *id).is_some());
    let Some(id) = record else {
        return as_pydantic(host, machine, call);
    };
    match last_name(&call.path) {
        "model_dump" | "dict" if is_stored(host, id) => {
            let value = instance_value(host, id);
            Ok(Some(value.shaped(Shape::Object)))
        }
        "model_dump" | "dict" => Ok(Some(machine.derived(Shape::Object, [&Value::object(id)]))),
        "__init__" => {
            fill(machine, id, call.arguments);
            Ok(Some(Value::null()))
        }
        _ => Ok(Some(machine.derived(Shape::Any, [&call.this]))),
    }
}

/// `Hero.model_validate(data, update=...)` makes a new record of what is sent.
fn class_method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let class = call.this.objects().find(|id| columns(host, *id).is_some());
    let is_reading = matches!(
        last_name(&call.path),
        "model_validate" | "from_orm" | "parse_obj"
    );
    let (Some(class), true) = (class, is_reading) else {
        return as_pydantic(host, machine, call);
    };
    let kind = ObjectKind::Instance { class };
    let id = machine.heap.allocate(kind, call.span);
    for source in [
        Some(&call.arguments.get(0)),
        call.arguments.keyword("update"),
    ] {
        take_from(machine, id, source);
    }
    Ok(Some(Value::object(id)))
}

/// Copies attributes that are known; what is not known may be any.
fn take_from(machine: &mut Machine<'_>, target: ObjectId, source: Option<&Value>) {
    let Some(source) = source else {
        return;
    };
    for id in source.objects().collect::<Vec<_>>() {
        let object = machine.heap.get(id).clone();
        let fresh = machine.heap.get_mut(target);
        fresh.properties.extend(object.properties);
        if object.is_open {
            fresh.is_open = true;
            fresh.elements.extend(object.elements);
        }
    }
    if source.is_unknown() {
        let fresh = machine.heap.get_mut(target);
        fresh.is_open = true;
        fresh.elements.push(source.clone());
    }
}

/// `hero.sqlmodel_update(data)` assigns every field that is sent.
fn update(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let data = argument(call, 0, "obj");
    for id in call.this.objects().collect::<Vec<_>>() {
        let Some(asset) = asset_of(host, machine, id) else {
            continue;
        };
        if !is_stored(host, id) {
            take_from(machine, id, Some(&data));
            continue;
        }
        let mut done = access(host, Operation::Update, asset);
        done.key = key_of(host, machine, id);
        (done.values, done.spread) = crate::judge::written(host, machine, &data);
        note(host, machine, done, call.span);
    }
    Ok(Some(call.this.clone()))
}
