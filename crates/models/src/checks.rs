//! Decisions of the evaluator in the map's words.
//!
//! A decision is one place in the program where a request went one of two ways. Rules want to know what was asked
//! there: a test whose parts must all hold is as many checks, so that each can be judged by what it examines alone.

use std::sync::Arc;

use firedoor_app::{Check, CheckId, CheckKind, Condition, EffectKind, Provenance, Refusal};
use firedoor_eval::{Decided, Machine, OriginSet, TestId};
use rustc_hash::FxHashMap;

use crate::ModelHost;
use crate::conditions::{add_operands, condition_of, kind_of, order_of};
use crate::state::Run;

/// The decisions of requests in the map's words, each worked out once.
#[derive(Default)]
pub struct Decisions {
    refusals: FxHashMap<Decided, Refusal>,
    known: FxHashMap<Decided, Vec<Check>>,
}

/// Puts the decisions of one request into the map's words, and gives them numbers.
pub struct Checks<'h> {
    host: &'h ModelHost,
    decisions: Decisions,
    numbers: FxHashMap<Decided, Vec<CheckId>>,
    /// The checks so far.
    pub checks: Vec<Check>,
}

impl<'h> Checks<'h> {
    /// Returns a translator for the decisions of these runs.
    pub fn new(host: &'h ModelHost, machine: &Machine<'_>, runs: &[&Run]) -> Checks<'h> {
        Checks {
            host,
            decisions: Decisions::new(machine, runs),
            numbers: FxHashMap::default(),
            checks: Vec::new(),
        }
    }

    /// Returns the numbers of the checks for these decisions.
    pub fn numbers(&mut self, machine: &mut Machine<'_>, decided: &[Decided]) -> Vec<CheckId> {
        let mut numbers = Vec::with_capacity(decided.len());
        for decided in decided {
            self.number(machine, *decided, &mut numbers);
        }
        numbers
    }

    fn number(&mut self, machine: &mut Machine<'_>, decided: Decided, numbers: &mut Vec<CheckId>) {
        if let Some(known) = self.numbers.get(&decided) {
            return numbers.extend(known);
        }
        let mut own = Vec::new();
        for check in self.decisions.translate(self.host, machine, decided) {
            own.push(CheckId(self.checks.len() as u32));
            self.checks.push(check);
        }
        numbers.extend(&own);
        self.numbers.insert(decided, own);
    }
}

impl Decisions {
    /// Prepares for the decisions of these runs.
    pub fn new(machine: &Machine<'_>, runs: &[&Run]) -> Decisions {
        let mut refusals = FxHashMap::default();
        for refusal in runs.iter().flat_map(|run| &run.refusals) {
            for decided in &refusal.decided {
                for decided in with_others(machine, *decided) {
                    refusals
                        .entry(decided)
                        .or_insert_with(|| refusal.refusal.clone());
                }
            }
        }
        for effect in runs.iter().flat_map(|run| &run.effects) {
            let goes_on = match &effect.kind {
                EffectKind::Continue => true,
                EffectKind::Respond {
                    is_error, status, ..
                } => !is_error && status.is_none_or(|status| status < 300),
                EffectKind::Access(access) => access.operation.is_write(),
                _ => false,
            };
            if goes_on {
                for decided in &effect.decided {
                    for decided in with_others(machine, *decided) {
                        refusals.remove(&decided);
                    }
                }
            }
        }
        Decisions {
            refusals,
            known: FxHashMap::default(),
        }
    }

    /// Returns the checks of these decisions.
    pub fn list(
        &mut self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        decided: &[Decided],
    ) -> Vec<Check> {
        let mut checks = Vec::with_capacity(decided.len());
        for decided in decided {
            if let Some(known) = self.known.get(decided) {
                checks.extend(known.iter().cloned());
                continue;
            }
            let own = self.translate(host, machine, *decided);
            checks.extend(own.iter().cloned());
            self.known.insert(*decided, own);
        }
        checks
    }

