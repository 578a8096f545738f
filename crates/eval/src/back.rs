//! Functions of the program that unknown outside code is given, and calls when it has done its work.
//!
//! Much of the wiring of older programs stands in such functions (`connect(url, (error, db) => { ... })`), and
//! so does what their handlers answer. Whether the function is called is not known, but it is the usual way.

use firedoor_ir::Language;
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Arguments, Atom, Machine, ObjectKind, Shape, Stop, Value};

/// The word in [`crate::Decision::label`] for whether unknown outside code calls a function that it was given.
pub const CALLBACK: &str = "callback";

impl Machine<'_> {
    /// Calls the last argument of a call of unknown outside code, if it is a function of the program, with
    /// an error that may be missing, and with what the call gives.
    pub(crate) fn call_back(
        &mut self,
        path: Ustr,
        given: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        let Some(callback) = arguments.positional.last() else {
            return Ok(());
        };
        let Some(parameters) = self.callback_parameters(callback) else {
            return Ok(());
        };
        // A function that is given alone, with several parameters of its own, is more often wrapped than called.
        let is_method = path.contains("().");
        if arguments.positional.len() == 1 && parameters > 1 && !is_method {
            return Ok(());
        }
        let result = given.shaped(Shape::Any);
        let mut error = given.shaped(Shape::Object);
        error.add(Atom::Null);
        let mut all = vec![error];
        match parameters {
            1 => all = vec![result],
            _ => all.extend((1..parameters).map(|_| result.clone())),
        }
        let decision = self.loop_decision(given, span);
        self.decisions[decision.0 as usize].label = Some(Ustr::from(CALLBACK));
        let callback = callback.clone();
        self.perhaps(decision, |machine| {
            let called = machine.catching(|machine| {
                machine.call_value(&callback, None, &Arguments::positional(all), span)
            });
            match called.0 {
                Err(Stop::Budget) => Err(Stop::Budget),
                _ => Ok(Completion::Normal),
            }
        })?;
        Ok(())
    }

    /// Returns the number of parameters of a function of the program that may be called back.
    fn callback_parameters(&self, value: &Value) -> Option<usize> {
        let ObjectKind::Function { closure, .. } = self.heap.get(value.only_object()?).kind else {
            return None;
        };
        let function = self.function_of(closure);
        let is_javascript = self.program.module(closure.module).language == Language::JavaScript;
        (is_javascript && !function.is_generator).then_some(function.parameters.len())
    }
}
