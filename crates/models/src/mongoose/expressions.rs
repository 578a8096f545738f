//! Conditions that are written as expressions: `{ $expr: { $lt: ['$taken', '$seats'] } }`.
//!
//! They say the same as conditions of fields, and may hold one field against another, which those cannot. They are
//! written out as what everybody else reads: `{ taken: { $lt: … }, seats: { $gt: … } }`.

use firedoor_eval::{Machine, ObjectId, ObjectKind, Shape, Value};
use ustr::Ustr;

use crate::store::{own_properties, parts, property};

/// Returns the filter with what its `$expr` asks as conditions of fields. What is not understood stays as it is.
pub(crate) fn written_out(machine: &mut Machine<'_>, filter: &Value) -> Value {
    let Some(id) = filter.only_object() else {
        return filter.clone();
    };
    let Some(expression) = property(machine, filter, "$expr") else {
        return filter.clone();
    };
    let Some(mut asked) = asked(machine, &expression, 0) else {
        return filter.clone();
    };
    let span = machine.place();
    let mut copy = machine.heap.get(id).clone();
    copy.properties.shift_remove(&Ustr::from("$expr"));
    if let Some(others) = copy.properties.shift_remove(&Ustr::from("$and")) {
        asked.extend(parts(machine, &others));
    }
    let all = machine.make_list(asked, false, span);
    copy.properties.insert(Ustr::from("$and"), all);
    let written = machine.heap.allocate(ObjectKind::Plain, span);
    *machine.heap.get_mut(written) = copy;
    Value::object(written)
}

/// Returns the filters that say the same as an expression.
fn asked(machine: &mut Machine<'_>, expression: &Value, depth: usize) -> Option<Vec<Value>> {
    let [(operator, operands)] = own_properties(machine, expression.only_object()?)
        .try_into()
        .ok()?;
    let operands = parts(machine, &operands);
    if matches!(operator.as_str(), "$and" | "$or") {
        return joined(machine, &operator, &operands, depth);
    }
    let [first, second] = operands.try_into().ok()?;
    let (own, other) = (side(machine, &first), side(machine, &second));
    let is_counted = |side: &Option<Side>| side.as_ref().is_some_and(|it| it.is_counted);
    let is_order = matches!(operator.as_str(), "$lt" | "$lte" | "$gt" | "$gte");
    if !is_order && (is_counted(&own) || is_counted(&other)) {
        return None;
    }
    let mut filters = Vec::new();
    if let Some(side) = &own {
        let value = other
            .as_ref()
            .map_or(second, |_| Value::unknown(Shape::Any));
        filters.push(filter(machine, side.field, operator, value));
    }
    if let Some(side) = other {
        let value = own.map_or(first, |_| Value::unknown(Shape::Any));
        filters.push(filter(machine, side.field, turned(operator)?, value));
    }
    (!filters.is_empty()).then_some(filters)
}

/// Several expressions of which all, or one, must hold.
fn joined(
    machine: &mut Machine<'_>,
    operator: &str,
    operands: &[Value],
    depth: usize,
) -> Option<Vec<Value>> {
    if depth > 4 {
        return None;
    }
    let mut filters = Vec::new();
    for operand in operands {
        let own = asked(machine, operand, depth + 1)?;
        if operator == "$and" {
            filters.extend(own);
            continue;
        }
        let span = machine.place();
        let all = machine.make_list(own, false, span);
        filters.push(object(machine, Ustr::from("$and"), all));
    }
    if operator == "$and" {
        return Some(filters);
    }
    let span = machine.place();
    let choices = machine.make_list(filters, false, span);
    Some(vec![object(machine, Ustr::from("$or"), choices)])
}

/// A side of a comparison that is a field, or the length of one.
struct Side {
    field: Ustr,
    is_counted: bool,
}

fn side(machine: &mut Machine<'_>, value: &Value) -> Option<Side> {
    if let Some(text) = value.text() {
        let field = text.strip_prefix('$').filter(|it| !it.starts_with('$'))?;
        return Some(Side {
            field: Ustr::from(field),
            is_counted: false,
        });
    }
    let [(operator, operand)] = own_properties(machine, value.only_object()?)
        .try_into()
        .ok()?;
    let operand = parts(machine, &operand).into_iter().next()?;
    let is_counted = operator == "$size";
    // What stands for a field that is missing, and the same in other words.
    let is_same = matches!(
        operator.as_str(),
        "$ifNull" | "$toString" | "$toObjectId" | "$toLower" | "$toUpper" | "$trim"
    );
    let inner = side(machine, &operand).filter(|_| is_counted || is_same)?;
    Some(Side {
        is_counted: is_counted || inner.is_counted,
        ..inner
    })
}

/// What an operator says when its sides change places: `3 < $age` is `$age > 3`.
fn turned(operator: Ustr) -> Option<Ustr> {
    Some(Ustr::from(match operator.as_str() {
        "$lt" => "$gt",
        "$lte" => "$gte",
        "$gt" => "$lt",
        "$gte" => "$lte",
        "$eq" | "$ne" => return Some(operator),
        // Somebody who is in a list that the record has.
        "$in" => "$eq",
        _ => return None,
    }))
}

fn filter(machine: &mut Machine<'_>, field: Ustr, operator: Ustr, value: Value) -> Value {
    let condition = object(machine, operator, value);
    object(machine, field, condition)
}

fn object(machine: &mut Machine<'_>, name: Ustr, value: Value) -> Value {
    let span = machine.place();
    let id: ObjectId = machine.heap.allocate(ObjectKind::Plain, span);
    machine.heap.get_mut(id).properties.insert(name, value);
    Value::object(id)
}
