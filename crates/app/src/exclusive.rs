//! Effects that no request can both have: they lie on two sides of one decision.

use crate::{Check, Effect, EntryPoint};

/// Holds if no request can have both effects: one hangs on a decision whose other side the other hangs on. Where one
/// part of a test suffices for one side, all of its parts decide the other; what happens while a later part is worked
/// out is behind those before it, and on neither side.
pub fn are_exclusive(entry: &EntryPoint, a: &Effect, b: &Effect) -> bool {
    let is_other_side = |whole: &Check, effect: &Effect| {
        let has_opposite = |part: &Check| {
            let mut others = entry.checks_of(effect);
            others.any(|other| is_opposite(part, other))
        };
        whole.is_alternative && whole.parts().iter().all(has_opposite)
    };
    entry
        .checks_of(a)
        .any(|own| is_other_side(own, b) || entry.checks_of(b).any(|other| is_opposite(own, other)))
        || entry.checks_of(b).any(|other| is_other_side(other, a))
}

/// Holds if the checks are the two sides of one decision.
fn is_opposite(a: &Check, b: &Check) -> bool {
    a.outcome != b.outcome && a.span == b.span && a.kind == b.kind && a.operands == b.operands
}