    /// Returns the checks that a decision is: one for each part of a test whose parts must all have come out as
    /// they did, and otherwise one.
    fn translate(
        &self,
        host: &ModelHost,
        machine: &mut Machine<'_>,
        decided: Decided,
    ) -> Vec<Check> {
        let decision = machine.decision(decided.decision).clone();
        let mut parts = Vec::new();
        if let Some((test, negated)) = decision.test {
            add_parts(machine, test, decided.side != negated, &mut parts, 0);
        }
        let other = Decided {
            decision: decided.decision,
            side: !decided.side,
        };
        let ended = match decision.ends[usize::from(other.side)] {
            firedoor_eval::SideEnd::Throws => Some(Refusal::Throw(None)),
            firedoor_eval::SideEnd::Returns | firedoor_eval::SideEnd::Leaves => {
                Some(Refusal::Return)
            }
            firedoor_eval::SideEnd::Goes | firedoor_eval::SideEnd::NotRun => None,
        };
        // What is left behind a branch was refused within it.
        let refusal = [other]
            .into_iter()
            .chain(decision.remainder.iter().map(|left| Decided {
                decision: left.decision,
                side: !left.side,
            }))
            .find_map(|other| self.refusals.get(&other));
        let blank = Check {
            kind: CheckKind::Other,
            span: decision.span,
            operands: Vec::new(),
            control: host.set_provenance(machine, decision.control),
            order: None,
            outcome: decided.side,
            side: decided.side,
            ends: is_end(decision.ends[usize::from(decided.side)]),
            is_loose_edge: false,
            is_alternative: false,
            alternatives: Vec::new(),
            condition: Arc::new(Condition::All(Vec::new())),
            refusal: refusal.cloned().or(ended),
            union: firedoor_app::Union::default(),
        };
        let mut checks = Vec::with_capacity(parts.len().max(1));
        // What `a && b` gives may have been looked up because of `a`; of `!a || !b` both were there before.
        let is_either = |test: TestId| !machine.test(test).is_conjunction;
        let is_split = parts.len() > 1 && decision.test.is_some_and(|(test, _)| is_either(test));
        for (test, holds) in parts {
            let mut check = check_of(host, machine, &blank, test, holds, 0);
            // `a is None or b is None`: that `a` was looked at first says nothing of `b`.
            if is_split && asks_for_presence(&check) {
                let operands = machine.test(test).operands.clone();
                let by = operands.iter().fold(OriginSet::EMPTY, |by, operand| {
                    machine.origins.union(by, operand.control)
                });
                check.control = host.set_provenance(machine, by);
            }
            // What is left of a branch is asked one by one, whichever way each belongs to.
            if check.is_alternative && decision.is_of_branch {
                check.alternatives = left_one_by_one(host, machine, &blank, &decision.remainder);
            }
            checks.push(check);
        }
        if checks.is_empty() {
            let all = host.set_provenance(machine, decision.origins);
            checks.push(of_unknown_test(blank, all));
        } else if let [only] = checks.as_mut_slice()
            && only.operands.is_empty()
        {
            only.operands
                .push(host.set_provenance(machine, decision.origins));
        }
        checks
    }
}

/// Returns the decision with those that it stands for: what others have left, and the ways to what is caught with it.
fn with_others(machine: &Machine<'_>, decided: Decided) -> Vec<Decided> {
    let known = machine.decision(decided.decision);
    let mut all = vec![decided];
    all.extend(&known.remainder);
    for way in known.caught_on(decided.side) {
        all.push(way);
        all.extend(&machine.decision(way.decision).remainder);
    }
    all
}

/// Holds if all that is asked is whether something is there.
fn asks_for_presence(check: &Check) -> bool {
    let is_nothing = |value: &Provenance| value.literal().is_some_and(|text| text == "null");
    !check.is_alternative
        && match check.kind {
            CheckKind::Presence => true,
            CheckKind::Equality => check.operands.iter().any(is_nothing),
            _ => false,
        }
}

fn is_end(end: firedoor_eval::SideEnd) -> bool {
    use firedoor_eval::SideEnd;
    matches!(end, SideEnd::Throws | SideEnd::Returns | SideEnd::Leaves)
}

/// Returns a check for each thing that may be what is left behind a branch.
fn left_one_by_one(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    blank: &Check,
    left: &[Decided],
) -> Vec<Check> {
    let mut all = Vec::new();
    for decided in left {
        if let Some((test, negated)) = machine.decision(decided.decision).test {
            let own = check_of(host, machine, blank, test, decided.side != negated, 1);
            all.extend_from_slice(own.parts());
        }
    }
    all
}

/// Returns the check that examines something and nobody knows how.
fn of_unknown_test(blank: Check, examined: Provenance) -> Check {
    let condition = Condition::Test {
        kind: blank.kind,
        operands: vec![examined.clone()],
        holds: blank.outcome,
    };
    Check {
        operands: vec![examined],
        condition: Arc::new(condition),
        ..blank
    }
}

/// Returns the check that a test is which came out like this; `blank` says the rest.
fn check_of(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    blank: &Check,
    test: TestId,
    holds: bool,
    depth: usize,
) -> Check {
    let mut check = blank.clone();
    let whole = machine.test(test).clone();
    check.is_alternative = whole.parts.len() > 1 && whole.is_conjunction != holds;
    if check.is_alternative && depth < 4 {
        for (part, is_negated) in whole.parts {
            let own = check_of(host, machine, blank, part, holds != is_negated, depth + 1);
            check.alternatives.extend_from_slice(own.parts());
        }
    }
    let (kind, is_part_negated) = kind_of(machine, test, 0);
    check.kind = kind;
    check.order = order_of(machine, test);
    check.is_loose_edge = crate::cross_site::is_loose_edge(host, machine, test);
    check.outcome = holds != is_part_negated;
    add_operands(host, machine, test, &mut check.operands, 0);
    check.condition = Arc::new(condition_of(host, machine, test, holds, 0));
    check
}

/// Adds the tests that must each have come out as they did, with whether they hold, for `test` to come out as it
/// did.
fn add_parts(
    machine: &Machine<'_>,
    test: TestId,
    holds: bool,
    parts: &mut Vec<(TestId, bool)>,
    depth: usize,
) {
    let whole = machine.test(test);
    if whole.parts.is_empty() || whole.is_conjunction != holds || depth >= 8 {
        return parts.push((test, holds));
    }
    for (part, is_negated) in &whole.parts {
        add_parts(machine, *part, holds != *is_negated, parts, depth + 1);
    }
}
