//! Finds entry points at which short codes can be guessed without end.

use firedoor_app::{
    ComparisonKind, Control, EffectKind, EntryPoint, Field, Map, Operation, Origin, Verdict, query,
};

use crate::login_without_throttle::numbers;
use crate::secret_size::is_long;
use crate::throttle::{is_throttled, with_place};
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
        if query::verifies_code(entry) && !is_throttled(map, entry) && !is_enrolment(entry) {
            report(map, entry, findings);
        }
    }
}

/// Whoever enrols is shown the secret: there is nothing to guess until it is switched on.
fn is_enrolment(entry: &EntryPoint) -> bool {
    let switches_on = |field: &Field| {
        let name = field.name.to_ascii_lowercase();
        let is_state = ["enabled", "confirmed", "verified", "active"]
            .iter()
            .any(|word| name.contains(word));
        is_state
            && field.value.origins().iter().any(|origin| match origin {
                Origin::Clock => true,
                Origin::Literal(text) => text == "true",
                _ => false,
            })
    };
    entry.verdict(Control::Authentication) == Verdict::Enforced
        && query::handler_accesses(entry).any(|(_, access)| {
            access.operation != Operation::Delete && access.values.iter().any(switches_on)
        })
}

fn report(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let Some(effect) = query::compared_code(entry) else {
        return;
    };
    // The key of codes that follow from the time is long, and they are not.
    if let EffectKind::CompareSecret(found) = &effect.kind
        && found.kind != ComparisonKind::Code
        && is_long(map, &found.expected)
    {
        return;
    }
    let finding = findings
        .at_entry(entry)
        .title(format!("codes can be guessed at `{}`", entry.id()))
        .message(numbers(entry))
        .because("compares", effect.span, "the code is compared here");
    with_place(finding, entry).report();
}
