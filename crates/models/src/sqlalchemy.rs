//! SQLAlchemy 1.4 and 2: models, and what reading and assigning their attributes means.
//!
//! An attribute of a model class is a column expression, of an instance the value in its row; assigning one
//! of a stored instance is an update. Source: SQLAlchemy 2.0 documentation, "ORM Mapped Class Overview" and
//! "Session Basics". Statements and sessions are in [`crate::sqlalchemy_query`] and
//! [`crate::sqlalchemy_session`].

use firedoor_app::AssetField;
use firedoor_eval::{
    Answer, Arguments, Atom, Call, Machine, ObjectId, ObjectKind, Stop, TestKind, Value,
};
use firedoor_ir::BinaryOperator;
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_records::{
    assign, assign_any, class_named, class_of, column_value, columns, declare, default_provenance,
    fill, instance_value, related,
};
use crate::python_support::keep;
use crate::sqlalchemy_query::column_object;
use crate::{Model, ModelHost};

/// The property of a class that holds its annotated names.
const ANNOTATIONS: &str = "__annotations__";
const BASE: &str = "py:sqlalchemy.orm.DeclarativeBase";

/// The model.
pub static MODEL: Model = Model {
    name: "sqlalchemy",
    calls: &[
        ("py:sqlalchemy.Column", keep),
        ("py:sqlalchemy.ForeignKey", keep),
        ("py:sqlalchemy.orm.mapped_column", keep),
        ("py:sqlalchemy.orm.relationship", keep),
        ("py:sqlalchemy.orm.declarative_base", base_class),
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

/// What an attribute of a class body is, by the path of what made it.
fn declared_path(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    match machine.heap.get(value.only_object()?).kind {
        ObjectKind::Host(path) => Some(path),
        _ => None,
    }
}

pub(crate) fn is_relationship(machine: &Machine<'_>, value: &Value) -> bool {
    declared_path(machine, value).is_some_and(|path| {
        matches!(
            path.as_str(),
            "py:sqlalchemy.orm.relationship()" | "py:sqlmodel.Relationship()"
        )
    })
}

fn is_declaration(machine: &Machine<'_>, value: &Value) -> bool {
    declared_path(machine, value).is_some_and(|path| {
        matches!(
            path.as_str(),
            "py:sqlalchemy.Column()"
                | "py:sqlalchemy.orm.mapped_column()"
                | "py:sqlalchemy.orm.relationship()"
                | "py:sqlmodel.Field()"
                | "py:pydantic.Field()"
                | "py:sqlmodel.Relationship()"
                | "py:sqlalchemy.orm.column_property()"
                | "py:sqlalchemy.orm.deferred()"
        )
    })
}

/// A class with a table of its own is an asset.
fn class_made(host: &ModelHost, machine: &mut Machine<'_>, class: ObjectId, span: Span) {
    let own = take_columns(host, machine, class);
    let has_table = machine
        .class_attribute(class, Ustr::from("__tablename__"))
        .is_some();
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

/// Declares a model class with these columns.
pub(crate) fn declare_model(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    columns: Vec<(Ustr, Value)>,
    span: Span,
) {
    let mut fields = Vec::new();
    for (name, column) in &columns {
        fields.push(asset_field(host, machine, class, *name, column, span));
    }
    let name = declare(host, machine, class, columns, fields, span);
    let table = machine
        .class_attribute(class, Ustr::from("__tablename__"))
        .and_then(|(_, table)| table.text());
    let mut state = host.state();
    for asset in state.assets.values_mut() {
        for field in &mut asset.fields {
            if field.refers_to.is_some() && field.refers_to == table {
                field.refers_to = Some(name);
            }
        }
    }
}

/// Takes the columns from a class and what it inherits from, so that the host is asked for them.
pub(crate) fn take_columns(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
) -> Vec<(Ustr, Value)> {
    let mut all: indexmap::IndexMap<Ustr, Value> = indexmap::IndexMap::new();
    for owner in machine.class_order(class).into_iter().rev() {
        let table = own_columns(host, machine, owner);
        let own = machine.heap.get(table).properties.clone();
        all.extend(own);
    }
    all.into_iter().collect()
}

fn own_columns(host: &ModelHost, machine: &mut Machine<'_>, owner: ObjectId) -> ObjectId {
    let known = host.state().notes.get(&(owner, "own columns")).cloned();
    if let Some(table) = known.and_then(|known| known.only_object()) {
        return table;
    }
    let span = machine.heap.get(owner).span;
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
        return table;
    };
    for (name, annotation) in annotations(machine, owner) {
        if is_mapped(machine, &annotation) {
            let properties = &mut machine.heap.get_mut(table).properties;
            properties.insert(name, Value::null());
        }
    }
    let members = machine.heap.get(prototype).properties.clone();
    for (name, value) in members {
        if is_declaration(machine, &value) {
            machine
                .heap
                .get_mut(prototype)
                .properties
                .shift_remove(&name);
            machine.heap.get_mut(table).properties.insert(name, value);
        }
    }
    host.state()
        .notes
        .insert((owner, "own columns"), Value::object(table));
    table
}

pub(crate) fn annotations(machine: &Machine<'_>, class: ObjectId) -> Vec<(Ustr, Value)> {
    let table = machine
        .heap
        .property(class, Ustr::from(ANNOTATIONS))
        .and_then(Value::only_object);
    match table {
        Some(table) => {
            let properties = machine.heap.get(table).properties.iter();
            properties
                .map(|(name, value)| (*name, value.clone()))
                .collect()
        }
        None => Vec::new(),
    }
}

fn annotation(machine: &Machine<'_>, class: ObjectId, name: Ustr) -> Option<Value> {
    machine.class_order(class).into_iter().find_map(|owner| {
        let found = annotations(machine, owner).into_iter();
        found
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .next()
    })
}

fn is_mapped(machine: &Machine<'_>, annotation: &Value) -> bool {
    declared_path(machine, annotation).is_some_and(|path| {
        matches!(
            path.as_str(),
            "py:sqlalchemy.orm.Mapped[]"
                | "py:sqlalchemy.orm.WriteOnlyMapped[]"
                | "py:sqlalchemy.orm.DynamicMapped[]"
        )
    })
}

fn asset_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    name: Ustr,
    column: &Value,
    span: Span,
) -> AssetField {
    let mut field = AssetField {
        name,
        kind: annotation(machine, class, name).and_then(|found| kind_name(machine, &found, 0)),
        refers_to: None,
        is_unique: false,
        default: None,
    };
    let Some(id) = column.only_object() else {
        return field;
    };
    let object = machine.heap.get(id).clone();
    if is_relationship(machine, column) {
        field.refers_to = target_name(machine, class, name, column);
        return field;
    }
    for part in &object.elements {
        let path = declared_path(machine, part).or_else(|| part.as_outside());
        match path {
            Some(path) if path == "py:sqlalchemy.ForeignKey()" => {
                field.refers_to = foreign_table(host, machine, part);
            }
            Some(path) if field.kind.is_none() => {
                let path = path.trim_end_matches("()");
                let last = path.rsplit('.').next().unwrap_or(path);
                field.kind = Some(Ustr::from(last));
            }
            _ => {}
        }
    }
    let foreign = object.properties.get(&Ustr::from("foreign_key"));
    if let Some(text) = foreign.and_then(Value::text) {
        field.refers_to = Some(table_of(host, machine, &text));
    }
    let is_set = |name: &str| {
        let value = object.properties.get(&Ustr::from(name));
        value.and_then(Value::truth) == Some(true)
    };
    field.is_unique = is_set("unique") || is_set("primary_key");
    let default = ["default", "default_factory", "insert_default"]
        .iter()
        .find_map(|name| object.properties.get(&Ustr::from(name)));
    if let Some(default) = default {
        field.default = Some(default_provenance(host, machine, default, span));
    }
    field
}

/// The name of the table, or of its model if that is known already, that a foreign key refers to.
fn foreign_table(host: &ModelHost, machine: &Machine<'_>, key: &Value) -> Option<Ustr> {
    let id = key.only_object()?;
    let target = machine.heap.get(id).elements.first()?;
    if let Some(text) = target.text() {
        return Some(table_of(host, machine, &text));
    }
    let asset = machine
        .heap
        .property(target.only_object()?, Ustr::from("asset"))?;
    asset.text()
}

fn table_of(host: &ModelHost, machine: &Machine<'_>, column: &str) -> Ustr {
    let table = column.rsplit_once('.').map_or(column, |(table, _)| table);
    let mut classes: Vec<(ObjectId, Ustr)> = {
        let state = host.state();
        let known = state.asset_of.iter();
        known.map(|(class, asset)| (*class, *asset)).collect()
    };
    classes.sort();
    let found = classes.into_iter().find(|(class, _)| {
        let name = machine.class_attribute(*class, Ustr::from("__tablename__"));
        name.and_then(|(_, name)| name.text()) == Some(Ustr::from(table))
    });
    found.map_or_else(|| Ustr::from(table), |(_, asset)| asset)
}

/// The name of the type in an annotation: of the innermost part that is no generic.
fn kind_name(machine: &Machine<'_>, annotation: &Value, depth: usize) -> Option<Ustr> {
    match annotation.only()? {
        Atom::Outside(path) => {
            let last = path.rsplit(['.', ':']).next().unwrap_or(&path);
            Some(Ustr::from(last))
        }
        Atom::String(text) => Some(text),
        Atom::Object(id) => {
            let object = machine.heap.get(id);
            match &object.kind {
                ObjectKind::Host(path) if path.ends_with("[]") && depth < 4 => {
                    let first = object.elements.first()?.clone();
                    kind_name(machine, &first, depth + 1)
                }
                ObjectKind::Class { .. } => object.name,
                _ => None,
            }
        }
        _ => None,
    }
}

/// The class that a relationship leads to: named in the call or by the annotation.
fn target_name(machine: &Machine<'_>, class: ObjectId, name: Ustr, column: &Value) -> Option<Ustr> {
    let id = column.only_object()?;
    let object = machine.heap.get(id);
    let argument = Ustr::from("argument");
    let given = object
        .elements
        .first()
        .or_else(|| object.properties.get(&argument));
    if let Some(given) = given {
        if let Some(text) = given.text() {
            return Some(Ustr::from(text.rsplit('.').next().unwrap_or(&text)));
        }
        if let Some(target) = given.only_object() {
            return machine.heap.get(target).name;
        }
    }
    let annotation = annotation(machine, class, name)?;
    kind_name(machine, &annotation, 0)
}

/// Holds if a relationship leads to several records: annotated as a collection; or without annotation and
/// without a foreign key of its own.
fn is_collection(
    host: &ModelHost,
    machine: &Machine<'_>,
    class: ObjectId,
    name: Ustr,
    target: Ustr,
    column: &Value,
) -> bool {
    let uselist = column
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("uselist")))
        .and_then(Value::truth);
    if let Some(uselist) = uselist {
        return uselist;
    }
    if let Some(annotation) = annotation(machine, class, name) {
        return mentions_list(machine, &annotation, 0);
    }
    let asset = machine.heap.get(class).name.unwrap_or_default();
    let state = host.state();
    let fields = state.assets.get(&asset).map(|asset| &asset.fields);
    !fields.is_some_and(|fields| {
        let mut own = fields.iter().filter(|field| field.name != name);
        own.any(|field| field.refers_to == Some(target))
    })
}

