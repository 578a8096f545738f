//! Finds applications that never send the headers that tell browsers to be careful.

use firedoor_app::{Flag, Map, SettingKind, Transport};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "security-headers-missing",
    class: "hardening",
    summary: "no headers tell browsers to be careful",
    severity: Severity::Low,
    cwe: &["CWE-693"],
    remediation: "Mount a layer that sets them, such as helmet.",
    page: include_str!("../fixtures/security-headers-missing/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let is_set = map.settings.iter().any(
        |setting| matches!(&setting.kind, SettingKind::SecurityHeaders(flag) if *flag != Flag::Off),
    );
    let first = map
        .entry_points
        .iter()
        .find(|entry| entry.transport == Transport::Http);
    let Some(entry) = first.filter(|_| !is_set) else {
        return;
    };
    findings
        .at(entry.registered, &entry.app)
        .confidence(Confidence::Low)
        .title("no answer tells browsers to be careful")
        .message("No layer that sets security headers was found; a proxy in front may set them.")
        .because("for-example", entry.registered, format!("`{}`", entry.id()))
        .report();
}
