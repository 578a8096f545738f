//! Rewards for what the caller has, of which nothing is used up: a part of the rule about repeatable rewards.
//!
//! Whoever has it still has it after he was paid, and nothing was written by which the second request would differ from the
//! first.

use firedoor_app::{
    Access, Check, Effect, EffectKind, EntryPoint, Field, LayerKind, Map, Origin, Provenance, query,
};

use crate::repeatable_reward::{gains, is_of_layers};
use crate::{Confidence, Findings};

/// Reports where a reward is paid for what stays as it is.
pub fn check(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    for (effect, access, field) in gains(map, entry) {
        let is_own = access.key.iter().any(|key| query::is_principal(&key.value));
        if !is_own || !is_fixed(access, field) || !writes_only(entry, effect) {
            continue;
        }
        let Some(asked) = asked_of_own(entry, effect, access) else {
            continue;
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .symbol(&format!("{}.{}", access.asset, field.name))
            .confidence(Confidence::Medium)
            .title(format!("`{}` pays as often as it is asked", entry.id()))
            .message(format!(
                "`{}` of {} is raised for what the caller has; it is not used up, and nothing tells that it was paid for.",
                field.name, access.asset
            ))
            .because("paid", effect.span, "it is paid here")
            .because("asked", asked.span, "what it is paid for is asked for here, and stays")
            .report();
        return;
    }
}

/// The record is changed whatever it holds, by what the server says.
fn is_fixed(access: &Access, field: &Field) -> bool {
    let mut key = access.key.iter();
    key.all(|key| query::is_principal(&key.value) && !key.value.is_from_client())
        && access.values.len() == 1
        && access.spread.is_empty()
        && !field.value.is_from_client()
}

/// Nothing else is changed, made, kept or asked of another server on the way: no counter, no record of the reward.
fn writes_only(entry: &EntryPoint, payment: &Effect) -> bool {
    entry.effects.iter().all(|effect| match &effect.kind {
        EffectKind::Access(access) => std::ptr::eq(effect, payment) || !access.operation.is_write(),
        EffectKind::Respond { .. } | EffectKind::Throttle(_) => true,
        _ => effect.layer.is_some(),
    })
}

/// Returns the check of something that is kept for the caller, where all that the handler asks before it pays is of that
/// kind, and nothing is asked of the record that is paid into.
fn asked_of_own<'m>(
    entry: &'m EntryPoint,
    payment: &'m Effect,
    access: &Access,
) -> Option<&'m Check> {
    let own = entry
        .checks_of(payment)
        .filter(|check| !is_of_layers(entry, check) && !is_of_guard(entry, check));
    let mut found = None;
    for check in own {
        let mut asked = check.operands.iter().flat_map(Provenance::origins);
        if !asked.all(|origin| is_kept(origin, access)) {
            return None;
        }
        if check.operands.iter().any(has_record) {
            found = Some(check);
        }
    }
    found
}

/// Holds if a guard, before the handler runs, asks the same.
fn is_of_guard(entry: &EntryPoint, check: &Check) -> bool {
    let guards = entry
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Layer);
    guards
        .flat_map(|layer| [layer.span, layer.mounted])
        .any(|span| span == check.span)
        || firedoor_app::user_control(check) == Some(firedoor_app::Control::Authorization)
}

fn has_record(value: &Provenance) -> bool {
    let mut origins = value.origins().iter();
    origins.any(|origin| matches!(origin, Origin::Record { .. }))
}

/// What was found by anything but who is asking is nothing that he has.
fn is_kept(origin: &Origin, access: &Access) -> bool {
    match origin {
        Origin::Record {
            asset,
            of_principal: true,
            ..
        } => *asset != access.asset,
        Origin::Literal(_) => true,
        _ => false,
    }
}
