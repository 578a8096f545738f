//! `values` and `values_list`: querysets that give columns of records instead of records.
//!
//! Source: django 5.2 `db/models/query.py`, `QuerySet.values_list`.

use firedoor_eval::{Atom, Call, Machine, ObjectId, ObjectKind, Shape, Value};
use firedoor_source::Span;
use ustr::Ustr;

use crate::python_active::{keep, kept};

const COLUMNS: &str = "$picked";
const FORM: &str = "$form";

/// Remembers which columns a queryset gives, and how.
pub(crate) fn pick(machine: &mut Machine<'_>, query: ObjectId, name: &str, call: &Call<'_>) {
    let columns = machine.make_tuple(call.arguments.positional.clone(), call.span);
    let flat = call.arguments.keyword("flat").and_then(Value::truth);
    let form = match (name, flat) {
        ("values", _) => "dictionary",
        (_, Some(true)) => "flat",
        _ => "row",
    };
    keep(machine, query, COLUMNS, columns);
    keep(machine, query, FORM, Value::string(form));
}

/// Returns what a queryset gives for a record: the record, or the columns that it was asked for.
pub(crate) fn picked(
    machine: &mut Machine<'_>,
    query: ObjectId,
    record: Value,
    span: Span,
) -> Value {
    let Some(columns) = kept(machine, query, COLUMNS) else {
        return record;
    };
    let (columns, _) = machine.elements_of(&columns);
    let names: Vec<Ustr> = columns.iter().filter_map(Value::text).collect();
    let there = record.filter(|atom| !atom.is_nothing());
    if record.only() == Some(Atom::Undefined) {
        // No record, no columns.
        return record;
    }
    let Some(there) = there.filter(|_| !names.is_empty() && names.len() == columns.len()) else {
        return record;
    };
    let values: Vec<Value> = names
        .iter()
        .map(|name| column(machine, &there, name, span))
        .collect();
    let form = kept(machine, query, FORM).and_then(|form| form.text());
    let mut given = match form.as_deref() {
        Some("flat") => values.into_iter().next().unwrap_or_else(Value::null),
        Some("row") => machine.make_tuple(values, span),
        _ => {
            let table = machine.heap.allocate(ObjectKind::Plain, span);
            machine.heap.get_mut(table).properties = names.into_iter().zip(values).collect();
            Value::object(table)
        }
    };
    given.control = machine.origins.union(given.control, record.control);
    match there == record {
        true => given,
        false => machine.join(Value::null(), &given),
    }
}

/// `club__name` is a column of the record that the record refers to; what was worked out by the query comes from it.
fn column(machine: &mut Machine<'_>, record: &Value, name: &str, span: Span) -> Value {
    let mut value = record.clone();
    for part in name.split("__") {
        let (read, _) = machine.catching(|machine| machine.member(&value, Ustr::from(part), span));
        value = match read {
            Ok(read) if !read.is_nothing() => read,
            _ => return machine.derived(Shape::Any, [record]),
        };
    }
    value
}
