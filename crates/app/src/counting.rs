//! Attempts that an application counts in a store of its own.
//!
//! A limit is two things together: a stored number that grows, and a check that refuses by that number. Either alone
//! is none: a number that nobody asks for stops nobody, and a number that only keeps the step of the last code counts
//! nothing.

use crate::{Access, Check, CheckKind, Field, Operation, Origin, Provenance};

/// Holds if the check asks for a number that `accesses` count in: a field of a record that they make larger, one
/// beside it that they write, or the number of records, of which they make one more.
pub fn asks_for_count(check: &Check, accesses: &[&Access]) -> bool {
    let is_bound = matches!(check.kind, CheckKind::Bound | CheckKind::Attempts);
    if !is_bound && check.kind != CheckKind::Presence {
        return false;
    }
    let mut examined = check.operands.iter().flat_map(Provenance::origins);
    examined.any(|origin| {
        let Origin::Record { asset, field, .. } = origin else {
            return false;
        };
        let own = || accesses.iter().copied().filter(|it| it.asset == *asset);
        let is_written = |access: &Access| {
            access.operation.is_write() && access.values.iter().any(|it| it.name == *field)
        };
        let makes_one = own().any(|access| access.operation == Operation::Create);
        is_bound && field.is_empty() && makes_one || own().any(counts) && own().any(is_written)
    })
}

/// Holds if refusing by the check limits how often something may be done: it asks for a count, holds it against a
/// bound that stands in the program, and time makes room again. What is counted without time is a stock or a quota.
pub fn limits_rate(check: &Check, accesses: &[&Access]) -> bool {
    let is_of_program = |value: &Provenance| {
        let mut origins = value.origins().iter();
        let is_own = |origin: &Origin| {
            matches!(
                origin,
                Origin::Literal(_) | Origin::Environment { .. } | Origin::Clock
            )
        };
        !value.is_empty() && origins.all(is_own)
    };
    let assets: Vec<_> = check.operands.iter().filter_map(asset_of).collect();
    let forgets = |access: &&Access| {
        let mut fields = access.key.iter().chain(&access.values);
        assets.contains(&access.asset) && fields.any(is_of_time)
    };
    check.kind == CheckKind::Bound
        && asks_for_count(check, accesses)
        && check.operands.iter().any(is_of_program)
        && accesses.iter().any(forgets)
}

fn asset_of(value: &Provenance) -> Option<ustr::Ustr> {
    value.origins().iter().find_map(|origin| match origin {
        Origin::Record { asset, .. } => Some(*asset),
        _ => None,
    })
}

/// Holds if the field follows the clock, or says when a store forgets the record.
fn is_of_time(field: &Field) -> bool {
    field.name == "expires" || field.value.origins().contains(&Origin::Clock)
}

/// Holds if a stored number is made larger: a field is set to what it was, and something.
pub fn counts(access: &Access) -> bool {
    let is_own = |value: &Field| {
        value.value.origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset, field, .. } if *asset == access.asset && *field == value.name)
        })
    };
    // A record that is made, or counted up where it is there already, is a count as well.
    matches!(access.operation, Operation::Update | Operation::Create)
        && access
            .values
            .iter()
            .any(|value| value.operator == "+=" || is_own(value))
}
