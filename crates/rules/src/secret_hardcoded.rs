//! Finds keys that are nothing but constants of the source.

use firedoor_app::{Map, Origin};
use firedoor_source::Span;

use crate::secret_use::keys;
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
        let is_constant = !key.value.is_empty()
            && key.value.origins().iter().all(
                |origin| matches!(origin, Origin::Literal(text) if text.len() >= 4 && text != "null" && text != "true" && text != "false"),
            );
        if !is_constant || seen.contains(&key.span) {
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
