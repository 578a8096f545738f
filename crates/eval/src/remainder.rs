//! What is known behind a branch of which both sides go on, when some paths within them have ended.
//!
//! `if (user) { if (user.isAdmin) return next(); }` leaves those who are nobody and those who are no
//! administrators. Neither decision holds for both, but one of the two does, and a refusal behind it hangs
//! on that.

use firedoor_source::Span;
use smallvec::{SmallVec, smallvec};

use crate::{Atom, Decided, Decision, DecisionId, Machine, SideEnd, Test, TestId, TestKind, Value};

/// With more ways to a return than these, none is remembered.
pub(crate) const MOST_WAYS: usize = 8;

/// How many decisions within a branch are remembered behind it.
const MOST: usize = 6;

/// A value that hangs on more tests than these stands for none: what it is made of is looked at whenever it is asked.
const MOST_TESTS: usize = 12;

/// A way to a return.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// What was decided on it.
    pub(crate) decided: Vec<Decided>,
    /// Whether it gives something: no `null`, no `false`.
    pub(crate) gives: bool,
    /// The test whose outcome it gives.
    pub(crate) asks: Option<(TestId, bool)>,
}

/// Holds for what functions return that have nothing to give.
pub(crate) fn is_denial(atom: &Atom) -> bool {
    atom.is_nothing() || *atom == Atom::Bool(false)
}

