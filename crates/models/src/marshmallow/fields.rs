//! The fields that a schema declares, and what it tells of a record.

use firedoor_eval::{Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::{BASE, HOOK, MADE, SCHEMA};
use crate::python_support::last_name;
use crate::tools::kept;

/// How deep schemas within schemas are followed.
const DEPTH: usize = 5;

/// Returns the fields of a schema by name, those of its bases first; `only` and `exclude` choose among them.
pub(super) fn fields_of(machine: &mut Machine<'_>, schema: ObjectId) -> Vec<(Ustr, ObjectId)> {
    let mut found: IndexMap<Ustr, ObjectId> = IndexMap::new();
    let class = class_of(machine, schema);
    collect(machine, class, &mut found, 0);
    let only = names(machine, schema, "$only");
    let exclude = names(machine, schema, "$exclude").unwrap_or_default();
    let is_chosen = |name: &Ustr| {
        !exclude.contains(name) && only.as_ref().is_none_or(|only| only.contains(name))
    };
    found.into_iter().filter(|it| is_chosen(&it.0)).collect()
}

fn names(machine: &mut Machine<'_>, schema: ObjectId, key: &str) -> Option<Vec<Ustr>> {
    let list = kept(machine, Some(schema), key);
    list.only_object()?;
    let (elements, _) = machine.elements_of(&list);
    Some(elements.iter().filter_map(Value::text).collect())
}

/// The class of a schema, which may be given itself.
fn class_of(machine: &Machine<'_>, schema: ObjectId) -> ObjectId {
    match machine.heap.get(schema).kind {
        ObjectKind::Instance { class } => class,
        ObjectKind::Host(path) if path == SCHEMA => {
            let class = kept(machine, Some(schema), "$class").only_object();
            class.unwrap_or(schema)
        }
        _ => schema,
    }
}

fn collect(
    machine: &mut Machine<'_>,
    class: ObjectId,
    found: &mut IndexMap<Ustr, ObjectId>,
    depth: usize,
) {
    if matches!(machine.heap.get(class).kind, ObjectKind::Host(path) if path == MADE) {
        let base = kept(machine, Some(class), "$base").only_object();
        if let Some(base) = base.filter(|_| depth < DEPTH) {
            collect(machine, base, found, depth + 1);
        }
        let table = kept(machine, Some(class), "$table").only_object();
        if let Some(table) = table {
            add(machine, table, found);
        }
        return;
    }
    for owner in machine.class_order(class).into_iter().rev() {
        if let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind {
            add(machine, prototype, found);
        }
    }
}

/// Adds what a table has of fields. A nested schema may be given as it is.
fn add(machine: &Machine<'_>, table: ObjectId, found: &mut IndexMap<Ustr, ObjectId>) {
    for (name, value) in &machine.heap.get(table).properties {
        match value.only_object().filter(|id| is_field(machine, *id)) {
            Some(field) => {
                found.insert(*name, field);
            }
            // A name that means something else in a class that inherits is no field there.
            None => {
                found.shift_remove(name);
            }
        }
    }
}

fn is_field(machine: &Machine<'_>, id: ObjectId) -> bool {
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path.starts_with("py:marshmallow.fields."),
        ObjectKind::Instance { class } => machine
            .outside_bases(class)
            .iter()
            .any(|base| base.starts_with("py:marshmallow.fields.")),
        _ => false,
    }
}

/// Returns the kind of a field, such as `Int`; a class of the program has that of what it inherits from.
pub(super) fn kind(machine: &Machine<'_>, field: ObjectId) -> String {
    let path = match machine.heap.get(field).kind {
        ObjectKind::Host(path) => path,
        ObjectKind::Instance { class } => {
            let bases = machine.outside_bases(class);
            let base = bases
                .iter()
                .find(|base| base.starts_with("py:marshmallow."));
            base.copied().unwrap_or_default()
        }
        _ => Ustr::default(),
    };
    last_name(path.trim_end_matches("()")).to_owned()
}

/// Returns what a field or validator was given at `index` or under `name`.
pub(super) fn given(
    machine: &Machine<'_>,
    field: ObjectId,
    index: usize,
    name: &str,
) -> Option<Value> {
    crate::python_support::kept(machine, Some(field), index, name).filter(|it| !it.is_nothing())
}

/// Returns what a field says under a name, even if it says that it is nothing.
pub(super) fn named(machine: &Machine<'_>, field: ObjectId, name: &str) -> Option<Value> {
    machine.heap.property(field, Ustr::from(name)).cloned()
}

pub(super) fn is_on(machine: &Machine<'_>, field: ObjectId, name: &str) -> bool {
    named(machine, field, name).is_some_and(|value| machine.truth(&value) == Some(true))
}

