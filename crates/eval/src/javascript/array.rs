//! Lists, as far as no function of the program is called.

use ustr::Ustr;

use super::{Function, Native};
use crate::{Answer, Atom, Machine, ObjectId, ObjectKind, Shape, StoreOperation, TestKind, Value};

pub(super) fn method(name: &str) -> Option<Function> {
    Some(match name {
        "push" => push,
        "unshift" => unshift,
        "pop" => pop,
        "shift" => shift,
        "splice" => splice,
        "slice" | "subarray" => slice,
        "concat" => concat,
        "includes" => includes,
        "indexOf" | "lastIndexOf" => index_of,
        "join" | "toString" | "toLocaleString" => join,
        "flat" => flat,
        "reverse" | "toReversed" => reverse,
        "at" => at,
        "entries" => entries,
        "keys" => keys,
        "values" | "@@iterator" | "toArray" => values,
        "fill" => fill,
        "next" => next,
        "with" | "copyWithin" => changed,
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Array.of" => of,
        "Array" => construct,
        "Array.isArray" => is_array,
        _ => return None,
    })
}

/// Returns the number of elements as a value.
fn length(machine: &mut Machine<'_>, id: ObjectId, this: &Value) -> Value {
    let object = machine.heap.get(id);
    if object.is_open || machine.is_store(id) {
        return machine.derived(Shape::Number, [this]);
    }
    machine.list_length(id, this)
}

/// Tells the host that elements are added to a list that requests fill.
fn store_added(machine: &mut Machine<'_>, id: ObjectId, values: &[Value], call: &Native<'_>) {
    let host = machine.host();
    for value in values {
        host.store_changed(
            machine,
            id,
            StoreOperation::Set,
            None,
            Some(value),
            call.span,
        );
    }
}

/// Takes something from a list that requests fill.
fn store_removed(machine: &mut Machine<'_>, id: ObjectId, call: &Native<'_>) -> Value {
    let element = machine.element_of_open(call.this);
    let host = machine.host();
    host.store_changed(machine, id, StoreOperation::Remove, None, None, call.span);
    element
}

fn push(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let given = &call.arguments.positional;
    if machine.fills_store(id) {
        store_added(machine, id, given, call);
        return Ok(Some(machine.derived(Shape::Number, [call.this])));
    }
    told_of(machine, id, given, call);
    for value in given {
        machine.heap.push_element(id, value.clone());
    }
    if let Some(rest) = &call.arguments.rest {
        machine.open_list(id, rest.clone());
    }
    Ok(Some(length(machine, id, call.this)))
}

/// Tells the host what is put into a list of the program's own, wherever in it.
fn told_of(machine: &mut Machine<'_>, id: ObjectId, added: &[Value], call: &Native<'_>) {
    let host = machine.host();
    for value in added {
        host.added(machine, id, value, call.span);
    }
}

fn unshift(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let given = &call.arguments.positional;
    if machine.fills_store(id) {
        store_added(machine, id, given, call);
        return Ok(Some(machine.derived(Shape::Number, [call.this])));
    }
    told_of(machine, id, given, call);
    let elements = machine.heap.elements_mut(id);
    elements.splice(0..0, given.iter().cloned());
    Ok(Some(length(machine, id, call.this)))
}

fn pop(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    take(machine, call, false)
}

fn shift(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    take(machine, call, true)
}

fn take(machine: &mut Machine<'_>, call: &Native<'_>, is_first: bool) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    if machine.is_store(id) {
        let element = store_removed(machine, id, call);
        return Ok(Some(machine.join(element, &Value::undefined())));
    }
    let object = machine.heap.get(id);
    if object.is_open && (object.elements.is_empty() || !is_first) {
        let element = machine.element_of_open(call.this);
        if is_first {
            return Ok(Some(element));
        }
        let host = machine.host();
        return Ok(Some(host.picked(machine, &Value::number(-1.0), element)));
    }
    if object.elements.is_empty() {
        return Ok(Some(Value::undefined()));
    }
    let elements = machine.heap.elements_mut(id);
    let taken = match is_first {
        true => Some(elements.remove(0)),
        false => elements.pop(),
    };
    Ok(Some(taken.unwrap_or_else(Value::undefined)))
}

