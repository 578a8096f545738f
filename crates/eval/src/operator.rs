//! Operators that compute: arithmetic, joining, `typeof`, and those that classes overload.
//!
//! Comparisons are in `comparison`, what counts as true in `truth`.

use firedoor_ir::{BinaryOperator as Op, Language, UnaryOperator};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Value};

/// The reason why a number is not known that requests count up or down.
pub(crate) const COUNT: &str = "count";

impl Machine<'_> {
    pub(crate) fn is_python(&self) -> bool {
        !self.frames.is_empty() && self.module_ir().language == Language::Python
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
        if let Some(told) = self.told_to_be_found(operator, left, right) {
            return Ok(told);
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
                self.merge_collections(left, right, span)?
            }
            Op::BitOr if is_dictionary(self, left) && right.is_unknown() => {
                self.merge_collections(left, right, span)?
            }
            _ => self.arithmetic(operator, left, right),
        })
    }

    fn add(&mut self, left: &Value, right: &Value, span: Span) -> Value {
        // Which list it is may hang on a setting: what any of them holds may be there.
        if self.are_lists(left) && self.are_lists(right) {
            let (mut elements, is_open) = self.elements_of(left);
            let (others, is_other_open) = self.elements_of(right);
            elements.extend(others);
            return self.make_list(elements, is_open || is_other_open, span);
        }
        if self.is_python() && self.are_lists(left) && self.is_of_outside(right) {
            return self.lengthened(left, right, span);
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

    /// A list with something that is not known behind it: what it began with is still there.
    fn lengthened(&mut self, list: &Value, more: &Value, span: Span) -> Value {
        let (elements, further) = self.elements_and_more(list);
        let more = self.element_of_open(more);
        let more = match further {
            Some(further) => self.join(further, &more),
            None => more,
        };
        let origins = self.origins.union(list.origins, more.origins);
        self.make_open_list(elements, Some(more), span)
            .with_origins(origins)
    }

    /// Holds for what is not known, and for what a library hands out.
    fn is_of_outside(&self, value: &Value) -> bool {
        let mut atoms = value.atoms().iter();
        !value.atoms().is_empty()
            && atoms.all(|atom| match atom {
                Atom::Unknown(Shape::Any | Shape::Object) | Atom::Outside(_) => true,
                Atom::Object(id) => matches!(self.heap.get(*id).kind, ObjectKind::Host(_)),
                _ => false,
            })
    }

    fn are_lists(&self, value: &Value) -> bool {
        let mut atoms = value.atoms().iter();
        !value.atoms().is_empty()
            && atoms.all(|atom| matches!(atom, Atom::Object(id) if self.is_list(*id)))
    }

    fn is_list(&self, id: ObjectId) -> bool {
        matches!(
            self.heap.get(id).kind,
            ObjectKind::Array | ObjectKind::Tuple
        )
    }

    /// `a | b` of dictionaries and sets.
    fn merge_collections(
        &mut self,
        left: &Value,
        right: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        self.spread_into(id, left);
        self.overwrite_with_unknown(id, right)?;
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
        Ok(Value::object(id).with_origins(origins))
    }

    fn computed(&mut self, mut value: Value, left: &Value, right: &Value) -> Value {
        value.origins = self.origins.union(left.origins, right.origins);
        value.control = self.origins.union(left.control, right.control);
        value
    }

    fn arithmetic(&mut self, operator: Op, left: &Value, right: &Value) -> Value {
        let (Some(a), Some(b)) = (self.numeric(left), self.numeric(right)) else {
            let number = self.derived(Shape::Number, [left, right]);
            return match operator {
                Op::Subtract if !right.origins.is_empty() => self.counted_back(number),
                Op::Multiply | Op::Divide | Op::FloorDivide => {
                    self.of_clock(operator, left, right, number)
                }
                _ => number,
            };
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

    /// Notes of a number that is worked out of the time that it counts thousandths of a second, or that it stays the same
    /// for a few of them only.
    fn of_clock(&mut self, operator: Op, left: &Value, right: &Value, number: Value) -> Value {
        let has = |machine: &Self, value: &Value, origin: crate::Origin| {
            machine.origins.members(value.origins).contains(&origin)
        };
        let is_thousand = |value: &Value| value.as_number() == Some(1_000.0);
        let mark = match operator {
            Op::Multiply
                if has(self, left, crate::Origin::Instant) && is_thousand(right)
                    || has(self, right, crate::Origin::Instant) && is_thousand(left) =>
            {
                crate::Origin::Milliseconds
            }
            Op::Divide | Op::FloorDivide
                if has(self, left, crate::Origin::Milliseconds) && is_in_seconds(right) =>
            {
                crate::Origin::Brief
            }
            _ => return number,
        };
        let mark = self.origins.single(mark);
        let origins = self.origins.union(number.origins, mark);
        number.with_origins(origins)
    }

    /// Returns a number that is not known, rounded.
    pub(crate) fn rounded(&mut self, value: &Value) -> Value {
        let kept = self.origins.rounded(value.origins);
        let number = self.derived(Shape::Number, [value]);
        let origins = self.origins.union(number.origins, kept);
        number.with_origins(origins)
    }

    /// Returns the number that an operand stands for; JavaScript converts what is none.
    fn numeric(&self, value: &Value) -> Option<f64> {
        self.number_in(value.only()?)
    }

    fn number_in(&self, atom: Atom) -> Option<f64> {
        match atom {
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
        let numbers: Option<Vec<Atom>> = value
            .atoms()
            .iter()
            .map(|atom| self.number_in(*atom))
            .map(|number| {
                let number = number?;
                Some(Atom::Number(match operator {
                    UnaryOperator::Minus => -number,
                    UnaryOperator::BitNot => !(number as i64) as f64,
                    _ => number,
                }))
            })
            .collect();
        match numbers {
            // One of several numbers is one of several.
            Some(numbers) if !numbers.is_empty() => {
                Value::atoms_of(numbers).with_origins(value.origins)
            }
            _ => {
                let number = self.derived(Shape::Number, [value]);
                match operator {
                    UnaryOperator::Minus => self.counted_back(number),
                    _ => number,
                }
            }
        }
    }

    /// Notes of a value that it is counted from the end.
    pub(crate) fn counted_back(&mut self, mut value: Value) -> Value {
        let back = self.origins.single(crate::Origin::Back);
        value.origins = self.origins.union(value.origins, back);
        value
    }

    /// Notes of the texts of a list that is turned round that its first was its last; records stay what they are.
    pub(crate) fn turned_round(&mut self, elements: Vec<Value>) -> Vec<Value> {
        let turned = elements.into_iter().rev();
        turned
            .map(
                |element| match is_textual(&element) && !element.origins.is_empty() {
                    true => self.counted_back(element),
                    false => element,
                },
            )
            .collect()
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
                Atom::Object(id) => match &self.heap.get(self.unproxied(*id)).kind {
                    ObjectKind::Function { .. }
                    | ObjectKind::Bound { .. }
                    | ObjectKind::Class { .. }
                    | ObjectKind::Method { .. } => Some("function"),
                    ObjectKind::Host(path) => self.host().is_function(path).then_some("function"),
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

/// Holds if thousandths of a second that are divided by it make stretches of a few seconds that nobody means: no whole
/// seconds, and no even part of one.
fn is_in_seconds(value: &Value) -> bool {
    const MOST: f64 = 10_000.0;
    let mut atoms = value.atoms().iter();
    !value.atoms().is_empty()
        && atoms.all(|atom| match atom {
            Atom::Number(number) => {
                (2.0..MOST).contains(number) && number % 1_000.0 != 0.0 && 1_000.0 % number != 0.0
            }
            _ => false,
        })
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

/// Holds for a dictionary that the program has written down.
fn is_dictionary(machine: &Machine<'_>, value: &Value) -> bool {
    let id = value.only_object();
    machine.is_python()
        && id.is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Plain))
}

fn is_textual(value: &Value) -> bool {
    value.atoms().iter().any(|atom| {
        matches!(
            atom,
            Atom::String(_) | Atom::Pattern(_) | Atom::Unknown(Shape::String)
        )
    })
}

/// Returns a number as text, as JavaScript writes it.
pub(crate) fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e21 {
        format!("{number:.0}")
    } else {
        format!("{number}")
    }
}
