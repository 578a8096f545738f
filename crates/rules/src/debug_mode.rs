//! Finds applications that are served with the debugging aids of their framework.

use firedoor_app::{Flag, Map, SettingKind};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "debug-mode",
    class: "hardening",
    summary: "debugging aids are switched on",
    severity: Severity::Low,
    cwe: &["CWE-489"],
    remediation: "Switch them off, or on by a setting that production does not have.",
    page: include_str!("../fixtures/debug-mode/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for setting in &map.settings {
        if setting.kind == SettingKind::Debug(Flag::On) && setting.condition.is_none() {
            findings
                .at(setting.span, &setting.app)
                .confidence(Confidence::Low)
                .title("debugging aids are switched on")
                .message("Errors show source and variables to whoever causes them.")
                .report();
        }
    }
}
