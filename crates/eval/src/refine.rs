//! What a side of a branch may believe: names and members that the test compares lose the values that it rules out.
//!
//! Without this, `if (user === null) return` would leave `null` in `user` for the rest of the function.

use firedoor_ir::{ExpressionId, ExpressionKind, LogicalOperator, UnaryOperator};
use ustr::Ustr;

use crate::Machine;

impl<'p> Machine<'p> {
    /// Narrows what the variables and properties in `test` can be, now that it is `truth`.
    pub(crate) fn refine(&mut self, test: ExpressionId, truth: bool) {
        let module = self.module_ir();
        match &module.expression(test).kind {
            ExpressionKind::Unary(UnaryOperator::Not, inner) => self.refine(*inner, !truth),
            ExpressionKind::Logical(LogicalOperator::And, left, right) if truth => {
                self.refine(*left, true);
                self.refine(*right, true);
            }
            ExpressionKind::Logical(LogicalOperator::Or, left, right) if !truth => {
                self.refine(*left, false);
                self.refine(*right, false);
            }
            ExpressionKind::Binary(operator, left, right) => {
                self.refine_comparison(*operator, *left, *right, truth);
            }
            ExpressionKind::Assign { value, target } => {
                if let firedoor_ir::Pattern::Name(name, _) = target {
                    self.refine_name(*name, |atom| atom.truth() != Some(!truth));
                }
                self.refine(*value, truth);
            }
            ExpressionKind::Index { object, index, .. } if truth => {
                self.narrow_to_rows(*object, *index);
            }
            _ => self.refine_place(test, |atom| atom.truth() != Some(!truth)),
        }
    }

    fn refine_comparison(
        &mut self,
        operator: firedoor_ir::BinaryOperator,
        left: ExpressionId,
        right: ExpressionId,
        truth: bool,
    ) {
        use firedoor_ir::BinaryOperator as Op;
        let holds = match operator {
            Op::Equal | Op::LooseEqual | Op::Is => truth,
            Op::NotEqual | Op::LooseNotEqual | Op::IsNot => !truth,
            _ => return,
        };
        let is_loose = matches!(operator, Op::LooseEqual | Op::LooseNotEqual);
        for (place, constant) in [(left, right), (right, left)] {
            let Some(constant) = self.constant(constant) else {
                continue;
            };
            self.refine_place(place, |atom| {
                let is_it =
                    *atom == constant || (is_loose && atom.is_nothing() && constant.is_nothing());
                let may_be =
                    is_it || matches!(atom, crate::Atom::Unknown(_) | crate::Atom::Pattern(_));
                if holds { may_be } else { !is_it }
            });
        }
    }

    fn constant(&self, expression: ExpressionId) -> Option<crate::Atom> {
        use firedoor_ir::Literal;
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Literal(literal) => Some(match literal {
                Literal::Null => crate::Atom::Null,
                Literal::Undefined => crate::Atom::Undefined,
                Literal::Bool(value) => crate::Atom::Bool(*value),
                Literal::Number(value) => crate::Atom::Number(*value),
                Literal::String(text) => crate::Atom::String(*text),
                _ => return None,
            }),
            ExpressionKind::Name(name) if name == "undefined" => Some(crate::Atom::Undefined),
            _ => None,
        }
    }

    fn refine_place(&mut self, place: ExpressionId, keep: impl Fn(&crate::Atom) -> bool) {
        match &self.module_ir().expression(place).kind {
            ExpressionKind::Name(name) => self.refine_name(*name, keep),
            ExpressionKind::Member {
                object, property, ..
            } => self.refine_member(*object, *property, keep),
            ExpressionKind::Assign {
                target: firedoor_ir::Pattern::Name(name, _),
                ..
            } => self.refine_name(*name, keep),
            ExpressionKind::Await(inner) => self.refine_place(*inner, keep),
            _ => {}
        }
    }

    fn refine_name(&mut self, name: Ustr, keep: impl Fn(&crate::Atom) -> bool) {
        let Some((scope, value)) = self.find_variable(name) else {
            return;
        };
        if let Some(value) = value.filter(keep) {
            self.bind(scope, name, value);
        }
    }

    /// Only a property of a variable that is one object is narrowed.
    fn refine_member(
        &mut self,
        object: ExpressionId,
        property: Ustr,
        keep: impl Fn(&crate::Atom) -> bool,
    ) {
        let Some(object) = self.known_object(object) else {
            return;
        };
        let Some(value) = self.heap.property(object, property).cloned() else {
            return;
        };
        if value.atoms().len() > 1
            && let Some(value) = value.filter(keep)
        {
            self.heap.set_property(object, property, value);
        }
    }

    pub(crate) fn known_object(&mut self, expression: ExpressionId) -> Option<crate::ObjectId> {
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Name(name) => self.find_variable(*name)?.1.only_object(),
            ExpressionKind::This => self.frames.last()?.this.only_object(),
            ExpressionKind::Member {
                object, property, ..
            } => {
                let object = self.known_object(*object)?;
                self.heap.property(object, *property)?.only_object()
            }
            _ => None,
        }
    }
}
