//! Stored numbers that are taken from where there is enough of them: balances, whatever they are called.
//!
//! Rules ask this of every field that is written, so that the answer is worked out once for the whole map.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::query::handler_accesses;
use crate::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance,
};

/// Holds if some update asks for as much of the field as it takes.
pub fn is_taken_from(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let taken = map.facts.taken.get_or_init(|| taken_fields(map));
    taken.contains(&(asset, field))
}

fn taken_fields(map: &Map) -> FxHashSet<(Ustr, Ustr)> {
    let mut taken = FxHashSet::default();
    for entry in &map.entry_points {
        // Few checks compare amounts, and an effect may hang on thousands of others.
        let bounds: Vec<bool> = entry.checks.iter().map(compares_record).collect();
        for (effect, access) in handler_accesses(entry) {
            if access.operation != Operation::Update {
                continue;
            }
            let checks: Vec<&Check> = bounds_of(entry, effect, &bounds);
            for field in &access.values {
                let place = (access.asset, field.name);
                if !taken.contains(&place) && is_taken(&checks, access, field) {
                    taken.insert(place);
                }
            }
        }
    }
    taken
}

fn compares_record(check: &Check) -> bool {
    check.kind == CheckKind::Bound
        && check.operands.iter().any(|operand| {
            let mut origins = operand.origins().iter();
            origins.any(|origin| matches!(origin, Origin::Record { .. }))
        })
}

fn bounds_of<'m>(entry: &'m EntryPoint, effect: &Effect, bounds: &[bool]) -> Vec<&'m Check> {
    let ids = effect.checks.iter();
    ids.filter(|id| bounds.get(id.0 as usize) == Some(&true))
        .map(|id| entry.check(*id))
        .collect()
}

/// The update asks for as much as it takes, in its key or in a check before.
fn is_taken(checks: &[&Check], access: &Access, field: &Field) -> bool {
    let shares = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|origin| {
            let is_amount = match origin {
                Origin::Request(..) => true,
                Origin::Record {
                    asset, field: own, ..
                } => !own.is_empty() && (*asset, *own) != (access.asset, field.name),
                _ => false,
            };
            is_amount && field.value.origins().contains(origin)
        })
    };
    let in_key = access.key.iter().any(|key| {
        key.name == field.name && matches!(key.operator, ">=" | ">") && shares(&key.value)
    });
    in_key
        || checks.iter().any(|check| {
            let stored = |operand: &Provenance| {
                operand
                    .record_fields(access.asset)
                    .any(|name| name == field.name)
            };
            check.operands.iter().any(stored)
                && check
                    .operands
                    .iter()
                    .any(|operand| !stored(operand) && shares(operand))
        })
}
