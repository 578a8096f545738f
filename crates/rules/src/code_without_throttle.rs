//! Finds entry points at which short codes can be guessed without end.

use firedoor_app::{
    ComparisonKind, Control, EffectKind, EntryPoint, Field, Map, Operation, Origin, Verdict, query,
};
use firedoor_source::Span;

use crate::counted_late::counted_late;
use crate::forgotten::{Forgotten, forgotten};
use crate::login_without_throttle::numbers;
use crate::secret_size::is_long;
use crate::throttle::{is_throttled, with_place};
use crate::{Confidence, Findings, Rule, Severity};

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
        if is_throttled(map, entry) {
            report_late(entry, findings);
        }
    }
    // One log-in forgets the codes of all entry points; the step behind it comes first.
    let mut entries: Vec<&EntryPoint> = map.entry_points.iter().collect();
    entries.sort_by_key(|entry| entry.verdict(Control::Authentication).refuses());
    let mut seen: Vec<Span> = Vec::new();
    for entry in entries {
        if let Some(found) = forgotten(map, entry)
            && !seen.contains(&found.set_back)
        {
            seen.push(found.set_back);
            report_forgotten(entry, &found, findings);
        }
    }
}

fn report_forgotten(entry: &EntryPoint, found: &Forgotten<'_>, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol("forgotten")
        .confidence(Confidence::Medium)
        .title(format!("each log-in forgets the wrong codes of `{}`", entry.id()))
        .message(format!(
            "`{}` sets their number back once the password was right: whoever knows that tries codes without end.",
            found.log_in.id()
        ))
        .because("compares", found.compared, "the code is compared here")
        .because("forgets", found.set_back, "the number is set back here")
        .report();
}

/// A count of the account that stops nobody.
fn report_late(entry: &EntryPoint, findings: &mut Findings) {
    let late = counted_late(entry).filter(|_| query::verifies_code(entry));
    if let Some(late) = late
        && late.secret.kind != ComparisonKind::Password
    {
        findings
            .at_entry(entry)
            .symbol("late")
            .confidence(Confidence::Medium)
            .title(format!("codes are counted too late at `{}`", entry.id()))
            .message(late.side.words())
            .because("compares", late.compared, "the code is compared here")
            .because("counts", late.counted, "the attempt is counted here")
            .report();
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
