//! The results of SQLAlchemy's statements: rows, scalars, and whether there are any.
//!
//! Source: SQLAlchemy 2.0 `engine/result.py` (`one` raises `NoResultFound`, `scalar` gives `None`).

use firedoor_app::Origin;
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::ModelHost;
use crate::python_records::{Key, asset_of, find, instance_value, stored_instance};
use crate::python_support::last_name;
use crate::sqlalchemy::session::{RESULT, must_be_there, takes_one};
use crate::sqlalchemy::statement::{entity_asset, entity_value, only_counts};

/// Makes the result of a statement: what a row is, and whether there is one.
pub(crate) fn make_result(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    (asset, class): (Ustr, Option<ObjectId>),
    key: &Key,
    columns: &[Value],
    span: Span,
) -> Value {
    let found = match class {
        Some(class) => find(host, machine, class, key, span),
        None => crate::judge::record_value(host, machine, asset, &key.fields, &key.values),
    };
    let mut instances = Vec::new();
    if let (Some(class), Some(there)) = (class, found.filter(|atom| !atom.is_nothing())) {
        instances.push((class, there));
    }
    for column in columns {
        let Some((_, Some(other))) = entity_asset(host, machine, column) else {
            continue;
        };
        if instances.iter().all(|(known, _)| *known != other) {
            let joined = joined_instance(host, machine, other, &found, key, span);
            instances.push((other, joined));
        }
    }
    let count = counted(host, machine, asset, &found);
    let there = found.filter(|atom| !atom.is_nothing());
    let there = there.filter(|_| class.is_none());
    let mut row = Vec::new();
    for column in columns {
        let own = there
            .as_ref()
            .and_then(|there| own_column(machine, asset, column, there, span));
        row.push(
            match (own, only_counts(machine, std::slice::from_ref(column))) {
                (_, true) => count.clone(),
                (Some(own), _) => own,
                (None, _) => entity_value(host, machine, column, &instances, span),
            },
        );
    }
    let id = host.make_object(machine, RESULT, span);
    let is_table = columns
        .iter()
        .any(|column| crate::sqlalchemy::table::table_asset(host, machine, column) == Some(asset));
    let mut scalar = row.first().cloned().unwrap_or_else(Value::null);
    let mut tuple = row_tuple(machine, columns, row, &found, span);
    if let (true, Some(there)) = (is_table, there) {
        // All columns of a table: what is asked of the row is asked of the record.
        (scalar, tuple) = (there.clone(), there);
    }
    let is_counted = only_counts(machine, columns);
    let object = machine.heap.get_mut(id);
    let properties = [
        ("found", if is_counted { count.clone() } else { found }),
        ("scalar", scalar),
        ("row", tuple),
        ("rowcount", count),
        ("entities", Value::number(columns.len() as f64)),
    ];
    for (name, value) in properties {
        object.properties.insert(Ustr::from(name), value);
    }
    Value::object(id)
}

/// What a column is in a row that is found without a class.
fn own_column(
    machine: &mut Machine<'_>,
    asset: Ustr,
    column: &Value,
    there: &Value,
    span: Span,
) -> Option<Value> {
    let is_column = crate::sqlalchemy::query::kind_of(machine, column)
        .is_some_and(|kind| kind == crate::sqlalchemy::query::COLUMN);
    let (owner, name) = crate::sqlalchemy::query::column_in(machine, column, 0)?;
    if !is_column || owner != asset {
        return None;
    }
    machine.member(there, name, span).ok()
}

pub(crate) fn row_tuple(
    machine: &mut Machine<'_>,
    columns: &[Value],
    row: Vec<Value>,
    found: &Value,
    span: Span,
) -> Value {
    let tuple = machine.heap.allocate(ObjectKind::Tuple, span);
    for (column, value) in columns.iter().zip(&row) {
        let name = match crate::sqlalchemy::query::column_in(machine, column, 0) {
            Some((_, name)) => Some(name),
            None => column
                .only_object()
                .and_then(|id| machine.heap.get(id).name),
        };
        if let Some(name) = name {
            let properties = &mut machine.heap.get_mut(tuple).properties;
            properties.insert(name, value.clone());
        }
    }
    machine.heap.get_mut(tuple).elements = row;
    let mut value = Value::object(tuple).with_origins(found.origins);
    value.control = found.control;
    value
}

