//! Runs the rules and gives each finding its identity.

use std::panic::{AssertUnwindSafe, catch_unwind};

use firedoor_app::Map;
use firedoor_rules::{Finding, RULES};
use firedoor_source::FileSet;

use crate::suppress::{Remark, reason};
use crate::{Options, ReportedFinding};

/// Returns the findings of all rules that are switched on, worst first, then by place.
pub fn findings(
    map: &Map,
    files: &FileSet,
    options: &Options,
    remarks: &[Remark],
) -> Vec<ReportedFinding> {
    let mut findings = Vec::new();
    for rule in RULES {
        if options.disabled_rules.iter().any(|id| id == rule.id) {
            continue;
        }
        let found =
            catch_unwind(AssertUnwindSafe(|| firedoor_rules::run(rule, map))).unwrap_or_default();
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
    findings.sort_by(|a, b| {
        (b.severity, a.span, a.rule.id, &a.symbol).cmp(&(a.severity, b.span, b.rule.id, &b.symbol))
    });
    findings
        .into_iter()
        .map(|finding| ReportedFinding {
            fingerprint: fingerprint(finding.rule.id, &finding.symbol),
            suppressed: reason(&finding, files, remarks),
            finding,
        })
        .collect()
}

/// The identity hangs on the rule and the symbolic place, never on a line or a file.
pub fn fingerprint(rule: &str, symbol: &str) -> String {
    let text = format!("{rule}\n{symbol}");
    blake3::hash(text.as_bytes()).to_hex()[..24].to_owned()
}

/// An entry point that is public on purpose is not reported for being open.
fn is_public_on_purpose(map: &Map, finding: &Finding) -> bool {
    let is_about_access = matches!(
        finding.rule.class,
        "broken-access-control" | "websocket-auth"
    );
    is_about_access
        && finding
            .entry_point
            .as_deref()
            .and_then(|id| map.entry_point(id))
            .is_some_and(|entry| entry.public_because.is_some())
}
