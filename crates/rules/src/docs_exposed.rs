//! Finds interface documentation that is served to everybody.

use firedoor_app::{Flag, Map, SettingKind};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "docs-exposed",
    class: "hardening",
    summary: "the documentation of the interface is served to everybody",
    severity: Severity::Low,
    cwe: &["CWE-200"],
    remediation: "Switch it off in production, or put it behind authentication.",
    page: include_str!("../fixtures/docs-exposed/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for setting in &map.settings {
        let SettingKind::Docs(flag) = &setting.kind else {
            continue;
        };
        if matches!(flag, Flag::On | Flag::Default) && setting.condition.is_none() {
            findings
                .at(setting.span, &setting.app)
                .confidence(Confidence::Low)
                .title("the documentation of the interface is served to everybody")
                .message("It lists every entry point, those for administrators included.")
                .report();
        }
    }
}
