//! Expressions.

use firedoor_ir::{
    Argument, ArgumentKind, BinaryOperator, CollectionKind, Element, ExpressionId, ExpressionKind,
    Literal, Pattern, TemplatePart, UnaryOperator,
};
use oxc_ast::{ast as js, match_member_expression};
use oxc_span::GetSpan;
use ustr::{Ustr, ustr};

use super::{
    lowering::Lowering,
    operators::{self, Assignment},
};

impl Lowering<'_> {
    /// Lowers an expression.
    pub fn expression(&mut self, expression: &js::Expression<'_>) -> ExpressionId {
        self.named_expression(expression, None)
    }

    /// Lowers an expression that is assigned to `name`, which a function or class without a name takes over.
    pub fn named_expression(
        &mut self,
        expression: &js::Expression<'_>,
        name: Option<Ustr>,
    ) -> ExpressionId {
        let span = expression.span();
        self.deeper(span, |lowering| {
            lowering.expression_at_depth(expression, name)
        })
        .unwrap_or_else(|| self.unsupported(span, "too deep"))
    }

    fn expression_at_depth(
        &mut self,
        expression: &js::Expression<'_>,
        name: Option<Ustr>,
    ) -> ExpressionId {
        use js::Expression as E;
        match expression {
            E::Identifier(node) => self.name(node.span, node.name.as_str()),
            E::CallExpression(node) => self.call_expression(node),
            match_member_expression!(E) => {
                self.member_expression(expression.to_member_expression())
            }
            E::ArrowFunctionExpression(node) => self.arrow(node, name),
            E::FunctionExpression(node) => self.function_expression(node, name),
            E::ClassExpression(node) => self.class_expression(node, name),
            E::ObjectExpression(node) => self.object(node),
            E::ArrayExpression(node) => self.array(node),
            E::ChainExpression(node) => self.chain(node),
            E::AssignmentExpression(node) => self.assignment(node),
            E::TSAsExpression(node) => self.named_expression(&node.expression, name),
            E::TSSatisfiesExpression(node) => self.named_expression(&node.expression, name),
            E::TSTypeAssertion(node) => self.named_expression(&node.expression, name),
            E::TSNonNullExpression(node) => self.named_expression(&node.expression, name),
            E::TSInstantiationExpression(node) => self.named_expression(&node.expression, name),
            E::ParenthesizedExpression(node) => self.named_expression(&node.expression, name),
            E::JSXElement(node) => self.jsx_element(node),
            E::JSXFragment(node) => self.jsx_fragment(node),
            _ => self.operation(expression),
        }
    }

    /// Lowers literals and what is made by operators.
    fn operation(&mut self, expression: &js::Expression<'_>) -> ExpressionId {
        use js::Expression as E;
        match expression {
            E::UnaryExpression(node) => self.unary(node),
            E::UpdateExpression(node) => self.update(node),
            E::BinaryExpression(node) => {
                let left = self.expression(&node.left);
                let right = self.expression(&node.right);
                let operator = operators::binary(node.operator);
                self.add(node.span, ExpressionKind::Binary(operator, left, right))
            }
            E::LogicalExpression(node) => {
                let left = self.expression(&node.left);
                let right = self.expression(&node.right);
                let operator = operators::logical(node.operator);
                self.add(node.span, ExpressionKind::Logical(operator, left, right))
            }
            E::PrivateInExpression(node) => {
                let left = self.string(node.left.span, &format!("#{}", node.left.name));
                let right = self.expression(&node.right);
                let kind = ExpressionKind::Binary(BinaryOperator::In, left, right);
                self.add(node.span, kind)
            }
            E::ConditionalExpression(node) => {
                let test = self.expression(&node.test);
                let then = self.expression(&node.consequent);
                let otherwise = self.expression(&node.alternate);
                let kind = ExpressionKind::Conditional {
                    test,
                    then,
                    otherwise,
                };
                self.add(node.span, kind)
            }
            E::SequenceExpression(node) => {
                let values = node
                    .expressions
                    .iter()
                    .map(|value| self.expression(value))
                    .collect();
                self.add(node.span, ExpressionKind::Sequence(values))
            }
            E::AwaitExpression(node) => {
                let value = self.expression(&node.argument);
                self.add(node.span, ExpressionKind::Await(value))
            }
            E::YieldExpression(node) => {
                let value = node.argument.as_ref().map(|value| self.expression(value));
                let is_delegate = node.delegate;
                self.add(node.span, ExpressionKind::Yield { value, is_delegate })
            }
            _ => self.invocation(expression),
        }
    }

    /// Lowers `new`, `import()`, templates and the words with a meaning of their own.
    fn invocation(&mut self, expression: &js::Expression<'_>) -> ExpressionId {
        use js::Expression as E;
        match expression {
            E::NewExpression(node) => {
                let callee = self.expression(&node.callee);
                let arguments = self.arguments(&node.arguments);
                self.add(node.span, ExpressionKind::New { callee, arguments })
            }
            E::ImportExpression(node) => {
                let source = self.expression(&node.source);
                self.add(node.span, ExpressionKind::ImportCall(source))
            }
            E::TemplateLiteral(node) => self.template(node),
            E::TaggedTemplateExpression(node) => {
                let tag = self.expression(&node.tag);
                let parts = self.template_parts(&node.quasi);
                self.add(node.span, ExpressionKind::TaggedTemplate { tag, parts })
            }
            E::ThisExpression(node) => self.add(node.span, ExpressionKind::This),
            E::Super(node) => self.add(node.span, ExpressionKind::Super),
            E::ImportMeta(node) => self.add(node.span, ExpressionKind::ImportMeta),
            E::NewTarget(node) => self.add(node.span, ExpressionKind::NewTarget),
            E::V8IntrinsicExpression(node) => self.unsupported(node.span, "engine intrinsic"),
            _ => self.literal(expression),
        }
    }

    fn literal(&mut self, expression: &js::Expression<'_>) -> ExpressionId {
        use js::Expression as E;
        let literal = match expression {
            E::BooleanLiteral(node) => Literal::Bool(node.value),
            E::NullLiteral(_) => Literal::Null,
            E::NumericLiteral(node) => Literal::Number(node.value),
            E::BigIntLiteral(node) => {
                Literal::Number(node.value.as_str().parse().unwrap_or(f64::NAN))
            }
            E::StringLiteral(node) => Literal::String(ustr(node.value.as_str())),
            E::RegExpLiteral(node) => {
                let flags = node.regex.flags.to_inline_string();
                Literal::Regex(ustr(node.regex.pattern.text.as_str()), ustr(flags.as_str()))
            }
            _ => return self.unsupported(expression.span(), "expression"),
        };
        self.add(expression.span(), ExpressionKind::Literal(literal))
    }

    /// Lowers a call.
    pub fn call_expression(&mut self, node: &js::CallExpression<'_>) -> ExpressionId {
        let callee = self.expression(&node.callee);
        let arguments = self.arguments(&node.arguments);
        let is_optional = node.optional;
        self.add(
            node.span,
            ExpressionKind::Call {
                callee,
                arguments,
                is_optional,
            },
        )
    }

    fn arguments(&mut self, arguments: &[js::Argument<'_>]) -> Vec<Argument> {
        arguments
            .iter()
            .map(|argument| match argument {
                js::Argument::SpreadElement(spread) => Argument {
                    kind: ArgumentKind::Spread,
                    value: self.expression(&spread.argument),
                },
                _ => Argument {
                    kind: ArgumentKind::Positional,
                    value: self.expression(argument.to_expression()),
                },
            })
            .collect()
    }

    fn chain(&mut self, node: &js::ChainExpression<'_>) -> ExpressionId {
        match &node.expression {
            js::ChainElement::CallExpression(call) => self.call_expression(call),
            js::ChainElement::TSNonNullExpression(inner) => self.expression(&inner.expression),
            element => self.member_expression(element.to_member_expression()),
        }
    }

    /// Lowers `a.b`, `a.#b` and `a[b]`.
    pub fn member_expression(&mut self, node: &js::MemberExpression<'_>) -> ExpressionId {
        use js::MemberExpression as M;
        let kind = match node {
            M::StaticMemberExpression(node) => ExpressionKind::Member {
                object: self.expression(&node.object),
                property: ustr(node.property.name.as_str()),
                is_optional: node.optional,
            },
            M::PrivateFieldExpression(node) => ExpressionKind::Member {
                object: self.expression(&node.object),
                property: ustr(&format!("#{}", node.field.name)),
                is_optional: node.optional,
            },
            M::ComputedMemberExpression(node) => ExpressionKind::Index {
                object: self.expression(&node.object),
                index: self.expression(&node.expression),
                is_optional: node.optional,
            },
        };
        self.add(node.span(), kind)
    }

    fn array(&mut self, node: &js::ArrayExpression<'_>) -> ExpressionId {
        let mut elements = Vec::with_capacity(node.elements.len());
        for element in &node.elements {
            elements.push(match element {
                js::ArrayExpressionElement::SpreadElement(spread) => Element {
                    value: self.expression(&spread.argument),
                    is_spread: true,
                },
                js::ArrayExpressionElement::Elision(hole) => Element {
                    value: self.undefined(hole.span),
                    is_spread: false,
                },
                _ => Element {
                    value: self.expression(element.to_expression()),
                    is_spread: false,
                },
            });
        }
        let kind = CollectionKind::List;
        self.add(node.span, ExpressionKind::Collection { kind, elements })
    }

    fn unary(&mut self, node: &js::UnaryExpression<'_>) -> ExpressionId {
        let operator = operators::unary(node.operator);
        if operator == UnaryOperator::Void && node.argument.is_literal() {
            return self.undefined(node.span);
        }
        let operand = self.expression(&node.argument);
        self.add(node.span, ExpressionKind::Unary(operator, operand))
    }

    fn update(&mut self, node: &js::UpdateExpression<'_>) -> ExpressionId {
        let target = self.simple_target(&node.argument);
        let value = self.add(node.span, ExpressionKind::Literal(Literal::Number(1.0)));
        let operator = match node.operator {
            js::UpdateOperator::Increment => BinaryOperator::Add,
            js::UpdateOperator::Decrement => BinaryOperator::Subtract,
        };
        self.add(
            node.span,
            ExpressionKind::AssignBinary {
                target,
                operator,
                value,
            },
        )
    }

    fn assignment(&mut self, node: &js::AssignmentExpression<'_>) -> ExpressionId {
        let target = self.assignment_target(&node.left);
        let name = self.assigned_name(&target);
        let value = self.named_expression(&node.right, name);
        let kind = match operators::assignment(node.operator) {
            Assignment::Plain => ExpressionKind::Assign { target, value },
            Assignment::Binary(operator) => ExpressionKind::AssignBinary {
                target,
                operator,
                value,
            },
            Assignment::Logical(operator) => ExpressionKind::AssignLogical {
                target,
                operator,
                value,
            },
        };
        self.add(node.span, kind)
    }

    /// Returns the name that a function assigned to `target` gets.
    fn assigned_name(&self, target: &Pattern) -> Option<Ustr> {
        match target {
            Pattern::Name(name, _) => Some(*name),
            Pattern::Place(place) => match &self.module.expression(*place).kind {
                // JavaScript leaves `exports.f = () => {}` without a name, which helps no reader.
                // `module.exports = () => {}` says nothing; the name that an importer gives does.
                ExpressionKind::Member { property, .. } if property != "exports" => Some(*property),
                _ => None,
            },
            _ => None,
        }
    }

    /// Lowers a template; one without values is a plain string.
    pub fn template(&mut self, node: &js::TemplateLiteral<'_>) -> ExpressionId {
        if node.expressions.is_empty() {
            let text = node.quasis.first().map_or("", template_text);
            return self.string(node.span, text);
        }
        let parts = self.template_parts(node);
        self.add(node.span, ExpressionKind::Template(parts))
    }

    fn template_parts(&mut self, node: &js::TemplateLiteral<'_>) -> Vec<TemplatePart> {
        let mut parts = Vec::with_capacity(node.quasis.len() + node.expressions.len());
        for (index, quasi) in node.quasis.iter().enumerate() {
            let text = template_text(quasi);
            if !text.is_empty() {
                parts.push(TemplatePart::Text(ustr(text)));
            }
            if let Some(value) = node.expressions.get(index) {
                parts.push(TemplatePart::Value(self.expression(value)));
            }
        }
        parts
    }
}

/// Returns the text of a part of a template; the raw one where its escapes have no meaning.
fn template_text<'a>(quasi: &'a js::TemplateElement<'_>) -> &'a str {
    quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw)
}
