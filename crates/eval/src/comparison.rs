//! Comparisons: equality, order, membership and kind.
//!
//! Most guards end in one, so each answers true, false or a test, and tells the host which constants were meant.

use firedoor_ir::BinaryOperator as Op;
use firedoor_source::Span;
use ustr::Ustr;

use crate::operator::COUNT;
use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};

impl Machine<'_> {
    /// Returns whether two values are equal.
    pub fn compare_equal(
        &mut self,
        left: &Value,
        right: &Value,
        span: Span,
        is_loose: bool,
    ) -> Value {
        let told = self.told_to_be(left, right);
        if let Some(tested) = told.or_else(|| self.told_to_be_nothing(left, right)) {
            return tested;
        }
        self.report_constants(left, right, span);
        let outcome = self.decide_equality(left, right, is_loose);
        self.tested(TestKind::Equality, outcome, &[left, right], span)
    }

    /// What a test said, compared with `true` or `false`, is that test again, or its opposite.
    fn told_to_be(&mut self, left: &Value, right: &Value) -> Option<Value> {
        for (value, constant) in [(left, right), (right, left)] {
            let is_truth = |atom: &Atom| matches!(atom, Atom::Bool(_) | Atom::Unknown(Shape::Bool));
            if let (Some(Atom::Bool(wanted)), Some(_), None) =
                (constant.only(), value.test, constant.test)
                && value.atoms().iter().all(is_truth)
            {
                return Some(match wanted {
                    true => value.clone(),
                    false => self.negate(value),
                });
            }
        }
        None
    }

    /// What a function gives on some ways and denies on others, compared with what it gives where it denies, is the
    /// opposite of what those ways have asked.
    fn told_to_be_nothing(&mut self, left: &Value, right: &Value) -> Option<Value> {
        for (value, constant) in [(left, right), (right, left)] {
            let Some(denial) = constant.only().filter(|atom| atom.is_nothing()) else {
                continue;
            };
            let open = Atom::Unknown(Shape::Any);
            let is_given = |atom: &Atom| *atom == open || atom.truth() == Some(true);
            let mut atoms = value.atoms().iter();
            let may_deny = atoms.any(|it| *it == denial || *it == open);
            let mut atoms = value.atoms().iter();
            if value.test.is_some() && may_deny && atoms.all(|it| *it == denial || is_given(it)) {
                let mut told = Value::unknown(Shape::Bool).with_origins(self.deep_origins(value));
                told.control = value.control;
                told.test = value.test;
                return Some(self.negate(&told));
            }
        }
        None
    }

    /// `is`: of containers only the very same are one, and what an unknown call gave may be nothing.
    pub(crate) fn compare_identity(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        let told = self.told_to_be(left, right);
        if let Some(tested) = told.or_else(|| self.told_to_be_nothing(left, right)) {
            return tested;
        }
        self.report_constants(left, right, span);
        let is_uncertain = |value: &Value| value.objects().any(|id| self.is_uncertain(id));
        let outcome = match is_uncertain(left) || is_uncertain(right) {
            true => (left.only().is_some() && left.only() == right.only()).then_some(true),
            false
                if self.is_own(left) != self.is_own(right)
                    && (left.as_outside().is_some() || right.as_outside().is_some()) =>
            {
                Some(false)
            }
            false => equality(left, right, false),
        };
        self.tested(TestKind::Equality, outcome, &[left, right], span)
    }

    /// Holds for an object that the program makes, which nothing of outside is.
    fn is_own(&self, value: &Value) -> bool {
        value.only_object().is_some_and(|id| {
            !matches!(
                self.heap.get(id).kind,
                ObjectKind::Host(_) | ObjectKind::Method { .. }
            )
        })
    }

    /// Decides an equality, with the host's help where the values alone leave it open.
    pub(crate) fn decide_equality(
        &mut self,
        left: &Value,
        right: &Value,
        is_loose: bool,
    ) -> Option<bool> {
        let own = match self.is_python() {
            true => self.equal_values(left, right),
            false => self.equality(left, right, is_loose),
        };
        own.or_else(|| {
            let host = self.host();
            host.equal(self, left, right)
        })
    }

    /// Tells the host about an unknown value that is compared with constants.
    fn report_constants(&mut self, left: &Value, right: &Value, span: Span) {
        for (value, constant) in [(left, right), (right, left)] {
            if value.origins.is_empty() {
                continue;
            }
            if let Some(constants) = constant.texts() {
                let host = self.host();
                host.compared(self, value, &constants, span);
            }
        }
    }

    pub(crate) fn compare_order(
        &mut self,
        operator: Op,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Value {
        let is_nothing =
            |value: &Value| value.atoms() == [Atom::Undefined] && value.only_object().is_none();
        // What is not there is neither less nor more than anything in JavaScript.
        let outcome = match !self.is_python() && (is_nothing(left) || is_nothing(right)) {
            true => Some(false),
            false => ordered(operator, left, right),
        };
        let kind = if self.is_counted(left) || self.is_counted(right) {
            TestKind::Attempts
        } else {
            TestKind::Order(operator)
        };
        self.tested(kind, outcome, &[left, right], span)
    }

    /// Holds if the value is a number that requests count.
    fn is_counted(&self, value: &Value) -> bool {
        let count = crate::Origin::Unknown(Ustr::from(COUNT));
        self.origins.members(value.origins).contains(&count)
    }

    /// Returns whether `element` is in `collection` (a key of an object in JavaScript).
    pub(crate) fn contains(&mut self, collection: &Value, element: &Value, span: Span) -> Value {
        if let Some(value) = self.row_contains(collection, element, span) {
            return value;
        }
        if let Some(id) = collection.only_object() {
            self.report_members(id, element, span);
        }
        let outcome = self.contains_outcome(collection, element);
        self.tested(TestKind::Membership, outcome, &[element, collection], span)
    }

    fn report_members(&mut self, id: ObjectId, element: &Value, span: Span) {
        if element.origins.is_empty() {
            return;
        }
        let object = self.heap.get(id);
        let constants: Vec<Ustr> = match object.kind {
            ObjectKind::Plain => object.properties.keys().copied().collect(),
            ObjectKind::Map => object
                .elements
                .chunks(2)
                .filter_map(|pair| pair[0].text())
                .collect(),
            _ => object.elements.iter().filter_map(Value::text).collect(),
        };
        if !constants.is_empty() {
            let host = self.host();
            host.compared(self, element, &constants, span);
        }
    }

    fn contains_outcome(&mut self, collection: &Value, element: &Value) -> Option<bool> {
        if let (Some(text), Some(part)) = (collection.text(), element.text()) {
            return Some(text.contains(part.as_str()));
        }
        if let (Some(text), Some(part)) = (collection.text_pattern(), element.text()) {
            let is_in_fixed = text
                .split(crate::HOLE)
                .any(|fixed| fixed.contains(part.as_str()));
            return is_in_fixed.then_some(true);
        }
        let id = collection.only_object()?;
        if self.is_python() {
            let own = self.python_contains(id, element);
            return own.or_else(|| self.python_excludes(id, element));
        }
        if matches!(self.heap.get(id).kind, ObjectKind::Plain) {
            return self.has_key(id, element);
        }
        self.has_element(id, element)
    }

    fn has_key(&mut self, id: ObjectId, element: &Value) -> Option<bool> {
        let is_closed = !self.heap.get(id).is_open && !self.is_store(id);
        let keys: Vec<Ustr> = self.heap.get(id).properties.keys().copied().collect();
        let found = match crate::display::property_name(element) {
            Some(key) => keys.contains(&key),
            None => {
                let differs = |key: &Ustr| {
                    let key = Value::atom(Atom::String(*key));
                    self.decide_equality(&key, element, false) == Some(false)
                };
                if !keys.iter().all(differs) {
                    return None;
                }
                false
            }
        };
        (found || is_closed).then_some(found)
    }

    fn has_element(&mut self, id: ObjectId, element: &Value) -> Option<bool> {
        let object = self.heap.get(id);
        let step = match object.kind {
            ObjectKind::Map => 2,
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set => 1,
            _ => return None,
        };
        let candidates: Vec<Value> = object.elements.iter().step_by(step).cloned().collect();
        let mut undecided = object.is_open || self.is_store(id);
        self.charge(candidates.len() / 8);
        for candidate in candidates {
            match self.decide_equality(&candidate, element, false) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => undecided = true,
            }
        }
        (!undecided).then_some(false)
    }

    /// Returns whether `value` is an instance of `class` (or of one of a tuple of classes).
    pub(crate) fn instance_test(&mut self, value: &Value, class: &Value, span: Span) -> Value {
        if self.is_no_instance(value, class) {
            return Value::bool(false);
        }
        let outcome = self.is_instance(value, class);
        self.tested(TestKind::Kind, outcome, &[value], span)
    }

    /// Returns whether two values are equal, if that is decided.
    pub(crate) fn equality(&self, left: &Value, right: &Value, is_loose: bool) -> Option<bool> {
        let mut atoms = left.atoms().iter().chain(right.atoms());
        let is_uncertain = atoms.any(|atom| self.is_uncertain_atom(atom));
        if is_uncertain && left.only() != right.only() {
            return None;
        }
        equality(left, right, is_loose)
    }
}

