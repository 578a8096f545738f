//! Records that a request makes itself, and looks for before or after: none of them is another's.

use firedoor_app::ownership::{self, Usage, Use};
use firedoor_app::{
    Check, CheckKind, ComparisonKind, Control, Effect, EffectKind, Field, LayerKind, Operation,
    Provenance, query,
};
use firedoor_source::Span;

/// What the request has made itself under the same key is its own, such as a process that is remembered while it runs.
pub(crate) fn is_made_here(usage: &Usage<'_>) -> bool {
    let keys: Vec<_> = usage.access.key.iter().map(|field| &field.value).collect();
    query::handler_accesses(usage.entry).any(|(_, made)| {
        made.asset == usage.access.asset
            && made.operation == Operation::Create
            && !made.key.is_empty()
            && made.key.iter().all(|field| keys.contains(&&field.value))
    })
}

/// What the new record is to be called is looked for first, so that no two are called the same: what is answered after the
/// record was made is the new one.
pub(crate) fn is_name_looked_for(usage: &Usage<'_>) -> bool {
    let (entry, asset) = (usage.entry, usage.access.asset);
    let is_put = |key: &Field, values: &[Field]| {
        values.iter().any(|value| {
            let put = value.value.origins();
            let mut looked_for = key.value.origins().iter();
            value.name == key.name && looked_for.all(|origin| put.contains(origin))
        })
    };
    let is_asked = matches!(usage.kind, Use::Tell | Use::Find) && !usage.access.key.is_empty();
    let place = |wanted: &Effect| entry.effects.iter().position(|it| std::ptr::eq(it, wanted));
    let found = query::handler_accesses(entry).find(|(_, made)| {
        let mut key = usage.access.key.iter();
        made.asset == asset
            && made.operation == Operation::Create
            && key.all(|field| is_put(field, &made.values))
    });
    let Some((made, _)) = found.filter(|_| is_asked) else {
        return false;
    };
    // What was found, and is answered instead of a new one, comes earlier.
    ownership::answers_with(entry, asset).all(|answer| {
        let is_behind = made.checks.iter().all(|it| answer.checks.contains(it));
        place(answer) > place(made) && is_behind
    })
}

/// The record is found to have its password compared: whoever knows that is he, and nobody else is told anything of it.
pub(crate) fn is_to_log_in(usage: &Usage<'_>) -> bool {
    let (entry, asset) = (usage.entry, usage.access.asset);
    let is_compared = query::comparisons(entry).any(|(effect, found)| {
        found.kind == ComparisonKind::Password
            && effect.layer.is_none() == usage.effect.layer.is_none()
            && found.expected.record_fields(asset).next().is_some()
            // Whoever gives the password of his own account once more looks for another one.
            && !found.expected.is_of_principal()
    });
    is_compared && matches!(usage.kind, Use::Tell | Use::Find) && !is_somebody_known(usage)
}

/// Holds if it was known before who is asking: a token or session was looked at, a guard has let him in, or something was
/// found or decided by what he is.
fn is_somebody_known(usage: &Usage<'_>) -> bool {
    let entry = usage.entry;
    let mut before = entry
        .effects
        .iter()
        .take_while(|it| !std::ptr::eq(*it, usage.effect));
    let is_by_caller = |key: &[Field]| key.iter().any(|it| it.value.is_of_principal());
    let knows = |effect: &Effect| match &effect.kind {
        EffectKind::Verify(_) | EffectKind::Session(..) => true,
        EffectKind::Access(access) => is_by_caller(&access.key),
        _ => false,
    };
    let is_before = |number: usize| usage.effect.layer.is_none_or(|it| number < it as usize);
    let mut layers = entry.layers.iter().enumerate();
    // That nobody is there yet is what a log-in asks.
    let is_of_caller = |check: &Check| {
        let is_absence = check.kind == CheckKind::Presence && !check.outcome;
        !is_absence && check.operands.iter().any(Provenance::is_of_principal)
    };
    before.any(knows)
        || entry.checks_of(usage.effect).any(is_of_caller)
        || layers.any(|(number, layer)| {
            is_before(number)
                && layer.kind != LayerKind::Inline
                && layer.verdict_of(Control::Authentication).refuses()
        })
        || query::accesses(entry)
            .any(|(_, access)| access.asset == usage.access.asset && is_by_caller(&access.key))
}

/// What is found by the number that it got when the request made it is what was made, such as an order that is noted with
/// the name under which it is paid: nothing else of the kind was looked for.
pub(crate) fn is_numbered_here(usage: &Usage<'_>) -> bool {
    let asset = usage.access.asset;
    let is_own_number = |field: &Field| {
        !field.value.is_from_client()
            && field.operator == "="
            && field
                .value
                .record_fields(asset)
                .any(|name| name == field.name)
    };
    let of_asset = |wanted: Operation| {
        let all = query::accesses(usage.entry);
        all.filter(move |(_, it)| it.asset == asset && it.operation == wanted)
    };
    usage.access.key.iter().any(is_own_number)
        && of_asset(Operation::Create).any(|(effect, _)| effect.layer.is_none())
        && of_asset(Operation::Read).next().is_none()
}

/// Holds if two uses are one decision: they stand in one place, or one function has looked the record up for both, and only
/// that function could ask whose it is.
pub(crate) fn is_same_place(one: &Usage<'_>, other: &Usage<'_>) -> bool {
    let looked_up = |usage: &Usage<'_>| -> Vec<Span> {
        let mut places: Vec<Span> = query::accesses(usage.entry)
            .filter(|(_, it)| it.asset == usage.access.asset && it.operation == Operation::Read)
            .map(|(effect, _)| effect.span)
            .collect();
        places.sort();
        places.dedup();
        places
    };
    let place = looked_up(one);
    one.effect.span == other.effect.span
        || one.access.operation.is_write()
            && other.access.operation.is_write()
            && place.len() == 1
            && place == looked_up(other)
}
