//! Operators and tests.

use firedoor_ir::{BinaryOperator as Op, Language, UnaryOperator};
use firedoor_source::Span;
use smallvec::{SmallVec, smallvec};
use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Test, TestId, TestKind, Value};

/// The reason why a number is not known that requests count up or down.
pub(crate) const COUNT: &str = "count";

impl Machine<'_> {
    /// Returns the truth value, if it is decided.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        let mut truths = value.atoms().iter().map(|atom| self.atom_truth(atom));
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }

    fn atom_truth(&self, atom: &Atom) -> Option<bool> {
        let Atom::Object(id) = atom else {
            return match atom {
                Atom::Outside(path) if is_type_checking(path) => Some(false),
                Atom::Outside(path) if is_outside_constant(path) => None,
                _ => atom.truth(),
            };
        };
        let object = self.heap.get(*id);
        match &object.kind {
            ObjectKind::Host(_) | ObjectKind::Method { .. } if self.is_uncertain(*id) => None,
            ObjectKind::Instance { class } if self.is_python() && self.decides_truth(*class) => {
                None
            }
            ObjectKind::Array
            | ObjectKind::Tuple
            | ObjectKind::Set
            | ObjectKind::Map
            | ObjectKind::Plain
                if self.is_python() =>
            {
                if object.is_open || self.is_store(*id) {
                    return (!object.elements.is_empty() && !object.is_open).then_some(true);
                }
                Some(!object.elements.is_empty() || !object.properties.is_empty())
            }
            _ => Some(true),
        }
    }

    /// Holds for what unknown outside code has returned, and for what is read from it: it may be anything.
    pub(crate) fn is_uncertain(&self, id: ObjectId) -> bool {
        let object = self.heap.get(id);
        match &object.kind {
            ObjectKind::Host(_) => object.is_open,
            ObjectKind::Method { receiver, .. } => receiver
                .only_object()
                .is_some_and(|receiver| self.is_uncertain(receiver)),
            _ => false,
        }
    }

    fn is_uncertain_atom(&self, atom: &Atom) -> bool {
        matches!(atom, Atom::Object(id) if self.is_uncertain(*id))
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

    pub(crate) fn is_python(&self) -> bool {
        !self.frames.is_empty() && self.module_ir().language == Language::Python
    }

    /// Adds the test whether `value` is true.
    pub(crate) fn truth_test(&mut self, value: &Value) -> TestId {
        self.add_test(Test {
            kind: TestKind::Truth,
            operands: smallvec![value.clone()],
            parts: Vec::new(),
            is_conjunction: false,
            span: self.span,
        })
    }

    /// Returns the outcome of a test of these operands: a truth value that remembers them.
    pub fn tested(
        &mut self,
        kind: TestKind,
        outcome: Option<bool>,
        operands: &[&Value],
        span: Span,
    ) -> Value {
        let mut value = match outcome {
            Some(outcome) => Value::bool(outcome),
            None => Value::unknown(Shape::Bool),
        };
        for operand in operands {
            let deep = self.deep_origins(operand);
            value.origins = self.origins.union(value.origins, deep);
            value.control = self.origins.union(value.control, operand.control);
        }
        let operands: SmallVec<[Value; 2]> =
            operands.iter().map(|operand| (*operand).clone()).collect();
        let test = self.add_test(Test {
            kind,
            operands,
            parts: Vec::new(),
            is_conjunction: false,
            span,
        });
        value.test = Some((test, false));
        value
    }

    /// Returns whether `value` is undefined or null.
    pub(crate) fn nothing_test(&mut self, value: &Value, span: Span) -> Value {
        let some = value.atoms().iter().any(Atom::is_nothing);
        let all = value.is_nothing();
        let unknown = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Unknown(Shape::Any)) || self.is_uncertain_atom(atom));
        let outcome = match (all, some || unknown) {
            (true, _) => Some(true),
            (false, false) => Some(false),
            _ => None,
        };
        self.tested(TestKind::Truth, outcome, &[value], span)
    }

    /// Returns whether all of these hold.
    pub fn all_of(&mut self, tests: &[Value], span: Span) -> Value {
        self.connect(tests, true, span)
    }

    /// Returns whether any of these holds.
    pub fn any_of(&mut self, tests: &[Value], span: Span) -> Value {
        self.connect(tests, false, span)
    }

    fn connect(&mut self, tests: &[Value], is_conjunction: bool, span: Span) -> Value {
        let truths: Vec<Option<bool>> = tests.iter().map(|test| self.truth(test)).collect();
        let outcome = if truths.contains(&Some(!is_conjunction)) {
            Some(!is_conjunction)
        } else if truths.iter().all(|truth| *truth == Some(is_conjunction)) {
            Some(is_conjunction)
        } else {
            None
        };
        let operands: Vec<&Value> = tests.iter().collect();
        let mut value = self.tested(TestKind::Truth, outcome, &operands, span);
        if let Some((test, _)) = value.test {
            self.tests[test.0 as usize].parts = tests.iter().filter_map(|test| test.test).collect();
            self.tests[test.0 as usize].is_conjunction = is_conjunction;
        }
        value.control = tests.iter().fold(value.control, |all, test| {
            self.origins.union(all, test.control)
        });
        value
    }

    /// Applies an operator to two values.
    pub(crate) fn binary(
        &mut self,
        operator: Op,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        if may_be_overloaded(left) || may_be_overloaded(right) {
            let host = self.host();
            if let Some(value) = host.operator(self, operator, left, right, span) {
                return Ok(value);
            }
        }
        if self.is_python()
            && let Some(value) = crate::python::binary(self, operator, left, right, span)?
        {
            return Ok(value);
        }
        Ok(match operator {
            Op::Equal | Op::LooseEqual => {
                self.compare_equal(left, right, span, operator == Op::LooseEqual)
            }
            Op::Is => self.compare_identity(left, right, span),
            Op::NotEqual | Op::LooseNotEqual => {
                let equal = self.compare_equal(left, right, span, operator == Op::LooseNotEqual);
                self.negate(&equal)
            }
            Op::IsNot => {
                let equal = self.compare_identity(left, right, span);
                self.negate(&equal)
            }
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => {
                self.compare_order(operator, left, right, span)
            }
            Op::In => self.contains(right, left, span),
            Op::NotIn => {
                let contains = self.contains(right, left, span);
                self.negate(&contains)
            }
            Op::InstanceOf => self.instance_test(left, right, span),
            Op::Add => self.add(left, right, span),
            Op::BitOr if left.only_object().is_some() && right.only_object().is_some() => {
                self.merge_collections(left, right, span)
            }
            _ => self.arithmetic(operator, left, right),
        })
    }

    /// Returns whether two values are equal.
    pub fn compare_equal(
        &mut self,
        left: &Value,
        right: &Value,
        span: Span,
        is_loose: bool,
    ) -> Value {
        self.report_constants(left, right, span);
        let outcome = self.decide_equality(left, right, is_loose);
        self.tested(TestKind::Equality, outcome, &[left, right], span)
    }

    /// `is`: of containers only the very same are one, and what an unknown call gave may be nothing.
    fn compare_identity(&mut self, left: &Value, right: &Value, span: Span) -> Value {
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

    fn compare_order(&mut self, operator: Op, left: &Value, right: &Value, span: Span) -> Value {
        let outcome = ordered(operator, left, right);
        let kind = if self.is_counted(left) || self.is_counted(right) {
            TestKind::Attempts
        } else {
            TestKind::Bound
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
        let found = match crate::expression::property_name(element) {
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
        let outcome = self.is_instance(value, class);
        self.tested(TestKind::Kind, outcome, &[value], span)
    }

    fn add(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        let lists = (left.only_object(), right.only_object());
        if let (Some(a), Some(b)) = lists
            && self.is_list(a)
            && self.is_list(b)
        {
            let (mut elements, is_open) = self.elements_of(left);
            let (others, is_other_open) = self.elements_of(right);
            elements.extend(others);
            return self.make_list(elements, is_open || is_other_open, span);
        }
        if let (Some(a), Some(b)) = (left.as_number(), right.as_number()) {
            return self.computed(Value::number(a + b), left, right);
        }
        if is_textual(left) || is_textual(right) {
            return self.concatenate(&[left.clone(), right.clone()]);
        }
        let shape = match (is_numeric(left), is_numeric(right)) {
            (true, true) => Shape::Number,
            _ => Shape::Any,
        };
        self.derived(shape, [left, right])
    }

    fn is_list(&self, id: ObjectId) -> bool {
        matches!(
            self.heap.get(id).kind,
            ObjectKind::Array | ObjectKind::Tuple
        )
    }

    /// `a | b` of dictionaries and sets.
    fn merge_collections(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        self.spread_into(id, left);
        self.spread_into(id, right);
        let mut elements = self.elements_of(left).0;
        elements.extend(self.elements_of(right).0);
        let is_set = left
            .only_object()
            .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Set));
        if is_set {
            let object = self.heap.get_mut(id);
            object.kind = ObjectKind::Set;
            object.elements = elements;
        }
        let origins = self.origins.union(left.origins, right.origins);
        Value::object(id).with_origins(origins)
    }

    fn computed(&mut self, mut value: Value, left: &Value, right: &Value) -> Value {
        value.origins = self.origins.union(left.origins, right.origins);
        value.control = self.origins.union(left.control, right.control);
        value
    }

    fn arithmetic(&mut self, operator: Op, left: &Value, right: &Value) -> Value {
        let (Some(a), Some(b)) = (self.numeric(left), self.numeric(right)) else {
            return self.derived(Shape::Number, [left, right]);
        };
        let number = match operator {
            Op::Subtract => a - b,
            Op::Multiply => a * b,
            Op::Divide => a / b,
            Op::FloorDivide => (a / b).floor(),
            Op::Remainder => a % b,
            Op::Power => a.powf(b),
            Op::ShiftLeft => ((a as i64).wrapping_shl(b as u32)) as f64,
            Op::ShiftRight | Op::ShiftRightUnsigned => ((a as i64).wrapping_shr(b as u32)) as f64,
            Op::BitAnd => ((a as i64) & (b as i64)) as f64,
            Op::BitOr => ((a as i64) | (b as i64)) as f64,
            Op::BitXor => ((a as i64) ^ (b as i64)) as f64,
            _ => return self.derived(Shape::Number, [left, right]),
        };
        self.computed(Value::number(number), left, right)
    }

    /// Returns the number that an operand stands for; JavaScript converts what is none.
    fn numeric(&self, value: &Value) -> Option<f64> {
        match value.only()? {
            Atom::Number(number) => Some(number),
            atom if !self.is_python() => crate::javascript::converted(&atom),
            _ => None,
        }
    }

    /// What the host makes of `~value`, which it is asked for as `value ^ -1`.
    pub(crate) fn overloaded_inversion(
        &mut self,
        operator: UnaryOperator,
        value: &Value,
        span: Span,
    ) -> Option<Value> {
        if operator != UnaryOperator::BitNot || !may_be_overloaded(value) {
            return None;
        }
        let host = self.host();
        host.operator(self, Op::BitXor, value, &Value::number(-1.0), span)
    }

    pub(crate) fn arithmetic_unary(
        &mut self,
        operator: UnaryOperator,
        value: &Value,
        _span: Span,
    ) -> Value {
        let Some(number) = self.numeric(value) else {
            return self.derived(Shape::Number, [value]);
        };
        let number = match operator {
            UnaryOperator::Minus => -number,
            UnaryOperator::BitNot => !(number as i64) as f64,
            _ => number,
        };
        let mut result = Value::number(number);
        result.origins = value.origins;
        result
    }

    pub(crate) fn type_of(&mut self, value: &Value) -> Value {
        let names: Vec<Option<&str>> = value
            .atoms()
            .iter()
            .map(|atom| match atom {
                Atom::Undefined => Some("undefined"),
                Atom::Null => Some("object"),
                Atom::Bool(_) | Atom::Unknown(Shape::Bool) => Some("boolean"),
                Atom::Number(_) | Atom::Unknown(Shape::Number) => Some("number"),
                Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String) => Some("string"),
                Atom::Object(id) if self.is_uncertain(*id) => None,
                Atom::Object(id) => match self.heap.get(*id).kind {
                    ObjectKind::Function { .. }
                    | ObjectKind::Bound { .. }
                    | ObjectKind::Class { .. }
                    | ObjectKind::Method { .. } => Some("function"),
                    ObjectKind::Host(_) => None,
                    _ => Some("object"),
                },
                Atom::Unknown(Shape::Object) => Some("object"),
                Atom::Outside(path) => crate::javascript::type_of(*path),
                Atom::Unknown(Shape::Any) => None,
            })
            .collect();
        if names.iter().any(Option::is_none) {
            return self.derived(Shape::String, [value]);
        }
        let mut result = Value::atoms_of(
            names
                .into_iter()
                .flatten()
                .map(|name| Atom::String(Ustr::from(name))),
        );
        result.origins = value.origins;
        result.control = value.control;
        result
    }
}

/// Holds for what type checkers take for true, and the running program for false.
pub(crate) fn is_type_checking(path: &str) -> bool {
    matches!(
        path,
        "py:typing.TYPE_CHECKING" | "py:typing_extensions.TYPE_CHECKING"
    )
}

/// Holds for what Python programs write as constants: modules, classes and functions are certainly true, and
/// a constant of outside code may be anything.
fn is_outside_constant(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or("");
    path.starts_with("py:")
        && name.len() > 1
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit())
}

/// Holds if a library may define operators for the value.
fn may_be_overloaded(value: &Value) -> bool {
    value
        .atoms()
        .iter()
        .any(|atom| matches!(atom, Atom::Object(_) | Atom::Outside(_)))
}

fn is_numeric(value: &Value) -> bool {
    let mut atoms = value.atoms().iter();
    atoms.all(|atom| matches!(atom, Atom::Number(_) | Atom::Unknown(Shape::Number)))
}

fn is_textual(value: &Value) -> bool {
    value.atoms().iter().any(|atom| {
        matches!(
            atom,
            Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String)
        )
    })
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
        (Atom::Outside(a), Atom::Outside(b)) => (a == b).then_some(true),
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

/// Returns a number as text, as JavaScript writes it.
pub(crate) fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e21 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
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
