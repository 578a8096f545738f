//! Finds keys of tokens that fall back to a constant where a setting is missing.

use firedoor_app::{
    CheckKind, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, VerifyToken, query,
};
use ustr::Ustr;

use crate::token_kinds::keys;
use crate::{Confidence, Findings, Rule, Severity, place};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-secret-fallback",
    class: "jwt",
    summary: "tokens are signed with a key that stands in the source when a setting is missing",
    severity: Severity::High,
    cwe: &["CWE-1188"],
    remediation: "Refuse to start without the setting; keep a default for development out of the code that production runs.",
    page: include_str!("../fixtures/jwt-secret-fallback/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for (entry, effect, secret) in keys(map) {
        for origin in secret.origins() {
            if let Origin::Environment {
                name,
                fallback: Some(text),
            } = origin
                && !has_heir(map, secret, *name, *text)
            {
                let is_refused = text.is_empty() && !is_tried_empty(entry, effect, *name);
                report(map, (entry, effect), name, is_refused, findings);
            }
        }
    }
}

/// Holds if another setting stands between this one and the text that is taken where both are missing: the last of them
/// is the one to name. `process.env.KEY_FILE ? read(process.env.KEY_FILE) : process.env.KEY || 'x'`.
fn has_heir(map: &Map, secret: &Provenance, name: Ustr, text: Ustr) -> bool {
    let place = |name: Ustr| place::of_variable(map, &name).map(|span| (span.file, span.start));
    let own = place(name);
    secret.origins().iter().any(|origin| match origin {
        Origin::Environment {
            name: other,
            fallback: Some(theirs),
        } => *other != name && *theirs == text && own.is_some() && place(*other) > own,
        _ => false,
    })
}

fn report(
    map: &Map,
    (entry, effect): (&EntryPoint, &Effect),
    name: &str,
    is_refused: bool,
    findings: &mut Findings,
) {
    let read = place::of_variable(map, name);
    // With an empty key most libraries refuse to sign.
    let confidence = match is_refused {
        true => Confidence::Low,
        false => Confidence::High,
    };
    findings
        .at(read.unwrap_or(effect.span), name)
        .entry_point(entry)
        .confidence(confidence)
        .title(format!("without `{name}` tokens are signed with a key from the source"))
        .message(format!(
            "Where `{name}` is not set the key is a constant, and whoever reads the code makes tokens for anybody."
        ))
        .because(
            "uses",
            effect.span,
            format!("`{}` signs or verifies with it", effect.function),
        )
        .report();
}

/// Holds if the key is one of several that a token is tried with, nobody asks whether there is one, and the library
/// takes an empty one: an old key that most installations do not have.
fn is_tried_empty(entry: &EntryPoint, effect: &Effect, name: Ustr) -> bool {
    let EffectKind::Verify(found) = &effect.kind else {
        return false;
    };
    let is_setting =
        |origin: &Origin| matches!(origin, Origin::Environment { name: it, .. } if *it == name);
    let is_asked = entry.checks.iter().any(|check| {
        let mut examined = check.operands.iter().flat_map(Provenance::origins);
        check.kind != CheckKind::Failure && examined.any(is_setting)
    });
    let is_other = |other: &VerifyToken| {
        other.is_verified
            && other.token == found.token
            && !other.secret.is_empty()
            && !other.secret.origins().iter().any(is_setting)
    };
    found.takes_empty_key
        && !is_asked
        && query::verifications(entry).any(|(_, other)| is_other(other))
}
