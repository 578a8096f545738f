//! Operators that may leave out one side: `and`, `or`, `??`, `not`, conditionals and assignments of that kind.
//!
//! They are branches, and their values are tests that a later branch asks about.

use firedoor_ir::{ExpressionId, ExpressionKind, LogicalOperator, UnaryOperator};
use firedoor_source::Span;

use crate::{Atom, Machine, Shape, Stop, Value};

impl<'p> Machine<'p> {
    pub(crate) fn logical(
        &mut self,
        operator: LogicalOperator,
        left: ExpressionId,
        right: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let value = match operator {
            LogicalOperator::Or => self.truthy_operand(left)?,
            _ => self.evaluate(left)?,
        };
        self.logical_of(operator, value, (left, right), None, span)
    }

    /// Returns what stands before `or`. Of `(user && LEVEL[user.role]) || 0` the user, if he is what is left, is false, and
    /// has no part in the result.
    fn truthy_operand(&mut self, expression: ExpressionId) -> Result<Value, Stop> {
        let found = self.module_ir().expression(expression);
        match found.kind {
            ExpressionKind::Logical(LogicalOperator::And, left, right) => {
                self.conjunction(left, right, Value::bool(false), found.span)
            }
            _ => self.evaluate(expression),
        }
    }

    /// Returns the right side of `left && right`, or `otherwise`.
    fn conjunction(
        &mut self,
        left: ExpressionId,
        right: ExpressionId,
        otherwise: Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let value = self.evaluate(left)?;
        let operator = LogicalOperator::And;
        self.logical_of(operator, value, (left, right), Some(otherwise), span)
    }

    /// Returns what is spread into an object. Of `...(sent && { name: sent })` the left side, if it is what is left,
    /// is false, and nothing false has properties of its own: the object gets the right side's or none.
    pub(crate) fn spread_operand(&mut self, expression: ExpressionId) -> Result<Value, Stop> {
        let found = self.module_ir().expression(expression);
        match found.kind {
            ExpressionKind::Logical(LogicalOperator::And, left, right) if !self.is_python() => {
                self.conjunction(left, right, Value::undefined(), found.span)
            }
            _ => self.evaluate(expression),
        }
    }

    fn logical_of(
        &mut self,
        operator: LogicalOperator,
        value: Value,
        (left, right): (ExpressionId, ExpressionId),
        otherwise: Option<Value>,
        span: Span,
    ) -> Result<Value, Stop> {
        let truth = self.truth_value(value.clone(), span)?;
        let test = match operator {
            LogicalOperator::Nullish => self.nothing_test(&value, span),
            _ => truth,
        };
        let takes_right = match (operator, self.truth(&test)) {
            (LogicalOperator::And | LogicalOperator::Nullish, Some(truth)) => Some(truth),
            (LogicalOperator::Or, Some(truth)) => Some(!truth),
            (_, None) => None,
        };
        match takes_right {
            Some(false) => return Ok(value),
            Some(true) => {
                let mut other = self.evaluate(right)?;
                // A constant that stands before decides nothing: `roles.length && !roles.includes(role)`.
                if value.origins.is_empty() && operator != LogicalOperator::Nullish {
                    other.control = self.origins.union(other.control, value.control);
                    return Ok(other);
                }
                let is_open = self.truth(&other).is_none();
                let part = other.test.or_else(|| is_open.then(|| self.test_of(&other)));
                let combined = self.combine_tests(operator, &value, part, other, span);
                return Ok(combined);
            }
            None => {}
        }
        let kept = match otherwise {
            Some(otherwise) => otherwise,
            None => self.kept_side(operator, &value),
        };
        // What the right side tests must be taken before it is joined with the left, which tests another.
        let mut part = None;
        let mut is_refuted = false;
        let mut fallback = None;
        let mut other = match operator {
            LogicalOperator::Or => self.choose(
                &test,
                span,
                |_| Ok(kept.clone()),
                |machine| {
                    machine.narrow(left, &test, false);
                    machine.refine(left, false);
                    let other = machine.evaluate(right)?;
                    part = Some(machine.test_of(&other));
                    fallback = other.text();
                    Ok(other)
                },
            ),
            LogicalOperator::And => self.choose(
                &test,
                span,
                |machine| {
                    machine.narrow(left, &test, true);
                    machine.refine(left, true);
                    let other = machine.evaluate(right)?;
                    part = Some(machine.test_of(&other));
                    is_refuted = machine.truth(&other) == Some(false);
                    Ok(other)
                },
                |_| Ok(kept.clone()),
            ),
            LogicalOperator::Nullish => self.choose(
                &test,
                span,
                |machine| {
                    let other = machine.evaluate(right)?;
                    fallback = other.text();
                    Ok(without_nothing(other))
                },
                |_| Ok(kept.clone()),
            ),
        }?;
        if let Some(text) = fallback.filter(|_| value.origins.is_empty()) {
            other = of_kind(&text, other);
        }
        // Whichever side it is, it is false: `key && sent === key`, if what is sent is not the key.
        if is_refuted {
            other = false_whatever(&other);
        }
        Ok(self.combine_tests(operator, &value, part, other, span))
    }

