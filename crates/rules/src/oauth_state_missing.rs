//! Finds callbacks of log-ins through another site that anybody's browser can be sent to.

use firedoor_app::{
    Check, CheckKind, Effect, EntryPoint, Map, Origin, Provenance, RequestPart, query,
};

use crate::oauth_flow::{exchange, logs_in};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-state-missing",
    class: "oauth",
    summary: "the callback takes a code without knowing that this browser asked for it",
    severity: Severity::Medium,
    cwe: &["CWE-352"],
    remediation: "Send a random `state`, keep it in a cookie or session of this browser, and compare them before the code is exchanged.",
    page: include_str!("../fixtures/oauth-state-missing/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some(effect) = exchange(entry).filter(|_| logs_in(map, entry)) else {
            continue;
        };
        if is_bound(entry, effect) {
            continue;
        }
        findings
            .at_entry(entry)
            .confidence(Confidence::High)
            .title(format!("`{}` exchanges anybody's code", entry.id()))
            .message("No value of the request is compared with a cookie or session of this browser before the code is exchanged, so that a victim can be logged in to an attacker's account.")
            .because("exchanges", effect.span, "the code is exchanged here")
            .report();
    }
}

/// Something that only this browser has is part of a check or of the exchange itself.
fn is_bound(entry: &EntryPoint, exchange: &Effect) -> bool {
    let is_checked = entry
        .checks_of(exchange)
        .any(|check| is_of_browser(&check.provenance()) || is_state_compared(check));
    let is_compared = query::comparisons(entry)
        .any(|(_, found)| is_of_browser(&found.given) || is_of_browser(&found.expected));
    let is_sent_along = match &exchange.kind {
        firedoor_app::EffectKind::Send { content, .. } => {
            content.iter().any(|field| is_of_browser(&field.value))
        }
        _ => false,
    };
    let is_signed = query::verifications(entry).any(|(_, found)| is_state(&found.token));
    is_checked || is_compared || is_sent_along || is_signed
}

fn is_of_browser(value: &Provenance) -> bool {
    value.is_from(RequestPart::Cookie)
        || value.is_from(RequestPart::Session)
        || value
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Claim(_)))
}

/// That there is a `state`, and that it is a text, binds it to nobody.
fn is_state_compared(check: &Check) -> bool {
    let is_fixed = |operand: &Provenance| {
        let origins = operand.origins();
        origins
            .iter()
            .all(|origin| matches!(origin, Origin::Literal(_)))
    };
    let is_about_form = match check.kind {
        CheckKind::Presence | CheckKind::Shape | CheckKind::Bound => true,
        _ => check.operands.len() > 1 && check.operands.iter().any(is_fixed),
    };
    is_state(&check.provenance()) && !is_about_form
}

/// A `state` that is looked up or verified may be bound in ways that are not seen.
fn is_state(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query, name) if name.as_str() != "code" && name.contains("state"))
    })
}