/// Returns the schema that a nested field means: a class, an instance, or a function that returns one.
pub(super) fn nested(machine: &mut Machine<'_>, field: ObjectId, span: Span) -> Option<ObjectId> {
    let schema = given(machine, field, 0, "nested")?;
    let id = schema.only_object()?;
    match machine.heap.get(id).kind {
        ObjectKind::Function { .. } => {
            let none = firedoor_eval::Arguments::default();
            let (made, _) =
                machine.catching(|machine| machine.call_value(&schema, None, &none, span));
            made.ok()?.only_object()
        }
        _ => Some(id),
    }
}

/// Returns the names of the methods of a schema that are hooks of a kind, with the fields that each is for.
pub(super) fn hooks(
    machine: &mut Machine<'_>,
    schema: ObjectId,
    kind: &str,
) -> Vec<(Ustr, Vec<Ustr>)> {
    let mut found: Vec<(Ustr, Vec<Ustr>)> = Vec::new();
    let class = class_of(machine, schema);
    for owner in machine.class_order(class) {
        let ObjectKind::Class { prototype, .. } = machine.heap.get(owner).kind else {
            continue;
        };
        for (name, value) in machine.heap.get(prototype).properties.clone() {
            let function = value.only_object();
            let is_meant = kept(machine, function, HOOK).text().as_deref() == Some(kind);
            if is_meant && found.iter().all(|(known, _)| *known != name) {
                let fields = kept(machine, function, "$fields");
                let (fields, _) = machine.elements_of(&fields);
                found.push((name, fields.iter().filter_map(Value::text).collect()));
            }
        }
    }
    found
}

/// Returns what `Meta` of a schema says under a name.
pub(super) fn meta(machine: &Machine<'_>, schema: ObjectId, name: &str) -> Option<Value> {
    let class = class_of(machine, schema);
    let class = match machine.heap.get(class).kind {
        ObjectKind::Host(_) => kept(machine, Some(class), "$base").only_object()?,
        _ => class,
    };
    let (_, meta) = machine.class_attribute(class, Ustr::from("Meta"))?;
    let found = machine.class_attribute(meta.only_object()?, Ustr::from(name))?;
    Some(found.1)
}

/// Holds if a class or instance is a schema.
pub(super) fn is_schema(machine: &Machine<'_>, id: ObjectId) -> bool {
    match machine.heap.get(id).kind {
        ObjectKind::Host(path) => path == SCHEMA || path == MADE,
        ObjectKind::Instance { .. } | ObjectKind::Class { .. } => {
            let class = class_of(machine, id);
            machine
                .outside_bases(class)
                .iter()
                .any(|base| base.as_str() == BASE)
        }
        _ => false,
    }
}

/// Returns one of the records that a value holds.
pub(super) fn one_of(machine: &mut Machine<'_>, records: &Value, span: Span) -> Value {
    let none = firedoor_eval::Arguments::default();
    let is_host = |id: ObjectId| matches!(machine.heap.get(id).kind, ObjectKind::Host(_));
    let mut list = records.clone();
    if records.only_object().is_some_and(is_host) {
        let (all, _) = machine
            .catching(|machine| machine.call_member(records, Ustr::from("all"), &none, span));
        list = all.unwrap_or(list);
    }
    let (elements, _) = machine.elements_of(&list);
    match elements.is_empty() {
        true => machine.element_of_open(&list),
        false => machine.join_all(&elements),
    }
}

/// What is told of a record: the declared fields, each as the record has it.
pub(super) fn told(
    machine: &mut Machine<'_>,
    schema: ObjectId,
    record: &Value,
    span: Span,
    depth: usize,
) -> Value {
    if !is_schema(machine, schema) {
        return machine.derived(Shape::Object, [record]);
    }
    let table = machine.heap.allocate(ObjectKind::Plain, span);
    for (name, field) in fields_of(machine, schema) {
        if is_on(machine, field, "load_only") {
            continue;
        }
        let source = named(machine, field, "attribute").and_then(|it| it.text());
        let source = source.unwrap_or(name);
        let kind = kind(machine, field);
        let value = match kind.as_str() {
            "Method" | "Function" | "Constant" => machine.derived(Shape::Any, [record]),
            _ => {
                let (read, _) = machine.catching(|machine| machine.member(record, source, span));
                read.unwrap_or_else(|_| record.shaped(Shape::Any))
            }
        };
        let inner = match kind.as_str() {
            "Nested" if depth < DEPTH => nested(machine, field, span),
            _ => None,
        };
        let value = match inner {
            Some(inner) if is_on(machine, field, "many") => {
                let one = one_of(machine, &value, span);
                let one = told(machine, inner, &one, span, depth + 1);
                machine.make_list(vec![one], true, span)
            }
            Some(inner) => told(machine, inner, &value, span, depth + 1),
            None => value,
        };
        let key = named(machine, field, "data_key").and_then(|it| it.text());
        let properties = &mut machine.heap.get_mut(table).properties;
        properties.insert(key.unwrap_or(name), value);
    }
    Value::object(table).with_origins(record.origins)
}
