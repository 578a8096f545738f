//! Every rule's pages run as tests of that very rule.

use std::path::{Path, PathBuf};

use firedoor_analysis::{Options, analyse};
use firedoor_rules::{Confidence, Finding, RULES};
use firedoor_testkit::{Outcome, Section, Tag, run_pages};

fn folder(rule: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(rule)
}

/// Rules all of whose findings are hints: on their pages those of low confidence count.
const HINTS: &[&str] = &[
    "debug-mode",
    "docs-exposed",
    "refresh-cookie-broad-path",
    "security-headers-missing",
    "stack-trace-returned",
];

#[test]
fn every_rule_has_examples() {
    let without: Vec<&str> = RULES
        .iter()
        .filter(|rule| !rule.page.contains("`:\n"))
        .map(|rule| rule.id)
        .collect();
    assert_eq!(without, [] as [&str; 0]);
}

#[test]
fn pages() {
    let mut failures = Vec::new();
    for rule in RULES {
        let run = || {
            run_pages(folder(rule.id), &["finding"], |section| {
                run_section(rule.id, section)
            })
        };
        if let Err(panic) = std::panic::catch_unwind(run) {
            let text = panic
                .downcast_ref::<String>()
                .cloned()
                .unwrap_or_else(|| "failed".to_owned());
            failures.push(format!("== {}\n{text}", rule.id));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A page runs only its own rule; findings of low confidence are not in the default output and do not count,
/// unless the rule has no others.
fn run_section(rule: &str, section: &Section) -> Outcome {
    let files = section.file_set();
    let others = RULES.iter().filter(|other| other.id != rule);
    let options = Options {
        disabled_rules: others.map(|other| other.id.to_owned()).collect(),
        ..Options::default()
    };
    let report = analyse(&files, &options);
    let found: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|found| found.finding.rule.id == rule && found.suppressed.is_none())
        .filter(|found| found.finding.confidence > Confidence::Low || HINTS.contains(&rule))
        .map(|found| &found.finding)
        .collect();
    let tags = found.iter().map(|finding| {
        let span = finding.span;
        Tag::new(files.path(span), files.start(span).line, "finding", rule)
    });
    let evidence = found.iter().flat_map(|finding| &finding.evidence);
    let evidence: Vec<String> = evidence
        .map(|part| {
            let line = files.start(part.span).line;
            format!("{}:{line} {}", files.path(part.span), part.message)
        })
        .collect();
    Outcome {
        tags: tags.collect(),
        snapshots: vec![("findings".to_owned(), evidence.join("\n"))],
    }
}
