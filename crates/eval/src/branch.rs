//! Branches: running both sides of an undecided test from one state.
//!
//! What the sides wrote is brought together in `merge`; what a side may believe of the test is in `refine`.

use firedoor_source::Span;
use smallvec::smallvec;
use ustr::Ustr;

use crate::heap::Delta;
use crate::{Decided, Decision, DecisionId, Machine, SideEnd, Stop, Test, TestKind, Value};

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// What follows it runs.
    Normal,
    /// The function returns.
    Return,
    /// Something is thrown, or the process ends.
    Throw,
    /// A loop is left.
    Break(Option<Ustr>),
    /// A loop goes on with its next round.
    Continue(Option<Ustr>),
    /// What follows does not run, for different reasons on different paths.
    Mixed,
}

impl Completion {
    fn end(self) -> SideEnd {
        match self {
            Completion::Normal => SideEnd::Goes,
            Completion::Return | Completion::Mixed => SideEnd::Returns,
            Completion::Throw => SideEnd::Throws,
            Completion::Break(_) | Completion::Continue(_) => SideEnd::Leaves,
        }
    }
}

/// What one side of a branch came to.
struct Side<T> {
    result: Result<T, Stop>,
    end: SideEnd,
    delta: Delta,
    decided: Vec<Decided>,
}

impl<'p> Machine<'p> {
    /// Runs the side of `test` that holds, or both if that is undecided, as statements.
    pub(crate) fn branch(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        match self.truth(test) {
            Some(truth) => {
                let decision = self.decide(test, span, true);
                self.push_certain(decision, truth);
                if truth { then(self) } else { otherwise(self) }
            }
            None => {
                let decision = self.decide(test, span, false);
                self.either(decision, then, otherwise)
            }
        }
    }

    /// Runs both sides of a decision that is not made.
    pub(crate) fn either(
        &mut self,
        decision: DecisionId,
        then: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let sides = self.fork(decision, then, otherwise, |_, completion| completion.end())?;
        Ok(match sides {
            (Some(a), Some(b)) if a == b => a,
            (Some(Completion::Normal), _) | (_, Some(Completion::Normal)) => Completion::Normal,
            (Some(_), Some(_)) => Completion::Mixed,
            (Some(a), None) | (None, Some(a)) => a,
            (None, None) => Completion::Throw,
        })
    }

    /// Runs the side of `test` that holds, or both if that is undecided, as expressions.
    pub fn choose(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<Value, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<Value, Stop>,
    ) -> Result<Value, Stop> {
        if let Some(truth) = self.truth(test) {
            let decision = self.decide(test, span, true);
            let base = self.decided.len();
            self.push_certain(decision, truth);
            let is_pushed = self.decided.len() > base;
            let value = if truth { then(self) } else { otherwise(self) };
            // What the side itself has refused was refused for good.
            match value.is_ok() && is_pushed && self.decided.len() > base {
                true => drop(self.decided.remove(base)),
                false if value.is_ok() => {}
                false => self.decided.truncate(base),
            }
            return value.map(|value| self.controlled(value, test));
        }
        let decision = self.decide(test, span, false);
        let sides = self.fork(decision, then, otherwise, |_, _| SideEnd::Goes)?;
        let value = match sides {
            (Some(a), Some(b)) => {
                let kept = self.test_of_sides(decision, &a, &b, span);
                let mut joined = self.join(a, &b);
                joined.test = joined.test.or(kept);
                joined
            }
            (Some(value), None) | (None, Some(value)) => value,
            (None, None) => return Err(Stop::Throw),
        };
        Ok(self.controlled(value, test))
    }

    /// Does one thing if `test` holds and another if not; both, one after the other, if that is undecided.
    ///
    /// # Errors
    ///
    /// If every side that runs ends the path.
    pub fn when(
        &mut self,
        test: &Value,
        span: Span,
        then: impl FnOnce(&mut Self) -> Result<(), Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let completion = self.branch(
            test,
            span,
            |machine| then(machine).map(|()| Completion::Normal),
            |machine| otherwise(machine).map(|()| Completion::Normal),
        )?;
        if completion == Completion::Normal {
            Ok(())
        } else {
            Err(Stop::Throw)
        }
    }

    /// Runs `body`, which may or may not happen.
    pub(crate) fn perhaps(
        &mut self,
        decision: DecisionId,
        body: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let sides = self.fork(
            decision,
            body,
            |_| Ok(Completion::Normal),
            |_, completion| completion.end(),
        )?;
        Ok(sides.1.or(sides.0).unwrap_or(Completion::Throw))
    }

    /// Returns `value`, decided by `test`.
    pub(crate) fn controlled(&mut self, mut value: Value, test: &Value) -> Value {
        let by = self.origins.union(test.origins, test.control);
        value.control = self.origins.union(value.control, by);
        value
    }

