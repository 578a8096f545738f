//! What a function returns, path by path: each value with what was decided on the way to its `return`.
//!
//! A call gives one value, joined from all paths. Frameworks in which what a function returns says whether a
//! request is refused have to know which path returned what. A function that returns what another function
//! gave it, as decorators do, returns all of that one's paths.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Decided, Machine, Mark, ObjectKind, Stop, Value, Written};

/// The most paths of one call that are told apart.
const MOST: usize = 48;

/// One way in which a function returned.
#[derive(Clone, Debug)]
pub struct ReturnPath {
    /// What.
    pub value: Value,
    /// What was decided on the way.
    pub decided: Vec<Decided>,
    /// What was written on the way, since the call began.
    pub written: Written,
    /// Where.
    pub span: Span,
    /// The function that the `return` stands in.
    pub function: Ustr,
}

/// The call whose paths are wanted, and what the last function returned that has ended within it.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The number of frames around the call.
    depth: usize,
    mark: Mark,
    last: Vec<ReturnPath>,
    value: Option<Value>,
}

impl Machine<'_> {
    /// Calls a value and returns the paths by which it returned; a promise is waited for.
    ///
    /// # Errors
    ///
    /// If it fails for certain.
    pub fn call_paths(
        &mut self,
        callee: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Vec<ReturnPath>, Stop> {
        let base = self.decided.clone();
        let watch = Watch {
            depth: self.frames.len(),
            mark: self.mark(),
            last: Vec::new(),
            value: None,
        };
        let outer = self.watch.replace(watch);
        let called = self.call_value(callee, None, arguments, span);
        let watch = std::mem::replace(&mut self.watch, outer);
        let value = self.settle_returned(called?, span)?;
        let mut paths = Vec::new();
        if let Some(watch) = watch {
            if watch.value.is_some_and(|known| is_same(&known, &value)) {
                paths = watch.last;
            }
            if paths.is_empty() {
                let written = self.written_since(watch.mark);
                paths.push(ReturnPath {
                    value,
                    decided: self.decided.clone(),
                    written,
                    span,
                    function: self.function_name(),
                });
            }
        }
        self.decided = base;
        Ok(paths)
    }

    fn settle_returned(&mut self, value: Value, span: Span) -> Result<Value, Stop> {
        let is_promise = value
            .objects()
            .any(|id| matches!(self.heap.get(id).kind, ObjectKind::Promise { .. }));
        match is_promise {
            true => self.await_value(&value, span),
            false => Ok(value),
        }
    }

    /// Notes a value that the running function returns; `is_call` if it may be what a call gave.
    pub(crate) fn note_return(&mut self, value: &Value, is_call: bool, span: Span) {
        let Some(watch) = &self.watch else {
            return;
        };
        let mark = watch.mark;
        // The frames below the call have states of their own that nobody asks for.
        let is_own = self.frames.len() == watch.depth + 1;
        let is_handed_on = is_call
            && watch
                .value
                .as_ref()
                .is_some_and(|known| is_same(known, value));
        let mut paths = match is_handed_on {
            true => watch.last.clone(),
            false => vec![ReturnPath {
                value: value.clone(),
                decided: self.decided.clone(),
                written: Written::default(),
                span,
                function: self.function_name(),
            }],
        };
        if is_own {
            let written = self.written_since(mark);
            for path in &mut paths {
                path.written = written.clone();
            }
        }
        let frame = self.frame();
        let room = MOST.saturating_sub(frame.paths.len());
        frame.paths.extend(paths.into_iter().take(room));
    }

    /// Keeps the paths of a function that has ended, until another one ends.
    pub(crate) fn keep_paths(&mut self, paths: Vec<ReturnPath>, returned: Option<&Value>) {
        if let Some(watch) = &mut self.watch {
            watch.last = paths;
            watch.value = returned.cloned();
        }
    }
}

/// Holds if one value is the other; what decided it may have been added on the way.
fn is_same(one: &Value, other: &Value) -> bool {
    one.atoms() == other.atoms() && one.origins == other.origins
}
