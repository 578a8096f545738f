//! Finds links that remove records, or log somebody in as another, for whoever follows them.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, Refusal, RequestPart, SessionOperation, Transport, lookups, query,
    sessions,
};

use crate::cookie_use::{credentials, is_protected, takes};
use crate::guard_gap::acts;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "changed-by-get",
    class: "csrf-cors",
    summary: "a link changes something for whoever is logged in and follows it",
    severity: Severity::Medium,
    cwe: &["CWE-352"],
    remediation: "Take `POST` or `DELETE` for it, which guards against forged requests look at and `SameSite=Lax` holds back.",
    page: include_str!("../fixtures/changed-by-get/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if !is_followed(map, entry) {
            continue;
        }
        if let Some((effect, what)) = removed(map, entry)
            .or_else(|| moved_on(map, entry))
            .or_else(|| switched(map, entry))
            .or_else(|| paid(map, entry))
        {
            report(entry, effect, &what, findings);
        }
    }
}

/// Holds if browsers make the request for whoever follows a link, and their cookie proves who is asking.
fn is_followed(map: &Map, entry: &EntryPoint) -> bool {
    let is_link = match entry.method.as_str() {
        "GET" => !is_protected(entry),
        // Guards against forged requests let those on that should change nothing.
        "ANY" => true,
        _ => false,
    };
    let is_carried = entry.credentials.iter().any(|origin| {
        matches!(
            origin,
            Origin::Request(RequestPart::Cookie | RequestPart::Session, _)
        )
    });
    let mut cookies = credentials(map).filter(|found| takes(entry, found.cookie));
    is_link
        && is_carried
        && entry.transport == Transport::Http
        && entry.verdict(Control::Authentication).refuses()
        && !cookies.any(|found| found.cookie.same_site.as_deref() == Some("strict"))
}

/// Returns where a record is removed that the link names.
fn removed<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, String)> {
    let (effect, access) = query::handler_accesses(entry).find(|(effect, access)| {
        access.operation == Operation::Delete
            && (is_named(map, entry, access) || is_found_by_link(map, entry, access))
            && !sessions::session_assets(map).contains(&access.asset)
            && is_asked_for(entry, effect)
    })?;
    Some((effect, format!("removes {}", access.asset)))
}

/// Returns where a record that the link names gets another state, which another entry point gives it, at the same place,
/// by a method that changes things. A yes or a time, as that it was seen, is no such state, unless whoever comes when it
/// has it already is refused.
fn moved_on<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, String)> {
    let is_state = |field: &Field| {
        let word = field.value.literal().filter(|text| {
            text.parse::<f64>().is_err() && !matches!(text.as_str(), "null" | "true" | "false" | "")
        });
        field.operator == "=" && word.is_some()
    };
    let (effect, access) = query::handler_accesses(entry).find(|(effect, access)| {
        access.operation == Operation::Update
            && (access.values.iter().any(is_state) || is_done_once(entry, effect, access))
            && is_named(map, entry, access)
            && !sessions::session_assets(map).contains(&access.asset)
            && (is_asked_for(entry, effect) || is_ordered(entry, effect, access))
            && is_done_elsewhere(map, effect)
    })?;
    Some((effect, format!("changes {}", access.asset)))
}

/// Holds if the record has to be in a state for it, and whoever comes when it is in another is told off: he has ordered it.
/// What another server says of it, as of a payment, is found out on the way.
fn is_ordered(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_found_out = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        check.kind != CheckKind::Failure
            && origins.any(|it| {
                matches!(
                    it,
                    Origin::Answer(_) | Origin::Outside(_) | Origin::Unknown(_)
                )
            })
    };
    let is_refused = |check: &Check| {
        let status = check.refusal.as_ref().and_then(Refusal::status);
        matches!(status, Some(400..=499))
    };
    let is_told = access.is_conditional && tells_of_change(entry, effect, access);
    !entry.checks_of(effect).any(is_found_out)
        && is_asked_unless(entry, effect, |check| is_told || is_refused(check))
}

