//! Types as they are written, with forward references in strings read as the expressions they stand for.

use firedoor_ir::{BinaryOperator, CollectionKind, Element, ExpressionId, ExpressionKind};
use ruff_python_ast::{Expr, ExprStringLiteral, ExprSubscript, Operator};
use ruff_python_parser::typing::parse_type_annotation;
use ruff_text_size::Ranged;

use super::{context::Context, depth};

impl Context<'_> {
    pub(super) fn annotation(&mut self, annotation: &Expr) -> ExpressionId {
        let span = self.span(annotation.range());
        self.nested(span, |context| match annotation {
            Expr::StringLiteral(string) => context.forward_reference(annotation, string),
            Expr::Subscript(subscript) if !holds_values(&subscript.value) => {
                context.generic(subscript)
            }
            Expr::BinOp(union) if union.op == Operator::BitOr => {
                let left = context.annotation(&union.left);
                let right = context.annotation(&union.right);
                let kind = ExpressionKind::Binary(BinaryOperator::BitOr, left, right);
                context.add(span, kind)
            }
            // `*args: *Types` is what the star stands before.
            Expr::Starred(starred) => context.annotation(&starred.value),
            _ => context.expression(annotation),
        })
        .unwrap_or_else(|| self.add(span, ExpressionKind::Unsupported("too deep")))
    }

    /// Lowers what the string says; a string that is no expression stays a string.
    fn forward_reference(&mut self, whole: &Expr, string: &ExprStringLiteral) -> ExpressionId {
        if depth::is_too_deep(string.value.to_str()) {
            return self.expression(whole);
        }
        match parse_type_annotation(string, self.text) {
            Ok(parsed) => self.annotation(parsed.expression()),
            Err(_) => self.expression(whole),
        }
    }

    fn generic(&mut self, subscript: &ExprSubscript) -> ExpressionId {
        let object = self.expression(&subscript.value);
        let index = match &*subscript.slice {
            Expr::Tuple(tuple) => {
                let elements = tuple.elts.iter().map(|element| Element {
                    value: self.annotation(element),
                    is_spread: element.is_starred_expr(),
                });
                let kind = ExpressionKind::Collection {
                    kind: CollectionKind::Tuple,
                    elements: elements.collect(),
                };
                self.add(self.span(tuple.range()), kind)
            }
            single => self.annotation(single),
        };
        let kind = ExpressionKind::Index {
            object,
            index,
            is_optional: false,
        };
        self.add(self.span(subscript.range()), kind)
    }
}

/// Holds for `Literal[…]` and `Annotated[…]`, in which a string is a string. Before names are resolved the
/// last part of the name is all there is to go by, and these two are not given other names in practice.
fn holds_values(generic: &Expr) -> bool {
    let name = match generic {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(name, "Literal" | "Annotated")
}
