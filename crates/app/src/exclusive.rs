//! Effects that no request can both have: they lie on two sides of one decision.

use crate::{Check, Effect, EntryPoint};

/// Holds if no request can have both effects: one hangs on a decision whose other side the other hangs on. Where one
/// part of a test suffices for one side, all of its parts decide the other; what happens while a later part is worked
/// out is behind those before it, and on neither side.
pub fn are_exclusive(entry: &EntryPoint, a: &Effect, b: &Effect) -> bool {
    let (behind_a, behind_b) = (Behind::of(entry, a), Behind::of(entry, b));
    let is_other_side = |whole: &Check, behind: &Behind<'_>| {
        let mut parts = whole.parts().iter();
        whole.is_alternative && parts.all(|part| behind.has_opposite(part))
    };
    let is_apart = |own: &&Check| is_other_side(own, &behind_b) || behind_b.has_opposite(own);
    behind_a.checks.iter().any(is_apart)
        || behind_b
            .checks
            .iter()
            .any(|other| is_other_side(other, &behind_a))
}

/// What an effect hangs on, in the order of places: hundreds of checks are held against as many others.
struct Behind<'m> {
    checks: Vec<&'m Check>,
}

impl<'m> Behind<'m> {
    fn of(entry: &'m EntryPoint, effect: &'m Effect) -> Behind<'m> {
        let mut checks: Vec<&Check> = entry.checks_of(effect).collect();
        checks.sort_by_key(|check| check.span);
        Behind { checks }
    }

    /// Holds if the other side of the decision is among them.
    fn has_opposite(&self, check: &Check) -> bool {
        let first = self.checks.partition_point(|it| it.span < check.span);
        let here = self.checks[first..].iter();
        let mut here = here.take_while(|it| it.span == check.span);
        here.any(|other| is_opposite(check, other))
    }
}

/// Holds if the checks are the two sides of one decision.
fn is_opposite(a: &Check, b: &Check) -> bool {
    a.outcome != b.outcome && a.span == b.span && a.kind == b.kind && a.operands == b.operands
}
