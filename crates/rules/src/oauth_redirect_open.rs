//! Finds log-ins through another site that end wherever the request says.

use firedoor_app::{CheckKind, Effect, EffectKind, EntryPoint, Map, Origin, RequestPart};

use crate::oauth_flow::{exchange, verified_code};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-redirect-open",
    class: "oauth",
    summary: "after the log-in the browser is sent wherever the request says",
    severity: Severity::Medium,
    cwe: &["CWE-601"],
    remediation: "Send the browser to an address of your own, or to one of a fixed list.",
    page: include_str!("../fixtures/oauth-redirect-open/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let Some(code) = exchange(entry).or_else(|| verified_code(entry)) else {
            continue;
        };
        let redirect = entry
            .effects
            .iter()
            .filter(|effect| effect.layer.is_none())
            .find_map(|effect| Some((effect, followed(entry, effect)?)));
        let Some((effect, is_whole)) = redirect else {
            continue;
        };
        // With a part that the server chose it may be only the end of the address.
        let confidence = match is_whole {
            true => Confidence::High,
            false => Confidence::Medium,
        };
        findings
            .at_entry(entry)
            .span(effect.span)
            .confidence(confidence)
            .title(format!("`{}` sends the browser anywhere", entry.id()))
            .message("The address comes from the request and is compared with nothing: a link that starts at the real log-in ends at a foreign site, and takes along what the address carries.")
            .because("redirects", effect.span, "the browser is sent on here")
            .because("exchanges", code.span, "the code of the log-in is taken here")
            .report();
    }
}

/// Whether the client chooses where the browser is sent, and whether nothing else is part of it.
fn followed(entry: &EntryPoint, effect: &Effect) -> Option<bool> {
    let EffectKind::Redirect(to) = &effect.kind else {
        return None;
    };
    let sent = to.origins().iter().find(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query | RequestPart::Cookie, name) if !is_of_protocol(name))
    })?;
    let is_compared = entry.checks_of(effect).any(|check| {
        !matches!(check.kind, CheckKind::Presence | CheckKind::Failure)
            && check.provenance().origins().contains(sent)
    });
    let is_whole = !to
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Environment { .. } | Origin::Literal(_)));
    (!is_compared).then_some(is_whole)
}

fn is_of_protocol(name: &str) -> bool {
    matches!(name, "code" | "error" | "error_description" | "scope" | "")
}
