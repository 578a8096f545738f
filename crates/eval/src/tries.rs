//! `try`, and running something to see what it throws.

use firedoor_ir::{Block, TryHandler};
use firedoor_source::Span;
use smallvec::SmallVec;

use crate::branch::Completion;
use crate::machine::ThrowScope;
use crate::{
    Decided, Decision, DecisionId, Machine, OriginSet, SideEnd, Stop, Test, TestKind, Thrown, Value,
};

/// A `try` whose body has been run.
struct Attempt<'p> {
    span: Span,
    /// The number of decisions before it.
    base: usize,
    /// The count of uncertain things before it.
    uncertain: u64,
    handlers: &'p [TryHandler],
    otherwise: &'p Block,
}

impl<'p> Machine<'p> {
    /// Runs `body` and returns what it came to, with what it may throw.
    pub fn catching<T>(
        &mut self,
        body: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> (Result<T, Stop>, Vec<Thrown>) {
        self.throws.push(ThrowScope::default());
        let result = body(self);
        let scope = self.throws.pop().unwrap_or_default();
        (result, scope.thrown)
    }

    pub(crate) fn execute_try(
        &mut self,
        span: Span,
        body: &'p Block,
        handlers: &'p [TryHandler],
        otherwise: &'p Block,
        finally: &'p Block,
    ) -> Result<Completion, Stop> {
        let attempt = Attempt {
            span,
            base: self.decided.len(),
            uncertain: self.uncertain,
            handlers,
            otherwise,
        };
        let (result, thrown) = self.catching(|machine| machine.block(body));
        let completion = match result {
            Ok(completion) => completion,
            Err(Stop::Throw) => Completion::Throw,
            Err(stop) => return Err(stop),
        };
        let handled = if handlers.is_empty() {
            self.rethrow(thrown);
            Ok(completion)
        } else {
            self.handle(&attempt, completion, thrown)
        };
        if finally.is_empty() {
            return handled;
        }
        match self.block(finally)? {
            Completion::Normal => handled,
            completion => Ok(completion),
        }
    }

    /// Throws again what was caught, where it was thrown.
    pub fn rethrow(&mut self, thrown: Vec<Thrown>) {
        for thrown in thrown {
            match self.throws.last_mut() {
                Some(scope) => {
                    if scope.thrown.len() < 64 {
                        scope.thrown.push(thrown);
                    }
                }
                None => {
                    let host = self.host();
                    host.uncaught(self, &thrown);
                }
            }
        }
    }

    fn handle(
        &mut self,
        attempt: &Attempt<'p>,
        completion: Completion,
        thrown: Vec<Thrown>,
    ) -> Result<Completion, Stop> {
        let (base, handlers) = (attempt.base, attempt.handlers);
        if thrown.is_empty() {
            return self.perhaps_unseen_failure(attempt, completion);
        }
        let is_certain = completion == Completion::Throw;
        let decision = self.failure_decision(attempt.span, &thrown, base, is_certain);
        let common = common_to_all(&thrown, base);
        let in_body = self.decided.split_off(base.min(self.decided.len()));
        if is_certain {
            self.decided.push(Decided {
                decision,
                side: true,
            });
            self.decided.extend(common);
            return self.run_handlers(handlers, thrown);
        }
        if completion == Completion::Normal {
            // Where a handler goes on, what the body has decided holds no longer.
            return self.either(
                decision,
                |machine| {
                    machine.decided.extend(common);
                    machine.run_handlers(handlers, thrown)
                },
                |machine| {
                    machine.decided.extend(in_body);
                    machine.block(attempt.otherwise)
                },
            );
        }
        let handled = self.perhaps(decision, |machine| {
            machine.decided.extend(common);
            machine.run_handlers(handlers, thrown)
        })?;
        if handled == Completion::Normal && self.handler_goes(decision) {
            // What the body has decided holds where it has left, and not where the handler goes on.
            return Ok(Completion::Normal);
        }
        self.decided.extend(in_body);
        Ok(completion)
    }

    fn handler_goes(&self, decision: DecisionId) -> bool {
        self.decision(decision).ends[1] == SideEnd::Goes
    }

    /// Nothing is known to fail in the body, but something may.
    fn perhaps_unseen_failure(
        &mut self,
        attempt: &Attempt<'p>,
        completion: Completion,
    ) -> Result<Completion, Stop> {
        let span = attempt.span;
        // What only does what is known to work cannot fail unseen.
        let is_known = self.is_python() && self.uncertain == attempt.uncertain;
        let mut others = Vec::new();
        for handler in attempt.handlers {
            // Imports of what is outside succeed, and those of the program are followed.
            if !is_known && !self.handles_imports(handler)? {
                others.push(handler);
            }
        }
        if others.is_empty() {
            return match completion {
                Completion::Normal => self.block(attempt.otherwise),
                completion => Ok(completion),
            };
        }
        let decision = self.add_failure(span, OriginSet::EMPTY, OriginSet::EMPTY, false);
        let thrown = vec![Thrown {
            value: self.unknown("exception"),
            decided: self.decided.clone(),
            span,
        }];
        if completion == Completion::Normal {
            return self.either(
                decision,
                |machine| machine.run_handlers(others, thrown),
                |machine| machine.block(attempt.otherwise),
            );
        }
        self.perhaps(decision, |machine| machine.run_handlers(others, thrown))?;
        if self.handler_goes(decision) {
            return Ok(Completion::Normal);
        }
        Ok(completion)
    }

    /// The decision whether the body failed hangs on what decided that something was thrown.
    fn failure_decision(
        &mut self,
        span: Span,
        thrown: &[Thrown],
        base: usize,
        is_certain: bool,
    ) -> DecisionId {
        let mut origins = OriginSet::EMPTY;
        let mut control = OriginSet::EMPTY;
        for thrown in thrown {
            origins = self.origins.union(origins, thrown.value.origins);
            control = self.origins.union(control, thrown.value.control);
            for decided in thrown.decided.iter().skip(base) {
                let (a, b) = {
                    let decision = self.decision(decided.decision);
                    (decision.origins, decision.control)
                };
                control = self.origins.union(control, a);
                control = self.origins.union(control, b);
            }
        }
        self.add_failure(span, origins, control, is_certain)
    }

    /// Adds the decision that something failed, which hangs on values of these origins.
    pub fn failure(&mut self, span: Span, origins: OriginSet, control: OriginSet) -> DecisionId {
        self.add_failure(span, origins, control, true)
    }

    pub(crate) fn add_failure(
        &mut self,
        span: Span,
        origins: OriginSet,
        control: OriginSet,
        is_certain: bool,
    ) -> DecisionId {
        let mut operand = Value::unknown(crate::Shape::Any).with_origins(origins);
        operand.control = control;
        let test = self.add_test(Test {
            kind: TestKind::Failure,
            operands: SmallVec::from_iter([operand]),
            parts: Vec::new(),
            is_conjunction: false,
            span,
        });
        self.add_decision(Decision {
            test: Some((test, false)),
            origins,
            control,
            span,
            is_certain,
            ends: [SideEnd::NotRun; 2],
            label: None,
            remainder: smallvec::SmallVec::new(),
            is_of_branch: false,
            caught: Vec::new(),
        })
    }

    /// Each exception goes to the first handler that may take it; what none takes is thrown on. Where it
    /// is not known whether a handler takes what there is, the others follow on the other side.
    fn run_handlers(
        &mut self,
        handlers: impl IntoIterator<Item = &'p TryHandler>,
        thrown: Vec<Thrown>,
    ) -> Result<Completion, Stop> {
        let mut handlers = handlers.into_iter();
        let mut rest = thrown;
        for handler in handlers.by_ref() {
            let (taken, left) = self.split_by_handler(handler, rest)?;
            if taken.is_empty() {
                rest = left;
                continue;
            }
            if left.is_empty() {
                return self.run_handler(handler, taken);
            }
            let others: Vec<&'p TryHandler> = handlers.collect();
            let decision =
                self.add_failure(handler.span, OriginSet::EMPTY, OriginSet::EMPTY, false);
            return self.either(
                decision,
                |machine| machine.run_handler(handler, taken),
                |machine| machine.run_handlers(others, left),
            );
        }
        self.rethrow(rest);
        Ok(Completion::Throw)
    }

    /// Holds for `except ImportError`.
    fn handles_imports(&mut self, handler: &'p TryHandler) -> Result<bool, Stop> {
        let Some(types) = handler.types else {
            return Ok(false);
        };
        let types = self.evaluate(types)?;
        let error = "py:builtins.ImportError";
        let alternatives = match types.only_object() {
            Some(_) => self.elements_of(&types).0,
            None => vec![types],
        };
        let is_import = |value: &Value| {
            value
                .as_outside()
                .is_some_and(|path| path == error || path == "py:builtins.ModuleNotFoundError")
        };
        Ok(!alternatives.is_empty() && alternatives.iter().all(is_import))
    }

    fn split_by_handler(
        &mut self,
        handler: &'p TryHandler,
        thrown: Vec<Thrown>,
    ) -> Result<(Vec<Thrown>, Vec<Thrown>), Stop> {
        let Some(types) = handler.types else {
            return Ok((thrown, Vec::new()));
        };
        let types = self.evaluate(types)?;
        let mut taken = Vec::new();
        let mut left = Vec::new();
        for thrown in thrown {
            match self.is_instance(&thrown.value, &types) {
                Some(true) => taken.push(thrown),
                Some(false) => left.push(thrown),
                None => {
                    taken.push(thrown.clone());
                    left.push(thrown);
                }
            }
        }
        Ok((taken, left))
    }

    pub(crate) fn run_handler_once(
        &mut self,
        handler: &'p TryHandler,
        taken: Vec<Thrown>,
    ) -> Result<Completion, Stop> {
        self.keep_ways(&taken);
        let value = self.join_all(taken.iter().map(|thrown| &thrown.value));
        let scope = self.enter_block();
        if let Some(binding) = &handler.binding {
            self.declare_pattern(binding, value.clone(), handler.span)?;
        }
        self.frame().handling.push(value);
        let completion = self.block(&handler.body);
        self.frame().handling.pop();
        self.leave_block(scope);
        match completion {
            Err(Stop::Throw | Stop::Exit) => Ok(Completion::Throw),
            other => other,
        }
    }
}

/// The decisions within the body that everything thrown hangs on: a handler runs only then.
fn common_to_all(thrown: &[Thrown], base: usize) -> Vec<Decided> {
    let Some((first, others)) = thrown.split_first() else {
        return Vec::new();
    };
    let own = first.decided.iter().skip(base);
    let mut common = own.clone().copied().collect();
    crate::apart::keep_common(&mut common, others);
    own.filter(|decided| common.contains(*decided))
        .copied()
        .collect()
}
