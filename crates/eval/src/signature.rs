//! Signatures: the parameters of a function with their types and defaults evaluated.
//!
//! Frameworks that inject by type read them when a function is registered, long before it is called, so
//! they are evaluated in the scope in which the function was made.

use firedoor_ir::{
    BinaryOperator, ExpressionId, ExpressionKind, Function, Key, Literal, ParameterKind, Pattern,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Closure, Machine, ObjectId, ObjectKind, Value};

/// A parameter of a function of the program.
#[derive(Clone, Debug)]
pub struct SignatureParameter {
    /// Its name; empty for a pattern.
    pub name: Ustr,
    /// How it takes its argument.
    pub kind: ParameterKind,
    /// Its type.
    pub annotation: Option<Value>,
    /// Its default.
    pub default: Option<Value>,
    /// Where it stands.
    pub span: Span,
}

/// A parameter that a library fills: by its decorators, or by its type.
#[derive(Clone, Debug)]
pub struct InjectedParameter {
    /// Its name; empty for a pattern.
    pub name: Ustr,
    /// Its type as it is there at run time: the class without what it is generic in.
    pub class: Option<Value>,
    /// Its decorators, topmost first.
    pub decorators: Vec<Value>,
    /// Where it stands.
    pub span: Span,
}

impl<'p> Machine<'p> {
    /// Returns the parameters of a function with their decorators and types, as TypeScript emits them for
    /// libraries that inject. They are evaluated when asked for: by then modules that import each other are made.
    pub fn injected(&mut self, closure: Closure) -> Vec<InjectedParameter> {
        let function = self.function_of(closure);
        self.in_scope_of(closure, |machine| {
            let mut parameters = Vec::with_capacity(function.parameters.len());
            for parameter in &function.parameters {
                let name = match &parameter.pattern {
                    Pattern::Name(name, _) => *name,
                    _ => Ustr::from(""),
                };
                let mut decorators = Vec::with_capacity(parameter.decorators.len());
                for decorator in &parameter.decorators {
                    decorators.push(machine.annotation(*decorator));
                }
                parameters.push(InjectedParameter {
                    name,
                    class: parameter.annotation.map(|id| machine.class_of_type(id)),
                    decorators,
                    span: parameter.span,
                });
            }
            parameters
        })
    }

    /// Returns the type of a field of a class of the program as it is there at run time.
    pub fn field_class(&mut self, class: ObjectId, field: Ustr) -> Option<Value> {
        let ObjectKind::Class {
            module,
            class: id,
            scope,
            ..
        } = self.heap.get(class).kind
        else {
            return None;
        };
        let mut members = self.program.module(module).class(id).members.iter();
        let annotation = members.find_map(|member| {
            (matches!(member.key, Key::Name(name) if name == field)).then_some(member.annotation)
        })??;
        Some(self.in_module(module, |machine| {
            machine.frame().scope = scope;
            machine.class_of_type(annotation)
        }))
    }

    /// Returns the names of the fields that a class of the program declares itself.
    pub fn field_names(&self, class: ObjectId) -> Vec<Ustr> {
        let ObjectKind::Class {
            module, class: id, ..
        } = self.heap.get(class).kind
        else {
            return Vec::new();
        };
        let members = self.program.module(module).class(id).members.iter();
        let fields = members
            .filter(|member| member.kind == firedoor_ir::MemberKind::Field && !member.is_static);
        fields
            .filter_map(|member| match member.key {
                Key::Name(name) => Some(name),
                Key::Computed(_) => None,
            })
            .collect()
    }

    /// `Repository<User>` is `Repository` at run time, and `User | null` is `User`.
    fn class_of_type(&mut self, annotation: ExpressionId) -> Value {
        match &self.module_ir().expression(annotation).kind {
            ExpressionKind::Index { object, .. } => self.class_of_type(*object),
            ExpressionKind::Binary(BinaryOperator::BitOr, left, right) => {
                let left_kind = &self.module_ir().expression(*left).kind;
                let is_nothing = matches!(left_kind, ExpressionKind::Literal(Literal::Null));
                self.class_of_type(if is_nothing { *right } else { *left })
            }
            _ => self.annotation(annotation),
        }
    }

    /// Returns the parameters of a function.
    pub fn signature(&mut self, closure: Closure) -> Vec<SignatureParameter> {
        let function: &'p Function = self
            .program
            .module(closure.module)
            .function(closure.function);
        self.in_scope_of(closure, |machine| {
            let parameters = function.parameters.iter();
            parameters
                .map(|parameter| {
                    let name = match &parameter.pattern {
                        Pattern::Name(name, _) => *name,
                        _ => Ustr::from(""),
                    };
                    let default = machine.parameter_default(closure, name);
                    SignatureParameter {
                        name,
                        kind: parameter.kind,
                        annotation: parameter.annotation.map(|id| machine.annotation(id)),
                        default: default
                            .or_else(|| parameter.default.map(|id| machine.annotation(id))),
                        span: parameter.span,
                    }
                })
                .collect()
        })
    }

    /// Returns the type that a function says it returns.
    pub fn returned_type(&mut self, closure: Closure) -> Option<Value> {
        let function: &'p Function = self
            .program
            .module(closure.module)
            .function(closure.function);
        let returns: ExpressionId = function.returns?;
        Some(self.in_scope_of(closure, |machine| machine.annotation(returns)))
    }

    /// Returns the function of the program that a closure is of.
    pub fn function_of(&self, closure: Closure) -> &'p Function {
        self.program
            .module(closure.module)
            .function(closure.function)
    }

    fn in_scope_of<T>(&mut self, closure: Closure, body: impl FnOnce(&mut Self) -> T) -> T {
        self.in_module(closure.module, |machine| {
            machine.frame().scope = closure.scope;
            body(machine)
        })
    }
}
