//! Annotations of GitHub's workflows: lines on the standard output that the runner shows beside the code.

use firedoor_analysis::ReportedFinding;
use firedoor_rules::Severity;

use crate::shape::Region;
use crate::words::count;
use crate::{Context, DiffContext, Format, clean};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "github",
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

fn check(context: &Context) -> String {
    let open: Vec<&ReportedFinding> = context.open().collect();
    let mut text = annotations(context, &open);
    text.push_str(&count(open.len(), "finding", "findings"));
    text.push('\n');
    text
}

/// Only what the change introduces is annotated: the rest is not what the reviewer looks at.
fn diff(context: &DiffContext) -> String {
    let introduced = &context.comparison.introduced;
    let mut text = annotations(&context.after.context(context.view), introduced);
    let words = ("finding introduced", "findings introduced");
    text.push_str(&count(introduced.len(), words.0, words.1));
    text.push('\n');
    text
}

fn annotations(context: &Context, findings: &[&ReportedFinding]) -> String {
    findings.iter().map(|it| annotation(context, it)).collect()
}

fn annotation(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let region = Region::new(context.files, finding.span);
    let level = match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "notice",
    };
    // The runner knows columns within one line only.
    let columns = match region.line == region.end_line {
        true => format!(",col={},endColumn={}", region.column, region.end_column),
        false => String::new(),
    };
    format!(
        "::{level} file={},line={},endLine={}{columns},title={}::{}\n",
        property(&context.view.host_path(&region.file)),
        region.line,
        region.end_line,
        property(&format!("{} ({})", finding.title, finding.rule.id)),
        data(&message(finding)),
    )
}

fn message(finding: &firedoor_rules::Finding) -> String {
    let parts = [finding.message.as_str(), finding.rule.remediation];
    let parts: Vec<&str> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    match parts.is_empty() {
        true => finding.title.clone(),
        false => parts.join("\n"),
    }
}

/// Returns `text` as the message of a command: what would end the line is written in hexadecimal.
pub fn data(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| clean(line).replace('%', "%25"))
        .collect();
    lines.join("%0A")
}

/// Returns `text` as a property of a command, in which colons and commas have a meaning too.
pub fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
