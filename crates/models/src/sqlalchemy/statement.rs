//! SQLAlchemy's statements as values: what they are about, and how each method makes a new one.
//!
//! Source: SQLAlchemy 2.0 documentation, "SELECT and Related Constructs", "Insert, Updates, Deletes" and "Legacy
//! Query API".

use firedoor_app::{Field, Origin};
use firedoor_eval::{Answer, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::python_records::Key;
use crate::python_support::last_name;
use crate::sqlalchemy::query::{
    COLUMN, CONDITION, EXPRESSION, STATEMENT, collect, column_in, column_object, kind_of, make,
};

pub(crate) fn start_statement(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let kind = last_name(&call.path);
    let entities = call.arguments.positional.clone();
    let id = statement(host, machine, kind, entities, call.span);
    Ok(Some(Value::object(id)))
}

/// Makes a statement about these entities.
pub(crate) fn statement(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    kind: &str,
    entities: Vec<Value>,
    span: Span,
) -> ObjectId {
    let id = host.make_object(machine, STATEMENT, span);
    let mut columns = Vec::new();
    for entity in entities {
        let is_list = entity
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
        match is_list {
            true => columns.extend(machine.elements_of(&entity).0),
            false => columns.push(entity),
        }
    }
    let entities = machine.make_list(columns, false, span);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("kind"), Value::string(kind));
    properties.insert(Ustr::from("entities"), entities);
    id
}

/// Returns a new statement that is like the one whose method is called.
pub(crate) fn copy(machine: &mut Machine<'_>, call: &Call<'_>) -> Option<ObjectId> {
    let old = machine.heap.get(call.receiver?).clone();
    let id = machine.heap.allocate(old.kind, call.span);
    let object = machine.heap.get_mut(id);
    object.properties = old.properties;
    object.elements = old.elements;
    Some(id)
}

pub(crate) fn with_property(
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    name: &str,
    value: Value,
) -> Answer {
    let Some(id) = copy(machine, call) else {
        return Ok(None);
    };
    machine
        .heap
        .get_mut(id)
        .properties
        .insert(Ustr::from(name), value);
    Ok(Some(Value::object(id)))
}

pub(crate) fn add_conditions(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = copy(machine, call) else {
        return Ok(None);
    };
    let conditions: Vec<Value> = call.arguments.all().cloned().collect();
    machine.heap.get_mut(id).elements.extend(conditions);
    Ok(Some(Value::object(id)))
}

pub(crate) fn add_conditions_by_name(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let Some(id) = copy(machine, call) else {
        return Ok(None);
    };
    let asset = main_asset(host, machine, id).map_or_else(Ustr::default, |(asset, _)| asset);
    for (name, value) in &call.arguments.keywords {
        let column = column_object(host, machine, asset, *name, call.span);
        let parts = vec![column, value.clone()];
        let condition = make(host, machine, CONDITION, "=", parts, call.span);
        machine.heap.get_mut(id).elements.push(condition);
    }
    if let Some(rest) = &call.arguments.rest {
        machine.heap.get_mut(id).elements.push(rest.clone());
    }
    Ok(Some(Value::object(id)))
}

/// The values of an `insert` or `update`: by name, as a dictionary, or as a list of them.
pub(crate) fn set_values(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let mut values = match call.arguments.positional.first() {
        Some(first) => first.clone(),
        None => Value::object(machine.heap.allocate(ObjectKind::Plain, call.span)),
    };
    if let Some(element) = only_element(machine, &values) {
        values = element;
    }
    if call.arguments.positional.is_empty()
        && let Some(id) = values.only_object()
    {
        let object = machine.heap.get_mut(id);
        object.properties = call.arguments.keywords.clone();
        if let Some(rest) = &call.arguments.rest {
            object.is_open = true;
            object.elements.push(rest.clone());
        }
    }
    with_property(machine, call, "values", values)
}

