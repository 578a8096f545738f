//! Finds entry points that mail a token to whomever the caller names, as often as he likes.

use firedoor_app::{
    Control, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin, Provenance,
    SendChannel, lookups, query,
};

use crate::login_without_throttle::numbers;
use crate::resets::resets;
use crate::sent_again::{Again, sent_again};
use crate::throttle::{is_throttled, with_place};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "reset-without-throttle",
    class: "rate-limit",
    summary: "anybody can have mails sent without limit",
    severity: Severity::Medium,
    cwe: &["CWE-799"],
    remediation: "Limit requests by address and by recipient before anything is sent.",
    page: include_str!("../fixtures/reset-without-throttle/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let makers = makers(map);
    for entry in &map.entry_points {
        if let Some(again) = sent_again(map, entry) {
            report_again(entry, &again, findings);
        }
        let is_open = !entry.verdict(Control::Authentication).refuses();
        let is_other = query::is_registration(map, entry) || query::verifies_password(entry);
        if !is_open || is_other {
            continue;
        }
        let sent = entry
            .effects
            .iter()
            .find(|effect| sends_secret(entry, effect));
        let made = || makers.iter().find(|(maker, _)| std::ptr::eq(*maker, entry));
        if let Some(effect) = sent.or_else(|| made().map(|(_, effect)| *effect))
            && !is_throttled(map, entry)
        {
            report(entry, effect, findings);
        }
    }
}

/// Returns where the tokens of password resets are made for an account that the caller names. However they are
/// sent, it is there that they are asked for.
fn makers(map: &Map) -> Vec<(&EntryPoint, &Effect)> {
    let mut found = Vec::new();
    for reset in resets(map) {
        for (entry, effect, value) in lookups::makers(map, &reset.lookup) {
            if is_secret_value(value) && is_for_named(entry, effect) {
                found.push((entry, effect));
            }
        }
    }
    found
}

fn is_for_named(entry: &EntryPoint, effect: &Effect) -> bool {
    let EffectKind::Access(access) = &effect.kind else {
        return false;
    };
    let accounts = query::accesses(entry).any(|(_, found)| {
        found.operation == Operation::Read
            && found.key.iter().any(|field| field.value.is_from_client())
    });
    let mut fields = access.key.iter().chain(&access.values);
    accounts && fields.any(|field| is_named_by_caller(&field.value))
}

/// Holds if a message goes out to whom the caller names, with a token or code in it.
fn sends_secret(entry: &EntryPoint, effect: &Effect) -> bool {
    let EffectKind::Send {
        channel: SendChannel::Mail | SendChannel::Sms,
        to,
        content,
    } = &effect.kind
    else {
        return false;
    };
    is_named_by_caller(to) && (content.iter().any(is_secret) || makes_secret(entry))
}

fn is_named_by_caller(to: &Provenance) -> bool {
    to.is_from_client()
        || to.origins().iter().any(|origin| {
            matches!(
                origin,
                Origin::Record {
                    of_principal: false,
                    ..
                }
            )
        })
}

fn is_secret(field: &Field) -> bool {
    is_secret_value(&field.value)
}

fn is_secret_value(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Random { .. } | Origin::Signature))
}

fn makes_secret(entry: &EntryPoint) -> bool {
    query::handler_accesses(entry)
        .any(|(_, access)| access.operation.is_write() && access.values.iter().any(is_secret))
        || query::issues(entry).next().is_some()
}

fn report(entry: &EntryPoint, effect: &Effect, findings: &mut Findings) {
    let finding = findings
        .at_entry(entry)
        .title(format!(
            "`{}` sends a message for everybody who asks",
            entry.id()
        ))
        .message(format!(
            "Somebody's mailbox can be filled, and each message holds another secret to guess. {}",
            numbers(entry)
        ))
        .because("sends", effect.span, "the message is sent here");
    with_place(finding, entry).report();
}

fn report_again(entry: &EntryPoint, again: &Again<'_>, findings: &mut Findings) {
    let finding = findings
        .at_entry(entry)
        .symbol("again")
        .title(format!(
            "`{}` sends a message to the same address as often as its caller likes",
            entry.id()
        ))
        .message(format!(
            "The address is one that somebody typed: a stranger's mailbox can be filled. `{}` sends the first message, and is limited.",
            again.first.id()
        ))
        .because("sends", again.effect.span, "the message is sent here")
        .because(
            "compared-with",
            again.first.registered,
            "the entry point that takes the address is limited",
        );
    with_place(finding, entry).report();
}
