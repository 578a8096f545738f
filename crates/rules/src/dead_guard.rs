//! Finds limiters that cannot act: they skip every request, allow more than anybody sends, or count under a
//! key that never repeats.

use firedoor_app::{EntryPoint, Flag, Map, Origin, Throttle};
use firedoor_source::Span;

use crate::throttle::throttles;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "dead-guard",
    class: "guard-not-wired",
    summary: "a limiter is mounted and cannot refuse anybody",
    severity: Severity::High,
    cwe: &["CWE-799"],
    remediation: "Count under a key that stays the same for one client, with a limit that attempts can reach, and skip nothing.",
    page: include_str!("../fixtures/dead-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        for (throttle, span, name) in throttles(entry) {
            if let Some(why) = dead(throttle) {
                report(entry, span, &name, why, findings);
            }
        }
    }
}

fn dead(throttle: &Throttle) -> Option<&'static str> {
    if throttle.skips == Flag::On {
        return Some("it skips every request");
    }
    let changes = throttle.key.origins().iter().any(|origin| match origin {
        Origin::Random { .. } | Origin::Clock => true,
        Origin::Request(firedoor_app::RequestPart::Address, field) => {
            field.to_ascii_lowercase().contains("port")
        }
        _ => false,
    });
    if changes {
        return Some("its key differs from request to request");
    }
    let per_minute = match (throttle.limit, throttle.window) {
        (Some(limit), Some(window)) if window > 0 => limit.saturating_mul(60) / window,
        (Some(limit), None) => limit,
        _ => 0,
    };
    (per_minute > 100_000).then_some("nobody reaches its limit")
}

fn report(entry: &EntryPoint, span: Span, name: &str, why: &str, findings: &mut Findings) {
    findings
        .at(span, name)
        .entry_point(entry)
        .title(format!("`{name}` counts and never refuses"))
        .message(format!(
            "It stands before `{}` and limits nothing: {why}.",
            entry.id()
        ))
        .because(
            "stands-before",
            entry.registered,
            format!("`{}`", entry.id()),
        )
        .report();
}