    /// What of the left value can be the result, without the right side.
    fn kept_side(&mut self, operator: LogicalOperator, value: &Value) -> Value {
        let kept = match operator {
            LogicalOperator::Or => value.filter(|atom| atom.truth() != Some(false)),
            LogicalOperator::And => value.filter(|atom| atom.truth() != Some(true)),
            LogicalOperator::Nullish => value.filter(|atom| !atom.is_nothing()),
        };
        let kept = kept.unwrap_or_else(|| value.clone());
        // Of an unknown truth value the operator says which it is.
        if kept.only() == Some(Atom::Unknown(Shape::Bool)) && operator != LogicalOperator::Nullish {
            let mut known = Value::bool(operator == LogicalOperator::Or);
            known.origins = kept.origins;
            known.control = kept.control;
            known.test = kept.test;
            return known;
        }
        kept
    }

    /// What a value tests: the comparison that it is the outcome of, or its own truth.
    fn test_of(&mut self, value: &Value) -> (crate::TestId, bool) {
        value
            .test
            .unwrap_or_else(|| (self.truth_test(value), false))
    }

    /// The outcome of `a && b` hangs on the tests of both.
    fn combine_tests(
        &mut self,
        operator: LogicalOperator,
        left: &Value,
        right: Option<(crate::TestId, bool)>,
        mut result: Value,
        span: Span,
    ) -> Value {
        let by = self.origins.union(left.origins, left.control);
        result.control = self.origins.union(result.control, by);
        if operator == LogicalOperator::Nullish {
            return result;
        }
        let left_part = self.test_of(left);
        let parts = [Some(left_part), right].into_iter().flatten().collect();
        let test = self.add_test(crate::Test {
            kind: crate::TestKind::Truth,
            operands: smallvec::smallvec![left.clone(), result.clone()],
            parts,
            is_conjunction: operator == LogicalOperator::And,
            span,
        });
        result.test = Some((test, false));
        result
    }

    pub(crate) fn conditional(
        &mut self,
        test: ExpressionId,
        then: ExpressionId,
        otherwise: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let value = self.evaluate(test)?;
        let value = self.truth_value(value, span)?;
        self.choose(
            &value,
            span,
            |machine| {
                machine.narrow(test, &value, true);
                machine.refine(test, true);
                machine.evaluate(then)
            },
            |machine| {
                machine.narrow(test, &value, false);
                machine.refine(test, false);
                machine.evaluate(otherwise)
            },
        )
    }

    pub(crate) fn assign_logical(
        &mut self,
        target: &'p firedoor_ir::Pattern,
        operator: LogicalOperator,
        value: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let old = self.read_pattern(target, span)?;
        let test = match operator {
            LogicalOperator::Nullish => self.nothing_test(&old, span),
            LogicalOperator::And => old.clone(),
            LogicalOperator::Or => self.negate(&old),
        };
        let kept = old.clone();
        let new = self.choose(&test, span, |machine| machine.evaluate(value), |_| Ok(kept))?;
        self.assign_pattern(target, new.clone(), span)?;
        Ok(new)
    }

    pub(crate) fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        match operator {
            UnaryOperator::Delete => {
                self.delete_place(operand)?;
                Ok(Value::bool(true))
            }
            UnaryOperator::TypeOf => {
                let value = self.evaluate(operand)?;
                Ok(self.type_of(&value))
            }
            UnaryOperator::Void => {
                self.evaluate(operand)?;
                Ok(Value::undefined())
            }
            UnaryOperator::Not => {
                let value = self.evaluate(operand)?;
                let value = self.truth_value(value, span)?;
                Ok(self.negate(&value))
            }
            UnaryOperator::Minus | UnaryOperator::Plus | UnaryOperator::BitNot => {
                let value = self.evaluate(operand)?;
                if let Some(value) = self.overloaded_inversion(operator, &value, span) {
                    return Ok(value);
                }
                Ok(self.arithmetic_unary(operator, &value, span))
            }
        }
    }

    /// Returns the negation of a truth value.
    pub fn negate(&mut self, value: &Value) -> Value {
        let mut negated = match self.truth(value) {
            Some(truth) => Value::bool(!truth),
            None => Value::unknown(Shape::Bool),
        };
        negated.origins = value.origins;
        negated.control = value.control;
        negated.test = Some(match value.test {
            Some((test, is_negated)) => (test, !is_negated),
            None => (self.truth_test(value), true),
        });
        negated
    }
}

/// Returns the value for where it is known to be false: what of it is unknown is no more than that.
fn false_whatever(value: &Value) -> Value {
    let atoms = value.atoms().iter().map(|atom| match atom.truth() {
        Some(false) => *atom,
        _ => Atom::Bool(false),
    });
    let mut known = Value::atoms_of(atoms).with_origins(value.origins);
    known.control = value.control;
    known.test = value.test;
    known
}

/// What nothing is known of is a text where a text stands in for it: `settings.base || ''`.
fn of_kind(text: &str, value: Value) -> Value {
    if value.only() != Some(Atom::Unknown(Shape::Any)) {
        return value;
    }
    let mut known = Value::string(text);
    known.add(Atom::Unknown(Shape::String));
    known.origins = value.origins;
    known.control = value.control;
    known.test = value.test;
    known
}

/// Where nothing was found beside something that may be there, what is there decides: the place that was empty says
/// no more about it.
fn without_nothing(mut value: Value) -> Value {
    if value.atoms().iter().all(Atom::is_nothing) {
        value.origins = crate::OriginSet::default();
    }
    value
}
