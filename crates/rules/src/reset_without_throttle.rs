//! Finds entry points that mail a token to whomever the caller names, as often as he likes.

use firedoor_app::{
    Control, Effect, EffectKind, EntryPoint, Field, Map, Origin, Provenance, SendChannel, query,
};

use crate::login_without_throttle::numbers;
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
    for entry in &map.entry_points {
        let is_open = !entry.verdict(Control::Authentication).refuses();
        let is_other = query::is_registration(map, entry) || query::verifies_password(entry);
        if !is_open || is_other || is_throttled(entry) {
            continue;
        }
        if let Some(effect) = entry
            .effects
            .iter()
            .find(|effect| sends_secret(entry, effect))
        {
            report(entry, effect, findings);
        }
    }
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
    field
        .value
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
