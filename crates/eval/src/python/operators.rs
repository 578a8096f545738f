//! Operators: those that classes of the program define, and equality by content.

use firedoor_ir::BinaryOperator as Op;
use firedoor_source::Span;
use ustr::Ustr;

use crate::python::{enumerations, string};
use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Value};

/// How deep two values are compared.
const DEPTH: usize = 8;

/// Applies an operator as Python does; nothing if it is like that of every language.
pub(crate) fn binary(
    machine: &mut Machine<'_>,
    operator: Op,
    left: &Value,
    right: &Value,
    span: Span,
) -> Answer {
    if let Some(value) = overloaded(machine, operator, left, right, span)? {
        return Ok(Some(value));
    }
    Ok(match operator {
        Op::BitOr => match machine.type_union(left, right, span) {
            Some(union) => Some(union),
            None => set_operation(machine, "union", left, right, span),
        },
        Op::BitAnd => set_operation(machine, "intersection", left, right, span),
        Op::Subtract => set_operation(machine, "difference", left, right, span),
        Op::Remainder => left
            .text_pattern()
            .map(|text| string::percent(machine, &text, right)),
        Op::Multiply => {
            repeat(machine, left, right, span).or_else(|| repeat(machine, right, left, span))
        }
        Op::Divide if is_path(machine, left) || is_path(machine, right) => Some(
            crate::python::modules::join_paths(machine, &[left.clone(), right.clone()], span),
        ),
        // What is of a library may be of a class that makes something else of it than a number.
        Op::Divide if is_outside(machine, left) => Some(machine.derived(Shape::Any, [left, right])),
        _ => None,
    })
}

fn is_outside(machine: &Machine<'_>, value: &Value) -> bool {
    value.as_outside().is_some()
        || value
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Host(_)))
}

/// Holds if it may be a path: a setting may be one that is not known besides its default.
fn is_path(machine: &Machine<'_>, value: &Value) -> bool {
    value.objects().any(
        |id| matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == "py:pathlib.Path()"),
    )
}

fn set_operation(
    machine: &mut Machine<'_>,
    operation: &str,
    left: &Value,
    right: &Value,
    span: Span,
) -> Option<Value> {
    let is_set = |value: &Value| {
        value
            .only_object()
            .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Set))
    };
    let is_open_set = |value: &Value| {
        let mut sets = value.only_object().into_iter();
        sets.any(|id| machine.heap.get(id).is_open && !machine.is_store(id))
    };
    let is_open_side = |value: &Value| value.is_unknown() || is_set(value) && is_open_set(value);
    // What is common with a set that is written down is part of that, whatever the other is.
    let is_turned = operation == "intersection" && is_open_side(left) && !is_open_side(right);
    let (left, right) = match is_turned {
        true => (right, left),
        false => (left, right),
    };
    let is_bounded = matches!(operation, "intersection" | "difference") && is_open_side(right);
    (is_set(left) && (is_set(right) || is_bounded))
        .then(|| machine.combine_sets(left, right, operation, span))
}

/// `[x] * 3` and `"x" * 3`.
fn repeat(machine: &mut Machine<'_>, value: &Value, times: &Value, span: Span) -> Option<Value> {
    let is_sequence = value.only_object().is_some_and(|id| {
        matches!(
            machine.heap.get(id).kind,
            ObjectKind::Array | ObjectKind::Tuple
        )
    });
    let count = times.as_number().filter(|count| *count <= 1000.0);
    if let Some(text) = value.text() {
        return Some(match count {
            Some(count) if text.len() as f64 * count <= 100_000.0 => {
                Value::string(&text.repeat(count.max(0.0) as usize)).with_origins(value.origins)
            }
            _ => machine.derived(Shape::String, [value, times]),
        });
    }
    if !is_sequence {
        return None;
    }
    let (elements, is_open) = machine.elements_of(value);
    let count = count.map_or(1, |count| count.max(0.0) as usize);
    let kept = (elements.len() * count).min(1000);
    let all = elements.iter().cycle().take(kept).cloned().collect();
    let is_open = is_open || times.as_number().is_none();
    Some(machine.make_collection(ObjectKind::Array, all, is_open, Some(value), span))
}