fn mentions_list(machine: &Machine<'_>, annotation: &Value, depth: usize) -> bool {
    let Some(id) = annotation.only_object() else {
        return false;
    };
    let object = machine.heap.get(id);
    let ObjectKind::Host(path) = object.kind else {
        return false;
    };
    if matches!(
        path.as_str(),
        "py:builtins.list[]"
            | "py:builtins.set[]"
            | "py:typing.Sequence[]"
            | "py:sqlalchemy.orm.WriteOnlyMapped[]"
            | "py:sqlalchemy.orm.DynamicMapped[]"
    ) {
        return true;
    }
    let mut parts = object.elements.iter();
    depth < 4 && parts.any(|part| mentions_list(machine, part, depth + 1))
}

/// Holds if an annotation allows `None`.
fn allows_none(machine: &Machine<'_>, annotation: &Value, depth: usize) -> bool {
    if annotation.is_nothing() {
        return true;
    }
    let Some(id) = annotation.only_object() else {
        return false;
    };
    let mut parts = machine.heap.get(id).elements.iter();
    depth < 4 && parts.any(|part| allows_none(machine, part, depth + 1))
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
    let table = columns(host, class)?;
    let column = machine.heap.property(table, name)?.clone();
    let is_relation = is_relationship(machine, &column)
        || (column.is_nothing() && annotated_class(host, machine, class, name).is_some());
    if !is_relation {
        return Some(column_value(host, machine, instance, name));
    }
    let target = target_name(machine, class, name, &column)?;
    let Some(target_class) = class_named(host, machine, &target) else {
        return Some(column_value(host, machine, instance, name));
    };
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
