//! GitLab's code quality report: what a merge request shows beside the changed lines.

use firedoor_analysis::ReportedFinding;
use firedoor_rules::Severity;
use serde::Serialize;

use crate::json::print;
use crate::shape::Region;
use crate::{Context, DiffContext, Format};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "gitlab",
    check: Some(check),
    map: None,
    explain: None,
    diff: Some(diff),
    history: None,
    study: None,
    rules: None,
    review: None,
    questions: None,
    self_test: None,
    probe: None,
};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    /// GitLab recognises an issue again by it, and wants it unique within a report.
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

fn check(context: &Context) -> String {
    issues(context, context.open())
}

fn diff(context: &DiffContext) -> String {
    let introduced = context.comparison.introduced.iter().copied();
    issues(&context.after.context(context.view), introduced)
}

fn issues<'a>(
    context: &Context<'a>,
    findings: impl Iterator<Item = &'a ReportedFinding>,
) -> String {
    let mut seen = std::collections::BTreeMap::new();
    let issues: Vec<Issue> = findings
        .map(|reported| {
            let number = seen.entry(reported.fingerprint.as_str()).or_insert(0_usize);
            *number += 1;
            issue(context, reported, *number)
        })
        .collect();
    print(&issues)
}

fn issue(context: &Context, reported: &ReportedFinding, number: usize) -> Issue {
    let finding = &reported.finding;
    let region = Region::new(context.files, finding.span);
    let title = finding.title.trim_end_matches('.');
    Issue {
        description: match finding.message.as_str() {
            "" => title.to_owned(),
            message => format!("{title}. {message}"),
        },
        check_name: finding.rule.id,
        fingerprint: match number {
            1 => reported.fingerprint.clone(),
            again => format!("{}-{again}", reported.fingerprint),
        },
        severity: match finding.severity {
            Severity::Critical => "blocker",
            Severity::High => "critical",
            Severity::Medium => "major",
            Severity::Low => "minor",
        },
        location: Location {
            path: context.view.host_path(&region.file),
            lines: Lines {
                begin: region.line,
                end: region.end_line,
            },
        },
    }
}
