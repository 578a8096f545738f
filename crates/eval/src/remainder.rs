//! What is known behind a branch of which both sides go on, when some paths within them have ended.
//!
//! `if (user) { if (user.isAdmin) return next(); }` leaves those who are nobody and those who are no
//! administrators. Neither decision holds for both, but one of the two does, and a refusal behind it hangs
//! on that.

use firedoor_source::Span;
use smallvec::{SmallVec, smallvec};

use crate::{Decided, Decision, DecisionId, Machine, SideEnd, Test, TestId, TestKind};

/// With more ways to a return than these, none is remembered.
pub(crate) const MOST_WAYS: usize = 8;

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

    /// What is known of whoever comes back from a function that returns on several ways and throws on others:
    /// one of the ways was taken. `if (user.isAdmin) return; if (user.id === page.author) return; throw ...` leaves
    /// administrators and authors.
    pub(crate) fn remainder_of_ways(
        &mut self,
        common: &[Decided],
        ways: &[Vec<Decided>],
        ends_by_throwing: bool,
        span: Span,
    ) -> Option<Decided> {
        if ways.len() < 2 || ways.len() > MOST_WAYS {
            return None;
        }
        let mut own: Vec<Vec<Decided>> = Vec::with_capacity(ways.len());
        for way in ways {
            let kept = self.decided_alone(common, &own, way)?;
            own.push(kept);
        }
        let throws = |decided: &Decided| self.end_beside(*decided) == SideEnd::Throws;
        if !ends_by_throwing && !own.iter().flatten().any(throws) {
            return None;
        }
        let (mut origins, mut control) = Default::default();
        let mut parts = Vec::with_capacity(own.len());
        for way in &own {
            let mut tests = Vec::with_capacity(way.len());
            for decided in way {
                let known = self.decision(decided.decision).clone();
                tests.extend(
                    known
                        .test
                        .map(|(test, negated)| (test, negated == decided.side)),
                );
                origins = self.origins.union(origins, known.origins);
                control = self.origins.union(control, known.control);
            }
            parts.push(match tests.as_slice() {
                [] => return None,
                [only] => *only,
                _ => (self.add_parts(tests, true, span), false),
            });
        }
        if origins.is_empty() && control.is_empty() {
            return None;
        }
        let test = self.add_parts(parts, false, span);
        let decision = self.add_decision(Decision {
            test: Some((test, false)),
            origins,
            control,
            span,
            is_certain: false,
            ends: [SideEnd::Throws, SideEnd::Goes],
            label: None,
            remainder: own.into_iter().flatten().collect(),
        });
        Some(Decided {
            decision,
            side: true,
        })
    }

    /// What was decided on a way and not on all, without what only says that no earlier way was taken. Nothing if
    /// the way can be taken by whoever was refused on another.
    fn decided_alone(
        &self,
        common: &[Decided],
        earlier: &[Vec<Decided>],
        way: &[Decided],
    ) -> Option<Vec<Decided>> {
        let own: Vec<Decided> = way
            .iter()
            .copied()
            .filter(|decided| !common.contains(decided))
            .filter(|decided| !self.decision(decided.decision).is_certain)
            .collect();
        let is_handled = |decided: &Decided| decided.side && self.is_failure(decided.decision);
        if own.is_empty() || own.iter().any(is_handled) {
            return None;
        }
        let is_opposite = |decided: &Decided| {
            let other = Decided {
                side: !decided.side,
                ..*decided
            };
            earlier.iter().any(|way| way.contains(&other))
        };
        let is_left = |decided: &Decided| !self.decision(decided.decision).remainder.is_empty();
        let mut kept = own.clone();
        kept.retain(|decided| !is_opposite(decided) && !is_left(decided));
        if kept.is_empty() {
            kept = own;
        }
        let first = kept.len().saturating_sub(MOST);
        Some(kept.split_off(first))
    }

    fn end_beside(&self, decided: Decided) -> SideEnd {
        self.decision(decided.decision).ends[usize::from(!decided.side)]
    }

    fn add_parts(
        &mut self,
        parts: Vec<(TestId, bool)>,
        is_conjunction: bool,
        span: Span,
    ) -> TestId {
        self.add_test(Test {
            kind: TestKind::Truth,
            operands: smallvec![],
            parts,
            is_conjunction,
            span,
        })
    }
}