impl Machine<'_> {
    /// Decides that one of several things holds: that the branch went the other way, or that what ended
    /// within a side did not happen.
    pub(crate) fn keep_remainder(&mut self, decision: DecisionId, sides: [&[Decided]; 2]) {
        let mut left: SmallVec<[Decided; 4]> = smallvec![];
        let mut ways: Vec<Vec<Decided>> = Vec::new();
        let is_caught = self.is_failure(decision);
        for own in sides {
            let inner = own
                .iter()
                .copied()
                .filter(|decided| decided.decision != decision)
                .filter(|decided| self.has_ended_beside(*decided, is_caught));
            let Some(first) = own.first() else {
                continue;
            };
            let inner: Vec<Decided> = inner.take(MOST).collect();
            if !inner.is_empty() {
                left.push(Decided {
                    decision,
                    side: !first.side,
                });
                left.extend(inner.iter().copied());
                ways.push(inner);
            }
        }
        match ways.as_mut_slice() {
            // Whoever comes by the other side is asked nothing more.
            [_] => ways.insert(0, vec![left[0]]),
            // Each side leaves something, and which one was taken is part of it.
            [one, other] => {
                one.insert(0, left[0].other());
                other.insert(0, left[0]);
            }
            _ => {}
        }
        let hangs = left.iter().any(|decided| {
            let known = self.decision(decided.decision);
            !known.origins.is_empty() || !known.control.is_empty()
        });
        if hangs {
            self.push_remainder(decision, &left, &ways);
        }
    }

    /// Behind what is done for a thing that may be missing: it is missing, or what was tried with it has failed and was
    /// caught. `own` is what was decided where it is there.
    pub(crate) fn keep_failures(&mut self, decision: DecisionId, own: &[Decided]) {
        let both_go = self.decision(decision).ends == [SideEnd::Goes; 2];
        let failed = own.iter().copied().filter(|decided| {
            decided.side
                && self.is_failure(decided.decision)
                && self.decision(decided.decision).is_certain
        });
        let mut left: SmallVec<[Decided; 4]> = failed.take(MOST).collect();
        if !both_go || left.is_empty() {
            return;
        }
        left.insert(
            0,
            Decided {
                decision,
                side: false,
            },
        );
        let ways: Vec<Vec<Decided>> = left.iter().map(|one| vec![*one]).collect();
        self.push_remainder(decision, &left, &ways);
    }

    /// Holds behind a `try`: what its body has thrown has not ended there.
    pub(crate) fn is_failure(&self, decision: DecisionId) -> bool {
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

    /// Decides that one of the ways was taken, on each of which all holds that was decided on it; `left` is what is left
    /// of the branch, one by one.
    fn push_remainder(&mut self, outer: DecisionId, left: &[Decided], ways: &[Vec<Decided>]) {
        let span = self.decision(outer).span;
        let (mut origins, mut control) = Default::default();
        for decided in left {
            let known = self.decision(decided.decision);
            let of_decision = (known.origins, known.control);
            origins = self.origins.union(origins, of_decision.0);
            control = self.origins.union(control, of_decision.1);
        }
        let ways = ways.iter().filter_map(|way| self.test_of_way(way, span));
        let parts: Vec<(TestId, bool)> = ways.collect();
        let test = self.add_parts(parts, false, span);
        let decision = self.add_decision(Decision {
            test: Some((test, false)),
            origins,
            control,
            span,
            is_certain: false,
            ends: [SideEnd::Returns, SideEnd::Goes],
            label: None,
            remainder: left.iter().copied().collect(),
            is_of_branch: true,
            caught: Vec::new(),
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
        ways: &[Way],
        ends_by_throwing: bool,
        span: Span,
    ) -> Option<Decided> {
        if ways.len() < 2 || ways.len() > MOST_WAYS {
            return None;
        }
        let mut own: Vec<Vec<Decided>> = Vec::with_capacity(ways.len());
        for way in ways {
            let kept = self.decided_alone(common, &own, &way.decided)?;
            own.push(kept);
        }
        let throws = |decided: &Decided| self.end_beside(*decided) == SideEnd::Throws;
        if !ends_by_throwing && !own.iter().flatten().any(throws) {
            return None;
        }
        let (mut origins, mut control) = Default::default();
        let mut parts = Vec::with_capacity(own.len());
        for way in &own {
            for decided in way {
                let known = self.decision(decided.decision);
                let (from, by) = (known.origins, known.control);
                origins = self.origins.union(origins, from);
                control = self.origins.union(control, by);
            }
            parts.push(self.test_of_way(way, span)?);
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
            is_of_branch: false,
            caught: Vec::new(),
        });
        Some(Decided {
            decision,
            side: true,
        })
    }

    /// Makes one test of what was decided on a way.
    fn test_of_way(&mut self, way: &[Decided], span: Span) -> Option<(TestId, bool)> {
        let tests = way.iter().filter_map(|decided| {
            let (test, negated) = self.decision(decided.decision).test?;
            Some((test, negated == decided.side))
        });
        let tests: Vec<(TestId, bool)> = tests.collect();
        match tests.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => Some((self.add_parts(tests, true, span), false)),
        }
    }

    /// Returns the test that a value stands for which a function gives on some ways, and denies on others: whoever
    /// finds something in it knows what was asked on the ways that gave something. Without this, nobody would know
    /// behind `if (!claims) return` what `if (claims.kind !== kind) return null` has asked.
    pub(crate) fn test_of_ways(
        &mut self,
        common: &[Decided],
        ways: &[Way],
        returned: &Value,
        span: Span,
    ) -> Option<(TestId, bool)> {
        let is_told = returned.test.is_none() && ways.len() <= MOST_WAYS;
        if !is_told || ways.iter().all(|way| way.gives) {
            return None;
        }
        let mut given: Vec<Vec<Decided>> = Vec::with_capacity(ways.len());
        for way in ways.iter().filter(|way| way.gives) {
            let mut own = way.decided.clone();
            own.retain(|it| !common.contains(it) && !self.is_failure(it.decision));
            own.retain(|it| !self.decision(it.decision).is_certain);
            // `return user.kind === "admin"` asks as `if (user.kind === "admin") return true` does.
            own.extend(
                way.asks
                    .map(|asked| self.asked_by_return(asked, returned, span)),
            );
            given.push(own);
        }
        let asked = self.asked_on_all(&given, span)?;
        if self.size_of(asked.0) > MOST_TESTS {
            return None;
        }
        let is_plain = |atom: &Atom| matches!(atom, Atom::Bool(_));
        if returned.atoms().iter().all(is_plain) {
            return Some(asked);
        }
        let is_there = (self.truth_test(returned), false);
        Some((self.add_parts(vec![is_there, asked], true, span), false))
    }

    /// Decides that the test holds whose outcome is returned.
    fn asked_by_return(&mut self, asked: (TestId, bool), value: &Value, span: Span) -> Decided {
        let decision = self.add_decision(Decision {
            test: Some(asked),
            origins: value.origins,
            control: value.control,
            span,
            is_certain: false,
            ends: [SideEnd::Returns; 2],
            label: None,
            remainder: SmallVec::new(),
            is_of_branch: false,
            caught: Vec::new(),
        });
        Decided {
            decision,
            side: true,
        }
    }

    /// The number of tests that a test is made of, as far as it is asked for.
    fn size_of(&self, test: TestId) -> usize {
        let mut waiting = vec![test];
        let mut size = 0;
        while let Some(test) = waiting.pop() {
            let parts = &self.test(test).parts;
            size += usize::from(parts.is_empty());
            if size > MOST_TESTS {
                break;
            }
            waiting.extend(parts.iter().map(|(part, _)| *part));
        }
        size
    }

    /// Makes one test of what was decided on each of several ways of which one was taken: what all have in common, and
    /// that one of them was taken, unless one asks for no more.
    fn asked_on_all(&mut self, ways: &[Vec<Decided>], span: Span) -> Option<(TestId, bool)> {
        let (first, others) = ways.split_first()?;
        let is_common = |decided: &Decided| others.iter().all(|way| way.contains(decided));
        let (mut asked, _): (Vec<Decided>, Vec<Decided>) =
            first.iter().partition(|it| is_common(it));
        let rests = ways.iter().map(|way| {
            let rest = way.iter().filter(|it| !asked.contains(it)).copied();
            rest.collect::<Vec<Decided>>()
        });
        let rests: Vec<Vec<Decided>> = rests.collect();
        let is_opposite = |one: &Decided, other: &Decided| {
            one.decision == other.decision && one.side != other.side
        };
        let is_either = match rests.as_slice() {
            [one, other] => {
                matches!((one.as_slice(), other.as_slice()), ([one], [other]) if is_opposite(one, other))
            }
            _ => false,
        };
        asked.drain(..asked.len().saturating_sub(MOST));
        let mut parts = asked
            .iter()
            .filter_map(|it| self.test_of_way(&[*it], span))
            .collect::<Vec<_>>();
        if !is_either && ways.len() > 1 && rests.iter().all(|rest| !rest.is_empty()) {
            let taken = rests.iter().map(|rest| {
                let first = rest.len().saturating_sub(MOST);
                self.test_of_way(&rest[first..], span)
            });
            let taken = taken.collect::<Option<Vec<_>>>()?;
            parts.push((self.add_parts(taken, false, span), false));
        }
        match parts.as_slice() {
            [] => None,
            [only] => Some(*only),
            _ => Some((self.add_parts(parts, true, span), false)),
        }
    }

    /// Returns the test that a value stands for where one side of a choice gives something that stands for a test, and
    /// the other nothing, `token ? decode(token) : null`, or says yes or no: `isHome ? true : isAsked`. Where both stand
    /// for one, `sent ? allowed.has(sent) : !key` is `sent && allowed.has(sent) || !sent && !key`.
    pub(crate) fn test_of_sides(
        &mut self,
        decision: DecisionId,
        then: &Value,
        otherwise: &Value,
        span: Span,
    ) -> Option<(TestId, bool)> {
        let denies = |value: &Value| value.atoms().iter().all(is_denial);
        let says = |value: &Value, word| value.only() == Some(Atom::Bool(word));
        let (chosen, negated) = self.decision(decision).test?;
        let (given, side, is_conjunction) = match (denies(then), denies(otherwise)) {
            (false, true) => (then, true, true),
            (true, false) => (otherwise, false, true),
            (false, false) if says(then, true) => (otherwise, false, false),
            (false, false) if says(otherwise, true) => (then, true, false),
            (false, false) => return self.test_of_either((chosen, negated), then, otherwise, span),
            _ => return None,
        };
        // `isHome ? true : false` is the test itself.
        if is_conjunction && says(given, true) {
            let other = if side { otherwise } else { then };
            return says(other, false).then_some((chosen, negated == side));
        }
        let asked = given.test?;
        if self.size_of(asked.0) + self.size_of(chosen) > MOST_TESTS {
            return None;
        }
        // Both must hold for what is given on one side alone; where the other side says yes, either will do.
        let parts = vec![(chosen, negated == (side == is_conjunction)), asked];
        Some((self.add_parts(parts, is_conjunction, span), false))
    }

    fn test_of_either(
        &mut self,
        (chosen, negated): (TestId, bool),
        then: &Value,
        otherwise: &Value,
        span: Span,
    ) -> Option<(TestId, bool)> {
        let (first, second) = (then.test?, otherwise.test?);
        let sizes = [first.0, second.0, chosen, chosen].map(|test| self.size_of(test));
        if sizes.iter().sum::<usize>() > MOST_TESTS {
            return None;
        }
        let yes = self.add_parts(vec![(chosen, negated), first], true, span);
        let no = self.add_parts(vec![(chosen, !negated), second], true, span);
        Some((
            self.add_parts(vec![(yes, false), (no, false)], false, span),
            false,
        ))
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
