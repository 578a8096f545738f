//! What is known behind a branch of which both sides go on, when some paths within them have ended.
//!
//! `if (user) { if (user.isAdmin) return next(); }` leaves those who are nobody and those who are no
//! administrators. Neither decision holds for both, but one of the two does, and a refusal behind it hangs
//! on that.

use smallvec::{SmallVec, smallvec};

use crate::{Decided, Decision, DecisionId, Machine, SideEnd, Test, TestId, TestKind};

/// How many decisions within a branch are remembered behind it.
const MOST: usize = 6;

impl Machine<'_> {
    /// Decides that one of several things holds: that the branch went the other way, or that what ended
    /// within a side did not happen.
    pub(crate) fn keep_remainder(&mut self, decision: DecisionId, sides: [&[Decided]; 2]) {
        let mut left: SmallVec<[Decided; 4]> = smallvec![];
        let is_caught = self.is_failure(decision);
        for own in sides {
            let mut inner = own
                .iter()
                .copied()
                .filter(|decided| decided.decision != decision)
                .filter(|decided| self.has_ended_beside(*decided, is_caught))
                .peekable();
            let Some(first) = own.first() else {
                continue;
            };
            if inner.peek().is_some() {
                left.push(Decided {
                    decision,
                    side: !first.side,
                });
                left.extend(inner.take(MOST));
            }
        }
        let hangs = left.iter().any(|decided| {
            let known = self.decision(decided.decision);
            !known.origins.is_empty() || !known.control.is_empty()
        });
        if hangs {
            self.push_remainder(decision, &left);
        }
    }

    /// Holds behind a `try`: what its body has thrown has not ended there.
    fn is_failure(&self, decision: DecisionId) -> bool {
        self.decision(decision)
            .test
            .is_some_and(|(test, _)| self.test(test).kind == TestKind::Failure)
    }

    /// Holds if a path ended on the other side of this decision.
    fn has_ended_beside(&self, decided: Decided, is_caught: bool) -> bool {
        let known = self.decision(decided.decision);
        let other = known.ends[usize::from(!decided.side)];
        let has_ended = other == SideEnd::Returns || other == SideEnd::Throws && !is_caught;
        has_ended && !known.is_certain
    }

    fn push_remainder(&mut self, outer: DecisionId, left: &[Decided]) {
        let span = self.decision(outer).span;
        let mut parts: Vec<(TestId, bool)> = Vec::new();
        let (mut origins, mut control) = Default::default();
        for decided in left {
            let known = self.decision(decided.decision).clone();
            if let Some((test, negated)) = known.test {
                parts.push((test, negated == decided.side));
            }
            origins = self.origins.union(origins, known.origins);
            control = self.origins.union(control, known.control);
        }
        let test = self.add_test(Test {
            kind: TestKind::Truth,
            operands: smallvec![],
            parts,
            is_conjunction: false,
            span,
        });
        let decision = self.add_decision(Decision {
            test: Some((test, false)),
            origins,
            control,
            span,
            is_certain: false,
            ends: [SideEnd::Returns, SideEnd::Goes],
            label: None,
            remainder: left.iter().copied().collect(),
        });
        self.decided.push(Decided {
            decision,
            side: true,
        });
    }
}
