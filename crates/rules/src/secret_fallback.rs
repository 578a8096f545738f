//! Finds keys that are constants of the source where a setting is missing.

use firedoor_app::{CheckKind, Map, Origin};
use ustr::Ustr;

use crate::secret_use::{Key, keys};
use crate::{Confidence, Findings, Rule, Severity, place};

/// The rule.
pub static RULE: Rule = Rule {
    id: "secret-fallback",
    class: "secrets",
    summary: "a key is a constant of the source where its setting is missing",
    severity: Severity::High,
    cwe: &["CWE-798", "CWE-1188"],
    remediation: "Refuse to start without the setting, at least outside of development.",
    page: include_str!("../fixtures/secret-fallback/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for key in keys(map) {
        for origin in key.value.origins() {
            let Origin::Environment {
                name,
                fallback: Some(text),
            } = origin
            else {
                continue;
            };
            let confidence = match text.as_str() {
                "" if signs_unasked(&key, *name) => Confidence::Medium,
                "" | "null" => Confidence::Low,
                _ => Confidence::High,
            };
            let mut finding = findings
                .at(key.span, name)
                .confidence(confidence)
                .title(format!("without `{name}` the key stands in the source"))
                .message(format!(
                    "Where `{name}` is not set the key that {} is a constant, known to whoever reads the code.",
                    key.purpose
                ))
                .because("uses", key.span, format!("it {} here", key.purpose));
            if let Some(read) = place::of_variable(map, name).filter(|read| *read != key.span) {
                finding = finding.because("reads", read, format!("`{name}` is read here"));
            }
            if let Some(entry) = key.entry {
                finding = finding.entry_point(entry);
            }
            finding.report();
        }
    }
}

/// An empty key signs as well as any other, and is known to everybody: unless somebody looks first whether there is one.
fn signs_unasked(key: &Key<'_>, name: Ustr) -> bool {
    let (Some(entry), Some(effect)) = (key.entry, key.effect) else {
        return false;
    };
    let is_setting =
        |origin: &Origin| matches!(origin, Origin::Environment { name: it, .. } if *it == name);
    let is_asked = entry.checks_of(effect).any(|check| {
        let mut operands = check.operands.iter();
        matches!(
            check.kind,
            CheckKind::Presence | CheckKind::Equality | CheckKind::Bound
        ) && operands.any(|operand| {
            operand.origins().iter().any(is_setting)
                && !operand.origins().contains(&Origin::Signature)
        })
    });
    key.value.origins().contains(&Origin::Signature) && !is_asked
}
