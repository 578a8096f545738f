//! Finds keys of tokens that are nothing but constants.

use firedoor_app::{Map, Origin, Provenance};

use crate::token_kinds::keys;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "jwt-secret-hardcoded",
    class: "jwt",
    summary: "the key of tokens is a constant in the source",
    severity: Severity::High,
    cwe: &["CWE-798"],
    remediation: "Read the key from a setting that is not in the repository, and change the key.",
    page: include_str!("../fixtures/jwt-secret-hardcoded/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut seen: Vec<&Provenance> = Vec::new();
    for (entry, effect, secret) in keys(map) {
        if !is_constant(secret) || seen.contains(&secret) {
            continue;
        }
        seen.push(secret);
        findings
            .at(effect.span, &effect.function)
            .entry_point(entry)
            .title(format!(
                "`{}` uses a key that stands in the source",
                effect.function
            ))
            .message(
                "The key is a constant: whoever reads the code makes tokens that are accepted.",
            )
            .because(
                "reached",
                entry.registered,
                format!("`{}` runs it", entry.id()),
            )
            .report();
    }
}

/// Holds if nothing but constants makes up the key. A key that everybody may know is none.
fn is_constant(secret: &Provenance) -> bool {
    let is_known = |origin: &Origin| match origin {
        Origin::Literal(text) => !text.is_empty() && text != "null" && !is_public_key(text),
        Origin::Digest => true,
        _ => false,
    };
    let has_literal = secret
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Literal(_)));
    has_literal && secret.origins().iter().all(is_known)
}

fn is_public_key(text: &str) -> bool {
    text.contains("BEGIN PUBLIC KEY")
        || text.contains("BEGIN RSA PUBLIC KEY")
        || text.contains("BEGIN CERTIFICATE")
}
