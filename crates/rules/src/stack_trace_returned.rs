//! Finds answers that show where in the code something failed.

use firedoor_app::{EffectKind, Map};

use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "stack-trace-returned",
    class: "hardening",
    summary: "an answer shows a stack trace",
    severity: Severity::Low,
    cwe: &["CWE-209"],
    remediation: "Log the trace and answer with a general message.",
    page: include_str!("../fixtures/stack-trace-returned/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let shown = entry.effects.iter().find(|effect| {
            matches!(&effect.kind, EffectKind::Respond { body, is_error: false, .. }
                if body.iter().any(|field| is_trace(&field.name)))
        });
        if let Some(effect) = shown {
            findings
                .at_entry(entry)
                .span(effect.span)
                .confidence(Confidence::Low)
                .title(format!("`{}` shows a stack trace", entry.id()))
                .message("It tells strangers paths, libraries and versions.")
                .because("answers", effect.span, "the trace is part of this answer")
                .report();
        }
    }
}

fn is_trace(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(last, "stack" | "stacktrace" | "stackTrace" | "traceback")
}
