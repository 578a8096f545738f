//! What counts as true, and tests: values that stand for an undecided truth.
//!
//! A test remembers what was compared, so that a branch on it can say what it hung on.

use firedoor_source::Span;
use smallvec::{SmallVec, smallvec};

use crate::comparison::is_outside_constant;
use crate::operator::is_type_checking;
use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, Test, TestId, TestKind, Value};

impl Machine<'_> {
    /// Returns the truth value, if it is decided.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        if let [Atom::Unknown(Shape::String)] = value.atoms() {
            let host = self.host();
            return host.is_never_empty(self, value.origins).then_some(true);
        }
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
                let held = || object.elements.iter().chain(object.properties.values());
                // What is in it perhaps leaves it empty perhaps.
                match held().all(crate::elements::is_perhaps_missing) {
                    true if held().next().is_some() => None,
                    is_empty => Some(!is_empty),
                }
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

    pub(crate) fn is_uncertain_atom(&self, atom: &Atom) -> bool {
        matches!(atom, Atom::Object(id) if self.is_uncertain(*id))
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
        // What is tested is whether it is there; that it is not is the other outcome.
        let is_there = outcome.map(|is_missing| !is_missing);
        let is_there = self.tested(TestKind::Truth, is_there, &[value], span);
        self.negate(&is_there)
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
            self.tests.get_mut(test.0 as usize).parts =
                tests.iter().filter_map(|test| test.test).collect();
            self.tests.get_mut(test.0 as usize).is_conjunction = is_conjunction;
        }
        value.control = tests.iter().fold(value.control, |all, test| {
            self.origins.union(all, test.control)
        });
        value
    }
}