/// Holds if a time is noted where there is none yet, and whoever comes later is told that it was too late.
fn is_done_once(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_none = |field: &&Field| {
        field.operator == "=" && field.value.literal().is_some_and(|text| text == "null")
    };
    let is_noted = |name: ustr::Ustr| {
        access
            .values
            .iter()
            .any(|field| field.name == name && field.value.origins().contains(&Origin::Clock))
    };
    let mut lacking = access.key.iter().filter(is_none);
    access.is_conditional
        && lacking.any(|field| is_noted(field.name))
        && tells_of_change(entry, effect, access)
}

/// Holds if whoever asks for a change that has not happened is refused for it.
fn tells_of_change(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    entry.checks.iter().any(|check| {
        let status = check.refusal.as_ref().and_then(Refusal::status);
        let mut operands = check.operands.iter();
        matches!(status, Some(400..=499))
            && operands.any(|it| it.record_fields(access.asset).next().is_some())
            && !entry
                .checks_of(effect)
                .any(|before| before.span == check.span)
    })
}

/// Holds if the link says which record, itself or by way of the one look-up of such records, and by what others know
/// too: a link that was mailed names it by a secret.
fn is_named(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_own = |field: &firedoor_app::Field| {
        let mut found = field.value.record_fields(access.asset);
        lookups::is_identifier(&field.name) && found.any(|it| it == field.name)
    };
    let by_look_up = || {
        let is_look_up = |it: &&Access| it.asset == access.asset && it.operation == Operation::Read;
        let mut found: Vec<&Access> = query::handler_accesses(entry)
            .map(|(_, it)| it)
            .filter(is_look_up)
            .collect();
        // A layer may have found it for the handler.
        if found.is_empty() {
            found.extend(query::accesses(entry).map(|(_, it)| it).filter(is_look_up));
        }
        matches!(found.as_slice(), [one] if !one.is_many && is_named_itself(map, one))
    };
    is_named_itself(map, access) || access.key.iter().any(is_own) && by_look_up()
}

fn is_named_itself(map: &Map, access: &Access) -> bool {
    let is_digest = |origin: &Origin| matches!(origin, Origin::Digest | Origin::Signature);
    let is_secret = |field: &firedoor_app::Field| {
        field.value.is_from_client()
            && (field.value.origins().iter().any(is_digest)
                || query::is_random_field(map, access.asset, field.name))
    };
    access.key.iter().any(|field| is_in_link(&field.value)) && !access.key.iter().any(is_secret)
}

/// Holds if it is a record of the caller's that was found by what the link says, as his place in the group of the path.
fn is_found_by_link(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let is_itself = |field: &firedoor_app::Field| {
        field.operator == "="
            && field
                .value
                .record_fields(access.asset)
                .any(|it| it == field.name)
    };
    // A guard may have looked it up.
    access.key.iter().any(is_itself)
        && query::accesses(entry).any(|(_, found)| {
            found.asset == access.asset
                && found.operation == Operation::Read
                && is_named_itself(map, found)
                && found.key.iter().any(|it| query::is_principal(&it.value))
        })
}

fn is_in_link(value: &Provenance) -> bool {
    value.is_from(RequestPart::Path) || value.is_from(RequestPart::Query)
}

/// Holds if nothing but who asks, and whether there is such a record, decides: what is removed because it is too old
/// or used up would be removed anyway, and a method that was asked about is another request's.
fn is_asked_for(entry: &EntryPoint, effect: &Effect) -> bool {
    is_asked_unless(entry, effect, |_| false)
}

/// Likewise, but that what is asked of the record decides too where `is_spared` says so.
fn is_asked_unless(
    entry: &EntryPoint,
    effect: &Effect,
    is_spared: impl Fn(&Check) -> bool,
) -> bool {
    // However old what proves who is asking may be: where it does not, it is the caller who is refused.
    let asks_who = |check: &&Check| {
        let status = check.refusal.as_ref().and_then(Refusal::status);
        status == Some(401) && check.provenance().is_credential()
    };
    // How often somebody may ask says nothing of what he asks for.
    let counts = |check: &&Check| {
        let refusal = check.refusal.as_ref();
        refusal.is_some_and(|refusal| refusal.status() == Some(429))
    };
    let mut others = entry
        .checks_of(effect)
        .filter(|check| !asks_who(check) && !counts(check))
        .flat_map(|check| check.parts().iter().map(move |part| (check, part)));
    others.all(|(whole, check)| {
        let is_of_record = check.operands.iter().any(|operand| {
            let mut origins = operand.origins().iter();
            origins
                .any(|origin| matches!(origin, Origin::Record { field, .. } if !field.is_empty()))
        });
        let is_of_caller = check.operands.iter().any(Provenance::is_of_principal);
        let is_about_method = asks_for_method(&check.provenance());
        let is_late = check
            .operands
            .iter()
            .any(|operand| operand.origins().contains(&Origin::Clock));
        check.kind == CheckKind::Failure
            || !is_about_method && !is_late && (!is_of_record || is_of_caller || is_spared(whole))
    })
}

