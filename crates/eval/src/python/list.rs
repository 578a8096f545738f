//! Methods of lists and tuples, and slices.

use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Machine, ObjectId, ObjectKind, Shape, StoreOperation, Value};

/// Methods of lists, tuples and deques.
pub(crate) const METHODS: &[&str] = &[
    "append",
    "appendleft",
    "clear",
    "copy",
    "count",
    "extend",
    "extendleft",
    "index",
    "insert",
    "pop",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
    "__aiter__",
    "__iter__",
    "aclose",
    "asend",
    "close",
    "send",
    "__next__",
    "__anext__",
    "throw",
    "athrow",
    "__len__",
    "__contains__",
    "__getitem__",
];

/// Calls a method of a list or tuple.
pub(crate) fn method(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Answer {
    if machine.is_store(id) {
        return Ok(store_method(machine, id, call));
    }
    let value = match call.name {
        "append" => {
            if let Some(value) = call.at(0) {
                let host = machine.host();
                host.added(machine, id, &value, call.span);
                machine.heap.push_element(id, value);
            }
            Value::null()
        }
        "appendleft" | "insert" => {
            add(machine, id, call);
            Value::null()
        }
        "extend" | "extendleft" => {
            let more = call.at(0).unwrap_or_else(Value::null);
            extend(machine, id, &more, call);
            Value::null()
        }
        "pop" | "popleft" => return pop(machine, id, call),
        "remove" => {
            let element = call.at(0).unwrap_or_else(Value::null);
            machine.remove_element(id, &element);
            Value::null()
        }
        "clear" => {
            machine.heap.elements_mut(id).clear();
            machine.heap.get_mut(id).is_open = false;
            Value::null()
        }
        "reverse" => {
            let elements = std::mem::take(machine.heap.elements_mut(id));
            let elements = machine.turned_round(elements);
            *machine.heap.elements_mut(id) = elements;
            Value::null()
        }
        "sort" => {
            if call.arguments.keyword("key").is_none() {
                crate::python::iteration::sort(machine.heap.elements_mut(id));
            }
            Value::null()
        }
        "rotate" | "close" | "aclose" => Value::null(),
        "copy" => copy(machine, id, call),
        "index" | "count" => position(machine, id, call),
        "__iter__" | "__aiter__" => call.this.clone(),
        "__next__" | "__anext__" | "send" | "asend" => machine.element_of_open(call.this),
        "__contains__" => {
            let element = call.at(0).unwrap_or_else(Value::null);
            machine.contains(call.this, &element, call.span)
        }
        "__getitem__" => {
            let key = call.at(0).unwrap_or_else(Value::null);
            return machine.index(call.this, &key, call.span).map(Some);
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn store_method(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Option<Value> {
    let first = call.at(0);
    let set = StoreOperation::Set;
    let remove = StoreOperation::Remove;
    match call.name {
        "append" | "appendleft" => {
            machine.note_store_change(id, set, None, first.as_ref(), call.span);
        }
        "insert" => {
            machine.note_store_change(id, set, None, call.at(1).as_ref(), call.span);
        }
        "extend" | "extendleft" => {
            let more = first.map(|more| machine.element_of_open(&more));
            machine.note_store_change(id, set, None, more.as_ref(), call.span);
        }
        "remove" => {
            machine.note_store_change(id, remove, None, first.as_ref(), call.span);
        }
        "clear" => machine.note_store_change(id, remove, None, None, call.span),
        "pop" | "popleft" => {
            let value = machine.read_store(id, first.as_ref(), call.span);
            machine.note_store_change(id, remove, first.as_ref(), None, call.span);
            return Some(value);
        }
        "copy" => return Some(call.this.clone()),
        "sort" | "reverse" | "rotate" => {}
        "index" | "count" => {
            let element = first.unwrap_or_else(Value::null);
            return Some(machine.derived(Shape::Number, [call.this, &element]));
        }
        _ => return None,
    }
    Some(Value::null())
}

fn add(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) {
    let index = usize::from(call.name == "insert");
    let Some(value) = call.at(index) else {
        return;
    };
    let host = machine.host();
    host.added(machine, id, &value, call.span);
    let position = match call.name {
        "insert" => call.at(0).and_then(|position| position.as_number()),
        "appendleft" => Some(0.0),
        _ => None,
    };
    let elements = machine.heap.elements_mut(id);
    match position {
        Some(position) if position >= 0.0 && (position as usize) < elements.len() => {
            elements.insert(position as usize, value);
        }
        _ => elements.push(value),
    }
}

fn extend(machine: &mut Machine<'_>, id: ObjectId, more: &Value, call: &Use<'_>) {
    let (elements, is_open) = machine.elements_of(more);
    let rest = is_open.then(|| machine.element_of_open(more));
    let host = machine.host();
    for element in &elements {
        host.added(machine, id, element, call.span);
    }
    machine.heap.elements_mut(id).extend(elements);
    if let Some(rest) = rest {
        machine.open_list(id, rest);
    }
}

fn pop(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Answer {
    let object = machine.heap.get(id);
    let length = object.elements.len();
    let position = match (call.name, call.at(0)) {
        ("popleft", _) => Some(0.0),
        (_, None) => Some(length as f64 - 1.0),
        (_, Some(position)) => position.as_number().map(|number| {
            if number < 0.0 {
                number + length as f64
            } else {
                number
            }
        }),
    };
    if object.is_open || position.is_none() {
        return Ok(Some(machine.element_of_open(call.this)));
    }
    let position = position.unwrap_or(-1.0);
    if position < 0.0 || position as usize >= length {
        let error = machine.exception("IndexError", Vec::new(), call.span);
        return machine.throw(error, call.span);
    }
    Ok(Some(
        machine.heap.elements_mut(id).remove(position as usize),
    ))
}

fn copy(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Value {
    let object = machine.heap.get(id);
    let (kind, elements, is_open) = (object.kind.clone(), object.elements.clone(), object.is_open);
    machine.make_collection(kind, elements, is_open, Some(call.this), call.span)
}

fn position(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Value {
    let wanted = call.at(0).unwrap_or_else(Value::null);
    let object = machine.heap.get(id);
    let is_open = object.is_open;
    let elements = object.elements.clone();
    let tests: Vec<Option<bool>> = elements
        .iter()
        .map(|element| machine.equal_values(element, &wanted))
        .collect();
    if is_open || tests.contains(&None) {
        return machine.derived(Shape::Number, [call.this, &wanted]);
    }
    let number = match call.name {
        "count" => tests.iter().filter(|test| **test == Some(true)).count(),
        _ => match tests.iter().position(|test| *test == Some(true)) {
            Some(position) => position,
            None => return machine.derived(Shape::Number, [call.this, &wanted]),
        },
    };
    Value::number(number as f64)
}

impl Machine<'_> {
    /// Takes an element out of a list or set; where it is not known which, all may still be there.
    pub(crate) fn remove_element(&mut self, id: ObjectId, element: &Value) {
        let elements = self.heap.get(id).elements.clone();
        let found = elements
            .iter()
            .position(|candidate| self.equal_values(candidate, element) == Some(true));
        match found {
            Some(position) => {
                self.heap.elements_mut(id).remove(position);
            }
            None if element.is_unknown() => self.heap.open(id),
            None => {}
        }
    }

    /// Returns what a key that is a slice stands for.
    pub(crate) fn slice_of(&self, key: &Value) -> Option<Slice> {
        let id = key.only_object()?;
        let object = self.heap.get(id);
        match &object.kind {
            ObjectKind::Host(path) if path == "py:slice" => {}
            _ => return None,
        }
        let bound = |index: usize| -> Bound {
            match object.elements.get(index) {
                Some(value) if !value.is_nothing() => {
                    value.as_number().map_or(Bound::Unknown, Bound::At)
                }
                _ => Bound::Absent,
            }
        };
        Some(Slice {
            start: bound(0),
            end: bound(1),
            step: bound(2),
        })
    }

    /// Makes the object that `start:end:step` is.
    pub(crate) fn make_slice(&mut self, parts: Vec<Value>, span: firedoor_source::Span) -> Value {
        let id = self
            .heap
            .allocate(ObjectKind::Host(Ustr::from("py:slice")), span);
        self.heap.get_mut(id).elements = parts;
        Value::object(id)
    }

    /// Reads a part of a list or tuple.
    pub(crate) fn list_slice(&mut self, id: ObjectId, whole: &Value, slice: &Slice) -> Value {
        let object = self.heap.get(id);
        let (kind, span) = (object.kind.clone(), object.span);
        let elements = object.elements.clone();
        let is_open = object.is_open || self.is_store(id);
        let indices = if is_open {
            None
        } else {
            slice.apply(elements.len())
        };
        match indices {
            Some(indices) => {
                let part = indices.map(|index| elements[index].clone()).collect();
                self.make_collection(kind, part, false, Some(whole), span)
            }
            None => whole.clone(),
        }
    }
}

/// A bound of a slice.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    Absent,
    At(f64),
    Unknown,
}

/// `start:end:step`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    start: Bound,
    end: Bound,
    step: Bound,
}

impl Slice {
    /// Returns the positions in a sequence of that length; nothing if they are not known.
    pub(crate) fn apply(&self, length: usize) -> Option<Box<dyn Iterator<Item = usize>>> {
        let step = match self.step {
            Bound::Absent => 1,
            Bound::At(step) if step != 0.0 => step as i64,
            _ => return None,
        };
        let place = |bound: Bound, default: i64| -> Option<i64> {
            let length = length as i64;
            Some(match bound {
                Bound::Absent => default,
                Bound::At(at) if at < 0.0 => (at as i64).saturating_add(length).max(0),
                Bound::At(at) => (at as i64).min(length),
                Bound::Unknown => return None,
            })
        };
        if step < 0 {
            if self.start != Bound::Absent || self.end != Bound::Absent {
                return None;
            }
            let step = step.unsigned_abs() as usize;
            return Some(Box::new((0..length).rev().step_by(step)));
        }
        let start = place(self.start, 0)?;
        let end = place(self.end, length as i64)?.max(start);
        Some(Box::new(
            (start as usize..end as usize).step_by(step as usize),
        ))
    }
}
