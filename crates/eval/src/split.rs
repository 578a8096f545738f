//! Calls of outside functions with something or nothing, as the outcome of a test: `next(known ? undefined : refused)`.
//!
//! They are `if (known) next(undefined); else next(refused);` in one expression. What an outside function does with
//! something is not what it does with nothing, so that each side is a call of its own, behind the test that chose it.

use firedoor_ir::{Argument, ArgumentKind, ExpressionId, ExpressionKind, Literal};
use firedoor_source::Span;

use crate::{Arguments, Machine, ObjectKind, Stop, Value};

/// The argument that a test chooses, with the test and both sides.
#[derive(Clone, Copy)]
pub(crate) struct Split {
    position: usize,
    test: ExpressionId,
    then: ExpressionId,
    otherwise: ExpressionId,
}

impl<'p> Machine<'p> {
    /// Returns the argument that is something or nothing, of a call of a function that is none of the
    /// program's.
    pub(crate) fn split_argument(
        &self,
        function: &Value,
        arguments: &'p [Argument],
    ) -> Option<Split> {
        let is_plain = |argument: &Argument| argument.kind == ArgumentKind::Positional;
        if !arguments.iter().all(is_plain) || !self.is_given(function) {
            return None;
        }
        arguments
            .iter()
            .enumerate()
            .find_map(|(position, argument)| {
                let kind = &self.module_ir().expression(argument.value).kind;
                let ExpressionKind::Conditional {
                    test,
                    then,
                    otherwise,
                } = kind
                else {
                    return None;
                };
                (self.is_nothing_written(*then) || self.is_nothing_written(*otherwise)).then_some(
                    Split {
                        position,
                        test: *test,
                        then: *then,
                        otherwise: *otherwise,
                    },
                )
            })
    }

    /// Holds for a function that a request was given. What the wiring calls makes things, and makes them once.
    fn is_given(&self, function: &Value) -> bool {
        let is_outside = |id| {
            !matches!(
                self.heap.get(id).kind,
                ObjectKind::Function { .. } | ObjectKind::Class { .. }
            )
        };
        self.heap.is_wired && !self.is_python() && function.only_object().is_some_and(is_outside)
    }

    fn is_nothing_written(&self, expression: ExpressionId) -> bool {
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Literal(literal) => {
                matches!(literal, Literal::Null | Literal::Undefined)
            }
            ExpressionKind::Name(name) => name == "undefined",
            _ => false,
        }
    }

    pub(crate) fn call_on_both_sides(
        &mut self,
        function: &Value,
        arguments: &'p [Argument],
        split: Split,
        span: Span,
    ) -> Result<Value, Stop> {
        let mut before = Vec::with_capacity(split.position);
        for argument in &arguments[..split.position] {
            before.push(self.evaluate(argument.value)?);
        }
        let value = self.evaluate(split.test)?;
        let value = self.truth_value(value, span)?;
        let call = |machine: &mut Self, side: bool, chosen: ExpressionId| {
            machine.refine(split.test, side);
            let mut given = Arguments {
                positional: before.clone(),
                ..Arguments::default()
            };
            given.positional.push(machine.evaluate(chosen)?);
            for argument in &arguments[split.position + 1..] {
                given.positional.push(machine.evaluate(argument.value)?);
            }
            machine.span = span;
            machine.call_value(function, None, &given, span)
        };
        self.choose(
            &value,
            span,
            |machine| call(machine, true, split.then),
            |machine| call(machine, false, split.otherwise),
        )
    }
}
