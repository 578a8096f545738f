//! Runs the rules and gives each finding its identity.

use std::panic::{AssertUnwindSafe, catch_unwind};

use firedoor_app::Map;
use firedoor_eval::words;
use firedoor_rules::{Finding, Rule};
use firedoor_source::FileSet;

use crate::judgements::{Judgement, Judgements, apply_to_entries, apply_to_findings};
use crate::suppress::{Remark, reason};
use crate::{Options, ReportedFinding, SkippedPart};

/// Returns the findings of all of `rules` that are switched on, worst first, then by place; and the rules that
/// failed, each of which costs its own findings only.
pub fn findings(
    rules: &[&'static Rule],
    map: &Map,
    files: &FileSet,
    options: &Options,
    remarks: &[Remark],
) -> (Vec<ReportedFinding>, Vec<SkippedPart>) {
    let mut findings = Vec::new();
    let mut failed = Vec::new();
    for rule in rules {
        if options.disabled_rules.iter().any(|id| id == rule.id) {
            continue;
        }
        let found = match catch_unwind(AssertUnwindSafe(|| firedoor_rules::run(rule, map))) {
            Ok(found) => found,
            Err(what) => {
                failed.push(failed_rule(rule, &words(what.as_ref())));
                continue;
            }
        };
        for mut finding in found {
            if is_public_on_purpose(map, &finding) {
                continue;
            }
            if let Some((_, severity)) = options.severities.iter().find(|(id, _)| id == rule.id) {
                finding.severity = *severity;
            }
            findings.push(finding);
        }
    }
    let mut findings = crate::told_twice::told_once(findings);
    findings.sort_by(|a, b| {
        (b.severity, a.span, a.rule.id, &a.symbol).cmp(&(a.severity, b.span, b.rule.id, &b.symbol))
    });
    let findings = findings
        .into_iter()
        .map(|finding| ReportedFinding {
            fingerprint: fingerprint(finding.rule.id, &finding.symbol),
            suppressed: reason(&finding, files, remarks),
            judged: None,
            in_baseline: false,
            finding,
        })
        .collect();
    (findings, failed)
}

/// Applies what was judged before, and returns what became of it.
pub fn settle(
    findings: &mut [ReportedFinding],
    map: &mut Map,
    judgements: &[Judgement],
) -> Judgements {
    let outcome = apply_to_findings(findings, map, judgements, |reported| {
        is_about_access(&reported.finding)
    });
    apply_to_entries(map, judgements, &outcome);
    outcome
}

fn failed_rule(rule: &Rule, what: &str) -> SkippedPart {
    SkippedPart {
        path: String::new(),
        rule: Some(rule.id),
        reason: "rule-failed",
        span: None,
        detail: format!(
            "the rule failed, so that its findings are missing; please report this: {what}"
        ),
    }
}

/// The identity hangs on the rule and the symbolic place, never on a line or a file.
pub fn fingerprint(rule: &str, symbol: &str) -> String {
    let text = format!("{rule}\n{symbol}");
    blake3::hash(text.as_bytes()).to_hex()[..24].to_owned()
}

/// Holds if it is about who may come in, which does not matter where everybody may.
fn is_about_access(finding: &Finding) -> bool {
    matches!(
        finding.rule.class,
        "broken-access-control" | "websocket-auth"
    )
}

/// An entry point that is public on purpose is not reported for being open.
fn is_public_on_purpose(map: &Map, finding: &Finding) -> bool {
    is_about_access(finding)
        && finding
            .entry_point
            .as_deref()
            .and_then(|id| map.entry_point(id))
            .is_some_and(|entry| entry.public_because.is_some())
}
