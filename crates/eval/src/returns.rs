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
    pub(crate) fn note_return(
        &mut self,
        value: &Value,
        is_call: bool,
        name: Option<Ustr>,
        span: Span,
    ) {
        let assigned = match (name, &self.watch) {
            (Some(name), Some(_)) => self.assigned_paths(name, value),
            _ => None,
        };
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
        let mut paths = match (assigned, is_handed_on) {
            (Some(assigned), _) => assigned,
            (None, true) => watch.last.clone(),
            (None, false) => vec![ReturnPath {
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

    /// Notes what a variable of the running function is given on this path, for a `return` of it further on.
    /// What an assignment in a branch takes the place of holds on the other side only.
    pub(crate) fn note_assignment(&mut self, name: Ustr, value: &Value) {
        let Some(watch) = &self.watch else {
            return;
        };
        if self.frames.len() <= watch.depth {
            return;
        }
        let is_given = !value.is_nothing()
            && watch
                .value
                .as_ref()
                .is_some_and(|known| is_same(known, value));
        let decided = self.decided.clone();
        let paths = match is_given {
            true => watch.last.clone(),
            false => vec![ReturnPath {
                value: value.clone(),
                decided: decided.clone(),
                written: Written::default(),
                span: self.span,
                function: self.function_name(),
            }],
        };
        let frame = self.frame();
        frame
            .assigned
            .retain(|(known, path)| *known != name || !path.decided.starts_with(&decided));
        for (known, path) in &mut frame.assigned {
            if *known == name
                && let Some(step) = decided.get(path.decided.len())
                && decided.starts_with(&path.decided)
            {
                path.decided.push(Decided {
                    decision: step.decision,
                    side: !step.side,
                });
            }
        }
        let room = MOST.saturating_sub(frame.assigned.len());
        let more = paths.into_iter().take(room).map(|path| (name, path));
        frame.assigned.extend(more);
    }

    /// Returns what a variable was given, if that is all that it can be.
    fn assigned_paths(&mut self, name: Ustr, value: &Value) -> Option<Vec<ReturnPath>> {
        let decided = self.decided.clone();
        let given = self.frame().assigned.iter();
        let given: Vec<ReturnPath> = given
            .filter(|(known, path)| {
                let mut atoms = path.value.atoms().iter();
                *known == name && atoms.any(|atom| value.atoms().contains(atom))
            })
            .map(|(_, path)| path.clone())
            .collect();
        let is_all = value.atoms().iter().all(|atom| {
            let mut atoms = given.iter().flat_map(|path| path.value.atoms());
            atoms.any(|known| known == atom)
        });
        if given.len() < 2 || !is_all {
            return None;
        }
        let paths = given.into_iter().map(|mut path| {
            let later = decided.iter().filter(|step| !path.decided.contains(step));
            let later: Vec<Decided> = later.copied().collect();
            path.decided.extend(later);
            path
        });
        Some(paths.collect())
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

impl Machine<'_> {
    /// Returns what a dotted path in a text stands for: a module, or something in one.
    pub fn python_object(&mut self, dotted: &str, span: Span) -> Option<Value> {
        let is_own = |value: &Value, machine: &Self| {
            value
                .only_object()
                .is_some_and(|id| matches!(machine.heap.get(id).kind, ObjectKind::Namespace(_)))
        };
        let (whole, _) = self.catching(|machine| machine.import_dotted(dotted));
        if let Ok(whole) = whole
            && is_own(&whole, self)
        {
            return Some(whole);
        }
        let (module, name) = dotted.rsplit_once([':', '.'])?;
        let (found, _) = self.catching(|machine| machine.import_dotted(module));
        let found = found.ok().filter(|found| is_own(found, self))?;
        let (read, _) = self.catching(|machine| machine.member(&found, Ustr::from(name), span));
        read.ok().filter(|value| !value.is_nothing())
    }
}
