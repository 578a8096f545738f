//! Functions, lambdas, parameters and classes.

use firedoor_ir::{
    Body, Class, ClassId, ExpressionId, ExpressionKind, Function, FunctionId, FunctionKind,
    Parameter, ParameterKind, Pattern,
};
use ruff_python_ast::{
    self as ast, Decorator, Expr, ExprLambda, Parameters, StmtClassDef, StmtFunctionDef,
};
use ruff_text_size::Ranged;
use ustr::Ustr;

use super::{context::Context, scopes::ScopeKind};

impl Context<'_> {
    /// Decorators, defaults and annotations belong to the scope around, so they come before the body's scope.
    pub(super) fn function(&mut self, function: &StmtFunctionDef) -> FunctionId {
        let is_method = self.scopes.is_class();
        let name = self.bind(&function.name);
        let decorators = self.decorators(&function.decorator_list);
        let parameters = self.parameters(&function.parameters);
        let returns = function.returns.as_deref();
        let returns = returns.map(|returns| self.annotation(returns));
        self.scopes.enter(ScopeKind::Function);
        let body = self.block(&function.body);
        let scope = self.scopes.leave(&names(&parameters));
        let span = self.span(function.range());
        self.module.add_function(Function {
            name: Some(name).filter(|name| !name.is_empty()),
            span,
            kind: if is_method {
                FunctionKind::Method
            } else {
                FunctionKind::Function
            },
            parameters,
            body: Body::Block(body),
            is_async: function.is_async,
            is_generator: scope.yields,
            decorators,
            returns,
            declared: scope.declared,
        })
    }

    pub(super) fn lambda(&mut self, lambda: &ExprLambda, name: Option<Ustr>) -> ExpressionId {
        let parameters = match &lambda.parameters {
            Some(parameters) => self.parameters(parameters),
            None => Vec::new(),
        };
        self.scopes.enter(ScopeKind::Function);
        let body = self.expression(&lambda.body);
        let scope = self.scopes.leave(&names(&parameters));
        let span = self.span(lambda.range());
        let function = self.module.add_function(Function {
            name,
            span,
            kind: FunctionKind::Lambda,
            parameters,
            body: Body::Expression(body),
            is_async: false,
            is_generator: scope.yields,
            decorators: Vec::new(),
            returns: None,
            declared: scope.declared,
        });
        self.add(span, ExpressionKind::Function(function))
    }

    pub(super) fn class(&mut self, class: &StmtClassDef) -> ClassId {
        let name = self.bind(&class.name);
        let decorators = self.decorators(&class.decorator_list);
        let bases = match &class.arguments {
            Some(arguments) => self.arguments(arguments),
            None => Vec::new(),
        };
        self.scopes.enter(ScopeKind::Class);
        let body = self.block(&class.body);
        let scope = self.scopes.leave(&[]);
        let span = self.span(class.range());
        self.module.add_class(Class {
            name: Some(name).filter(|name| !name.is_empty()),
            span,
            bases,
            decorators,
            members: Vec::new(),
            body,
            declared: scope.declared,
        })
    }

    fn decorators(&mut self, decorators: &[Decorator]) -> Vec<ExpressionId> {
        decorators
            .iter()
            .map(|decorator| self.expression(&decorator.expression))
            .collect()
    }

    fn parameters(&mut self, parameters: &Parameters) -> Vec<Parameter> {
        use ParameterKind::{KeywordOnly, KeywordRest, Normal, PositionalOnly, Rest};
        let mut lowered = Vec::with_capacity(parameters.len());
        for parameter in &parameters.posonlyargs {
            lowered.push(self.parameter(PositionalOnly, &parameter.parameter, parameter.default()));
        }
        for parameter in &parameters.args {
            lowered.push(self.parameter(Normal, &parameter.parameter, parameter.default()));
        }
        if let Some(rest) = &parameters.vararg {
            lowered.push(self.parameter(Rest, rest, None));
        }
        for parameter in &parameters.kwonlyargs {
            lowered.push(self.parameter(KeywordOnly, &parameter.parameter, parameter.default()));
        }
        if let Some(rest) = &parameters.kwarg {
            lowered.push(self.parameter(KeywordRest, rest, None));
        }
        lowered
    }

    fn parameter(
        &mut self,
        kind: ParameterKind,
        parameter: &ast::Parameter,
        default: Option<&Expr>,
    ) -> Parameter {
        let name = Ustr::from(&parameter.name.id);
        let annotation = parameter.annotation();
        let annotation = annotation.map(|annotation| self.annotation(annotation));
        let mut span = self.span(parameter.range());
        if let Some(default) = default {
            span.end = span.end.max(self.span(default.range()).end);
        }
        Parameter {
            pattern: Pattern::Name(name, self.span(parameter.name.range())),
            default: default.map(|default| self.value_for_parameter(name, default)),
            kind,
            annotation,
            decorators: Vec::new(),
            is_property: false,
            span,
        }
    }

    fn value_for_parameter(&mut self, name: Ustr, default: &Expr) -> ExpressionId {
        match default {
            Expr::Lambda(lambda) => self.lambda(lambda, Some(name)),
            _ => self.expression(default),
        }
    }
}

fn names(parameters: &[Parameter]) -> Vec<Ustr> {
    parameters
        .iter()
        .filter_map(|parameter| match parameter.pattern {
            Pattern::Name(name, _) => Some(name),
            _ => None,
        })
        .collect()
}
