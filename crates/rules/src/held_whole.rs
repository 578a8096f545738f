//! What belongs to something that is held against the caller: a seat in a room whose host he has to be. Shared by the
//! rules about messages.

use firedoor_app::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Operation, Origin, Provenance, lookups,
    query,
};
use ustr::Ustr;

use crate::socket::is_named_by_client;

/// Holds if what the record is found by belongs to another record that is held against the caller: a seat in a room
/// whose host he has to be.
pub fn compares_whole(entry: &EntryPoint, access: &Access) -> bool {
    let origins = access.key.iter().flat_map(|field| field.value.origins());
    let wholes: Vec<Ustr> = origins
        .filter_map(|origin| match origin {
            Origin::Record {
                asset,
                of_principal: false,
                ..
            } if *asset != access.asset => Some(*asset),
            _ => None,
        })
        .collect();
    let is_told = |value: &Provenance| {
        let mut assets = wholes.iter();
        assets.any(|asset| value.record_fields(*asset).any(|field| !field.is_empty()))
    };
    let compares = |part: &Check| {
        part.operands.iter().any(is_told)
            && part
                .operands
                .iter()
                .any(|operand| query::is_principal(operand) && !is_told(operand))
    };
    entry
        .checks
        .iter()
        .filter(|check| check.refusal.is_some())
        .any(|check| check.parts().iter().any(compares))
}

/// Holds if what the record belongs to was looked for by the same number and by the caller, and whoever finds none is
/// refused: a seat in a room, after the room was found by who is its host.
pub fn is_of_callers_whole(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_same = |key: &Field| {
        lookups::is_identifier(&key.name)
            && key.operator == "="
            && is_named_by_client(&key.value)
            && access
                .key
                .iter()
                .any(|own| !lookups::is_identifier(&own.name) && own.value == key.value)
    };
    let is_callers = |key: &Field| {
        key.operator == "=" && query::is_principal(&key.value) && !key.value.is_from_client()
    };
    let wholes: Vec<Ustr> = query::accesses(entry)
        .filter(|(_, found)| found.asset != access.asset && found.operation == Operation::Read)
        .filter(|(_, found)| found.key.iter().any(is_same) && found.key.iter().any(is_callers))
        .map(|(_, found)| found.asset)
        .collect();
    entry.checks_of(effect).any(|check| {
        let is_whole = |origin: &Origin| {
            matches!(origin, Origin::Record { asset, field, .. }
                if field.is_empty() && wholes.contains(asset))
        };
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        check.kind == CheckKind::Presence
            && check.outcome
            && check.refusal.is_some()
            && origins.any(is_whole)
    })
}

/// The change follows from how things stand, and nothing of it is the client's: where the last member leaves, the group is
/// closed, and where its head leaves, another is named.
pub(crate) fn follows(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_stored = |origin: &Origin| matches!(origin, Origin::Record { .. } | Origin::Literal(_));
    let is_given = |value: &Provenance| value.origins().iter().all(is_stored);
    let is_state = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        // What state the record itself is in may be all that anybody has to wait for.
        let is_other =
            |it: &Origin| matches!(it, Origin::Record { asset, .. } if *asset != access.asset);
        check.refusal.is_none()
            && check.kind == CheckKind::Equality
            && check.outcome
            && origins.any(is_other)
            && check
                .operands
                .iter()
                .all(|it| is_given(it) || query::is_principal(it))
    };
    access.spread.is_empty()
        && access.values.iter().all(|field| is_given(&field.value))
        && entry.checks_of(effect).any(is_state)
}
