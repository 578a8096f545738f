//! Holds the six applications below `examples/parity/` to one table: one map and one set of findings.
//!
//! They are one application, written in six frameworks. A rule or a verdict that holds for one holds for all, or
//! the application map lacks a word; where a framework forces a difference, the table says why.
#![allow(
    clippy::disallowed_methods,
    reason = "a test may read the examples from the disk; the crate under test may not"
)]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firedoor_analysis::{Options, Report, analyse};
use firedoor_app::{Control, EntryPoint};
use firedoor_rules::Confidence;
use firedoor_source::FileSet;
use serde_json::Value;

const CONTROLS: [Control; 6] = [
    Control::Authentication,
    Control::Authorization,
    Control::Ownership,
    Control::RateLimit,
    Control::Csrf,
    Control::Origin,
];

#[test]
fn express() {
    assert_parity("express");
}

#[test]
fn fastapi() {
    assert_parity("fastapi");
}

#[test]
fn nestjs() {
    assert_parity("nestjs");
}

#[test]
fn django() {
    assert_parity("django");
}

#[test]
fn nextjs() {
    assert_parity("nextjs");
}

#[test]
fn flask() {
    assert_parity("flask");
}

#[test]
fn every_difference_has_a_reason() {
    for difference in list(&table(), "differences") {
        let reason = difference["reason"].as_str().unwrap_or_default();
        assert!(reason.len() > 20, "{difference} needs a reason");
    }
}

#[track_caller]
fn assert_parity(framework: &str) {
    let report = report(framework);
    let table = table();
    let mut faults = String::new();
    check_entries(&report, &table, framework, &mut faults);
    check_findings(&report, &table, &mut faults);
    assert!(faults.is_empty(), "{framework}:\n{faults}");
}

fn check_entries(report: &Report, table: &Value, framework: &str, faults: &mut String) {
    let expected = list(table, "entry_points");
    let entries = &report.map.entry_points;
    for entry in entries {
        let mut known = expected.iter();
        if !known.any(|it| it["id"] == entry.id().as_str()) {
            let _ = writeln!(faults, "{} is in the map only", entry.id());
        }
    }
    for expected in expected {
        let id = expected["id"].as_str().expect("an id is text");
        let found: Vec<&EntryPoint> = entries.iter().filter(|it| it.id() == id).collect();
        let &[entry] = found.as_slice() else {
            let _ = writeln!(faults, "{id} is {} times in the map", found.len());
            continue;
        };
        for control in CONTROLS {
            let wanted = wanted(table, framework, expected, control);
            let got = entry.verdict(control).as_str();
            if got != wanted {
                let word = control.as_str();
                let _ = writeln!(faults, "{id} {word}: {got}, expected {wanted}");
            }
        }
    }
}

/// What the table says, unless a difference of the framework takes its place.
fn wanted<'t>(table: &'t Value, framework: &str, expected: &'t Value, control: Control) -> &'t str {
    let id = expected["id"].as_str().unwrap_or_default();
    let applies = |it: &&Value| {
        it["framework"] == framework
            && it["control"] == control.as_str()
            && it["transport"].as_str() == id.split(' ').next()
    };
    let own = list(table, "differences").iter().find(applies);
    let verdict = own.map_or(&expected[control.as_str()], |it| &it["verdict"]);
    verdict.as_str().unwrap_or("absent")
}

fn check_findings(report: &Report, table: &Value, faults: &mut String) {
    let found: BTreeSet<(String, String)> = report
        .findings
        .iter()
        .map(|reported| &reported.finding)
        .filter(|finding| finding.confidence >= Confidence::Medium)
        .map(|finding| {
            let place = finding.entry_point.as_ref().unwrap_or(&finding.title);
            (finding.rule.id.to_owned(), place.clone())
        })
        .collect();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let expected: BTreeSet<(String, String)> = list(table, "findings")
        .iter()
        .map(|row| (text(row, "rule"), text(row, "place")))
        .collect();
    for (rule, place) in found.difference(&expected) {
        let _ = writeln!(faults, "not in the table: {rule} at {place}");
    }
    for (rule, place) in expected.difference(&found) {
        let _ = writeln!(faults, "not found: {rule} at {place}");
    }
}

fn list<'t>(table: &'t Value, name: &str) -> &'t Vec<Value> {
    table[name].as_array().expect("the table has this list")
}

fn table() -> Value {
    let text = std::fs::read_to_string(folder().join("expected.json"));
    serde_json::from_str(&text.expect("the table is there")).expect("it is JSON")
}

fn report(framework: &str) -> Report {
    let mut files = Vec::new();
    collect(&folder().join(framework), "", &mut files);
    analyse(&FileSet::new(files), &Options::default())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/parity")
}

/// Reads what the command line would read, and nothing that running the boards leaves behind.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Arc<str>)>) {
    for entry in std::fs::read_dir(folder).expect("the example is there") {
        let entry = entry.expect("a folder can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if name.starts_with('.') || matches!(name.as_str(), "node_modules" | "dist" | "__pycache__")
        {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push((path, text.into()));
        }
    }
}
