//! Finds tokens of another kind that are accepted as proof of who is asking.

use firedoor_app::{Control, Map};
use ustr::Ustr;

use crate::token_kinds::{
    Issued, Verified, accepts, is_called_access, is_proof, issued, lifetime, markers, verified,
};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-token-confusion",
    class: "jwt",
    summary: "a token of another kind passes as an access token",
    severity: Severity::High,
    cwe: &["CWE-1270"],
    remediation: "Give each kind of token an audience or type of its own, and ask for exactly one where it is verified; or use a key for each kind.",
    page: include_str!("../fixtures/jwt-token-confusion/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for found in verified(map).filter(is_proof) {
        let accepted: Vec<Issued<'_>> = issued(map)
            .filter(|made| accepts(&found, made.token))
            .collect();
        for other in &accepted {
            let access = accepted.iter().find_map(|access| {
                let words = difference(access, other)?;
                Some((access, words))
            });
            if let Some((access, (words, confidence))) = access {
                report(&found, access, other, &words, confidence, findings);
            }
        }
    }
}

/// Returns by what `other` differs from an access token, if it is no access token itself.
fn difference(access: &Issued<'_>, other: &Issued<'_>) -> Option<(String, Confidence)> {
    let own = markers(other.token, access.token);
    let theirs = markers(access.token, other.token);
    if is_called_access(&own) {
        return None;
    }
    if let Some((name, texts)) = own.first() {
        let is_access = theirs.is_empty() || is_called_access(&theirs);
        let is_lesser = other.entry.verdict(Control::Authentication).refuses()
            || other.entry.id() == access.entry.id();
        let confidence = match is_access && is_lesser {
            true => Confidence::High,
            false => Confidence::Medium,
        };
        let texts: Vec<&str> = texts.iter().map(Ustr::as_str).collect();
        let is_told_apart = is_access || is_lesser;
        return is_told_apart
            .then(|| (format!("`{name}` is `{}`", texts.join("`, `")), confidence));
    }
    let is_pair = other.entry.id() == access.entry.id() && other.effect.span != access.effect.span;
    let (long, short) = (lifetime(other.token)?, lifetime(access.token)?);
    (theirs.is_empty() && is_pair && long > short.saturating_mul(4)).then(|| {
        (
            format!("it lives for {long} seconds and the other for {short}"),
            Confidence::Medium,
        )
    })
}

fn report(
    found: &Verified<'_>,
    access: &Issued<'_>,
    other: &Issued<'_>,
    words: &str,
    confidence: Confidence,
    findings: &mut Findings,
) {
    let function = &other.effect.function;
    findings
        .at(found.effect.span, function)
        .symbol(words)
        .entry_point(other.entry)
        .confidence(confidence)
        .title(format!("tokens of `{function}` pass as access tokens"))
        .message(format!(
            "They are signed with the same key, and nothing that `{}` or its callers check tells them apart: {words}.",
            found.effect.function
        ))
        .because("issued", other.effect.span, "the other kind is issued here")
        .because("compared-with", access.effect.span, "access tokens are issued here")
        .report();
}
