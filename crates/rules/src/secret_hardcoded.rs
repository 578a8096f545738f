//! Finds keys that are nothing but constants of the source.

use firedoor_app::{EffectKind, Map, Origin};
use firedoor_source::Span;

use crate::secret_use::{Key, keys};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "secret-hardcoded",
    class: "secrets",
    summary: "a key that signs, encrypts or authenticates stands in the source",
    severity: Severity::High,
    cwe: &["CWE-798"],
    remediation: "Read the key from a setting that is not in the repository, and change it.",
    page: include_str!("../fixtures/secret-hardcoded/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    // A helper that many entry points call is one place to repair.
    let mut seen: Vec<Span> = Vec::new();
    for key in keys(map) {
        if !(is_constant(&key) || is_signed_with_constant(&key)) || seen.contains(&key.span) {
            continue;
        }
        seen.push(key.span);
        let symbol = key
            .entry
            .map_or_else(|| key.purpose.to_owned(), |entry| entry.id());
        let mut finding = findings
            .at(key.span, &symbol)
            .confidence(Confidence::High)
            .title("a key stands in the source".to_owned())
            .message(format!(
                "The key that {} is a constant: whoever reads the code can use it.",
                key.purpose
            ))
            .because("uses", key.span, format!("it {} here", key.purpose));
        if let Some(entry) = key.entry {
            finding = finding.entry_point(entry);
        }
        finding.report();
    }
}

/// Holds if nothing but constants makes the key, or it is derived from one.
fn is_constant(key: &Key<'_>) -> bool {
    let origins = key.value.origins();
    let is_known = |origin: &Origin| match origin {
        Origin::Literal(text) => {
            text.len() >= 4 && !matches!(text.as_str(), "null" | "true" | "false")
        }
        Origin::KnownKey(text) => text.len() >= 4,
        _ => false,
    };
    let is_derived = origins.iter().any(|it| matches!(it, Origin::KnownKey(_)));
    let is_part =
        |origin: &Origin| is_known(origin) || (is_derived && matches!(origin, Origin::Digest));
    !origins.is_empty() && origins.iter().all(is_part) && (!is_derived || decides(key))
}

/// Holds unless it is only compared so that a stranger waits as long as others: nothing hangs on what comes of it.
fn decides(key: &Key<'_>) -> bool {
    let (Some(entry), Some(EffectKind::CompareSecret(found))) =
        (key.entry, key.effect.map(|effect| &effect.kind))
    else {
        return true;
    };
    let known = found.expected.origins().iter();
    let known: Vec<&Origin> = known
        .filter(|origin| matches!(origin, Origin::KnownKey(_)))
        .collect();
    entry.checks.iter().any(|check| {
        let provenance = check.provenance();
        check.refusal.is_some() && known.iter().any(|it| provenance.origins().contains(it))
    })
}

/// Holds if callers are let in by what is signed with a constant. A client that is let in by a signature of the server's
/// has it from the server; whoever has the key makes it for any record. What is digested with a constant on both sides
/// is only compared that way.
fn is_signed_with_constant(key: &Key<'_>) -> bool {
    let Some(EffectKind::CompareSecret(found)) = key.effect.map(|effect| &effect.kind) else {
        return false;
    };
    let is_known = |origin: &Origin| matches!(origin, Origin::KnownKey(text) if text.len() >= 4);
    found.expected.origins().contains(&Origin::Signature)
        && found.expected.origins().iter().any(is_known)
        && !found.given.origins().iter().any(is_known)
        && !found
            .expected
            .origins()
            .iter()
            .any(|it| matches!(it, Origin::Environment { .. }))
}
