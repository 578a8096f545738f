//! One place at which the same is asked, whichever record it is asked of: shared by the rules about ranks.

use firedoor_app::{Condition, Origin, Provenance};
use ustr::Ustr;

/// Holds if two conditions of one place are alike but for where their values come from: how high a rank must be is
/// written there, and who named the record is not.
pub fn asks_alike(one: &Condition, other: &Condition) -> bool {
    let are_alike = |own: &[Condition], others: &[Condition]| {
        own.len() == others.len() && own.iter().zip(others).all(|(a, b)| asks_alike(a, b))
    };
    match (one, other) {
        (
            Condition::Test {
                kind,
                operands,
                holds,
            },
            Condition::Test {
                kind: other_kind,
                operands: others,
                holds: other_holds,
            },
        ) => {
            (kind, holds) == (other_kind, other_holds)
                && operands.len() == others.len()
                && operands.iter().zip(others).all(|(a, b)| is_like(a, b))
        }
        (Condition::All(own), Condition::All(others))
        | (Condition::Any(own), Condition::Any(others)) => are_alike(own, others),
        _ => false,
    }
}

/// The same constants, of which nothing else is known, or values that are no constants.
fn is_like(one: &Provenance, other: &Provenance) -> bool {
    let constants = |value: &Provenance| -> Vec<Ustr> {
        let origins = value.origins().iter().filter_map(|origin| match origin {
            Origin::Literal(text) => Some(*text),
            _ => None,
        });
        origins.collect()
    };
    constants(one) == constants(other)
}
