//! `.firedoor/baseline.json`: the findings that were there when firedoor came, so that only others count.
//!
//! It is read strictly, as the configuration is: a file that cannot be read must not let everything pass, and
//! a name in it that means nothing is told.

use std::collections::BTreeSet;
use std::path::Path;

use firedoor_analysis::Report;
use firedoor_source::FileSet;
use serde::{Deserialize, Serialize};

use crate::inside;
use crate::user_error::UserError;

/// The folder of what firedoor writes for itself, at the scanned root.
const FOLDER: &str = ".firedoor";
/// The file in it.
const FILE: &str = "baseline.json";
/// The name of its shape.
const SCHEMA: &str = "firedoor.baseline/1";
/// The most bytes that a baseline may have.
const LARGEST: usize = 64 << 20;

#[derive(Deserialize, Serialize)]
struct Document {
    schema: String,
    findings: Vec<Known>,
}

/// What identifies a finding, and what tells a reviewer which one it is.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Known {
    fingerprint: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    file: String,
}

/// Returns the place of the baseline of the tree at `root`, for a message.
pub fn place() -> String {
    format!("{FOLDER}/{FILE}")
}

/// Marks the findings of `report` that the baseline of the tree at `root` knows.
///
/// Returns how many that it knows are there no more; nothing if there is no baseline.
pub fn apply(report: &mut Report, root: &Path) -> Result<Option<usize>, UserError> {
    let Some(known) = known(root)? else {
        return Ok(None);
    };
    let mut seen = BTreeSet::new();
    for reported in &mut report.findings {
        reported.in_baseline = known.contains(&reported.fingerprint);
        if reported.in_baseline {
            seen.insert(reported.fingerprint.as_str());
        }
    }
    Ok(Some(known.len() - seen.len()))
}

/// Returns the fingerprints in the baseline of the tree at `root`; nothing if there is none.
pub fn known(root: &Path) -> Result<Option<BTreeSet<String>>, UserError> {
    let text = inside::read(root, &place(), LARGEST, fault)?;
    text.map(|text| fingerprints(text.as_bytes())).transpose()
}

fn fingerprints(bytes: &[u8]) -> Result<BTreeSet<String>, UserError> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| broken(&error.to_string()))?;
    if document.schema != SCHEMA {
        return Err(broken(&format!("its schema is not {SCHEMA}")));
    }
    let fingerprints = document.findings.into_iter().map(|it| it.fingerprint);
    Ok(fingerprints.collect())
}

/// Writes the findings of `report` that nobody has allowed, however unsure, and returns how many there are.
pub fn write(report: &Report, files: &FileSet, root: &Path) -> Result<usize, UserError> {
    let mut findings: Vec<Known> = report
        .findings
        .iter()
        .filter(|reported| reported.suppressed.is_none())
        .map(|reported| Known {
            fingerprint: reported.fingerprint.clone(),
            rule: reported.finding.rule.id.to_owned(),
            title: firedoor_report::clean(&reported.finding.title).into_owned(),
            file: firedoor_report::clean(files.path(reported.finding.span)).into_owned(),
        })
        .collect();
    // By rule and file, so that a repaired finding is one line less where a reviewer looks for it.
    findings.sort_by(|a, b| {
        let key = |it: &Known| (it.rule.clone(), it.file.clone(), it.fingerprint.clone());
        key(a).cmp(&key(b))
    });
    findings.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    let number = findings.len();
    inside::write(root, &place(), &print(findings))?;
    Ok(number)
}

fn print(findings: Vec<Known>) -> String {
    let document = Document {
        schema: SCHEMA.to_owned(),
        findings,
    };
    // Nothing in it could fail: it has no map whose keys are no strings.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn fault(why: String) -> UserError {
    UserError::Baseline(firedoor_report::clean(&why).into_owned())
}

fn broken(why: &str) -> UserError {
    UserError::Baseline(format!("{}: {}", place(), firedoor_report::clean(why)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_baseline_is_refused() {
        for (text, wanted) in [
            ("{", "EOF"),
            ("{\"schema\": \"firedoor.baseline/1\"}", "findings"),
            ("{\"schema\": \"x\", \"findings\": []}", "its schema is not"),
            (
                "{\"schema\": \"firedoor.baseline/1\", \"findings\": [{}]}",
                "fingerprint",
            ),
        ] {
            let message = fingerprints(text.as_bytes()).map_err(|error| error.to_string());
            let message = message.expect_err("it is broken");
            assert!(message.contains(wanted), "{message}");
        }
    }

    #[test]
    fn what_is_printed_is_read() {
        let text = print(vec![Known {
            fingerprint: String::from("f00d"),
            rule: String::from("example"),
            title: String::new(),
            file: String::new(),
        }]);
        let read = fingerprints(text.as_bytes()).expect("it is a baseline");
        assert_eq!(read, BTreeSet::from([String::from("f00d")]));
    }
}