/// The same for values that are certain.
pub(crate) fn equality(left: &Value, right: &Value, is_loose: bool) -> Option<bool> {
    let mut outcome = None;
    for a in left.atoms() {
        for b in right.atoms() {
            let equal = atoms_equal(a, b, is_loose)?;
            match outcome {
                None => outcome = Some(equal),
                Some(earlier) if earlier != equal => return None,
                Some(_) => {}
            }
        }
    }
    outcome
}

/// `str`, `dict` and their like, which are never each other.
fn is_built_in_class(path: &str) -> bool {
    let name = path.strip_prefix("py:builtins.").unwrap_or_default();
    matches!(
        name,
        "bool"
            | "bytes"
            | "dict"
            | "float"
            | "function"
            | "int"
            | "list"
            | "set"
            | "str"
            | "tuple"
            | "type"
    )
}

fn atoms_equal(a: &Atom, b: &Atom, is_loose: bool) -> Option<bool> {
    match (a, b) {
        (Atom::Unknown(shape), other) | (other, Atom::Unknown(shape)) => {
            let differs = match shape {
                Shape::Any => false,
                _ => other.is_nothing(),
            };
            differs.then_some(false)
        }
        (Atom::Pattern(pattern), Atom::String(text))
        | (Atom::String(text), Atom::Pattern(pattern)) => {
            (!pattern_may_be(pattern, text)).then_some(false)
        }
        (Atom::Pattern(_), Atom::Pattern(_)) => None,
        (Atom::Object(a), Atom::Object(b)) => Some(a == b),
        (Atom::Outside(a), Atom::Outside(b)) => match a == b {
            true => Some(true),
            false => (is_built_in_class(a) && is_built_in_class(b)).then_some(false),
        },
        (Atom::Outside(_), other) | (other, Atom::Outside(_)) => {
            other.is_nothing().then_some(false)
        }
        (a, b) if is_loose && a.is_nothing() && b.is_nothing() => Some(true),
        (Atom::Number(number), Atom::String(text)) | (Atom::String(text), Atom::Number(number))
            if is_loose =>
        {
            Some(
                text.trim()
                    .parse::<f64>()
                    .is_ok_and(|parsed| parsed == *number),
            )
        }
        _ => Some(a == b),
    }
}

