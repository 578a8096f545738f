//! SARIF 2.1.0, for code scanning: rules with their help, findings with places, fingerprints and suppressions.

use firedoor_analysis::ReportedFinding;
use firedoor_rules::{Rule, Severity};
use firedoor_source::Span;
use serde::Serialize;

use crate::json::print;
use crate::shape::Region;
use crate::{Context, DiffContext, Format, words};

/// The format.
pub(crate) const FORMAT: Format = Format {
    name: "sarif",
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

const HOME: &str = env!("CARGO_PKG_REPOSITORY");
/// Names the way in which fingerprints are made; a new way gets a new name.
const FINGERPRINT: &str = "firedoor/v1";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Columns count characters.
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<RuleMetadata>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleMetadata {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: MarkdownText,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    /// Code hosts order alerts by it.
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct MarkdownText {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    related_locations: Vec<Location>,
    /// Whether it was there before, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_state: Option<&'static str>,
    partial_fingerprints: std::collections::BTreeMap<&'static str, String>,
    suppressions: Vec<Suppression>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct ResultProperties {
    class: &'static str,
    severity: &'static str,
    confidence: &'static str,
    #[serde(rename = "entryPoint")]
    entry_point: Option<String>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<SarifRegion>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

fn check(context: &Context) -> String {
    let has_baseline = context.report.findings.iter().any(|it| it.in_baseline);
    log(context, |reported| {
        let state = if reported.in_baseline {
            "unchanged"
        } else {
            "new"
        };
        has_baseline.then_some(state)
    })
}

/// What was fixed has no place in the files that a host shows, and is closed there by being absent.
fn diff(context: &DiffContext) -> String {
    let is_new = |reported: &ReportedFinding| {
        let mut introduced = context.comparison.introduced.iter();
        introduced.any(|it| std::ptr::eq(*it, reported))
    };
    log(&context.after.context(context.view), |reported| {
        Some(if is_new(reported) { "new" } else { "unchanged" })
    })
}

fn log(context: &Context, state: impl Fn(&ReportedFinding) -> Option<&'static str>) -> String {
    let rules = rules(context);
    let results = context
        .shown()
        .map(|reported| SarifResult {
            baseline_state: state(reported),
            ..result(context, reported, &rules)
        })
        .collect();
    print(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "firedoor",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: HOME,
                    rules: rules.iter().map(|rule| metadata(rule)).collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: notifications(context),
            }],
            results,
        }],
    })
}

/// Returns the rules of the findings, in the order of their ids. A host shows those that it has results of.
fn rules(context: &Context) -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = context
        .shown()
        .map(|reported| reported.finding.rule)
        .collect();
    rules.sort_by_key(|rule| rule.id);
    rules.dedup_by_key(|rule| rule.id);
    rules
}

fn metadata(rule: &Rule) -> RuleMetadata {
    let mut tags = vec![String::from("security"), rule.class.to_owned()];
    tags.extend(
        rule.cwe
            .iter()
            .map(|cwe| format!("external/cwe/{}", cwe.to_ascii_lowercase())),
    );
    RuleMetadata {
        id: rule.id,
        short_description: text(rule.summary),
        full_description: text(rule.summary),
        help: MarkdownText {
            text: rule.remediation.to_owned(),
            markdown: if rule.page.is_empty() {
                rule.remediation.to_owned()
            } else {
                rule.page.to_owned()
            },
        },
        default_configuration: Configuration {
            level: level(rule.severity),
        },
        properties: RuleProperties {
            tags,
            security_severity: match rule.severity {
                Severity::Critical => "9.5",
                Severity::High => "8.0",
                Severity::Medium => "5.5",
                Severity::Low => "3.0",
            },
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

fn text(text: &str) -> Text {
    Text {
        text: text.to_owned(),
    }
}

fn result(context: &Context, reported: &ReportedFinding, rules: &[&'static Rule]) -> SarifResult {
    let finding = &reported.finding;
    let message = match finding.message.as_str() {
        "" => finding.title.clone(),
        message => format!("{}. {message}", finding.title.trim_end_matches('.')),
    };
    SarifResult {
        rule_id: finding.rule.id,
        rule_index: rules
            .iter()
            .position(|rule| rule.id == finding.rule.id)
            .unwrap_or_default(),
        level: level(finding.severity),
        message: Text { text: message },
        locations: [location(context, finding.span)],
        related_locations: finding
            .evidence
            .iter()
            .enumerate()
            .map(|(index, evidence)| Location {
                id: Some(index + 1),
                message: Some(text(&evidence.message)),
                ..location(context, evidence.span)
            })
            .collect(),
        baseline_state: None,
        partial_fingerprints: [(FINGERPRINT, reported.fingerprint.clone())].into(),
        suppressions: reported
            .suppressed
            .iter()
            .map(|reason| Suppression {
                kind: match reported.judged {
                    Some(_) => "external",
                    None => "inSource",
                },
                justification: match &reported.judged {
                    Some(_) => words::allowance(reported).unwrap_or_default(),
                    None => reason.clone(),
                },
            })
            .collect(),
        properties: ResultProperties {
            class: finding.rule.class,
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            entry_point: finding.entry_point.clone(),
        },
    }
}

fn location(context: &Context, span: Span) -> Location {
    let region = Region::new(context.files, span);
    Location {
        id: None,
        message: None,
        physical_location: PhysicalLocation {
            artifact_location: artifact(&context.view.host_path(&region.file)),
            region: Some(SarifRegion {
                start_line: region.line,
                start_column: region.column,
                end_line: region.end_line,
                end_column: region.end_column,
            }),
        },
    }
}

fn artifact(path: &str) -> ArtifactLocation {
    ArtifactLocation {
        uri: uri(path),
        uri_base_id: "%SRCROOT%",
    }
}

/// Returns `path` as a relative URI: bytes that a path of one may not have are written in hexadecimal.
pub fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

/// What was not seen belongs to the result as much as what was.
fn notifications(context: &Context) -> Vec<Notification> {
    let unresolved = context
        .report
        .map
        .unresolved
        .iter()
        .map(|note| Notification {
            level: "note",
            message: Text {
                text: format!("not resolved ({}): {}", note.reason, note.detail),
            },
            locations: vec![location(context, note.span)],
        });
    let skipped = context.report.skipped.iter().map(|part| match part.rule {
        Some(rule) => Notification {
            level: "error",
            message: Text {
                text: format!("not checked ({}): {rule}: {}", part.reason, part.detail),
            },
            locations: Vec::new(),
        },
        None => Notification {
            level: "warning",
            message: Text {
                text: format!("not read ({}): {}", part.reason, part.detail),
            },
            locations: vec![match part.span {
                Some(span) => location(context, span),
                None => location_of_file(&context.view.host_path(&part.path)),
            }],
        },
    });
    let fallen = context.report.judgements.fallen.iter().map(|one| {
        let (about, changes) = words::fallen(one);
        Notification {
            level: "warning",
            message: Text {
                text: format!("judgement fallen: {about}: {}", changes.join("; ")),
            },
            locations: Vec::new(),
        }
    });
    unresolved.chain(skipped).chain(fallen).collect()
}

fn location_of_file(path: &str) -> Location {
    Location {
        id: None,
        message: None,
        physical_location: PhysicalLocation {
            artifact_location: artifact(path),
            region: None,
        },
    }
}
