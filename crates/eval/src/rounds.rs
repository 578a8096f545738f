//! One round of a loop, of which some paths go on to the next while others leave.
//!
//! `for (const key of keys) { try { return open(box, key); } catch { continue; } }` returns where the key fits, and tries
//! the next one where it does not. The path that came to the end of the round is not the one that the next round follows.

use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Decided, Machine, Shape, Stop, TestKind, Value};

/// A `break` or `continue` that a path has come to.
#[derive(Clone, Debug)]
pub(crate) struct Jump {
    /// Which, with its label.
    to: Completion,
    /// What was decided on the way.
    decided: Vec<Decided>,
}

/// Holds if a jump without a label, or with that of the loop, belongs to the loop.
pub(crate) fn is_own(found: Option<Ustr>, label: Option<Ustr>) -> bool {
    found.is_none() || found == label
}

impl<'p> Machine<'p> {
    /// Notes that a path has come to a `break` or `continue`.
    pub(crate) fn jump(&mut self, to: Completion) -> Completion {
        let decided = self.decided.clone();
        self.frame().jumps.push(Jump { to, decided });
        to
    }

    /// Forgets the jumps from the one numbered `from` on that end here; returns what was decided on the way to each.
    pub(crate) fn forget_jumps(
        &mut self,
        from: usize,
        ends: impl Fn(Completion) -> bool,
    ) -> Vec<Vec<Decided>> {
        let jumps = &mut self.frame().jumps;
        let since = jumps.split_off(from.min(jumps.len()));
        let (ended, others): (Vec<Jump>, Vec<Jump>) =
            since.into_iter().partition(|jump| ends(jump.to));
        jumps.extend(others);
        ended.into_iter().map(|jump| jump.decided).collect()
    }

    /// Runs a round. Where a path has come to `continue` and the one that came to the end leaves the loop, the latter is
    /// kept with the others that have left. The next round begins where the only path that goes on has stopped, or as this
    /// one did where there are several, which are joined behind the loop.
    pub(crate) fn one_round(
        &mut self,
        label: Option<Ustr>,
        body: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        let base = self.decided.len();
        let left = self.frame().left.len();
        let jumps = self.frame().jumps.len();
        let completion = body(self);
        let goes_on =
            |to: Completion| matches!(to, Completion::Continue(found) if is_own(found, label));
        let since = self.frame().jumps.iter().skip(jumps);
        let nexts: Vec<Vec<Decided>> = since
            .filter(|jump| goes_on(jump.to))
            .map(|jump| jump.decided.clone())
            .collect();
        self.forget_jumps(jumps, goes_on);
        let is_thrown = match completion {
            Err(Stop::Throw) | Ok(Completion::Throw) => true,
            Err(_) | Ok(Completion::Normal) => return completion,
            Ok(to) if goes_on(to) => return completion,
            Ok(_) => false,
        };
        if nexts.is_empty() {
            return completion;
        }
        self.carry_left_paths(left, mark, born);
        let next = match nexts.len() {
            1 => self.only_left_path(left),
            _ => None,
        };
        let delta = self.take_delta(mark, born);
        match is_thrown {
            true => self.keep_thrown(&delta),
            false => self.keep_left_path(&delta),
        }
        self.decided.truncate(base);
        if let Some(next) = next {
            self.apply(&next);
        }
        self.keep_next(&nexts);
        Ok(Completion::Normal)
    }

    /// Where only one path goes on, the next round knows what was decided on it. What has failed on the way is no reason
    /// for the next round, which tries something else.
    fn keep_next(&mut self, nexts: &[Vec<Decided>]) {
        let [only] = nexts else {
            return;
        };
        let own: Vec<Decided> = only.iter().skip(self.decided.len()).copied().collect();
        if !own.iter().any(|it| self.is_failure(it.decision)) {
            self.decided.extend(own);
        }
    }

    /// Runs what stands behind a loop for those whom nothing made leave it, as `else` of Python. Where one of several paths
    /// has left, it hangs on what made that one leave.
    pub(crate) fn behind_loop(
        &mut self,
        breaks: &[Vec<Decided>],
        span: Span,
        otherwise: impl FnOnce(&mut Self) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        if breaks.is_empty() {
            return otherwise(self);
        }
        let has_left = self.any_break(breaks, span);
        let has_stayed = self.negate(&has_left);
        let decision = self.decide(&has_stayed, span, false);
        self.perhaps(decision, otherwise)
    }

    /// Returns whether one of the paths to a `break` was taken. That an earlier round did not leave is no reason to leave in
    /// a later one, and neither is that there was another round.
    fn any_break(&mut self, breaks: &[Vec<Decided>], span: Span) -> Value {
        let is_other_way = |one: &Decided| {
            let way = Decided {
                side: !one.side,
                ..*one
            };
            breaks.iter().any(|other| other.last() == Some(&way))
        };
        let mut ways = Vec::new();
        for decided in breaks {
            let own = decided.iter().filter(|one| !is_other_way(one));
            let tests: Vec<Value> = own.filter_map(|one| self.as_test(*one)).collect();
            match tests.as_slice() {
                [] => return Value::unknown(Shape::Bool),
                [only] => ways.push(only.clone()),
                several => ways.push(self.all_of(several, span)),
            }
        }
        match ways.as_slice() {
            [only] => only.clone(),
            several => self.any_of(several, span),
        }
    }

    /// Returns the truth value that says that a side of a decision was taken, unless that is only that a loop runs.
    fn as_test(&self, decided: Decided) -> Option<Value> {
        let decision = self.decision(decided.decision);
        let (test, is_negated) = decision.test?;
        if decision.is_certain || self.test(test).kind == TestKind::Loop {
            return None;
        }
        let mut value = Value::unknown(Shape::Bool);
        value.test = Some((test, is_negated == decided.side));
        value.origins = decision.origins;
        value.control = decision.control;
        Some(value)
    }
}
