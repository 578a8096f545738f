//! Finds guards that are there only under a condition that production need not meet.

use firedoor_app::{Control, EntryPoint, Layer, Map, Transport, Verdict, query};

use crate::exposure::is_public_by_nature;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "conditional-guard",
    class: "guard-not-wired",
    summary: "a guard is mounted or acts only under a condition",
    severity: Severity::Medium,
    cwe: &["CWE-863"],
    remediation: "Mount the guard always; let settings change its numbers, not its presence.",
    page: include_str!("../fixtures/conditional-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in map
        .entry_points
        .iter()
        .filter(|entry| entry.transport == Transport::Http)
    {
        for control in [
            Control::Authentication,
            Control::Authorization,
            Control::RateLimit,
        ] {
            let Verdict::Conditional(condition) = entry.verdict(control) else {
                continue;
            };
            let matters = match control {
                Control::RateLimit => {
                    query::verifies_password(entry) || query::verifies_code(entry)
                }
                Control::Authentication if is_public_by_nature(map, entry) => false,
                _ => !entry.effects.is_empty(),
            };
            let layer = entry.layers.iter().find(|layer| {
                layer.controls.contains(&control)
                    && matches!(layer.verdict, Verdict::Conditional(_))
            });
            if let (true, Some(layer)) = (matters, layer) {
                report(entry, layer, &condition, findings);
            }
        }
    }
}

fn report(entry: &EntryPoint, layer: &Layer, condition: &str, findings: &mut Findings) {
    findings
        .at(layer.mounted, &layer.name)
        .entry_point(entry)
        .title(format!("`{}` guards only if {condition}", layer.name))
        .message(format!("Otherwise `{}` is reached without it.", entry.id()))
        .because("guard", layer.span, "the guard")
        .because("reached", entry.registered, format!("`{}`", entry.id()))
        .report();
}
