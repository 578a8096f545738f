//! Signatures: the parameters of a function with their types and defaults evaluated.
//!
//! Frameworks that inject by type read them when a function is registered, long before it is called, so
//! they are evaluated in the scope in which the function was made.

use firedoor_ir::{ExpressionId, Function, ParameterKind, Pattern};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Closure, Machine, Value};

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

impl<'p> Machine<'p> {
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
