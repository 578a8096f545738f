//! Finds tokens that are decoded, not verified, and decide something.

use firedoor_app::{Effect, EffectKind, EntryPoint, Map, Origin};
use firedoor_source::Span;

use crate::token_kinds::{Verified, has_unverified, uses_unverified, verified};
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-not-verified",
    class: "jwt",
    summary: "what a token says is believed without verifying it",
    severity: Severity::Critical,
    cwe: &["CWE-347"],
    remediation: "Verify the token with its key and pinned algorithms, and use only what the verification returns.",
    page: include_str!("../fixtures/jwt-not-verified/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in verified(map) {
        let is_sent = found.token.token.is_from_client() || found.token.token.is_credential();
        // What was just signed here is decoded to learn when it ends, not to believe it.
        let is_own = found.token.token.origins().contains(&Origin::Signature);
        if found.token.is_verified || !is_sent || is_own || is_verified_too(&found) {
            continue;
        }
        if let Some((span, words)) = decided_by(found.entry) {
            report(&found, span, words, findings);
        }
    }
}

/// A token may be decoded to choose its key, and verified then; or be decoded once more after it was verified. Where
/// somebody without the key comes to the decoding after the verification has failed, it takes the place of that.
fn is_verified_too(found: &Verified<'_>) -> bool {
    let is_same = |effect: &&Effect| matches!(&effect.kind, EffectKind::Verify(other) if other.token == found.token.token);
    let is_verified = firedoor_app::query::verifications(found.entry)
        .any(|(_, other)| other.is_verified && other.token == found.token.token);
    let reached: Vec<&Effect> = found.entry.exposed.iter().filter(is_same).collect();
    let is_instead = matches!(reached.as_slice(), [.., before, last]
        if last.span == found.effect.span && before.span != last.span);
    is_verified && !is_instead
}

/// Returns where an unverified claim decides something, and what.
fn decided_by(entry: &EntryPoint) -> Option<(Span, &'static str)> {
    let used = entry.effects.iter().find(|effect| uses_unverified(effect));
    let told = || {
        entry.effects.iter().find(|effect| match &effect.kind {
            EffectKind::Respond {
                body,
                is_error: false,
                ..
            } => body.iter().any(|field| has_unverified(&field.value)),
            _ => false,
        })
    };
    let checked = || {
        entry
            .checks
            .iter()
            .find(|check| check.refusal.is_some() && check.operands.iter().any(has_unverified))
    };
    used.map(|effect| (effect.span, words(effect)))
        .or_else(|| checked().map(|check| (check.span, "decides who is refused")))
        .or_else(|| told().map(|effect| (effect.span, "is answered as if it were true")))
}

fn words(effect: &Effect) -> &'static str {
    match &effect.kind {
        EffectKind::Access(access) if access.operation.is_write() => "decides what is written",
        EffectKind::Access(_) => "decides what is read",
        EffectKind::Issue(_) => "decides for whom a token is issued",
        _ => "decides who is logged in",
    }
}

fn report(found: &Verified<'_>, span: Span, words: &str, findings: &mut Findings) {
    let function = &found.effect.function;
    findings
        .at(found.effect.span, function)
        .entry_point(found.entry)
        .title(format!("`{function}` decodes a token that nobody verifies"))
        .message(format!(
            "Anybody writes such a token with any content; at `{}` it {words}.",
            found.entry.id()
        ))
        .because("decides", span, format!("what the token says {words}"))
        .report();
}