/// A record of another table in the same row.
pub(crate) fn joined_instance(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    class: ObjectId,
    found: &Value,
    key: &Key,
    span: Span,
) -> Value {
    let asset = asset_of(host, machine, class).unwrap_or_default();
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: crate::python_records::is_of_principal(host, machine, found.origins),
    };
    let mut by = Value::null().with_origins(host.origin(machine, origin));
    by.control = found.control;
    let id = stored_instance(host, machine, class, &by, key, span);
    instance_value(host, id)
}

/// The number of rows: none where nothing can be found.
pub(crate) fn counted(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    found: &Value,
) -> Value {
    let mut value = match found.is_nothing() {
        true => Value::number(0.0),
        false => Value::unknown(Shape::Number),
    };
    let origin = Origin::Record {
        asset,
        field: Ustr::from(""),
        of_principal: crate::python_records::is_of_principal(host, machine, found.origins),
    };
    value.origins = host.origin(machine, origin);
    value.control = found.control;
    value
}

pub(crate) fn property(machine: &Machine<'_>, result: &Value, name: &str) -> Value {
    let id = result.objects().next();
    id.and_then(|id| machine.heap.property(id, Ustr::from(name)))
        .cloned()
        .unwrap_or_else(|| result.shaped(Shape::Any))
}

pub(crate) fn has_one_entity(machine: &Machine<'_>, result: &Value) -> bool {
    property(machine, result, "entities").as_number() == Some(1.0)
}

/// `scalars()`: rows are their first column.
pub(crate) fn to_scalars(machine: &mut Machine<'_>, result: &Value, span: Span) -> Value {
    let Some(id) = result.only_object() else {
        return result.clone();
    };
    let old = machine.heap.get(id).clone();
    if !matches!(old.kind, ObjectKind::Host(path) if path == RESULT) {
        return result.clone();
    }
    let new = machine.heap.allocate(old.kind, span);
    let scalar = property(machine, result, "scalar");
    let object = machine.heap.get_mut(new);
    object.properties = old.properties;
    object.properties.insert(Ustr::from("row"), scalar);
    Value::object(new)
}

/// The row (or its first column), or `None` if none is found.
pub(crate) fn one_or_none(machine: &mut Machine<'_>, result: &Value, is_scalar: bool) -> Value {
    let found = property(machine, result, "found");
    let value = property(machine, result, if is_scalar { "scalar" } else { "row" });
    let mut value = match found.is_nothing() {
        true => Value::null().with_origins(found.origins),
        false => value,
    };
    if found.atoms().iter().any(Atom::is_nothing) {
        value.add(Atom::Null);
    }
    value.control = machine.origins.union(value.control, found.control);
    value
}

pub(crate) fn result_method(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
) -> Answer {
    let result = call.this.clone();
    let name = last_name(&call.path);
    if name.starts_with("scalar_one") || matches!(name, "scalar" | "first" | "one" | "one_or_none")
    {
        takes_one(host, machine, &result);
    }
    let value = match name {
        "scalars" => to_scalars(machine, &result, call.span),
        "scalar" | "scalar_one_or_none" => one_or_none(machine, &result, true),
        "first" | "one_or_none" | "fetchone" => one_or_none(machine, &result, false),
        "scalar_one" => {
            let found = one_or_none(machine, &result, true);
            must_be_there(host, machine, &found, call.span)?
        }
        "one" => {
            let found = one_or_none(machine, &result, false);
            must_be_there(host, machine, &found, call.span)?
        }
        "all" | "fetchall" | "fetchmany" | "partitions" | "to_list" => {
            all(machine, &result, call.span)
        }
        "close" => Value::null(),
        "keys" => machine.derived(Shape::Any, [&result]),
        _ => result,
    };
    Ok(Some(value))
}

/// The rows as a list.
pub(crate) fn all(machine: &mut Machine<'_>, result: &Value, span: Span) -> Value {
    let found = property(machine, result, "found");
    let row = property(machine, result, "row");
    let mut list = match found.is_nothing() {
        true => machine.make_list(Vec::new(), false, span),
        false => machine.make_open_list(Vec::new(), Some(row), span),
    };
    list.origins = found.origins;
    list.control = found.control;
    list
}
