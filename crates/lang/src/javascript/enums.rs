//! TypeScript's `enum`, which is an object whose members are computed here as far as they are constant.

use firedoor_ir::{Block, ExpressionId, ExpressionKind, Key, Literal, Property, PropertyKind};
use oxc_ast::ast as js;
use ustr::{Ustr, ustr};

use super::{declarations::constant, lowering::Lowering};

/// What is known of the members before the one at hand.
type Known = Vec<(Ustr, Literal)>;

impl Lowering<'_> {
    /// Lowers an enumeration to `const E = {…}`.
    pub fn enumeration(&mut self, node: &js::TSEnumDeclaration<'_>, block: &mut Block) {
        if node.declare {
            return;
        }
        let mut known = Known::new();
        // The value of a member without one of its own; none behind a member that is not a number.
        let mut next = Some(0.0);
        let mut properties = Vec::with_capacity(node.body.members.len());
        for member in &node.body.members {
            let name = member_name(&member.id);
            let literal = match &member.initializer {
                Some(value) => constant_value(value, node.id.name.as_str(), &known, 0),
                None => next.map(Literal::Number),
            };
            next = match literal {
                Some(Literal::Number(number)) => Some(number + 1.0),
                _ => None,
            };
            let value = self.enum_value(member, literal.clone());
            if let Some(literal) = literal {
                known.push((name, literal));
            }
            properties.push(Property {
                key: Key::Name(name),
                value,
                kind: PropertyKind::Value,
            });
        }
        let value = self.add(node.span, ExpressionKind::Object(properties));
        let declaration = constant(node.id.name.as_str(), self.span(node.id.span), value);
        self.push(block, node.span, declaration);
    }

    fn enum_value(
        &mut self,
        member: &js::TSEnumMember<'_>,
        literal: Option<Literal>,
    ) -> ExpressionId {
        match (literal, &member.initializer) {
            (Some(literal), _) => self.add(member.span, ExpressionKind::Literal(literal)),
            (None, Some(value)) => self.expression(value),
            (None, None) => self.undefined(member.span),
        }
    }
}

fn member_name(name: &js::TSEnumMemberName<'_>) -> Ustr {
    match name {
        js::TSEnumMemberName::Identifier(name) => ustr(name.name.as_str()),
        js::TSEnumMemberName::String(name) | js::TSEnumMemberName::ComputedString(name) => {
            ustr(name.value.as_str())
        }
        js::TSEnumMemberName::ComputedTemplateString(name) => {
            let text = name.quasis.first().and_then(|quasi| quasi.value.cooked);
            ustr(text.as_ref().map_or("", |text| text.as_str()))
        }
    }
}

/// Returns the value of a constant expression within the enumeration `own`.
fn constant_value(
    value: &js::Expression<'_>,
    own: &str,
    known: &Known,
    depth: u32,
) -> Option<Literal> {
    use js::Expression as E;
    // A sum of more parts than this is no enumeration.
    if depth > 64 {
        return None;
    }
    let inner = |value| constant_value(value, own, known, depth + 1);
    match value {
        E::NumericLiteral(node) => Some(Literal::Number(node.value)),
        E::StringLiteral(node) => Some(Literal::String(ustr(node.value.as_str()))),
        E::TemplateLiteral(node) if node.expressions.is_empty() => {
            let text = node.quasis.first()?.value.cooked?;
            Some(Literal::String(ustr(text.as_str())))
        }
        E::Identifier(node) => lookup(known, node.name.as_str()),
        E::StaticMemberExpression(node) => match &node.object {
            E::Identifier(object) if object.name.as_str() == own => {
                lookup(known, node.property.name.as_str())
            }
            _ => None,
        },
        E::UnaryExpression(node) => {
            let Literal::Number(number) = inner(&node.argument)? else {
                return None;
            };
            unary_value(node.operator, number).map(Literal::Number)
        }
        E::BinaryExpression(node) => {
            binary_value(node.operator, inner(&node.left)?, inner(&node.right)?)
        }
        _ => None,
    }
}

fn lookup(known: &Known, name: &str) -> Option<Literal> {
    let found = known.iter().rev().find(|(known, _)| known.as_str() == name);
    found.map(|(_, literal)| literal.clone())
}

fn unary_value(operator: js::UnaryOperator, number: f64) -> Option<f64> {
    match operator {
        js::UnaryOperator::UnaryNegation => Some(-number),
        js::UnaryOperator::UnaryPlus => Some(number),
        js::UnaryOperator::BitwiseNot => Some(f64::from(!to_int(number))),
        _ => None,
    }
}

fn binary_value(operator: js::BinaryOperator, left: Literal, right: Literal) -> Option<Literal> {
    use js::BinaryOperator as B;
    let (left, right) = match (left, right) {
        (Literal::Number(left), Literal::Number(right)) => (left, right),
        (Literal::String(left), Literal::String(right)) if operator == B::Addition => {
            return Some(Literal::String(ustr(&format!("{left}{right}"))));
        }
        _ => return None,
    };
    let shift = to_int(right) as u32 & 31;
    let value = match operator {
        B::Addition => left + right,
        B::Subtraction => left - right,
        B::Multiplication => left * right,
        B::Division => left / right,
        B::Remainder => left % right,
        B::Exponential => left.powf(right),
        B::ShiftLeft => f64::from(to_int(left) << shift),
        B::ShiftRight => f64::from(to_int(left) >> shift),
        B::ShiftRightZeroFill => f64::from(to_int(left) as u32 >> shift),
        B::BitwiseOR => f64::from(to_int(left) | to_int(right)),
        B::BitwiseAnd => f64::from(to_int(left) & to_int(right)),
        B::BitwiseXOR => f64::from(to_int(left) ^ to_int(right)),
        _ => return None,
    };
    Some(Literal::Number(value))
}

/// Returns a number as JavaScript's bit operators see it: the low 32 bits of its whole part.
fn to_int(number: f64) -> i32 {
    if !number.is_finite() {
        return 0;
    }
    number.trunc().rem_euclid(4_294_967_296.0) as u32 as i32
}
