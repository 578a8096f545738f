//! Times that the server measures and the client may say: a part of the rule about values that clients are believed.
//!
//! `elapsed ?? now - race.startedAt` is what the client likes it to be. What the network has cost cannot be told apart from
//! what somebody would like to win by.

use firedoor_app::ownership::{Usage, Use, all_usages};
use firedoor_app::{
    Access, Check, CheckKind, Effect, EntryPoint, Field, Map, Origin, Provenance, RequestPart,
};
use ustr::Ustr;

use crate::client_value::{is_counted, written_fields};
use crate::privileged::{find_word, is_money};
use crate::unowned::is_told_to_strangers;
use crate::{Confidence, Findings};

/// Reports a time that the client says where the server would measure it, if it decides what somebody gains or how he
/// stands among others.
pub fn check(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let measured = written_fields(entry).find_map(|(effect, access, field)| {
        let (sent, start) = claimed(map, access, field)?;
        let counts = pays(map, entry) || is_compared(map, entry, access.asset);
        (counts && !is_held_against_clock(entry, effect, &sent))
            .then_some((effect, access, field, sent, start))
    });
    let Some((effect, access, field, sent, (asset, start))) = measured else {
        return;
    };
    let Origin::Request(_, name) = &sent else {
        return;
    };
    findings
        .at_entry(entry)
        .span(effect.span)
        .symbol(&format!("{}.{}", access.asset, field.name))
        .confidence(Confidence::Medium)
        .title(format!("`{}` believes the client's clock", entry.id()))
        .message(format!(
            "`{}` of {} is measured from `{start}` of {asset}, or is what the client sends as `{name}`; nothing holds that against the server's own clock.",
            field.name, access.asset
        ))
        .because("written", effect.span, "it is stored here")
        .because("reached", entry.registered, "the entry point")
        .report();
}

/// A place in the store: the asset and its field.
type Stored = (Ustr, Ustr);

/// Returns what the client sends and what the server measures from, if the new value is how long something took and both
/// have a part in it.
fn claimed(map: &Map, access: &Access, field: &Field) -> Option<(Origin, Stored)> {
    let origins = field.value.origins();
    if field.operator != "=" || is_moment(map, access.asset, &field.name) {
        return None;
    }
    let sent = origins.iter().find(|it| is_number_sent(it))?;
    let start = origins.iter().find_map(|origin| match origin {
        Origin::Record { asset, field, .. } if is_moment(map, *asset, field) => {
            Some((*asset, *field))
        }
        _ => None,
    })?;
    let is_own = |origin: &Origin| matches!(origin, Origin::Record { asset, field: old, .. } if (*asset, *old) == (access.asset, field.name));
    (origins.contains(&Origin::Clock) && !origins.iter().any(is_own)).then(|| (sent.clone(), start))
}

fn is_number_sent(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Request(RequestPart::Body | RequestPart::Query | RequestPart::Message, name)
            if !name.is_empty() && !origin.is_identity() && !origin.is_sent_secret()
    )
}

/// Holds if the field says when something happened: by its kind, or since it is called after that.
fn is_moment(map: &Map, asset: Ustr, name: &str) -> bool {
    let declared = map.asset(asset).and_then(|it| it.field(name));
    let kind = declared.and_then(|it| it.kind);
    let kind = kind.map(|kind| kind.to_ascii_lowercase());
    match kind {
        Some(kind) if kind.contains("date") || kind.contains("time") => true,
        Some(kind) if kind.contains("int") || kind.contains("num") || kind.contains("float") => {
            false
        }
        _ => find_word(name, |word| {
            matches!(word, "at" | "on" | "since" | "until" | "date")
        }),
    }
}

/// Somebody is paid by the same request.
fn pays(map: &Map, entry: &EntryPoint) -> bool {
    written_fields(entry).any(|(_, access, field)| {
        is_counted(access, field)
            && field.operator != "-="
            && is_money(map, access.asset, field.name)
    })
}

/// Records of the asset are listed for others than those whose they are, as leaderboards are.
fn is_compared(map: &Map, entry: &EntryPoint, asset: Ustr) -> bool {
    let is_open_list = |usage: &Usage<'_>| {
        usage.kind == Use::Tell
            && usage.access.asset == asset
            && usage.access.is_many
            && !usage.is_scoped
            && !std::ptr::eq(usage.entry, entry)
    };
    all_usages(map).iter().any(is_open_list) || is_told_to_strangers(map, asset)
}

/// A check before it refuses unless what was sent is near to what the server measures. That it is not below what is
/// possible says nothing of how long it took.
fn is_held_against_clock(entry: &EntryPoint, effect: &Effect, sent: &Origin) -> bool {
    let is_clock = |value: &Provenance| value.has(&Origin::Clock);
    let is_constant = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|it| matches!(it, Origin::Literal(_) | Origin::Environment { .. }))
    };
    entry.checks_of(effect).any(|check: &Check| {
        let operands = &check.operands;
        let holds_both = |value: &Provenance| value.has(sent) && is_clock(value);
        let is_apart = operands.iter().any(|it| it.has(sent) && !is_clock(it))
            && operands.iter().any(|it| is_clock(it) && !it.has(sent));
        let is_tolerance = operands.iter().any(holds_both)
            && operands.iter().all(|it| holds_both(it) || is_constant(it));
        check.kind == CheckKind::Bound && (is_apart || is_tolerance)
    })
}