pub(crate) fn only_element(machine: &mut Machine<'_>, values: &Value) -> Option<Value> {
    let id = values.only_object()?;
    if !matches!(machine.heap.get(id).kind, ObjectKind::Array) {
        return None;
    }
    machine.elements_of(values).0.into_iter().next()
}

pub(crate) fn set_conflict(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let set = call.arguments.keyword("set_").cloned();
    with_property(machine, call, "conflict", set.unwrap_or_else(Value::null))
}

/// `on_duplicate_key_update(count=Hit.count + 1)` of MySQL, also with a dictionary.
pub(crate) fn set_duplicate(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let set = match call.arguments.positional.first() {
        Some(first) => first.clone(),
        None => {
            let id = machine.heap.allocate(ObjectKind::Plain, call.span);
            machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
            Value::object(id)
        }
    };
    with_property(machine, call, "conflict", set)
}

pub(crate) fn set_returning(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let columns = machine.make_list(call.arguments.positional.clone(), false, call.span);
    with_property(machine, call, "returning", columns)
}

pub(crate) fn set_lock(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    with_property(machine, call, "lock", Value::bool(true))
}

pub(crate) fn set_from(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let from = call.arguments.get(0);
    with_property(machine, call, "from", from)
}

pub(crate) fn set_entities(
    _host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let columns = machine.make_list(call.arguments.positional.clone(), false, call.span);
    with_property(machine, call, "entities", columns)
}

/// Returns a list that a statement keeps.
pub(crate) fn list(machine: &mut Machine<'_>, statement: ObjectId, name: &str) -> Vec<Value> {
    match machine.heap.property(statement, Ustr::from(name)).cloned() {
        Some(list) => machine.elements_of(&list).0,
        None => Vec::new(),
    }
}

/// Returns the word that a statement keeps.
pub(crate) fn word(machine: &Machine<'_>, statement: ObjectId, name: &str) -> Ustr {
    let value = machine.heap.property(statement, Ustr::from(name));
    value.and_then(Value::text).unwrap_or_default()
}

/// Returns the asset that a statement is about, with the model class.
pub(crate) fn main_asset(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: ObjectId,
) -> Option<(Ustr, Option<ObjectId>)> {
    let mut candidates = list(machine, statement, "entities");
    let from = machine
        .heap
        .property(statement, Ustr::from("from"))
        .cloned();
    candidates.splice(0..0, from);
    candidates
        .iter()
        .find_map(|candidate| entity_asset(host, machine, candidate))
}

/// Returns the asset that an entity of a statement belongs to.
pub(crate) fn entity_asset(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Value,
) -> Option<(Ustr, Option<ObjectId>)> {
    let id = entity.only_object()?;
    if let ObjectKind::Class { .. } = machine.heap.get(id).kind {
        let asset = crate::python_records::asset_of(host, machine, id)?;
        return Some((asset, Some(id)));
    }
    if kind_of(machine, entity) == Some(Ustr::from(STATEMENT)) {
        return main_asset(host, machine, id);
    }
    if let Some(asset) = crate::sqlalchemy::table::table_asset(host, machine, entity) {
        return Some((asset, None));
    }
    let (asset, _) = column_in(machine, entity, 0)?;
    let class = crate::python_records::class_named(host, machine, &asset);
    Some((asset, class))
}

/// Returns the conditions of a statement.
pub(crate) fn key_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    statement: ObjectId,
    asset: Ustr,
) -> Key {
    let mut key = Key::default();
    for condition in machine.heap.get(statement).elements.clone() {
        collect(host, machine, &condition, asset, &mut key, 0);
    }
    key
}

/// Holds if all that is asked for is a number of rows, or whether there are any.
pub(crate) fn only_counts(machine: &Machine<'_>, entities: &[Value]) -> bool {
    !entities.is_empty()
        && entities.iter().all(|entity| {
            let Some(id) = entity.only_object() else {
                return false;
            };
            let object = machine.heap.get(id);
            let is_expression = matches!(object.kind, ObjectKind::Host(path) if path == EXPRESSION);
            is_expression && word(machine, id, "operator") == "count"
        })
}

