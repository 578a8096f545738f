//! What is bound or assigned to.

use firedoor_ir::{
    ArrayPatternElement, ExpressionId, ExpressionKind, ObjectPatternProperty, Pattern,
};
use oxc_ast::{ast as js, match_assignment_target, match_member_expression};
use oxc_span::GetSpan;
use ustr::ustr;

use super::{functions::binding_name, lowering::Lowering};

impl Lowering<'_> {
    /// Lowers the target of a declaration or parameter.
    pub fn pattern(&mut self, node: &js::BindingPattern<'_>) -> Pattern {
        self.deeper(node.span(), |lowering| match node {
            js::BindingPattern::BindingIdentifier(id) => {
                Pattern::Name(ustr(id.name.as_str()), lowering.span(id.span))
            }
            js::BindingPattern::ObjectPattern(object) => lowering.object_pattern(object),
            js::BindingPattern::ArrayPattern(array) => lowering.array_pattern(array),
            js::BindingPattern::AssignmentPattern(inner) => {
                let target = lowering.pattern(&inner.left);
                let value = lowering.named_expression(&inner.right, binding_name(&inner.left));
                Pattern::Default(Box::new(target), value)
            }
        })
        .unwrap_or_else(|| Pattern::Array(Vec::new()))
    }

    /// Lowers a target with its default value apart.
    pub fn pattern_and_default(
        &mut self,
        node: &js::BindingPattern<'_>,
    ) -> (Pattern, Option<ExpressionId>) {
        match self.pattern(node) {
            Pattern::Default(pattern, value) => (*pattern, Some(value)),
            pattern => (pattern, None),
        }
    }

    fn object_pattern(&mut self, node: &js::ObjectPattern<'_>) -> Pattern {
        let mut properties = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            let key = self.key(&property.key);
            let target = self.pattern(&property.value);
            properties.push(ObjectPatternProperty { key, target });
        }
        let rest = node
            .rest
            .as_ref()
            .map(|rest| Box::new(self.pattern(&rest.argument)));
        Pattern::Object { properties, rest }
    }

    fn array_pattern(&mut self, node: &js::ArrayPattern<'_>) -> Pattern {
        let mut elements = Vec::with_capacity(node.elements.len());
        for element in &node.elements {
            elements.push(match element {
                Some(element) => ArrayPatternElement::Item(self.pattern(element)),
                None => ArrayPatternElement::Hole,
            });
        }
        if let Some(rest) = &node.rest {
            elements.push(ArrayPatternElement::Rest(self.pattern(&rest.argument)));
        }
        Pattern::Array(elements)
    }

    /// Lowers the target of an assignment.
    pub fn assignment_target(&mut self, node: &js::AssignmentTarget<'_>) -> Pattern {
        self.deeper(node.span(), |lowering| match node {
            js::AssignmentTarget::ArrayAssignmentTarget(array) => lowering.array_target(array),
            js::AssignmentTarget::ObjectAssignmentTarget(object) => lowering.object_target(object),
            _ => lowering.simple_target(node.to_simple_assignment_target()),
        })
        .unwrap_or_else(|| Pattern::Array(Vec::new()))
    }

    /// Lowers a target that is no pattern.
    pub fn simple_target(&mut self, node: &js::SimpleAssignmentTarget<'_>) -> Pattern {
        use js::SimpleAssignmentTarget as T;
        match node {
            T::AssignmentTargetIdentifier(id) => {
                Pattern::Name(ustr(id.name.as_str()), self.span(id.span))
            }
            T::TSAsExpression(inner) => self.expression_target(&inner.expression),
            T::TSSatisfiesExpression(inner) => self.expression_target(&inner.expression),
            T::TSNonNullExpression(inner) => self.expression_target(&inner.expression),
            T::TSTypeAssertion(inner) => self.expression_target(&inner.expression),
            match_member_expression!(T) => {
                Pattern::Place(self.member_expression(node.to_member_expression()))
            }
        }
    }

    /// Returns an expression that stands on the left as a target.
    fn expression_target(&mut self, node: &js::Expression<'_>) -> Pattern {
        let place = self.expression(node);
        match &self.module.expression(place).kind {
            ExpressionKind::Name(name) => Pattern::Name(*name, self.span(node.span())),
            ExpressionKind::Member { .. } | ExpressionKind::Index { .. } => Pattern::Place(place),
            _ => Pattern::Array(Vec::new()),
        }
    }

    fn array_target(&mut self, node: &js::ArrayAssignmentTarget<'_>) -> Pattern {
        let mut elements = Vec::with_capacity(node.elements.len());
        for element in &node.elements {
            elements.push(match element {
                Some(element) => ArrayPatternElement::Item(self.target_maybe_default(element)),
                None => ArrayPatternElement::Hole,
            });
        }
        if let Some(rest) = &node.rest {
            elements.push(ArrayPatternElement::Rest(
                self.assignment_target(&rest.target),
            ));
        }
        Pattern::Array(elements)
    }

    fn object_target(&mut self, node: &js::ObjectAssignmentTarget<'_>) -> Pattern {
        let mut properties = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            properties.push(self.target_property(property));
        }
        let rest = node
            .rest
            .as_ref()
            .map(|rest| Box::new(self.assignment_target(&rest.target)));
        Pattern::Object { properties, rest }
    }

    fn target_property(
        &mut self,
        node: &js::AssignmentTargetProperty<'_>,
    ) -> ObjectPatternProperty {
        match node {
            js::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(node) => {
                let name = ustr(node.binding.name.as_str());
                let target = Pattern::Name(name, self.span(node.binding.span));
                let target = match &node.init {
                    Some(init) => {
                        let value = self.named_expression(init, Some(name));
                        Pattern::Default(Box::new(target), value)
                    }
                    None => target,
                };
                let key = firedoor_ir::Key::Name(name);
                ObjectPatternProperty { key, target }
            }
            js::AssignmentTargetProperty::AssignmentTargetPropertyProperty(node) => {
                let key = self.key(&node.name);
                let target = self.target_maybe_default(&node.binding);
                ObjectPatternProperty { key, target }
            }
        }
    }

    fn target_maybe_default(&mut self, node: &js::AssignmentTargetMaybeDefault<'_>) -> Pattern {
        use js::AssignmentTargetMaybeDefault as T;
        match node {
            T::AssignmentTargetWithDefault(node) => {
                let target = self.assignment_target(&node.binding);
                let name = match &target {
                    Pattern::Name(name, _) => Some(*name),
                    _ => None,
                };
                let value = self.named_expression(&node.init, name);
                Pattern::Default(Box::new(target), value)
            }
            match_assignment_target!(T) => self.assignment_target(node.to_assignment_target()),
        }
    }
}
