//! Finds entry points that read who is asking, and act for those who do not say it too.

use firedoor_app::{Control, Map, Verdict};

use crate::exposure::{is_public_by_nature, worst};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "optional-authentication",
    class: "broken-access-control",
    summary: "the identity is read, and nobody is refused",
    severity: Severity::High,
    cwe: &["CWE-287"],
    remediation: "Refuse requests whose credential is missing or wrong before anything is done for them.",
    page: include_str!("../fixtures/optional-authentication/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if entry.verdict(Control::Authentication) != Verdict::Observed
            || is_public_by_nature(map, entry)
        {
            continue;
        }
        let Some(exposure) = worst(map, entry, &entry.exposed) else {
            continue;
        };
        if exposure.confidence == Confidence::Low {
            continue;
        }
        let mut finding = findings
            .at_entry(entry)
            .confidence(exposure.confidence)
            .title(format!("`{}` {} whether or not the caller is known", entry.id(), exposure.words))
            .message("A layer reads the caller's credential, but a request without one, or with a wrong one, goes on.")
            .because("effect", exposure.span, format!("{} here", exposure.words));
        for layer in &entry.layers {
            if layer.controls.contains(&Control::Authentication) {
                finding = finding.because(
                    "guard",
                    layer.span,
                    format!("`{}` reads the credential and refuses nobody", layer.name),
                );
            }
        }
        finding.report();
    }
}