/// The method of a class that an operator calls.
fn method_name(operator: Op) -> Option<&'static str> {
    Some(match operator {
        Op::Equal | Op::NotEqual => "__eq__",
        Op::Less => "__lt__",
        Op::LessEqual => "__le__",
        Op::Greater => "__gt__",
        Op::GreaterEqual => "__ge__",
        Op::Add => "__add__",
        Op::Subtract => "__sub__",
        Op::Multiply => "__mul__",
        Op::Divide => "__truediv__",
        Op::BitAnd => "__and__",
        Op::BitOr => "__or__",
        Op::In | Op::NotIn => "__contains__",
        _ => return None,
    })
}

fn overloaded(
    machine: &mut Machine<'_>,
    operator: Op,
    left: &Value,
    right: &Value,
    span: Span,
) -> Answer {
    let Some(name) = method_name(operator) else {
        return Ok(None);
    };
    let (receiver, argument) = match operator {
        Op::In | Op::NotIn => (right, left),
        _ => (left, right),
    };
    let Some(id) = receiver.only_object() else {
        return Ok(None);
    };
    let method = match (machine.own_method(id, name, span)?, operator) {
        (None, Op::NotEqual) => machine.own_method(id, "__ne__", span)?,
        (method, _) => method,
    };
    let Some(method) = method else {
        return Ok(None);
    };
    let arguments = Arguments::positional([argument.clone()]);
    let result = machine.call_value(&method, None, &arguments, span)?;
    Ok(Some(match operator {
        Op::NotEqual | Op::NotIn => machine.negate(&result),
        _ => result,
    }))
}

/// Holds if what outside code gives may equal an object of this kind.
fn may_be_container(path: &str, kind: &ObjectKind) -> bool {
    match kind {
        ObjectKind::Host(_) => true,
        ObjectKind::Plain
        | ObjectKind::Map
        | ObjectKind::Set
        | ObjectKind::Array
        | ObjectKind::Tuple => !path.starts_with("py:builtins."),
        _ => false,
    }
}

