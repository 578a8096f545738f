//! When a run fails.

use firedoor_analysis::ReportedFinding;
use firedoor_rules::{Confidence, Finding, Rule};
use firedoor_source::{FileId, Span};

use super::*;

static RULE: Rule = Rule {
    id: "example",
    class: "hardening",
    summary: "An example",
    severity: Severity::High,
    cwe: &[],
    remediation: "Do better.",
    page: "",
    check: |_, _| {},
};

fn report(severity: Severity, confidence: Confidence, suppressed: Option<&str>) -> Report {
    let finding = Finding {
        rule: &RULE,
        severity,
        confidence,
        title: String::new(),
        message: String::new(),
        entry_point: None,
        span: Span::new(FileId(0), 0, 0),
        evidence: Vec::new(),
        symbol: String::new(),
    };
    Report {
        findings: vec![ReportedFinding {
            finding,
            fingerprint: String::from("f00d"),
            suppressed: suppressed.map(str::to_owned),
            judged: None,
            in_baseline: false,
        }],
        ..Report::default()
    }
}

fn status_of(report: &Report, fail_on: Option<Severity>) -> u8 {
    let files = FileSet::default();
    let view = View::default();
    status(
        &Context {
            files: &files,
            report,
            view,
        },
        fail_on,
    )
}

#[test]
fn a_bad_finding_fails_the_run() {
    let report = report(Severity::High, Confidence::Medium, None);
    assert_eq!(status_of(&report, Some(Severity::High)), 1);
    assert_eq!(status_of(&report, Some(Severity::Low)), 1);
    assert_eq!(status_of(&report, Some(Severity::Critical)), 0);
    assert_eq!(status_of(&report, None), 0);
}

#[test]
fn allowed_and_unsure_findings_do_not() {
    let allowed = report(Severity::Critical, Confidence::High, Some("for the demo"));
    assert_eq!(status_of(&allowed, Some(Severity::Low)), 0);
    let unsure = report(Severity::Critical, Confidence::Low, None);
    assert_eq!(status_of(&unsure, Some(Severity::Low)), 0);
}

#[test]
fn a_prefix_is_a_way_from_the_top() {
    assert_eq!(folder("./services/api/"), "services/api");
    assert_eq!(folder("."), "");
}
