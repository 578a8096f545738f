//! `Map`, `Set` and their weak forms. What requests fill is the host's.

use super::{Function, Native};
use crate::{
    Answer, Arguments, Machine, ObjectId, ObjectKind, Shape, Stop, StoreOperation, TestKind, Value,
};

pub(super) fn map_method(name: &str) -> Option<Function> {
    Some(match name {
        "get" => get,
        "set" => set,
        "has" => has,
        "delete" => delete,
        "clear" => clear,
        "forEach" => for_each,
        "entries" | "@@iterator" => entries,
        "keys" => keys,
        "values" => values,
        _ => return None,
    })
}

pub(super) fn set_method(name: &str) -> Option<Function> {
    Some(match name {
        "add" => add,
        "has" => has,
        "delete" => delete,
        "clear" => clear,
        "forEach" => for_each,
        "entries" | "keys" | "values" | "@@iterator" => values,
        _ => return None,
    })
}

pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "Map" | "WeakMap" => new_map,
        "Set" | "WeakSet" => new_set,
        _ => return None,
    })
}

fn new_map(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let pairs = call.argument(0);
    let (known, more) = machine.elements_and_more(&pairs);
    let id = machine.heap.allocate(ObjectKind::Map, call.span);
    for pair in known {
        let key = machine.index(&pair, &Value::number(0.0), call.span)?;
        let value = machine.index(&pair, &Value::number(1.0), call.span)?;
        machine.map_set(id, key, value);
    }
    if let Some(more) = more {
        machine.open_list(id, more);
    }
    Ok(Some(Value::object(id).with_origins(pairs.origins)))
}

fn new_set(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let given = call.argument(0);
    let (known, more) = machine.elements_and_more(&given);
    let id = machine.heap.allocate(ObjectKind::Set, call.span);
    for value in known {
        set_add(machine, id, value);
    }
    if let Some(more) = more {
        machine.open_list(id, more);
    }
    Ok(Some(Value::object(id).with_origins(given.origins)))
}

/// The most elements of a set or map that are told apart: each that is added is compared with all before.
pub(crate) const MOST_ELEMENTS: usize = 500;

fn set_add(machine: &mut Machine<'_>, id: ObjectId, value: Value) {
    let count = machine.heap.get(id).elements.len();
    if count >= MOST_ELEMENTS {
        return machine.open_list(id, value);
    }
    machine.charge(count / 8);
    let is_there = machine
        .heap
        .get(id)
        .elements
        .iter()
        .any(|element| machine.equality(element, &value, false) == Some(true));
    if !is_there {
        machine.heap.push_element(id, value);
    }
}

fn get(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let key = call.argument(0);
    if machine.is_store(id) {
        let host = machine.host();
        if let Some(value) = host.stored(machine, id, Some(&key), call.span) {
            return Ok(Some(value));
        }
        let value = call.derived(machine, Shape::Any);
        return Ok(Some(machine.join(value, &Value::undefined())));
    }
    Ok(Some(machine.map_get(id, &key, call.span)))
}

fn set(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let (key, value) = (call.argument(0), call.argument(1));
    if machine.is_store(id) {
        store_set(machine, id, Some(&key), &value, call);
    } else {
        if let Some(name) = key.text() {
            machine.name_objects(name, &value);
        }
        let host = machine.host();
        host.added(machine, id, &value, call.span);
        machine.map_set(id, key, value);
    }
    Ok(Some(call.this.clone()))
}

fn store_set(
    machine: &mut Machine<'_>,
    id: ObjectId,
    key: Option<&Value>,
    value: &Value,
    call: &Native<'_>,
) {
    let host = machine.host();
    host.store_changed(
        machine,
        id,
        StoreOperation::Set,
        key,
        Some(value),
        call.span,
    );
}

fn add(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let value = call.argument(0);
    match machine.is_store(id) {
        true => store_set(machine, id, Some(&value), &value, call),
        false => {
            let host = machine.host();
            host.added(machine, id, &value, call.span);
            set_add(machine, id, value);
        }
    }
    Ok(Some(call.this.clone()))
}