/// Holds for what Python programs write as constants: modules, classes and functions are certainly true, and
/// a constant of outside code may be anything.
pub(crate) fn is_outside_constant(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or("");
    path.starts_with("py:")
        && name.len() > 1
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
}

/// Holds if a text with holes may be `text`: its fixed parts occur in order, the first at the start
/// and the last at the end.
pub fn pattern_may_be(pattern: &str, text: &str) -> bool {
    let parts: Vec<&str> = pattern.split(crate::HOLE).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return true;
    };
    if !text.starts_with(first) || !text.ends_with(last) || text.len() < first.len() + last.len() {
        return false;
    }
    let mut rest = &text[first.len()..];
    for part in &parts[1..parts.len().saturating_sub(1)] {
        match rest.find(part) {
            Some(position) => rest = &rest[position + part.len()..],
            None => return false,
        }
    }
    true
}

/// Returns how numbers compare, if all alternatives agree.
fn ordered(operator: Op, left: &Value, right: &Value) -> Option<bool> {
    let (left, right) = (numbers(left)?, numbers(right)?);
    let mut outcomes = left.iter().flat_map(|a| {
        right.iter().map(move |b| match operator {
            Op::Less => a < b,
            Op::LessEqual => a <= b,
            Op::Greater => a > b,
            _ => a >= b,
        })
    });
    let first = outcomes.next()?;
    outcomes.all(|outcome| outcome == first).then_some(first)
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value
        .atoms()
        .iter()
        .map(|atom| match atom {
            Atom::Number(number) => Some(*number),
            _ => None,
        })
        .collect()
}
