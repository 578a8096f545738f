//! Stored numbers that are taken from where there is enough of them: balances, whatever they are called.
//!
//! Rules ask this of every field that is written, so that the answer is worked out once for the whole map.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::query::handler_accesses;
use crate::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Map, Operation, Origin, Provenance,
};

/// Holds if the application takes from the field only where enough is there, which is what a balance is.
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

/// A check that refuses compares a stored field with something that is no constant.
fn compares_record(check: &Check) -> bool {
    let is_stored = |origin: &Origin| matches!(origin, Origin::Record { .. });
    let operands = &check.operands;
    check.kind == CheckKind::Bound
        && check.refusal.is_some()
        && operands.iter().flat_map(Provenance::origins).any(is_stored)
        && operands.iter().all(|operand| {
            operand.literal().is_none() && !operand.origins().contains(&Origin::Clock)
        })
}

fn bounds_of<'m>(entry: &'m EntryPoint, effect: &Effect, bounds: &[bool]) -> Vec<&'m Check> {
    let ids = effect.checks.iter();
    ids.filter(|id| bounds.get(id.0 as usize) == Some(&true))
        .map(|id| entry.check(*id))
        .collect()
}

/// The update takes from the field, and asks in its key or in a check before whether enough is there.
fn is_taken(checks: &[&Check], access: &Access, field: &Field) -> bool {
    let is_own = |value: &Provenance| {
        let mut fields = value.record_fields(access.asset);
        fields.any(|own| own == field.name)
    };
    if !matches!(field.operator, "-=" | "+=") && !is_own(&field.value) {
        return false;
    }
    let mut key = access.key.iter();
    key.any(|asked| asked.name == field.name && matches!(asked.operator, ">" | ">="))
        || checks.iter().any(|check| check.operands.iter().any(is_own))
}