/// Holds if all that is asked for is worked out over all the rows that are found: no single one of them is told.
pub(crate) fn only_sums_up(machine: &Machine<'_>, entities: &[Value]) -> bool {
    !entities.is_empty() && entities.iter().all(|entity| sums_up(machine, entity, 0))
}

fn sums_up(machine: &Machine<'_>, entity: &Value, depth: usize) -> bool {
    let Some(id) = entity.only_object().filter(|_| depth < 4) else {
        return false;
    };
    let object = machine.heap.get(id);
    let is_expression = matches!(object.kind, ObjectKind::Host(path) if path == EXPRESSION);
    let mut parts = object.elements.iter();
    is_expression
        && match word(machine, id, "operator").as_str() {
            "count" | "sum" | "avg" | "max" | "min" => true,
            "coalesce" => parts.any(|part| sums_up(machine, part, depth + 1)),
            _ => false,
        }
}

/// Returns the values written, with `+=` for a column that is set by means of itself.
pub(crate) fn written(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    values: &Value,
    asset: Ustr,
) -> (Vec<Field>, Vec<firedoor_app::Provenance>) {
    let (mut fields, spread) = crate::judge::written(host, machine, values);
    for field in &mut fields {
        let value = values
            .objects()
            .find_map(|id| machine.heap.property(id, field.name).cloned());
        let own = (asset, field.name);
        if value.is_some_and(|value| is_computed_from(machine, &value, own, 0)) {
            field.operator = "+=";
        }
    }
    (fields, spread)
}

/// Holds if the value is worked out from what the column holds, at least in one of several cases.
fn is_computed_from(machine: &Machine<'_>, value: &Value, own: (Ustr, Ustr), depth: usize) -> bool {
    let Some(id) = value.only_object().filter(|_| depth < 6) else {
        return false;
    };
    let object = machine.heap.get(id);
    let is_case = matches!(object.kind, ObjectKind::Tuple | ObjectKind::Array);
    let is_expression = matches!(object.kind, ObjectKind::Host(path) if path == EXPRESSION);
    if is_expression && word(machine, id, "operator") == "arithmetic" {
        return column_in(machine, value, 0) == Some(own);
    }
    let mut parts = object.elements.iter();
    (is_case || is_expression) && parts.any(|part| is_computed_from(machine, part, own, depth + 1))
}

/// Returns what an entity of a statement is in a row, of instances of these classes.
pub(crate) fn entity_value(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    entity: &Value,
    instances: &[(ObjectId, Value)],
    span: Span,
) -> Value {
    let Some((asset, class)) = entity_asset(host, machine, entity) else {
        let counted = machine.derived(Shape::Any, [entity]);
        return match only_counts(machine, std::slice::from_ref(entity)) {
            true => counted.shaped(Shape::Number),
            false => counted,
        };
    };
    let instance = class.and_then(|class| {
        let mut found = instances.iter().filter(|(known, _)| *known == class);
        found.next().map(|(_, value)| value.clone())
    });
    if entity.only_object() == class {
        return instance.unwrap_or_else(|| Value::unknown(Shape::Object));
    }
    let is_column = kind_of(machine, entity) == Some(Ustr::from(COLUMN));
    match (is_column, column_in(machine, entity, 0), instance) {
        (true, Some((_, name)), Some(instance)) => machine
            .member(&instance, name, span)
            .unwrap_or_else(|_| Value::unknown(Shape::Any)),
        _ => {
            let origin = Origin::Record {
                asset,
                field: Ustr::from(""),
                of_principal: false,
            };
            let value = machine.derived(Shape::Any, [entity]);
            let value = match value.origins.is_empty() {
                true => host.with_origin(machine, value, origin),
                false => value,
            };
            match only_counts(machine, std::slice::from_ref(entity)) {
                true => value.shaped(Shape::Number),
                false => value,
            }
        }
    }
}