/// Whether something is in a store hangs on what is stored under the key.
fn has(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let key = call.argument(0);
    if machine.is_store(id) {
        let host = machine.host();
        if let Some(value) = host.stored(machine, id, Some(&key), call.span) {
            return Ok(Some(machine.tested(
                TestKind::Membership,
                None,
                &[&key, &value],
                call.span,
            )));
        }
    }
    Ok(Some(machine.contains(call.this, &key, call.span)))
}

fn delete(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    let key = call.argument(0);
    if machine.is_store(id) {
        let host = machine.host();
        let operation = StoreOperation::Remove;
        host.store_changed(machine, id, operation, Some(&key), None, call.span);
        return Ok(Some(call.derived(machine, Shape::Bool)));
    }
    let step = step(machine, id);
    let mut outcomes = machine
        .heap
        .get(id)
        .elements
        .iter()
        .step_by(step)
        .map(|element| machine.equality(element, &key, false));
    let Some(position) = outcomes.position(|outcome| outcome == Some(true)) else {
        return Ok(Some(machine.contains(call.this, &key, call.span)));
    };
    let start = position * step;
    machine.heap.elements_mut(id).drain(start..start + step);
    Ok(Some(Value::bool(true)))
}

/// How many elements make an entry.
fn step(machine: &Machine<'_>, id: ObjectId) -> usize {
    match machine.heap.get(id).kind {
        ObjectKind::Map => 2,
        _ => 1,
    }
}

fn clear(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let Some(id) = call.object() else {
        return Ok(None);
    };
    if machine.is_store(id) {
        let host = machine.host();
        host.store_changed(machine, id, StoreOperation::Remove, None, None, call.span);
    } else {
        machine.heap.elements_mut(id).clear();
        machine.heap.get_mut(id).is_open = false;
    }
    Ok(Some(Value::undefined()))
}

/// Returns the entries as pairs of key and value; those of a set have twice the same.
fn pairs(machine: &mut Machine<'_>, call: &Native<'_>) -> Result<Vec<(Value, Value, bool)>, Stop> {
    let Some(id) = call.object() else {
        return Ok(Vec::new());
    };
    let step = step(machine, id);
    let mut pairs: Vec<(Value, Value, bool)> = machine
        .heap
        .get(id)
        .elements
        .chunks(step)
        .filter(|chunk| chunk.len() == step)
        .map(|chunk| (chunk[0].clone(), chunk[step - 1].clone(), true))
        .collect();
    if machine.heap.get(id).is_open || machine.is_store(id) {
        let more = machine.element_of_open(call.this);
        if step == 1 {
            pairs.push((more.clone(), more, false));
        } else {
            let key = machine.index(&more, &Value::number(0.0), call.span)?;
            let value = machine.index(&more, &Value::number(1.0), call.span)?;
            pairs.push((key, value, false));
        }
    }
    Ok(pairs)
}

fn for_each(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    let function = call.argument(0);
    for (key, value, is_known) in pairs(machine, call)? {
        let arguments = Arguments::positional([value, key.clone(), call.this.clone()]);
        if is_known && !crate::elements::is_perhaps_missing(&key) {
            machine.call_value(&function, None, &arguments, call.span)?;
            continue;
        }
        let decision = machine.loop_decision(call.this, call.span);
        machine.perhaps(decision, |machine| {
            machine.call_value(&function, None, &arguments, call.span)?;
            Ok(crate::branch::Completion::Normal)
        })?;
    }
    Ok(Some(Value::undefined()))
}

/// Makes a list of something of each entry.
fn listed(
    machine: &mut Machine<'_>,
    call: &Native<'_>,
    part: impl Fn(&mut Machine<'_>, Value, Value) -> Value,
) -> Answer {
    let mut known = Vec::new();
    let mut more = None;
    for (key, value, is_known) in pairs(machine, call)? {
        let made = part(machine, key, value);
        match is_known {
            true => known.push(made),
            false => more = Some(made),
        }
    }
    let list = machine.make_open_list(known, more, call.span);
    Ok(Some(list.with_origins(call.this.origins)))
}

fn entries(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |machine, key, value| {
        machine.make_list(vec![key, value], false, call.span)
    })
}

fn keys(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |_, key, _| key)
}

fn values(machine: &mut Machine<'_>, call: &Native<'_>) -> Answer {
    listed(machine, call, |_, _, value| value)
}
