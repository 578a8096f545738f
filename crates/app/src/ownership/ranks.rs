//! Guards that ask what a caller is, and which of two entry points is for people with more rights.

use std::collections::BTreeSet;

use ustr::Ustr;

use super::{layer_rank, rank_layers};
use crate::query::is_principal;
use crate::{Check, CheckKind, Control, EntryPoint, Layer, Origin, Provenance};

/// A guard that asks what a caller is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RankGuard {
    name: Ustr,
    /// The ranks that it accepts, if it holds the caller's against written ones: guards of one factory differ by them.
    accepted: Option<BTreeSet<Ustr>>,
}

impl RankGuard {
    fn of(entry: &EntryPoint, layer: &Layer) -> Option<RankGuard> {
        let accepted = accepted(entry, layer);
        layer_rank(entry, layer).map(|name| RankGuard { name, accepted })
    }

    /// Holds if whoever passes the other passes this one too, as far as is known.
    fn is_like(&self, other: &RankGuard) -> bool {
        let is_stricter = match (&self.accepted, &other.accepted) {
            (Some(own), Some(theirs)) => own.len() < theirs.len() && own.is_subset(theirs),
            _ => false,
        };
        self.name == other.name && !is_stricter
    }
}

/// Returns the ranks of which a layer asks for one; `None` if it asks otherwise, or for something besides.
fn accepted(entry: &EntryPoint, layer: &Layer) -> Option<BTreeSet<Ustr>> {
    let places = layer.places.iter();
    let mut places = places.filter(|it| it.control == Control::Authorization);
    let place = places.next().filter(|_| places.next().is_none())?;
    // What a second check asks at the same place, or instead, lets others in as well.
    let is_there = |check: &&Check| check.span == place.span && check.refusal.is_some();
    let mut checks = entry.checks.iter().filter(is_there);
    let check = checks.next().filter(|_| checks.next().is_none())?;
    let is_asked = check.outcome
        && !check.is_alternative
        && check.alternatives.is_empty()
        && matches!(check.kind, CheckKind::Membership | CheckKind::Equality);
    let is_written = |operand: &&Provenance| {
        let mut origins = operand.origins().iter();
        !operand.is_empty() && origins.all(|it| matches!(it, Origin::Literal(_)))
    };
    let operand = check.operands.iter().find(is_written)?;
    let mut others = check
        .operands
        .iter()
        .filter(|it| !is_written(it))
        .peekable();
    if !is_asked || others.peek().is_none() || !others.all(is_principal) {
        return None;
    }
    let words = operand.origins().iter().filter_map(|origin| match origin {
        Origin::Literal(text) => Some(*text),
        _ => None,
    });
    Some(words.collect())
}

/// Holds if a guard that none of `others` has asks what the caller is, so that `entry` is for people with
/// more rights than the records' owners.
pub fn is_for_higher_rank<'m>(
    entry: &EntryPoint,
    others: impl Iterator<Item = &'m EntryPoint>,
) -> bool {
    let own = guards(entry);
    !own.is_empty() && is_above(&own, others.map(guards))
}

fn guards(entry: &EntryPoint) -> Vec<RankGuard> {
    rank_layers(entry)
        .filter_map(|layer| RankGuard::of(entry, layer))
        .collect()
}

/// Holds for guards of which none of `others` has all. Who passes two of one factory passes one more than whoever passes
/// the first only.
fn is_above(own: &[RankGuard], mut others: impl Iterator<Item = impl AsRef<[RankGuard]>>) -> bool {
    let times =
        |guards: &[RankGuard], own: &RankGuard| guards.iter().filter(|it| own.is_like(it)).count();
    let has_all = |theirs: &[RankGuard]| own.iter().all(|it| times(theirs, it) >= times(own, it));
    !others.any(|theirs| has_all(theirs.as_ref()))
}

/// The guards of several entry points that ask what a caller is, each set once.
#[derive(Debug)]
pub struct Ranks {
    sets: BTreeSet<Vec<RankGuard>>,
}

impl Ranks {
    /// Returns the guards of these entry points.
    pub fn of<'m>(entries: impl Iterator<Item = &'m EntryPoint>) -> Ranks {
        let sets = entries.map(guards).collect();
        Ranks { sets }
    }

    /// Holds if `entry` is for people with more rights than any of these, as [`is_for_higher_rank`] says.
    pub fn are_below(&self, entry: &EntryPoint) -> bool {
        let own = guards(entry);
        !own.is_empty() && is_above(&own, self.sets.iter())
    }
}