fn splice(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let added: Vec<Value> = call.arguments.positional.iter().skip(2).cloned().collect();
    if machine.fills_store(id) {
        let removed = store_removed(machine, id, call);
        store_added(machine, id, &added, call);
        return Ok(Some(machine.make_open_list(
            Vec::new(),
            Some(removed),
            call.span,
        )));
    }
    told_of(machine, id, &added, call);
    let count = machine.heap.get(id).elements.len();
    let start = position(&call.argument(0), count, 0);
    let amount = match call.arguments.positional.get(1) {
        Some(amount) => amount.as_number().map(|amount| amount.max(0.0) as usize),
        None => Some(count),
    };
    let (Some(start), Some(amount)) = (start, amount) else {
        let more = machine.element_of_open(call.this);
        for value in &added {
            machine.heap.push_element(id, value.clone());
        }
        machine.open_list(id, more.clone());
        return Ok(Some(machine.make_open_list(
            Vec::new(),
            Some(more),
            call.span,
        )));
    };
    let end = start.saturating_add(amount).min(count);
    let elements = machine.heap.elements_mut(id);
    let removed: Vec<Value> = elements.splice(start..end, added).collect();
    Ok(Some(machine.make_list(removed, false, call.span)))
}

/// Returns a position in a list of that length, if it is known; a negative one counts from the end.
pub(super) fn position(value: &Value, length: usize, otherwise: usize) -> Option<usize> {
    if *value == Value::undefined() {
        return Some(otherwise);
    }
    let number = value.as_number()?;
    let from_start = if number < 0.0 {
        number + length as f64
    } else {
        number
    };
    Some((from_start.max(0.0) as usize).min(length))
}

fn slice(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    let start = position(&call.argument(0), elements.len(), 0);
    let end = position(&call.argument(1), elements.len(), elements.len());
    let list = match (start, end) {
        (Some(start), Some(end)) => {
            let part = elements.get(start..end.max(start)).unwrap_or(&[]).to_vec();
            machine.make_open_list(part, more, call.span)
        }
        _ => {
            let more = machine.element_of_open(call.this);
            machine.make_open_list(Vec::new(), Some(more), call.span)
        }
    };
    Ok(Some(list.with_origins(call.this.origins)))
}

fn concat(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (mut elements, mut more) = machine.elements_and_more(call.this);
    for value in call.arguments.all().cloned().collect::<Vec<_>>() {
        // A name that is one of several lists, as a setting says, is as good as a list.
        let is_list = !value.atoms().is_empty()
            && value.atoms().iter().all(|atom| match atom {
                Atom::Object(id) => matches!(
                    machine.heap.get(*id).kind,
                    ObjectKind::Array | ObjectKind::Tuple
                ),
                Atom::Unknown(_) => true,
                _ => false,
            });
        if !is_list {
            elements.push(value);
            continue;
        }
        let (own, further) = machine.elements_and_more(&value);
        elements.extend(own);
        more = match (more, further) {
            (Some(more), Some(further)) => Some(machine.join(more, &further)),
            (more, further) => more.or(further),
        };
    }
    let list = machine.make_open_list(elements, more, call.span);
    Ok(Some(list.with_origins(call.this.origins)))
}

fn includes(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let wanted = call.argument(0);
    Ok(Some(machine.contains(call.this, &wanted, call.span)))
}

fn index_of(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let wanted = call.argument(0);
    let test = machine.contains(call.this, &wanted, call.span);
    let (elements, more) = machine.elements_and_more(call.this);
    let mut found = None;
    let mut is_decided = more.is_none();
    for (index, element) in elements.iter().enumerate() {
        match machine.decide_equality(element, &wanted, false) {
            Some(true) => {
                found = Some(index as f64);
                is_decided = true;
                break;
            }
            Some(false) => {}
            None => is_decided = false,
        }
    }
    let mut position = match is_decided {
        true => Value::number(found.unwrap_or(-1.0)),
        false => Value::unknown(Shape::Number),
    };
    position.origins = test.origins;
    position.control = test.control;
    position.test = test.test;
    Ok(Some(position))
}

fn join(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let separator = match call.arguments.positional.first() {
        Some(separator) if call.path == "join" => separator.clone(),
        _ => Value::string(","),
    };
    let (mut elements, more) = machine.elements_and_more(call.this);
    elements.extend(more);
    Ok(Some(machine.joined(call.this, &elements, &separator)))
}

fn flat(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let depth = call.argument(0).as_number().unwrap_or(1.0).min(8.0);
    let (elements, more) = flattened(machine, call.this, depth);
    let list = machine.make_open_list(elements, more, call.span);
    Ok(Some(list.with_origins(call.this.origins)))
}

/// Returns the elements of a list with those of its lists, down to `depth`.
pub(super) fn flattened(
    machine: &mut Machine<'_>,
    list: &Value,
    depth: f64,
) -> (Vec<Value>, Option<Value>) {
    let (elements, mut more) = machine.elements_and_more(list);
    let mut flat = Vec::new();
    for element in elements {
        let is_list = element
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Array));
        if !is_list || depth < 1.0 {
            flat.push(element);
            continue;
        }
        let (inner, further) = flattened(machine, &element, depth - 1.0);
        flat.extend(inner);
        more = match (more, further) {
            (Some(more), Some(further)) => Some(machine.join(more, &further)),
            (more, further) => more.or(further),
        };
    }
    (flat, more)
}