    /// Adds the decision that hangs on `test`.
    pub(crate) fn decide(&mut self, test: &Value, span: Span, is_certain: bool) -> DecisionId {
        let found = test.test.unwrap_or_else(|| {
            let test = Test {
                kind: TestKind::Truth,
                operands: smallvec![test.clone()],
                parts: Vec::new(),
                is_conjunction: false,
                span,
            };
            (self.add_test(test), false)
        });
        self.add_decision(Decision {
            test: Some(found),
            origins: test.origins,
            control: test.control,
            span,
            is_certain,
            ends: [SideEnd::NotRun; 2],
            label: None,
            remainder: smallvec::SmallVec::new(),
            is_of_branch: false,
            caught: Vec::new(),
        })
    }

    /// A certain decision is kept on the path only if it hangs on something.
    fn push_certain(&mut self, decision: DecisionId, side: bool) {
        let known = self.decision(decision);
        if !known.origins.is_empty() || !known.control.is_empty() {
            self.decided.push(Decided { decision, side });
        }
    }

    /// Runs both sides from the current state and leaves the state merged. A side that ends for certain
    /// gives `None`; only a used-up budget is an error.
    fn fork<T>(
        &mut self,
        decision: DecisionId,
        then: impl FnOnce(&mut Self) -> Result<T, Stop>,
        otherwise: impl FnOnce(&mut Self) -> Result<T, Stop>,
        end: impl Fn(&Self, &T) -> SideEnd,
    ) -> Result<(Option<T>, Option<T>), Stop> {
        let yes = self.run_side(
            Decided {
                decision,
                side: true,
            },
            then,
            &end,
        );
        let no = self.run_side(
            Decided {
                decision,
                side: false,
            },
            otherwise,
            &end,
        );
        self.decisions.get_mut(decision.0 as usize).ends = [no.end, yes.end];
        self.settle(decision, &yes, &no);
        if yes.result.as_ref().err() == Some(&Stop::Budget)
            || no.result.as_ref().err() == Some(&Stop::Budget)
        {
            return Err(Stop::Budget);
        }
        Ok((yes.result.ok(), no.result.ok()))
    }

    fn run_side<T>(
        &mut self,
        decided: Decided,
        body: impl FnOnce(&mut Self) -> Result<T, Stop>,
        end: &impl Fn(&Self, &T) -> SideEnd,
    ) -> Side<T> {
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        let base = self.decided.len();
        let left = self.frames.last().map_or(0, |frame| frame.left.len());
        self.decided.push(decided);
        let result = body(self);
        let end = match &result {
            Ok(value) => end(self, value),
            Err(_) => SideEnd::Throws,
        };
        let decided = self.decided.split_off(base.min(self.decided.len()));
        self.carry_left_paths(left, mark, born);
        let delta = self.take_delta(mark, born);
        if end == SideEnd::Throws {
            self.keep_thrown(&delta);
        }
        Side {
            result,
            end,
            delta,
            decided,
        }
    }

    /// What a side has made that ends by throwing is known to whoever catches it: an exception keeps its
    /// properties.
    pub(crate) fn keep_thrown(&mut self, delta: &Delta) {
        for (location, content) in &delta.writes {
            if delta.is_new(location) {
                self.restore(*location, content.clone());
            }
        }
    }

    fn settle<T>(&mut self, decision: DecisionId, yes: &Side<T>, no: &Side<T>) {
        let known = self.decision(decision);
        let control = (known.origins, known.control);
        match (yes.end == SideEnd::Goes, no.end == SideEnd::Goes) {
            (true, true) => {
                let is_loop = known
                    .test
                    .is_some_and(|(test, _)| self.test(test).kind == TestKind::Loop);
                self.merge(&yes.delta, &no.delta, control);
                self.keep_remainder(decision, [&yes.decided, &no.decided]);
                if is_loop {
                    self.open_grown(&yes.delta);
                }
            }
            (true, false) => self.survive(yes, no),
            (false, true) => self.survive(no, yes),
            (false, false) => {
                self.keep_left(yes);
                self.keep_left(no);
            }
        }
    }

    /// Only one side goes on: what it wrote and decided holds from here.
    fn survive<T>(&mut self, going: &Side<T>, ended: &Side<T>) {
        self.keep_left(ended);
        self.apply(&going.delta);
        self.decided.extend(going.decided.iter().copied());
    }

    /// What an ended side has written is kept for where its path goes on; what it has made and thrown stays
    /// as it made it.
    fn keep_left<T>(&mut self, ended: &Side<T>) {
        if ended.end == SideEnd::Throws {
            let mut own = ended.delta.clone();
            own.writes
                .retain(|location, _| ended.delta.is_new(location));
            return self.apply(&own);
        }
        if matches!(ended.end, SideEnd::Returns | SideEnd::Leaves) {
            self.keep_left_path(&ended.delta);
        }
    }
}
