//! Functions and their parameters.

use firedoor_ir::{
    Block, Body, ExpressionId, ExpressionKind, Function, FunctionId, FunctionKind, Parameter,
    ParameterKind,
};
use firedoor_source::Span;
use oxc_ast::ast as js;
use ustr::{Ustr, ustr};

use super::lowering::Lowering;

/// What functions and arrow functions have in common.
struct Head<'n, 'a> {
    span: Span,
    kind: FunctionKind,
    name: Option<Ustr>,
    is_async: bool,
    is_generator: bool,
    parameters: &'n js::FormalParameters<'a>,
    returns: Option<&'n js::TSTypeAnnotation<'a>>,
}

impl Lowering<'_> {
    /// Lowers a function expression, which takes over `name` if it has none.
    pub fn function_expression(
        &mut self,
        node: &js::Function<'_>,
        name: Option<Ustr>,
    ) -> ExpressionId {
        let function = self.function(node, name);
        self.add(node.span, ExpressionKind::Function(function))
    }

    /// Lowers a function, which takes over `name` if it has none.
    pub fn function(&mut self, node: &js::Function<'_>, name: Option<Ustr>) -> FunctionId {
        self.method(node, FunctionKind::Function, name)
    }

    /// Lowers a function of any kind.
    pub fn method(
        &mut self,
        node: &js::Function<'_>,
        kind: FunctionKind,
        name: Option<Ustr>,
    ) -> FunctionId {
        let own = node.id.as_ref().map(|id| ustr(id.name.as_str()));
        let head = Head {
            span: self.span(node.span),
            kind,
            name: own.or(name),
            is_async: node.r#async,
            is_generator: node.generator,
            parameters: &node.params,
            returns: node.return_type.as_deref(),
        };
        self.with_head(head, |lowering| {
            let body = node.body.as_deref();
            Body::Block(body.map_or_else(Block::new, |body| lowering.function_body(body)))
        })
    }

    /// Lowers an arrow function.
    pub fn arrow(
        &mut self,
        node: &js::ArrowFunctionExpression<'_>,
        name: Option<Ustr>,
    ) -> ExpressionId {
        let head = Head {
            span: self.span(node.span),
            kind: FunctionKind::Arrow,
            name,
            is_async: node.r#async,
            is_generator: false,
            parameters: &node.params,
            returns: node.return_type.as_deref(),
        };
        let function = self.with_head(head, |lowering| match &node.body {
            js::ArrowFunctionBody::FunctionBody(body) => Body::Block(lowering.function_body(body)),
            body => Body::Expression(lowering.expression(body.to_expression())),
        });
        self.add(node.span, ExpressionKind::Function(function))
    }

    fn with_head(
        &mut self,
        head: Head<'_, '_>,
        body: impl FnOnce(&mut Self) -> Body,
    ) -> FunctionId {
        self.open_scope();
        let parameters = self.parameters(head.parameters);
        let returns = head.returns.map(|returns| self.annotation(returns));
        let body = body(self);
        let declared = self.close_scope();
        self.module.add_function(Function {
            name: head.name,
            span: head.span,
            kind: head.kind,
            parameters,
            body,
            is_async: head.is_async,
            is_generator: head.is_generator,
            decorators: Vec::new(),
            returns,
            declared,
        })
    }

    fn function_body(&mut self, node: &js::FunctionBody<'_>) -> Block {
        let mut block = self.directives(&node.directives);
        self.scope_statements(&node.statements, &mut block);
        block
    }

    fn parameters(&mut self, node: &js::FormalParameters<'_>) -> Vec<Parameter> {
        let mut parameters = Vec::with_capacity(node.items.len());
        for item in &node.items {
            parameters.push(self.parameter(item));
        }
        if let Some(rest) = &node.rest {
            let decorators = self.decorators(&rest.decorators);
            parameters.push(Parameter {
                pattern: self.pattern(&rest.rest.argument),
                default: None,
                kind: ParameterKind::Rest,
                annotation: self.optional_annotation(rest.type_annotation.as_deref()),
                decorators,
                is_property: false,
                span: self.span(rest.span),
            });
        }
        parameters
    }

    fn parameter(&mut self, node: &js::FormalParameter<'_>) -> Parameter {
        let decorators = self.decorators(&node.decorators);
        let (pattern, inner) = self.pattern_and_default(&node.pattern);
        let name = binding_name(&node.pattern);
        let default = node
            .initializer
            .as_ref()
            .map(|value| self.named_expression(value, name))
            .or(inner);
        Parameter {
            pattern,
            default,
            kind: ParameterKind::Normal,
            annotation: self.optional_annotation(node.type_annotation.as_deref()),
            decorators,
            is_property: node.accessibility.is_some() || node.readonly || node.r#override,
            span: self.span(node.span),
        }
    }

    /// Lowers decorators, topmost first.
    pub fn decorators(&mut self, decorators: &[js::Decorator<'_>]) -> Vec<ExpressionId> {
        decorators
            .iter()
            .map(|decorator| self.expression(&decorator.expression))
            .collect()
    }
}

/// Returns the name that a pattern of one name binds.
pub fn binding_name(pattern: &js::BindingPattern<'_>) -> Option<Ustr> {
    match pattern {
        js::BindingPattern::BindingIdentifier(id) => Some(ustr(id.name.as_str())),
        _ => None,
    }
}