fn reverse(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    if machine.is_store(id) {
        return Ok(Some(call.this.clone()));
    }
    if call.path == "toReversed" {
        let (elements, more) = machine.elements_and_more(call.this);
        let elements = machine.turned_round(elements);
        let more = more.and_then(|more| machine.turned_round(vec![more]).pop());
        return Ok(Some(machine.make_open_list(elements, more, call.span)));
    }
    let elements = std::mem::take(machine.heap.elements_mut(id));
    let elements = machine.turned_round(elements);
    *machine.heap.elements_mut(id) = elements;
    Ok(Some(call.this.clone()))
}

fn at(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    let index = call.argument(0).as_number();
    let index = index.map(|index| match index < 0.0 {
        true => index + elements.len() as f64,
        false => index,
    });
    Ok(Some(match (index, more) {
        (Some(index), None) => elements
            .get(index as usize)
            .filter(|_| index >= 0.0)
            .cloned()
            .unwrap_or_else(Value::undefined),
        _ => {
            let element = machine.element_of_open(call.this);
            let host = machine.host();
            host.picked(machine, &call.argument(0), element)
        }
    }))
}

fn entries(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    let mut pairs = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let pair = vec![Value::number(index as f64), element];
        pairs.push(machine.make_list(pair, false, call.span));
    }
    let more = more.map(|more| {
        let pair = vec![Value::unknown(Shape::Number), more];
        machine.make_list(pair, false, call.span)
    });
    Ok(Some(machine.make_open_list(pairs, more, call.span)))
}

fn keys(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    let keys = (0..elements.len()).map(|index| Value::number(index as f64));
    let more = more.map(|_| Value::unknown(Shape::Number));
    Ok(Some(machine.make_open_list(
        keys.collect(),
        more,
        call.span,
    )))
}

fn values(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    Ok(Some(machine.make_open_list(elements, more, call.span)))
}

fn fill(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let value = call.argument(0);
    let is_open = machine.heap.get(id).is_open;
    for element in machine.heap.elements_mut(id) {
        *element = value.clone();
    }
    if is_open {
        machine
            .heap
            .set_property(id, Ustr::from(crate::elements::MORE), value);
    }
    Ok(Some(call.this.clone()))
}

/// What a generator gives next: any of its elements.
fn next(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let (elements, more) = machine.elements_and_more(call.this);
    let value = machine.join_all(elements.iter().chain(&more));
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let done = machine.derived(Shape::Bool, [call.this]);
    let properties = &mut machine.heap.get_mut(id).properties;
    properties.insert(Ustr::from("value"), value);
    properties.insert(Ustr::from("done"), done);
    Ok(Some(Value::object(id)))
}

/// A copy whose elements have changed in a way that is not followed.
fn changed(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let more = machine.element_of_open(call.this);
    let more = machine.join(more, &call.argument(1));
    Ok(Some(machine.make_open_list(
        Vec::new(),
        Some(more),
        call.span,
    )))
}

fn of(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.arguments.positional.clone();
    let rest = call.arguments.rest.clone();
    Ok(Some(machine.make_open_list(given, rest, call.span)))
}

/// `Array(3)` has three empty places, `Array(1, 2)` two elements.
fn construct(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = &call.arguments.positional;
    let is_length = match given.as_slice() {
        [only] => {
            matches!(only.only(), Some(Atom::Number(_) | Atom::Unknown(_)))
        }
        _ => false,
    };
    if !is_length {
        return of(machine, call);
    }
    Ok(Some(match given[0].as_number() {
        Some(count) if (0.0..=machine.limits.rounds as f64).contains(&count) => {
            let places = vec![Value::undefined(); count as usize];
            machine.make_list(places, false, call.span)
        }
        _ => {
            let more = Some(Value::undefined());
            machine.make_open_list(Vec::new(), more, call.span)
        }
    }))
}

fn is_array(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let value = call.argument(0);
    let mut outcomes = value.atoms().iter().map(|atom| match atom {
        Atom::Object(id) => match machine.heap.get(*id).kind {
            ObjectKind::Array | ObjectKind::Tuple => Some(true),
            ObjectKind::Host(_) => None,
            _ => Some(false),
        },
        Atom::Outside(_) | Atom::Unknown(Shape::Any | Shape::Object) => None,
        _ => Some(false),
    });
    let first = outcomes.next().flatten();
    let outcome = first.filter(|first| outcomes.all(|other| other == Some(*first)));
    // The kind is named, as in `typeof it === "object"`: a schema asks for more.
    Ok(Some(machine.tested(
        TestKind::Kind,
        outcome,
        &[&value, &Value::string("array")],
        call.span,
    )))
}
