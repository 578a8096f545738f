//! Functions of the program that unknown outside code is given, and calls when it has done its work.
//!
//! Much of the wiring of older programs stands in such functions (`connect(url, (error, db) => { ... })`), and
//! so does what their handlers answer. Whether the function is called is not known, but it is the usual way.
//! What a module gives an emitter of Node is called when its event happens, which is after all that stands in the
//! modules: what they set before their end is set then.

use firedoor_ir::Language;
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Arguments, Atom, Machine, ModuleId, ObjectKind, Shape, Stop, Value};

/// The word in [`crate::Decision::label`] for whether unknown outside code calls a function that it was given.
pub const CALLBACK: &str = "callback";

/// A function that waits for an event.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    module: ModuleId,
    path: Ustr,
    given: Value,
    arguments: Arguments,
    span: Span,
}

/// Methods of emitters that register a listener: <https://nodejs.org/api/events.html#class-eventemitter>, Node.js 22.
const REGISTER: [&str; 5] = [
    "on",
    "once",
    "addListener",
    "prependListener",
    "prependOnceListener",
];

impl Machine<'_> {
    /// Calls the listeners that modules have registered, once no module is being run any more.
    pub(crate) fn run_listeners(&mut self) {
        if self.running > 0 || self.listeners.is_empty() {
            return;
        }
        // So that what they register further is called at once.
        self.running += 1;
        for listener in std::mem::take(&mut self.listeners) {
            let (result, _) = self.catching(|machine| {
                let run = machine.guarded(|machine| {
                    machine.in_module(listener.module, |machine| {
                        let (given, arguments) = (&listener.given, &listener.arguments);
                        machine.call_back_now(listener.path, given, arguments, listener.span)
                    })
                });
                run.unwrap_or(Ok(()))
            });
            if result.is_err() {
                break;
            }
        }
        self.running -= 1;
        self.listeners.clear();
    }

    /// Calls the last argument of a call of unknown outside code, or keeps it until its event happens.
    pub(crate) fn call_back(
        &mut self,
        path: Ustr,
        given: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        let is_listener = path.starts_with("node:events")
            && path
                .rsplit('.')
                .next()
                .is_some_and(|name| REGISTER.contains(&name));
        match self.module().filter(|_| is_listener && self.running > 0) {
            Some(module) => {
                self.listeners.push(Listener {
                    module,
                    path,
                    given: given.clone(),
                    arguments: arguments.clone(),
                    span,
                });
                Ok(())
            }
            None => self.call_back_now(path, given, arguments, span),
        }
    }

    /// Calls the last argument of a call of unknown outside code, if it is a function of the program, with
    /// an error that may be missing, and with what the call gives.
    fn call_back_now(
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
        self.decisions.get_mut(decision.0 as usize).label = Some(Ustr::from(CALLBACK));
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
