//! JSX.

use firedoor_ir::{ExpressionId, ExpressionKind, Key, Literal, Property, PropertyKind};
use oxc_ast::ast as js;
use ustr::ustr;

use super::lowering::Lowering;

impl Lowering<'_> {
    /// Lowers an element.
    pub fn jsx_element(&mut self, node: &js::JSXElement<'_>) -> ExpressionId {
        let opening = &node.opening_element;
        let component = Some(self.jsx_name(&opening.name));
        let mut attributes = Vec::with_capacity(opening.attributes.len());
        for attribute in &opening.attributes {
            attributes.push(self.jsx_attribute(attribute));
        }
        let children = self.jsx_children(&node.children);
        self.add(
            node.span,
            ExpressionKind::Jsx {
                component,
                attributes,
                children,
            },
        )
    }

    /// Lowers `<>…</>`.
    pub fn jsx_fragment(&mut self, node: &js::JSXFragment<'_>) -> ExpressionId {
        let children = self.jsx_children(&node.children);
        self.add(
            node.span,
            ExpressionKind::Jsx {
                component: None,
                attributes: Vec::new(),
                children,
            },
        )
    }

    fn jsx_name(&mut self, name: &js::JSXElementName<'_>) -> ExpressionId {
        use js::JSXElementName as N;
        match name {
            N::Identifier(id) => self.string(id.span, id.name.as_str()),
            N::IdentifierReference(id) => self.name(id.span, id.name.as_str()),
            N::NamespacedName(name) => self.string(name.span, &namespaced(name)),
            N::MemberExpression(member) => self.jsx_member(member),
            N::ThisExpression(this) => self.add(this.span, ExpressionKind::This),
        }
    }

    fn jsx_member(&mut self, node: &js::JSXMemberExpression<'_>) -> ExpressionId {
        use js::JSXMemberExpressionObject as O;
        let object = self
            .deeper(node.span, |lowering| match &node.object {
                O::IdentifierReference(id) => lowering.name(id.span, id.name.as_str()),
                O::MemberExpression(member) => lowering.jsx_member(member),
                O::ThisExpression(this) => lowering.add(this.span, ExpressionKind::This),
            })
            .unwrap_or_else(|| self.unsupported(node.span, "too deep"));
        self.member(node.span, object, node.property.name.as_str())
    }

    fn jsx_attribute(&mut self, node: &js::JSXAttributeItem<'_>) -> Property {
        let attribute = match node {
            js::JSXAttributeItem::Attribute(attribute) => attribute,
            js::JSXAttributeItem::SpreadAttribute(spread) => {
                return Property {
                    key: Key::Name(ustr("")),
                    value: self.expression(&spread.argument),
                    kind: PropertyKind::Spread,
                };
            }
        };
        let name = match &attribute.name {
            js::JSXAttributeName::Identifier(id) => ustr(id.name.as_str()),
            js::JSXAttributeName::NamespacedName(name) => ustr(&namespaced(name)),
        };
        let value = match &attribute.value {
            Some(value) => self.jsx_value(value, name),
            None => self.add(attribute.span, ExpressionKind::Literal(Literal::Bool(true))),
        };
        Property {
            key: Key::Name(name),
            value,
            kind: PropertyKind::Value,
        }
    }

    fn jsx_value(&mut self, value: &js::JSXAttributeValue<'_>, name: ustr::Ustr) -> ExpressionId {
        use js::JSXAttributeValue as V;
        match value {
            V::StringLiteral(text) => self.string(text.span, text.value.as_str()),
            V::ExpressionContainer(container) => match container.expression.as_expression() {
                Some(value) => self.named_expression(value, Some(name)),
                None => self.undefined(container.span),
            },
            V::Element(element) => self.jsx_deeper(element),
            V::Fragment(fragment) => self.jsx_fragment_deeper(fragment),
        }
    }

    fn jsx_children(&mut self, children: &[js::JSXChild<'_>]) -> Vec<ExpressionId> {
        let mut lowered = Vec::new();
        for child in children {
            match child {
                js::JSXChild::Text(text) => {
                    let shown = shown_text(text.value.as_str());
                    if !shown.is_empty() {
                        lowered.push(self.string(text.span, &shown));
                    }
                }
                js::JSXChild::Element(element) => lowered.push(self.jsx_deeper(element)),
                js::JSXChild::Fragment(fragment) => {
                    lowered.push(self.jsx_fragment_deeper(fragment));
                }
                js::JSXChild::ExpressionContainer(container) => {
                    if let Some(value) = container.expression.as_expression() {
                        lowered.push(self.expression(value));
                    }
                }
                js::JSXChild::Spread(spread) => lowered.push(self.expression(&spread.expression)),
            }
        }
        lowered
    }

    fn jsx_deeper(&mut self, node: &js::JSXElement<'_>) -> ExpressionId {
        self.deeper(node.span, |lowering| lowering.jsx_element(node))
            .unwrap_or_else(|| self.unsupported(node.span, "too deep"))
    }

    fn jsx_fragment_deeper(&mut self, node: &js::JSXFragment<'_>) -> ExpressionId {
        self.deeper(node.span, |lowering| lowering.jsx_fragment(node))
            .unwrap_or_else(|| self.unsupported(node.span, "too deep"))
    }
}

/// Returns `a:b`.
fn namespaced(name: &js::JSXNamespacedName<'_>) -> String {
    format!("{}:{}", name.namespace.name, name.name.name)
}

/// Returns what JSX makes of text: line breaks with the blanks around them vanish or are one blank.
fn shown_text(text: &str) -> String {
    if !text.contains('\n') {
        return text.to_string();
    }
    let last = text.lines().count().saturating_sub(1);
    let blank: &[char] = &[' ', '\t', '\r'];
    let lines: Vec<&str> = text
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let line = if index > 0 {
                line.trim_start_matches(blank)
            } else {
                line
            };
            if index < last || text.ends_with('\n') {
                line.trim_end_matches(blank)
            } else {
                line
            }
        })
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}
