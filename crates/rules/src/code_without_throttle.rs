//! Finds entry points at which short codes can be guessed without end.

use firedoor_app::{EntryPoint, Map, query};

use crate::login_without_throttle::numbers;
use crate::throttle::is_throttled;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "code-without-throttle",
    class: "rate-limit",
    summary: "one-time codes can be guessed without limit",
    severity: Severity::High,
    cwe: &["CWE-307"],
    remediation: "Count wrong codes per account and refuse after a few, besides a limit by address.",
    page: include_str!("../fixtures/code-without-throttle/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if query::verifies_code(entry) && !is_throttled(entry) {
            report(entry, findings);
        }
    }
}

fn report(entry: &EntryPoint, findings: &mut Findings) {
    let Some(effect) = query::compared_code(entry) else {
        return;
    };
    findings
        .at_entry(entry)
        .title(format!("codes can be guessed at `{}`", entry.id()))
        .message(numbers(entry))
        .because("compares", effect.span, "the code is compared here")
        .report();
}
