//! JUnit's XML, which nearly every build server shows: a test case for each finding, and one that passes if there is none.

use firedoor_analysis::ReportedFinding;

use crate::shape::Place;
use crate::{Context, DiffContext, Format, clean, words};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "junit",
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
    let allowed: Vec<&ReportedFinding> = context
        .shown()
        .filter(|reported| reported.suppressed.is_some())
        .collect();
    let open: Vec<&ReportedFinding> = context.open().collect();
    suite(context, &open, &allowed)
}

fn diff(context: &DiffContext) -> String {
    let after = context.after.context(context.view);
    suite(&after, &context.comparison.introduced, &[])
}

fn suite(context: &Context, open: &[&ReportedFinding], allowed: &[&ReportedFinding]) -> String {
    let mut cases: Vec<String> = open.iter().map(|it| failure(context, it)).collect();
    cases.extend(allowed.iter().map(|it| skipped(context, it)));
    if cases.is_empty() {
        cases.push(String::from(
            "    <testcase classname=\"firedoor\" name=\"no findings\"/>\n",
        ));
    }
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        cases.len(),
        open.len(),
        allowed.len()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"firedoor\" {counts}>\n  <testsuite name=\"firedoor\" {counts}>\n{}  </testsuite>\n</testsuites>\n",
        cases.concat()
    )
}

fn case(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let place = Place::new(context.files, finding.span);
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">\n",
        finding.rule.id,
        escape(&finding.title),
        escape(&context.view.host_path(&place.file)),
        place.line
    )
}

fn failure(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let mut lines = vec![Place::new(context.files, finding.span).to_string()];
    lines.push(finding.message.clone());
    for evidence in &finding.evidence {
        let place = Place::new(context.files, evidence.span);
        lines.push(format!("{place}: {}", evidence.message));
    }
    lines.push(finding.rule.remediation.to_owned());
    lines.push(format!("fingerprint {}", reported.fingerprint));
    lines.retain(|line| !line.is_empty());
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    format!(
        "{}      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
        case(context, reported),
        finding.severity.as_str(),
        escape(&finding.title),
        lines.join("\n")
    )
}

fn skipped(context: &Context, reported: &ReportedFinding) -> String {
    let why = words::allowance(reported).unwrap_or_default();
    format!(
        "{}      <skipped message=\"{}\"/>\n    </testcase>\n",
        case(context, reported),
        escape(&why)
    )
}

/// Returns `text` so that XML takes nothing in it for its own; characters that XML does not know are replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