impl Machine<'_> {
    /// Returns whether two values are equal, containers by their content, if that is decided.
    pub(crate) fn equal_values(&self, left: &Value, right: &Value) -> Option<bool> {
        // Most keys and elements are plain, and there may be many of them.
        if let ([a], [b]) = (left.atoms(), right.atoms())
            && let Some(equal) = plain_equal(a, b)
        {
            return Some(equal);
        }
        self.equal_within(left, right, 0)
    }

    fn equal_within(&self, left: &Value, right: &Value, depth: usize) -> Option<bool> {
        let mut outcome = None;
        for a in left.atoms() {
            for b in right.atoms() {
                let equal = self.equal_atoms(a, b, depth)?;
                match outcome {
                    None => outcome = Some(equal),
                    Some(earlier) if earlier != equal => return None,
                    Some(_) => {}
                }
            }
        }
        outcome
    }

    fn equal_atoms(&self, a: &Atom, b: &Atom, depth: usize) -> Option<bool> {
        if depth > DEPTH {
            return None;
        }
        match (a, b) {
            (Atom::Object(a), Atom::Object(b)) if a == b => Some(true),
            (Atom::Object(a), Atom::Object(b)) => {
                let is_open = |id| self.is_uncertain(id) || self.may_be_attribute(id);
                match is_open(*a) || is_open(*b) {
                    true => None,
                    false => self.equal_objects(*a, *b, depth),
                }
            }
            (Atom::Object(id), other) | (other, Atom::Object(id)) => {
                self.object_equals(*id, other, depth)
            }
            _ => crate::comparison::equality(&Value::atom(*a), &Value::atom(*b), false),
        }
    }

    /// Holds for what was read of something that a library handed out: it is kept as a method, because it may be called,
    /// and is as often a value.
    fn may_be_attribute(&self, id: ObjectId) -> bool {
        match &self.heap.get(id).kind {
            ObjectKind::Method { receiver, .. } => receiver
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Host(_))),
            _ => false,
        }
    }

    /// Compares an object with something that is none.
    fn object_equals(&self, id: ObjectId, other: &Atom, depth: usize) -> Option<bool> {
        match enumerations::member_value(self, id) {
            Some((value, true)) => {
                return self.equal_within(&value, &Value::atom(*other), depth + 1);
            }
            Some((_, false)) if !matches!(other, Atom::Unknown(_)) => return Some(false),
            _ => {}
        }
        let object = self.heap.get(id);
        match (other, &object.kind) {
            // What a library holds may be a container with the same content, unless it is a class.
            (Atom::Outside(path), kind) if may_be_container(path, kind) => None,
            (Atom::Unknown(_), _) => {
                crate::comparison::equality(&Value::object(id), &Value::atom(*other), false)
            }
            _ if self.is_uncertain(id) => None,
            _ if self.may_be_attribute(id) && !other.is_nothing() => None,
            (_, ObjectKind::Instance { .. })
                if self.outside_base(id).is_some() && !other.is_nothing() =>
            {
                None
            }
            _ => Some(false),
        }
    }

    fn equal_objects(&self, a: ObjectId, b: ObjectId, depth: usize) -> Option<bool> {
        let (first, second) = (self.heap.get(a), self.heap.get(b));
        match (&first.kind, &second.kind) {
            (ObjectKind::Array, ObjectKind::Array) | (ObjectKind::Tuple, ObjectKind::Tuple) => {
                if first.is_open || second.is_open || self.is_store(a) || self.is_store(b) {
                    return None;
                }
                if first.elements.len() != second.elements.len() {
                    return Some(false);
                }
                let pairs = first.elements.iter().zip(&second.elements);
                all_equal(pairs.map(|(a, b)| self.equal_within(a, b, depth + 1)))
            }
            (ObjectKind::Plain | ObjectKind::Map, ObjectKind::Plain | ObjectKind::Map)
            | (ObjectKind::Set, ObjectKind::Set) => {
                let is_empty = |object: &crate::Object| {
                    object.properties.is_empty() && object.elements.is_empty() && !object.is_open
                };
                if self.is_store(a) || self.is_store(b) {
                    return None;
                }
                match (is_empty(first), is_empty(second)) {
                    (true, true) => Some(true),
                    (true, false) if !second.is_open => Some(false),
                    (false, true) if !first.is_open => Some(false),
                    _ => None,
                }
            }
            (ObjectKind::Instance { class: own }, ObjectKind::Instance { class: other }) => {
                let members = (
                    enumerations::member_value(self, a),
                    enumerations::member_value(self, b),
                );
                if let (Some((a, mixed)), Some((b, other_mixed))) = members {
                    return match mixed && other_mixed {
                        true => self.equal_within(&a, &b, depth + 1),
                        false => Some(false),
                    };
                }
                if own == other && self.is_dataclass(*own) {
                    let names = first.properties.keys();
                    return all_equal(names.map(|name| {
                        let (a, b) = (first.properties.get(name)?, second.properties.get(name)?);
                        self.equal_within(a, b, depth + 1)
                    }));
                }
                let is_plain = self.outside_base(a).is_none() && self.outside_base(b).is_none();
                is_plain.then_some(false)
            }
            (ObjectKind::Host(_), _) | (_, ObjectKind::Host(_)) => None,
            (ObjectKind::Bound { .. }, ObjectKind::Bound { .. }) => None,
            _ => Some(false),
        }
    }

    /// Returns the value that decides whether an instance counts as true: what `__bool__` or `__len__` give.
    pub(crate) fn truth_value(&mut self, value: Value, span: Span) -> Result<Value, Stop> {
        if !self.is_python() {
            return Ok(value);
        }
        let Some(id) = value.only_object() else {
            return Ok(value);
        };
        for name in ["__bool__", "__len__"] {
            if let Some(method) = self.own_method(id, name, span)? {
                return self.call_value(&method, None, &Arguments::default(), span);
            }
        }
        Ok(value)
    }

    /// Holds if the class of an instance says itself when it counts as true.
    pub(crate) fn decides_truth(&self, class: ObjectId) -> bool {
        ["__bool__", "__len__"]
            .iter()
            .any(|name| self.class_attribute(class, Ustr::from(name)).is_some())
    }
}

/// Compares two constants.
fn plain_equal(a: &Atom, b: &Atom) -> Option<bool> {
    match (a, b) {
        (Atom::Number(a), Atom::Number(b)) => Some(a == b),
        (Atom::String(a), Atom::String(b)) => Some(a == b),
        (Atom::Number(_) | Atom::Null, Atom::String(_))
        | (Atom::String(_), Atom::Number(_) | Atom::Null) => Some(false),
        _ => None,
    }
}

fn all_equal(tests: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut outcome = Some(true);
    for test in tests {
        match test {
            Some(true) => {}
            Some(false) => return Some(false),
            None => outcome = None,
        }
    }
    outcome
}