/// Which path was asked for says nothing of the method, though it stands in the same line.
fn asks_for_method(value: &Provenance) -> bool {
    value.origins().iter().any(
        |origin| matches!(origin, Origin::Request(RequestPart::Line, name) if name.to_ascii_lowercase().ends_with("method")),
    )
}

/// Returns where the caller pays for what the link names: how much of his is taken is not the same for all requests, as
/// where each is counted, and another entry point does it at the same place, by a method that changes things.
fn paid<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, String)> {
    let accounts = query::account_assets(map);
    let is_price = |origin: &Origin| match origin {
        Origin::Record { field, .. } => !field.is_empty(),
        _ => origin.is_from_client(),
    };
    // What there has to be enough of is taken, also where a negative number is added.
    let is_less = |access: &Access, field: &Field| {
        let mut keys = access.key.iter();
        field.operator == "-="
            || field.operator == "+="
                && keys.any(|key| key.name == field.name && matches!(key.operator, ">=" | ">"))
    };
    let is_taken = |access: &Access| {
        let mut values = access.values.iter();
        access.operation == Operation::Update
            && access.key.iter().any(|key| query::is_principal(&key.value))
            && values.any(|it| is_less(access, it) && it.value.origins().iter().any(is_price))
    };
    let is_named = query::handler_accesses(entry).any(|(_, access)| {
        let mut keys = access.key.iter();
        access.operation == Operation::Read && keys.any(|field| is_in_link(&field.value))
    });
    let (effect, access) =
        query::handler_accesses(entry)
            .filter(|_| is_named)
            .find(|(effect, access)| {
                accounts.contains(&access.asset)
                    && is_taken(access)
                    && is_done_elsewhere(map, effect)
            })?;
    Some((effect, format!("takes something from {}", access.asset)))
}

/// Another entry point does it at the same place, by a method that changes things.
fn is_done_elsewhere(map: &Map, effect: &Effect) -> bool {
    let mut others = map.entry_points.iter().filter(|other| acts(other));
    others.any(|other| {
        query::handler_accesses(other)
            .any(|(found, it)| found.span == effect.span && it.operation == Operation::Update)
    })
}

/// Returns where whoever is logged in already becomes the account that the link names.
fn switched<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Effect, String)> {
    if query::verifies_password(entry) {
        return None;
    }
    query::handler_accesses(entry).find(|(_, access)| {
        access.operation == Operation::Read
            && access
                .key
                .iter()
                .any(|field| field.value.is_from(RequestPart::Path))
            && is_named(map, entry, access)
    })?;
    let is_log_in = |effect: &&Effect| {
        effect.layer.is_none()
            && matches!(effect.kind, EffectKind::Session(SessionOperation::LogIn, _))
    };
    let mut effects = entry.effects.iter();
    let effect = effects.find(|effect| {
        let mut checks = entry.checks_of(effect);
        is_log_in(effect) && !checks.any(|check| asks_for_method(&check.provenance()))
    })?;
    Some((effect, "logs its visitor in as another".to_owned()))
}

fn report(entry: &EntryPoint, effect: &Effect, what: &str, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .confidence(Confidence::Medium)
        .title(format!("a link to `{}` {what}", entry.id()))
        .message("Whatever page shows it, browsers follow it with the cookie of their user; guards against forged requests and `SameSite=Lax` let links through.")
        .because("changes", effect.span, "this happens when the link is followed")
        .report();
}
