//! What goes on after a statement of a module or a class that fails while it is loaded.
//!
//! An application that is in use loads.
//! Where a statement of its wiring fails for certain, what failed is nearly always how far it could be followed, and
//! everything after it would be missing from the map: routes, models and settings of the rest of the file.

use firedoor_ir::{ExpressionId, ExpressionKind, Module, Statement, StatementKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::exports::{declared_names, pattern_names};
use crate::{Arguments, Machine, Slot, Stop, Value};

/// Why a value is unknown that a failing statement would have given.
const REASON: &str = "failed-while-loading";

impl<'p> Machine<'p> {
    /// Runs the statements of a module or class; after one that fails the others still count.
    pub(crate) fn wiring_block(&mut self, block: &'p [Statement]) -> Result<Completion, Stop> {
        if !self.is_python() {
            self.hoist(block);
        }
        let mut has_failed = false;
        for (number, statement) in block.iter().enumerate() {
            let decided = self.decided.len();
            match self.statement_of_block(statement, number + 1 == block.len()) {
                Ok(Completion::Normal) => continue,
                Err(Stop::Throw) | Ok(Completion::Throw) if !is_throw(statement) => {
                    has_failed = true;
                    self.decided.truncate(decided);
                    self.bind_unknown(statement, REASON);
                }
                Ok(completion) => return Ok(completion),
                Err(Stop::Throw | Stop::Exit) => return Ok(Completion::Throw),
                Err(Stop::Budget) => return Err(Stop::Budget),
            }
        }
        Ok(if has_failed {
            Completion::Throw
        } else {
            Completion::Normal
        })
    }

    /// What a statement would have bound is unknown, and what was bound before it stays.
    fn bind_unknown(&mut self, statement: &'p Statement, reason: &str) {
        let scope = self.current_scope();
        for name in names_bound(self.module_ir(), statement) {
            let is_bound = match self.scope(scope).names.get(&name) {
                Some(Slot::Value(value)) => *value != Value::undefined(),
                Some(Slot::Import(..)) => true,
                Some(Slot::Unbound) | None => false,
            };
            if !is_bound {
                let value = self.unknown(reason);
                self.bind(scope, name, value);
            }
        }
    }

    /// Does the same for one that was too much to evaluate.
    pub(crate) fn bind_unevaluated(&mut self, statement: &'p Statement) {
        self.bind_unknown(statement, "budget");
    }

    /// Evaluates a base or a decorator of what is made while loading: one that fails is unknown.
    pub(crate) fn evaluate_or_unknown(&mut self, expression: ExpressionId) -> Result<Value, Stop> {
        match self.evaluate(expression) {
            Err(Stop::Throw) if !self.heap.is_wired => Ok(self.unknown(REASON)),
            result => result,
        }
    }

    /// Calls a decorator: one that fails gives what nobody knows, and has seen what it decorates.
    pub(crate) fn call_decorator(
        &mut self,
        decorator: &Value,
        decorated: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let arguments = Arguments::positional([decorated.clone()]);
        match self.call_value(decorator, None, &arguments, span) {
            Err(Stop::Throw) if !self.heap.is_wired => {
                let unknown = self.unknown(REASON);
                self.call_value(&unknown, None, &arguments, span)
            }
            result => result,
        }
    }
}

/// What is raised in plain sight ends the module on purpose.
fn is_throw(statement: &Statement) -> bool {
    matches!(statement.kind, StatementKind::Throw(_))
}

fn names_bound(module: &Module, statement: &Statement) -> Vec<Ustr> {
    let mut names = match &statement.kind {
        StatementKind::Export(firedoor_ir::Export::Declaration(inner)) => {
            declared_names(module, inner)
        }
        _ => declared_names(module, statement),
    };
    let mut assigned = match statement.kind {
        StatementKind::Expression(expression) => Some(expression),
        _ => None,
    };
    while let Some(expression) = assigned {
        let ExpressionKind::Assign { target, value } = &module.expression(expression).kind else {
            break;
        };
        pattern_names(target, &mut names);
        assigned = Some(*value);
    }
    names
}
