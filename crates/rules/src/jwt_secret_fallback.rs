//! Finds keys of tokens that fall back to a constant where a setting is missing.

use firedoor_app::{Effect, EntryPoint, Map, Origin};

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
            {
                report(map, (entry, effect), name, text, findings);
            }
        }
    }
}

fn report(
    map: &Map,
    (entry, effect): (&EntryPoint, &Effect),
    name: &str,
    text: &str,
    findings: &mut Findings,
) {
    let read = place::of_variable(map, name);
    // With an empty key most libraries refuse to sign.
    let confidence = match text.is_empty() {
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
