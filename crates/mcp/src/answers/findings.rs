//! The tool `findings`: what is wrong, with evidence.

use std::fmt::Write;

use firedoor_analysis::ReportedFinding;
use firedoor_report::clean;
use firedoor_rules::{Confidence, Severity};
use firedoor_source::FileSet;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked, checked_path, first_line, place, word};
use crate::analyses::Analysed;
use crate::page::Answer;

/// Which findings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingsArguments {
    /// Only those with their place or evidence in this file or folder, relative to the root.
    pub file: Option<String>,
    /// Only those about entry points whose id contains this.
    pub entry_point: Option<String>,
    /// Only those of this rule.
    pub rule: Option<String>,
    /// Only those at least this bad: `low`, `medium`, `high` or `critical`.
    pub severity: Option<String>,
    /// Those less sure than `medium` too, and those that were judged, allowed or are in the baseline.
    #[serde(default)]
    pub all: bool,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

/// Returns the findings that `arguments` ask for, worst first.
pub fn findings(analysed: &Analysed, arguments: &FindingsArguments) -> Result<Answer, String> {
    let file = checked_path("file", &arguments.file)?;
    let entry = checked("entry_point", &arguments.entry_point)?;
    let rule = checked("rule", &arguments.rule)?;
    let severities = [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ];
    let severities = severities.map(|severity| (severity.as_str(), severity));
    let severity = checked("severity", &arguments.severity)?
        .map(|it| word("severity", &it, &severities))
        .transpose()?;
    let files = &analysed.files;
    let is_meant = |reported: &&ReportedFinding| {
        let finding = &reported.finding;
        file.as_ref().is_none_or(|it| touches(files, reported, it))
            && entry.as_ref().is_none_or(|it| {
                let id = finding.entry_point.as_deref();
                id.is_some_and(|id| id.contains(it))
            })
            && rule.as_ref().is_none_or(|it| finding.rule.id == it)
            && severity.is_none_or(|it| finding.severity >= it)
    };
    let meant: Vec<&ReportedFinding> = analysed.report.findings.iter().filter(is_meant).collect();
    let shown: Vec<&&ReportedFinding> = meant
        .iter()
        .filter(|reported| arguments.all || counts(reported))
        .collect();
    let hidden = meant.len() - shown.len();
    let mut heading = format!("{} findings, worst first.", shown.len());
    if hidden > 0 {
        let _ = write!(
            heading,
            " {hidden} more are unsure, judged, allowed or in the baseline: `all` shows them."
        );
    }
    for fallen in &analysed.report.judgements.fallen {
        let _ = write!(
            heading,
            "\nThe judgement about {} ({}) has fallen: what it rested on has changed.",
            clean(fallen.judgement.judged.name()),
            clean(&fallen.judgement.heading())
        );
    }
    Ok(Answer {
        heading,
        items: shown.iter().map(|it| finding_text(files, it)).collect(),
        noun: "findings",
    })
}

fn counts(reported: &ReportedFinding) -> bool {
    reported.suppressed.is_none()
        && !reported.in_baseline
        && reported.finding.confidence >= Confidence::Medium
}

fn touches(files: &FileSet, reported: &ReportedFinding, wanted: &str) -> bool {
    let finding = &reported.finding;
    let spans = std::iter::once(finding.span).chain(finding.evidence.iter().map(|it| it.span));
    let wanted = wanted.trim_end_matches('/');
    spans.into_iter().any(|span| {
        let rest = files.path(span).strip_prefix(wanted);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Returns a finding in some lines: what, where, why, what to do.
pub fn finding_text(files: &FileSet, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let mut text = format!(
        "{}[{}] {}\n  at {}: {}",
        finding.severity.as_str(),
        finding.rule.id,
        clean(&finding.title),
        place(files, finding.span),
        first_line(files, finding.span)
    );
    if !finding.message.is_empty() {
        let _ = write!(text, "\n  {}", clean(&finding.message));
    }
    for evidence in &finding.evidence {
        if evidence.span == finding.span && evidence.message == finding.title {
            continue;
        }
        let _ = write!(
            text,
            "\n  {} {}: {}",
            evidence.role,
            place(files, evidence.span),
            clean(&evidence.message)
        );
    }
    let _ = write!(
        text,
        "\n  do: {}\n  {} confidence, fingerprint {}",
        finding.rule.remediation,
        finding.confidence.as_str(),
        reported.fingerprint
    );
    if let Some(reason) = &reported.suppressed {
        let how = match &reported.judged {
            Some(judged) => format!("judged {}", judged.ruling),
            None => String::from("allowed on purpose"),
        };
        let _ = write!(text, "\n  {how}: {}", clean(reason));
    }
    if reported.in_baseline {
        text.push_str("\n  in the baseline");
    }
    text
}
