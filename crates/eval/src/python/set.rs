//! Methods of sets.

use crate::python::Use;
use crate::{Answer, Machine, ObjectId, ObjectKind, StoreOperation, TestKind, Value};

/// Methods of sets.
pub(crate) const METHODS: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "union",
    "update",
    "__contains__",
];

/// Calls a method of a set.
pub(crate) fn method(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Answer {
    let first = call.at(0);
    if machine.is_store(id)
        && let Some(value) = store_method(machine, id, first.as_ref(), call)
    {
        return Ok(Some(value));
    }
    let other = first.unwrap_or_else(Value::null);
    let value = match call.name {
        "add" => {
            let elements = machine.heap.get(id).elements.iter();
            let is_there = elements
                .map(|element| machine.equal_values(element, &other))
                .any(|equal| equal == Some(true));
            let host = machine.host();
            host.added(machine, id, &other, call.span);
            if !is_there {
                machine.heap.push_element(id, other);
            }
            Value::null()
        }
        "discard" | "remove" => {
            machine.remove_element(id, &other);
            Value::null()
        }
        "update" => {
            let (elements, is_open) = machine.elements_of(&other);
            let mut all = machine.heap.get(id).elements.clone();
            all.extend(elements);
            *machine.heap.elements_mut(id) = machine.distinct(all);
            if is_open {
                machine.heap.open(id);
            }
            Value::null()
        }
        "clear" => {
            machine.heap.elements_mut(id).clear();
            Value::null()
        }
        "copy" => machine.combine_sets(call.this, &Value::null(), "union", call.span),
        "union" | "intersection" | "difference" => {
            // However many others there are; without any it is a copy.
            let others = call.arguments.positional.iter().skip(1);
            let others = others.chain(call.arguments.rest.as_ref());
            let set = machine.combine_sets(call.this, &other, call.name, call.span);
            others.fold(set, |set, other| {
                machine.combine_sets(&set, other, call.name, call.span)
            })
        }
        "issubset" | "issuperset" | "isdisjoint" => machine.compare_sets(call, &other),
        "pop" => machine.element_of_open(call.this),
        "__contains__" => machine.contains(call.this, &other, call.span),
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn store_method(
    machine: &mut Machine<'_>,
    id: ObjectId,
    first: Option<&Value>,
    call: &Use<'_>,
) -> Option<Value> {
    match call.name {
        "add" | "update" => {
            machine.note_store_change(id, StoreOperation::Set, first, first, call.span);
            Some(Value::null())
        }
        "discard" | "remove" | "clear" => {
            machine.note_store_change(id, StoreOperation::Remove, first, None, call.span);
            Some(Value::null())
        }
        "pop" => {
            let value = machine.read_store(id, None, call.span);
            machine.note_store_change(id, StoreOperation::Remove, None, None, call.span);
            Some(value)
        }
        "copy" => Some(call.this.clone()),
        _ => None,
    }
}

impl Machine<'_> {
    /// The union, intersection or difference of two sets.
    pub(crate) fn combine_sets(
        &mut self,
        left: &Value,
        right: &Value,
        operation: &str,
        span: firedoor_source::Span,
    ) -> Value {
        let (mut elements, left_open) = self.elements_of(left);
        let (others, right_open) = self.elements_of(right);
        let mut is_open = left_open;
        if operation == "union" {
            elements.extend(others);
            elements = self.distinct(elements);
            is_open |= right_open;
        } else {
            let wanted = operation == "intersection";
            elements.retain(|element| {
                let found = self.among(element, &others);
                right_open || found != Some(!wanted)
            });
            is_open |= right_open;
        }
        // Which are left is open; that they are some of these is not.
        let is_bounded = operation != "union" && !left_open && right_open && !elements.is_empty();
        let bound = is_bounded.then(|| self.join_all(&elements));
        let origins = self.origins_of([left, right]);
        let set = self.make_collection(ObjectKind::Set, elements, is_open, Some(left), span);
        if let (Some(id), Some(bound)) = (set.only_object(), bound) {
            self.open_list(id, bound);
        }
        set.with_origins(origins)
    }

    /// Returns whether an element is one of these, if that is decided.
    pub(crate) fn among<'v>(
        &self,
        element: &Value,
        candidates: impl IntoIterator<Item = &'v Value>,
    ) -> Option<bool> {
        let mut found = Some(false);
        for candidate in candidates {
            match self.equal_values(element, candidate) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => found = None,
            }
        }
        found
    }

    fn compare_sets(&mut self, call: &Use<'_>, other: &Value) -> Value {
        let (own, own_open) = self.elements_of(call.this);
        let (others, other_open) = self.elements_of(other);
        let (inner, outer) = match call.name {
            "issuperset" => (others, own),
            _ => (own, others),
        };
        let wanted = call.name != "isdisjoint";
        let mut outcome = Some(true);
        for element in &inner {
            let found = self.among(element, &outer);
            match found {
                Some(found) if found == wanted => {}
                Some(_) => {
                    outcome = Some(false);
                    break;
                }
                None => outcome = None,
            }
        }
        if own_open || other_open {
            outcome = None;
        }
        self.tested(
            TestKind::Membership,
            outcome,
            &[call.this, other],
            call.span,
        )
    }
}
