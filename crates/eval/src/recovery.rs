//! Bugs of models and of the evaluator itself: caught where a piece of work begins, so that the rest goes on.
//!
//! A panic leaves frames and scopes of exceptions behind that nobody will pop; they are cut off here. What was
//! written stays written, because nobody knows which part of it was meant.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Machine;

/// How many models may ask each other; two that ask each other without end would need all of the stack.
const DEEPEST: usize = 250;

impl Machine<'_> {
    /// Runs `body`, which must not fail but might.
    ///
    /// # Errors
    ///
    /// What the panic said, if there was one, or that models ask each other without end; the machine can go on.
    pub fn guarded<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> Result<T, String> {
        let (frames, throws) = (self.frames.len(), self.throws.len());
        let (decided, running) = (self.decided.len(), self.running);
        let (scope, span) = (self.frames.last().map(|frame| frame.scope), self.span);
        if self.asked == DEEPEST {
            return Err("models ask each other without end".to_owned());
        }
        self.asked += 1;
        let asked = self.asked;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            stacker::maybe_grow(512 * 1024, 8 * 1024 * 1024, || body(self))
        }));
        self.asked = asked - 1;
        outcome.map_err(|what| {
            self.frames.truncate(frames);
            self.throws.truncate(throws);
            self.decided.truncate(decided);
            self.running = running;
            self.span = span;
            if let (Some(frame), Some(scope)) = (self.frames.last_mut(), scope) {
                frame.scope = scope;
            }
            words(what.as_ref())
        })
    }
}

/// Returns what a panic says.
pub fn words(what: &(dyn Any + Send)) -> String {
    let text = what.downcast_ref::<&str>().copied();
    let text = text.or_else(|| what.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
