//! The parser's operators as those of the common program.

use firedoor_ir as ir;
use oxc_ast::ast::{AssignmentOperator, BinaryOperator, LogicalOperator, UnaryOperator};

/// Returns an operator with one operand.
pub fn unary(operator: UnaryOperator) -> ir::UnaryOperator {
    match operator {
        UnaryOperator::UnaryPlus => ir::UnaryOperator::Plus,
        UnaryOperator::UnaryNegation => ir::UnaryOperator::Minus,
        UnaryOperator::LogicalNot => ir::UnaryOperator::Not,
        UnaryOperator::BitwiseNot => ir::UnaryOperator::BitNot,
        UnaryOperator::Typeof => ir::UnaryOperator::TypeOf,
        UnaryOperator::Void => ir::UnaryOperator::Void,
        UnaryOperator::Delete => ir::UnaryOperator::Delete,
    }
}

/// Returns an operator with two operands.
pub fn binary(operator: BinaryOperator) -> ir::BinaryOperator {
    match operator {
        BinaryOperator::Equality => ir::BinaryOperator::LooseEqual,
        BinaryOperator::Inequality => ir::BinaryOperator::LooseNotEqual,
        BinaryOperator::StrictEquality => ir::BinaryOperator::Equal,
        BinaryOperator::StrictInequality => ir::BinaryOperator::NotEqual,
        BinaryOperator::LessThan => ir::BinaryOperator::Less,
        BinaryOperator::LessEqualThan => ir::BinaryOperator::LessEqual,
        BinaryOperator::GreaterThan => ir::BinaryOperator::Greater,
        BinaryOperator::GreaterEqualThan => ir::BinaryOperator::GreaterEqual,
        BinaryOperator::Addition => ir::BinaryOperator::Add,
        BinaryOperator::Subtraction => ir::BinaryOperator::Subtract,
        BinaryOperator::Multiplication => ir::BinaryOperator::Multiply,
        BinaryOperator::Division => ir::BinaryOperator::Divide,
        BinaryOperator::Remainder => ir::BinaryOperator::Remainder,
        BinaryOperator::Exponential => ir::BinaryOperator::Power,
        BinaryOperator::ShiftLeft => ir::BinaryOperator::ShiftLeft,
        BinaryOperator::ShiftRight => ir::BinaryOperator::ShiftRight,
        BinaryOperator::ShiftRightZeroFill => ir::BinaryOperator::ShiftRightUnsigned,
        BinaryOperator::BitwiseOR => ir::BinaryOperator::BitOr,
        BinaryOperator::BitwiseXOR => ir::BinaryOperator::BitXor,
        BinaryOperator::BitwiseAnd => ir::BinaryOperator::BitAnd,
        BinaryOperator::In => ir::BinaryOperator::In,
        BinaryOperator::Instanceof => ir::BinaryOperator::InstanceOf,
    }
}

/// Returns an operator that may leave out its right side.
pub fn logical(operator: LogicalOperator) -> ir::LogicalOperator {
    match operator {
        LogicalOperator::Or => ir::LogicalOperator::Or,
        LogicalOperator::And => ir::LogicalOperator::And,
        LogicalOperator::Coalesce => ir::LogicalOperator::Nullish,
    }
}

/// What an assignment does besides assigning.
pub enum Assignment {
    /// Nothing.
    Plain,
    /// It combines with the old value.
    Binary(ir::BinaryOperator),
    /// It only assigns depending on the old value.
    Logical(ir::LogicalOperator),
}

/// Returns what an assignment does.
pub fn assignment(operator: AssignmentOperator) -> Assignment {
    if let Some(operator) = operator.to_logical_operator() {
        return Assignment::Logical(logical(operator));
    }
    match operator.to_binary_operator() {
        Some(operator) => Assignment::Binary(binary(operator)),
        None => Assignment::Plain,
    }
}
