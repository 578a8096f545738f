//! What sentences say about a decision, and what comes of it when they are weighed against each other.

use crate::design::{FoundPart, Obligation, Quote, State};
use crate::grammar::overlap;
use crate::pattern::Place;

/// What a sentence says about a decision, from the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    /// It is spoken of.
    Spoken,
    /// The right answer is denied.
    Denied,
    /// It is asked.
    Asked,
    /// It is put off.
    Later,
    /// It is settled.
    Settled,
    /// It is settled in a way that goes wrong.
    Wrong,
}

/// What a pattern that was found is good for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It settles the decision, and denies it where it is negated.
    Good,
    /// It speaks of the decision, and denies nothing.
    Spoken,
    /// It settles the decision wrongly.
    Bad,
}

/// Returns the state that comes of what one sentence says, and how it stands against others: what only speaks of a
/// decision does not settle what is asked or put off elsewhere.
pub(crate) fn weigh(says: Says) -> (State, u8) {
    match says {
        Says::Wrong | Says::Denied => (State::Unsafe, 4),
        Says::Settled => (State::Decided, 3),
        Says::Later => (State::Deferred, 2),
        Says::Asked => (State::Open, 1),
        Says::Spoken => (State::Decided, 0),
    }
}

/// Returns the strongest of what was heard. Good and bad words at one place are a matter of who says more of it:
/// in "the same answer whether or not the account exists", `account exists` gives nothing away.
pub(crate) fn strongest(heard: &[(Place, bool, Says)]) -> Option<Says> {
    let is_part_of_more = |(place, is_bad, _): &(Place, bool, Says)| {
        heard.iter().any(|(other, is_other_bad, _)| {
            is_bad != is_other_bad
                && overlap(*place, *other)
                && other.1 - other.0 > place.1 - place.0
        })
    };
    let left = heard.iter().filter(|one| !is_part_of_more(one));
    left.map(|(_, _, says)| *says).max()
}

/// A decision that nobody mentions is settled where another settles it too.
pub(crate) fn settle_implied(decisions: &mut [Obligation], found: &[FoundPart]) {
    // What is asked has evidence of its own, and is mentioned.
    let is_mentioned = |decision: &Obligation| {
        let part = found
            .iter()
            .find(|part| decision.id.split('/').next() == Some(part.id));
        part.is_some_and(|part| decision.evidence.first() != Some(&part.evidence))
    };
    let settled: Vec<(String, Vec<Quote>)> = decisions
        .iter()
        .filter(|decision| decision.state == State::Decided)
        .map(|decision| (decision.id.clone(), decision.evidence.clone()))
        .collect();
    for decision in decisions
        .iter_mut()
        .filter(|decision| decision.state == State::Open && !is_mentioned(decision))
    {
        let implied = crate::vocabulary::decision(&decision.id).map(|it| it.implied_by.as_slice());
        let by = implied
            .into_iter()
            .flatten()
            .find_map(|by| settled.iter().find(|(id, _)| id == by));
        if let Some((_, evidence)) = by {
            decision.state = State::Decided;
            decision.evidence = evidence.clone();
        }
    }
}
