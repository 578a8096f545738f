//! Messages that are sent again to an address that somebody typed: a part of the rule about mails without limit.
//!
//! An application that limits how often the first message is sent knows that mailboxes can be filled. Where the next one
//! goes out without that limit, one record is enough to fill one.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Map, Operation, Order,
    Origin, Provenance, Refusal, RequestPart, SendChannel, query,
};
use ustr::Ustr;

use crate::throttle::is_throttled;

/// A message that can be sent again and again.
pub struct Again<'m> {
    /// Where it is sent.
    pub effect: &'m Effect,
    /// The entry point that sends the first one, and is limited.
    pub first: &'m EntryPoint,
}

/// Returns where the entry point sends a message to the address of a record that somebody else has typed, as often as its
/// caller likes, if the entry point that takes the address is limited.
pub fn sent_again<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Again<'m>> {
    if !entry.verdict(Control::Authentication).refuses() {
        return None;
    }
    let accounts = query::account_assets(map);
    let sent = entry.effects.iter().find_map(|effect| {
        let mut origins = receiver(effect)?.origins().iter();
        let (asset, field) = origins.find_map(|origin| match origin {
            Origin::Record { asset, field, .. } if !field.is_empty() => Some((*asset, *field)),
            _ => None,
        })?;
        (!accounts.contains(&asset)).then_some((effect, asset, field))
    });
    let (effect, asset, field) = sent?;
    if is_throttled(map, entry) || waits(entry, asset) || takes_address(entry, asset, field) {
        return None;
    }
    let mut others = map.entry_points.iter();
    let first = others.find(|other| {
        takes_address(other, asset, field)
            && other.verdict(Control::RateLimit).refuses()
            && is_throttled(map, other)
    })?;
    Some(Again { effect, first })
}

/// To whom a message for one person goes.
fn receiver(effect: &Effect) -> Option<&Provenance> {
    match &effect.kind {
        EffectKind::Send {
            channel: SendChannel::Mail | SendChannel::Sms,
            to,
            ..
        } => Some(to),
        _ => None,
    }
}

/// Holds if it keeps an address that its caller types in that field, and sends something there.
fn takes_address(entry: &EntryPoint, asset: Ustr, field: Ustr) -> bool {
    let typed = |value: &Provenance| -> Vec<Origin> {
        let origins = value.origins().iter();
        let typed = origins.filter(|it| matches!(it, Origin::Request(RequestPart::Body, _)));
        typed.cloned().collect()
    };
    let kept = query::accesses(entry)
        .filter(|(_, access)| access.asset == asset && access.operation == Operation::Create)
        .flat_map(|(_, access)| &access.values)
        .filter(|value| value.name == field)
        .flat_map(|value| typed(&value.value));
    let kept: Vec<Origin> = kept.collect();
    let mut receivers = entry.effects.iter().filter_map(receiver);
    receivers.any(|to| {
        let is_kept = typed(to).iter().any(|it| kept.contains(it));
        is_kept || !kept.is_empty() && to.record_fields(asset).any(|it| it == field)
    })
}

/// Holds if the entry point asks the record for something that it writes there as well, as when the last message went out
/// or how many there were; or says that it was too often.
fn waits(entry: &EntryPoint, asset: Ustr) -> bool {
    let written: Vec<Ustr> = query::accesses(entry)
        .filter(|(_, access)| access.asset == asset && access.operation.is_write())
        .flat_map(|(_, access)| access.values.iter().map(|field| field.name))
        .collect();
    let is_refused = |check: &Check| {
        let refusal = check.refusal.as_ref();
        refusal.is_some_and(|it| *it != Refusal::Return || check.kind == CheckKind::Bound)
    };
    let is_asked = |part: &Check| {
        let mut fields = part
            .operands
            .iter()
            .flat_map(|it| it.record_fields(asset))
            .filter(|field| written.contains(field));
        fields.next().is_some() && !is_still_open(part, asset)
    };
    let asks = |check: &Check| {
        check.kind != CheckKind::Attempts
            && check.refusal.as_ref().and_then(Refusal::status) == Some(429)
            || is_refused(check) && check.parts().iter().any(is_asked)
    };
    let is_in_key = |access: &Access| {
        let mut key = access.key.iter();
        access.asset == asset
            && key.any(|field| written.contains(&field.name) && !field.operator.starts_with('>'))
    };
    entry.checks.iter().any(asks) || query::accesses(entry).any(|(_, access)| is_in_key(access))
}

/// Holds if the check lets on what has not come to its end yet: a time of the record that lies before us.
fn is_still_open(check: &Check, asset: Ustr) -> bool {
    let [one, other] = check.operands.as_slice() else {
        return false;
    };
    let is_now = |value: &Provenance| {
        !value.is_empty() && value.origins().iter().all(|it| *it == Origin::Clock)
    };
    let is_later = |order: Order| matches!(order, Order::Greater | Order::GreaterOrEqual);
    let Some(order) = check.order else {
        return false;
    };
    let first_is_later = is_later(order) == check.outcome;
    if one.record_fields(asset).next().is_some() && is_now(other) {
        first_is_later
    } else {
        is_now(one) && other.record_fields(asset).next().is_some() && !first_is_later
    }
}
