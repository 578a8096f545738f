//! Operators and the expressions made of them.

use firedoor_ir::{BinaryOperator, ExpressionId, ExpressionKind, LogicalOperator, UnaryOperator};
use firedoor_source::Span;
use ruff_python_ast::{
    BoolOp, CmpOp, ExprBinOp, ExprBoolOp, ExprCompare, ExprUnaryOp, Operator, UnaryOp,
};
use ruff_text_size::Ranged;

use super::context::Context;

/// Up to this many operands a chain leans to the left, as it reads; a longer one is balanced, so that
/// a condition with hundreds of alternatives is not hundreds of levels deep.
const LEANING_LIMIT: usize = 32;

impl Context<'_> {
    pub(super) fn binary(&mut self, binary: &ExprBinOp) -> ExpressionKind {
        let left = self.expression(&binary.left);
        let right = self.expression(&binary.right);
        ExpressionKind::Binary(binary_operator(binary.op), left, right)
    }

    pub(super) fn unary(&mut self, unary: &ExprUnaryOp) -> ExpressionKind {
        let operator = match unary.op {
            UnaryOp::Invert => UnaryOperator::BitNot,
            UnaryOp::Not => UnaryOperator::Not,
            UnaryOp::UAdd => UnaryOperator::Plus,
            UnaryOp::USub => UnaryOperator::Minus,
        };
        ExpressionKind::Unary(operator, self.expression(&unary.operand))
    }

    pub(super) fn logical(&mut self, logical: &ExprBoolOp) -> ExpressionId {
        let operator = match logical.op {
            BoolOp::And => LogicalOperator::And,
            BoolOp::Or => LogicalOperator::Or,
        };
        let operands: Vec<ExpressionId> = logical
            .values
            .iter()
            .map(|value| self.expression(value))
            .collect();
        self.join(self.span(logical.range()), operator, &operands)
    }

    /// Lowers `a < b < c` to the conjunction of its pairs; the operand in the middle is one expression.
    pub(super) fn comparison(&mut self, comparison: &ExprCompare) -> ExpressionId {
        let span = self.span(comparison.range());
        let mut left = self.expression(&comparison.left);
        let mut pairs = Vec::with_capacity(comparison.ops.len());
        for (operator, comparator) in comparison.ops.iter().zip(&comparison.comparators) {
            let right = self.expression(comparator);
            let start = self.module.expression(left).span.start;
            let pair = Span::new(
                span.file,
                start.min(span.end),
                self.span(comparator.range()).end,
            );
            let pair = if comparison.ops.len() == 1 {
                span
            } else {
                pair
            };
            let kind = ExpressionKind::Binary(comparison_operator(*operator), left, right);
            pairs.push(self.add(pair, kind));
            left = right;
        }
        self.join(span, LogicalOperator::And, &pairs)
    }

    fn join(
        &mut self,
        span: Span,
        operator: LogicalOperator,
        operands: &[ExpressionId],
    ) -> ExpressionId {
        let (left, right) = match operands {
            [] => return self.add(span, ExpressionKind::Unsupported("missing operand")),
            [only] => return *only,
            [left @ .., right] if operands.len() <= LEANING_LIMIT => {
                (self.join(span, operator, left), *right)
            }
            _ => {
                let (left, right) = operands.split_at(operands.len() / 2);
                let left = self.join(span, operator, left);
                (left, self.join(span, operator, right))
            }
        };
        let start = self.module.expression(left).span.start.max(span.start);
        let end = self.module.expression(right).span.end.min(span.end);
        let joined = Span::new(span.file, start.min(end), end);
        self.add(joined, ExpressionKind::Logical(operator, left, right))
    }
}

pub(super) fn binary_operator(operator: Operator) -> BinaryOperator {
    match operator {
        Operator::Add => BinaryOperator::Add,
        Operator::Sub => BinaryOperator::Subtract,
        Operator::Mult => BinaryOperator::Multiply,
        Operator::MatMult => BinaryOperator::MatrixMultiply,
        Operator::Div => BinaryOperator::Divide,
        Operator::Mod => BinaryOperator::Remainder,
        Operator::Pow => BinaryOperator::Power,
        Operator::LShift => BinaryOperator::ShiftLeft,
        Operator::RShift => BinaryOperator::ShiftRight,
        Operator::BitOr => BinaryOperator::BitOr,
        Operator::BitXor => BinaryOperator::BitXor,
        Operator::BitAnd => BinaryOperator::BitAnd,
        Operator::FloorDiv => BinaryOperator::FloorDivide,
    }
}

fn comparison_operator(operator: CmpOp) -> BinaryOperator {
    match operator {
        CmpOp::Eq => BinaryOperator::Equal,
        CmpOp::NotEq => BinaryOperator::NotEqual,
        CmpOp::Lt => BinaryOperator::Less,
        CmpOp::LtE => BinaryOperator::LessEqual,
        CmpOp::Gt => BinaryOperator::Greater,
        CmpOp::GtE => BinaryOperator::GreaterEqual,
        CmpOp::Is => BinaryOperator::Is,
        CmpOp::IsNot => BinaryOperator::IsNot,
        CmpOp::In => BinaryOperator::In,
        CmpOp::NotIn => BinaryOperator::NotIn,
    }
}
