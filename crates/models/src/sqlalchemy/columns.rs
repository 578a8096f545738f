//! What a model class of SQLAlchemy declares: its columns and relationships, from its body and its annotations.
//!
//! Declarations are taken from the class, so that reading an attribute asks the model. Source: SQLAlchemy 2.0
//! documentation, "Table Configuration with Declarative" and "Basic Relationship Patterns".

use firedoor_app::AssetField;
use firedoor_eval::{Atom, Machine, ObjectId, ObjectKind, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::python_records::{declare, default_provenance};

/// The property of a class that holds its annotated names.
const ANNOTATIONS: &str = "__annotations__";

/// What an attribute of a class body is, by the path of what made it.
pub(crate) fn declared_path(machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
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

pub(crate) fn is_declaration(machine: &Machine<'_>, value: &Value) -> bool {
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
    // Of a key of several columns no column is unique by itself.
    let parts: Vec<Ustr> = columns
        .iter()
        .filter(|(_, column)| is_set(machine, column, "primary_key"))
        .map(|(name, _)| *name)
        .collect();
    if parts.len() > 1 {
        for field in fields.iter_mut().filter(|it| parts.contains(&it.name)) {
            let column = columns.iter().find(|(name, _)| *name == field.name);
            field.is_unique = column.is_some_and(|(_, column)| is_set(machine, column, "unique"));
        }
    }
    let name = declare(host, machine, class, columns, fields, span);
    let tables = table_names(machine, class);
    let mut state = host.state();
    for asset in state.assets.values_mut() {
        for field in &mut asset.fields {
            if field.refers_to.is_some_and(|table| tables.contains(&table)) {
                field.refers_to = Some(name);
            }
        }
    }
}

/// Returns what the table of a class may be called: as the class says, or else as Flask-SQLAlchemy (`bill_line` of
/// `BillLine`) and SQLModel (`billline`) call it.
fn table_names(machine: &Machine<'_>, class: ObjectId) -> Vec<Ustr> {
    let said = machine.class_attribute(class, Ustr::from("__tablename__"));
    if let Some(table) = said.and_then(|(_, table)| table.text()) {
        return vec![table];
    }
    let Some(name) = machine.heap.get(class).name else {
        return Vec::new();
    };
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| letters[at]);
        let ends_word = before.is_some_and(|it| it.is_lowercase() || it.is_ascii_digit());
        let begins_word =
            before.is_some() && letters.get(index + 1).is_some_and(|it| it.is_lowercase());
        if letter.is_uppercase() && (ends_word || begins_word) {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    vec![Ustr::from(&snake), Ustr::from(&name.to_lowercase())]
}

fn is_set(machine: &Machine<'_>, column: &Value, option: &str) -> bool {
    let value = column
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from(option)));
    value.and_then(Value::truth) == Some(true)
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

pub(crate) fn own_columns(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    owner: ObjectId,
) -> ObjectId {
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
            let column = annotated_column(machine, &annotation, 0).unwrap_or_else(Value::null);
            let properties = &mut machine.heap.get_mut(table).properties;
            properties.insert(name, column);
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

pub(crate) fn annotation(machine: &Machine<'_>, class: ObjectId, name: Ustr) -> Option<Value> {
    machine.class_order(class).into_iter().find_map(|owner| {
        let found = annotations(machine, owner).into_iter();
        found
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .next()
    })
}

pub(crate) fn is_mapped(machine: &Machine<'_>, annotation: &Value) -> bool {
    declared_path(machine, annotation).is_some_and(|path| {
        matches!(
            path.as_str(),
            "py:sqlalchemy.orm.Mapped[]"
                | "py:sqlalchemy.orm.WriteOnlyMapped[]"
                | "py:sqlalchemy.orm.DynamicMapped[]"
        )
    })
}

/// The column that a type brings along which was named once for many models:
/// `Mapped[OwnerKey]` with `OwnerKey = Annotated[int, mapped_column(ForeignKey("owners.id"))]`.
fn annotated_column(machine: &Machine<'_>, annotation: &Value, depth: usize) -> Option<Value> {
    let ids = annotation.objects().filter(|_| depth < 4);
    ids.into_iter().find_map(|id| {
        let object = machine.heap.get(id);
        let ObjectKind::Host(path) = object.kind else {
            return None;
        };
        let mut parts = object.elements.iter();
        if path.ends_with(".Annotated[]") {
            let own = parts.clone().skip(1);
            let column = own.rev().find(|part| is_declaration(machine, part));
            if column.is_some() {
                return column.cloned();
            }
        }
        parts.find_map(|part| annotated_column(machine, part, depth + 1))
    })
}

pub(crate) fn asset_field(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    name: Ustr,
    column: &Value,
    span: Span,
) -> AssetField {
    let mut field = AssetField {
        is_expiry: false,
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
pub(crate) fn foreign_table(host: &ModelHost, machine: &Machine<'_>, key: &Value) -> Option<Ustr> {
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

pub(crate) fn table_of(host: &ModelHost, machine: &Machine<'_>, column: &str) -> Ustr {
    let table = column.rsplit_once('.').map_or(column, |(table, _)| table);
    let mut classes: Vec<(ObjectId, Ustr)> = {
        let state = host.state();
        let known = state.asset_of.iter();
        known.map(|(class, asset)| (*class, *asset)).collect()
    };
    classes.sort();
    let table_name = Ustr::from(table);
    let mut named = classes.into_iter();
    let found = named.find(|(class, _)| table_names(machine, *class).contains(&table_name));
    found.map_or_else(|| Ustr::from(table), |(_, asset)| asset)
}

/// The name of the type in an annotation: of the innermost part that is no generic.
pub(crate) fn kind_name(machine: &Machine<'_>, annotation: &Value, depth: usize) -> Option<Ustr> {
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
pub(crate) fn target_name(
    machine: &Machine<'_>,
    class: ObjectId,
    name: Ustr,
    column: &Value,
) -> Option<Ustr> {
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
pub(crate) fn is_collection(
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
    has_secondary(machine, column) || !refers_to(host, machine, class, name, target)
}

/// Holds if a relationship goes through a table of pairs.
pub(crate) fn has_secondary(machine: &Machine<'_>, column: &Value) -> bool {
    let given = column
        .only_object()
        .and_then(|id| machine.heap.property(id, Ustr::from("secondary")));
    given.is_some_and(|given| !given.is_nothing())
}

/// Holds if a class has a foreign key to the other one, besides the relationship itself.
pub(crate) fn refers_to(
    host: &ModelHost,
    machine: &Machine<'_>,
    class: ObjectId,
    name: Ustr,
    target: Ustr,
) -> bool {
    let asset = machine.heap.get(class).name.unwrap_or_default();
    let state = host.state();
    let fields = state.assets.get(&asset).map(|asset| &asset.fields);
    fields.is_some_and(|fields| {
        let mut own = fields.iter().filter(|field| field.name != name);
        own.any(|field| field.refers_to == Some(target))
    })
}

pub(crate) fn mentions_list(machine: &Machine<'_>, annotation: &Value, depth: usize) -> bool {
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
pub(crate) fn allows_none(machine: &Machine<'_>, annotation: &Value, depth: usize) -> bool {
    if annotation.is_nothing() {
        return true;
    }
    let Some(id) = annotation.only_object() else {
        return false;
    };
    let mut parts = machine.heap.get(id).elements.iter();
    depth < 4 && parts.any(|part| allows_none(machine, part, depth + 1))
}
