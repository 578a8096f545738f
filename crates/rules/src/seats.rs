//! Places that are counted in one statement and taken in another: what the rule about checks and acts asks of
//! capacities.

use firedoor_app::{
    Access, AssetKind, Check, CheckKind, Effect, EntryPoint, Map, Operation, Origin, Provenance,
    query,
};
use ustr::Ustr;

use crate::client_value::{is_counted, is_read_on_the_way, written_fields};

/// A place that is taken: where it was asked whether one is free, and where it is taken.
pub struct Seat<'m> {
    /// What has places.
    pub asset: Ustr,
    /// The check of what is free.
    pub check: &'m Check,
    /// The effect that takes the place.
    pub effect: &'m Effect,
}

/// Returns a place that the handler takes behind a check that requests at the same time all pass.
pub fn taken<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Seat<'m>> {
    counted_down(map, entry).or_else(|| counted_up(map, entry))
}

/// The free places are a field that is compared, and written anew when something is made for the caller.
fn counted_down<'m>(map: &Map, entry: &'m EntryPoint) -> Option<Seat<'m>> {
    let (made, _) = query::handler_accesses(entry).find(|(_, access)| is_made(map, access))?;
    written_fields(entry).find_map(|(effect, access, field)| {
        let is_open = access.operation == Operation::Update
            && is_counted(access, field)
            && field
                .value
                .record_fields(access.asset)
                .all(|name| name == field.name)
            && is_unprotected(map, access)
            && is_read_on_the_way(entry, access.asset)
            && !query::are_exclusive(entry, effect, made);
        let check = is_open.then(|| {
            behind(entry, effect, made).find(|check| {
                compares(check, &|operands| {
                    operands.iter().any(|operand| {
                        operand
                            .record_fields(access.asset)
                            .any(|name| name == field.name)
                    })
                })
            })
        })??;
        Some(Seat {
            asset: access.asset,
            check,
            effect,
        })
    })
}

/// The places taken are records that are counted against a capacity which another record tells, before one more is
/// made.
fn counted_up<'m>(map: &Map, entry: &'m EntryPoint) -> Option<Seat<'m>> {
    query::handler_accesses(entry)
        .filter(|(_, access)| is_made(map, access) && is_unprotected(map, access))
        .find_map(|(effect, access)| {
            let check = behind(entry, effect, effect).find(|check| {
                compares(check, &|operands| {
                    let [left, right] = operands else {
                        return false;
                    };
                    let is_number = |value: &Provenance| {
                        value
                            .record_fields(access.asset)
                            .any(|field| matches!(field.as_str(), "" | "count" | "length"))
                    };
                    let other = |value: &Provenance| told_by_other(value, access.asset);
                    (is_number(left) && other(right).is_some())
                        || (is_number(right) && other(left).is_some())
                })
            })?;
            let told = check.operands.iter();
            let asset = told
                .filter_map(|operand| told_by_other(operand, access.asset))
                .next()
                .unwrap_or(access.asset);
            Some(Seat {
                asset,
                check,
                effect,
            })
        })
}

fn told_by_other(value: &Provenance, asset: Ustr) -> Option<Ustr> {
    value.origins().iter().find_map(|origin| match origin {
        Origin::Record {
            asset: found,
            field,
            of_principal: false,
        } if *found != asset && !field.is_empty() => Some(*found),
        _ => None,
    })
}

/// Something is made that belongs to the caller.
fn is_made(map: &Map, access: &Access) -> bool {
    access.operation == Operation::Create
        && is_stored(map, access)
        && access
            .values
            .iter()
            .any(|field| query::is_principal(&field.value))
}

fn is_unprotected(map: &Map, access: &Access) -> bool {
    !access.is_conditional && !access.is_in_transaction && is_stored(map, access)
}

fn is_stored(map: &Map, access: &Access) -> bool {
    map.asset(access.asset)
        .is_none_or(|asset| asset.kind != AssetKind::Memory)
}

/// The checks that refuse, before both effects.
fn behind<'m>(
    entry: &'m EntryPoint,
    effect: &'m Effect,
    other: &'m Effect,
) -> impl Iterator<Item = &'m Check> {
    effect
        .checks
        .iter()
        .filter(|id| other.checks.contains(id))
        .map(|id| entry.check(*id))
        .filter(|check| check.refusal.is_some())
}

fn compares(check: &Check, is_wanted: &dyn Fn(&[Provenance]) -> bool) -> bool {
    check
        .condition
        .ever(&|kind, operands, _| kind == CheckKind::Bound && is_wanted(operands))
}
