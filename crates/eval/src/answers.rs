//! What one of several callees answers, and what a place in a list says of it.
//!
//! A guard asks through a method that several classes have, or with a number where others ask for a truth value: the
//! question is the same, and must not be lost on the way.

use firedoor_ir::BinaryOperator as Op;
use firedoor_source::Span;

use crate::{Atom, Machine, Shape, Test, TestId, TestKind, Value};

impl Machine<'_> {
    /// Joins what two callees answer. Where the one always denies, as `can` of an anonymous user does, whoever gets a
    /// yes has got it of the other: what that asked holds for him.
    pub fn join_answers(&mut self, a: Value, b: &Value, span: Span) -> Value {
        let is_denial = |value: &Value| value.test.is_none() && value.truth() == Some(false);
        let asked = match (a.test, b.test) {
            (Some(test), None) if is_denial(b) => Some(test),
            (None, Some(test)) if is_denial(&a) => Some(test),
            _ => None,
        };
        let mut joined = self.join(a, b);
        if let Some(asked) = asked {
            joined.test = Some((self.asked_of_one(asked, &joined, span), false));
        }
        joined
    }

    fn asked_of_one(&mut self, asked: (TestId, bool), joined: &Value, span: Span) -> TestId {
        let is_there = (self.truth_test(joined), false);
        self.add_test(Test {
            kind: TestKind::Truth,
            operands: smallvec::smallvec![joined.clone()],
            parts: vec![is_there, asked],
            is_conjunction: true,
            span,
        })
    }

    /// Where something stands in a list says whether it is in there: `ranks.indexOf(rank) > -1` asks what
    /// `ranks.includes(rank)` asks.
    pub(crate) fn told_to_be_found(
        &mut self,
        operator: Op,
        left: &Value,
        right: &Value,
    ) -> Option<Value> {
        // `ranks.indexOf(least)` is a number as well, and what is held against that asks for more than any rank.
        let written = |value: &Value| value.as_number().filter(|_| value.test.is_none());
        let (place, number, operator) = match (written(left), written(right)) {
            (None, Some(number)) => (left, number, operator),
            (Some(number), None) => (right, number, mirrored(operator)),
            _ => return None,
        };
        let (test, _) = place.test?;
        let is_place = place.only() == Some(Atom::Unknown(Shape::Number))
            && self.test(test).kind == TestKind::Membership;
        let is_found = match (operator, number as i64) {
            _ if !is_place || number.fract() != 0.0 => return None,
            (Op::Greater | Op::NotEqual | Op::LooseNotEqual, -1) | (Op::GreaterEqual, 0) => true,
            (Op::Equal | Op::LooseEqual | Op::LessEqual, -1) | (Op::Less, 0) => false,
            _ => return None,
        };
        let mut told = place.shaped(Shape::Bool);
        told.test = place.test;
        Some(match is_found {
            true => told,
            false => self.negate(&told),
        })
    }
}

/// Returns the operator for the operands the other way round.
fn mirrored(operator: Op) -> Op {
    match operator {
        Op::Less => Op::Greater,
        Op::LessEqual => Op::GreaterEqual,
        Op::Greater => Op::Less,
        Op::GreaterEqual => Op::LessEqual,
        other => other,
    }
}
