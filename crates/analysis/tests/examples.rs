//! Holds the analysis against the applications below `examples/`, whose truth was found by running them.
//!
//! `entrypoints.json` says what every entry point really asks for, `DEFECTS.md` what is wrong. Where the
//! analysis differs, the difference stands here with its reason, so that none is forgotten and none comes
//! unnoticed.
#![allow(
    clippy::disallowed_methods,
    reason = "a test may read the examples from the disk; the crate under test may not"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use firedoor_analysis::{Options, Report, analyse};
use firedoor_app::{Control, EntryPoint};
use firedoor_rules::{Confidence, Finding};
use firedoor_source::FileSet;

/// A verdict that the map gets wrong: entry point, control, what the map says, what the analysis does not
/// see.
type Difference = (&'static str, Control, &'static str, &'static str);

/// A finding that remains in an application that was put right: rule, place (the entry point, or the title
/// of a finding that has none), whether it is true and why it is there.
type Remaining = (&'static str, &'static str, &'static str);

#[test]
fn verdicts_in_express() {
    let known = [(
        "GET /api/scores/shared/{token}",
        Control::Authentication,
        "enforced",
        "a share link is a capability; verified with a key of two possible values, it is taken for a proof \
         of who is asking",
    )];
    assert_verdicts("arcade-express", &known);
}

#[test]
fn verdicts_in_express_repaired() {
    assert_verdicts("arcade-express-repaired", &[]);
}

#[test]
fn verdicts_in_fastapi() {
    assert_verdicts("arcade-fastapi", &[]);
}

#[test]
fn verdicts_in_fastapi_repaired() {
    assert_verdicts("arcade-fastapi-repaired", &[]);
}

// The numbers of the next two tests may only rise.

#[test]
fn defects_of_express_are_found() {
    assert_defects("arcade-express", 81);
}

#[test]
fn defects_of_fastapi_are_found() {
    assert_defects("arcade-fastapi", 75);
}

#[test]
fn findings_that_remain_in_express() {
    assert_remaining("arcade-express-repaired", &[]);
}

#[test]
fn findings_that_remain_in_fastapi() {
    assert_remaining("arcade-fastapi-repaired", &[]);
}

/// Compares the map with `entrypoints.json`, both ways.
#[track_caller]
fn assert_verdicts(example: &str, known: &[Difference]) {
    let report = report(example);
    let entries = &report.map.entry_points;
    let truth = truth(example);
    let mut faults = String::new();
    for entry in entries {
        if !truth.iter().any(|it| it["id"] == entry.id().as_str()) {
            let _ = writeln!(faults, "{} is in the map only", entry.id());
        }
    }
    for expected in &truth {
        let id = expected["id"].as_str().expect("an id is text");
        let Some(entry) = entries.iter().find(|entry| entry.id() == id) else {
            let _ = writeln!(faults, "{id} is not in the map");
            continue;
        };
        for control in [Control::Authentication, Control::RateLimit] {
            let wanted = expected[control.as_str()].as_str();
            let wanted = wanted.expect("each verdict is given");
            check_verdict(entry, control, wanted, known, &mut faults);
        }
    }
    assert!(faults.is_empty(), "{example}:\n{faults}");
}

fn check_verdict(
    entry: &EntryPoint,
    control: Control,
    wanted: &str,
    known: &[Difference],
    faults: &mut String,
) {
    let verdict = entry.verdict(control);
    let (id, got, word) = (entry.id(), verdict.as_str(), control.as_str());
    let mut known = known.iter().filter(|it| it.0 == id && it.1 == control);
    let _ = match known.next() {
        None if got != wanted => writeln!(faults, "{id} {word}: {got}, and the truth is {wanted}"),
        Some(_) if got == wanted => writeln!(faults, "{id} {word} is right: take it off the list"),
        Some(known) if got != known.2 => {
            writeln!(faults, "{id} {word}: {got}, no longer {}", known.2)
        }
        _ => Ok(()),
    };
}

/// Counts the rows of `DEFECTS.md` that are found: a row that names an entry point by a finding about it, or by
/// one whose evidence names it, since one cause is told once; one that names none by any finding of the rule.
/// A row counts at the default confidence; one that says `(low)` is about a hint.
#[track_caller]
fn assert_defects(example: &str, least: usize) {
    let report = report(example);
    let page = std::fs::read_to_string(folder(example).join("DEFECTS.md"))
        .expect("an insecure example says what is wrong");
    let rows: Vec<Row<'_>> = page.lines().filter_map(row).collect();
    assert!(rows.len() > 80, "the table is not where it was");
    let (seen, missed): (Vec<_>, Vec<_>) = rows
        .into_iter()
        .partition(|row| report.findings.iter().any(|it| is_about(&it.finding, row)));
    assert!(
        seen.len() >= least,
        "{example}: {} defects are found, where {least} were; missed are\n{missed:#?}",
        seen.len()
    );
}

/// Rule, entry point and words of a row of the table.
type Row<'p> = (&'p str, &'p str, &'p str);

fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.strip_prefix("| ")?.split('|').map(str::trim);
    let rule = cells.nth(1)?;
    let place = cells.next()?;
    let words = cells.nth(1)?;
    (rule != "rule" && !rule.starts_with("---")).then_some((rule, place, words))
}

fn is_about(finding: &Finding, (rule, place, words): &Row<'_>) -> bool {
    let quoted = format!("`{place}`");
    let is_shown = finding.confidence >= Confidence::Medium || words.contains("(low)");
    finding.rule.id == *rule
        && is_shown
        && (*place == "-"
            || finding.entry_point.as_deref() == Some(place)
            || finding
                .evidence
                .iter()
                .any(|it| it.message.contains(&quoted)))
}

/// Compares the findings at the default confidence with the list, both ways.
#[track_caller]
fn assert_remaining(example: &str, known: &[Remaining]) {
    let found = found(&report(example), Confidence::Medium);
    let known: BTreeSet<(String, String)> = known
        .iter()
        .map(|it| (it.0.to_owned(), it.1.to_owned()))
        .collect();
    let mut faults = String::new();
    for (rule, place) in found.difference(&known) {
        let _ = writeln!(faults, "new, to be judged: {rule} at {place}");
    }
    for (rule, place) in known.difference(&found) {
        let _ = writeln!(faults, "gone, take it off the list: {rule} at {place}");
    }
    assert!(faults.is_empty(), "{example}:\n{faults}");
}

/// Returns rule and place of each finding of at least this confidence.
fn found(report: &Report, least: Confidence) -> BTreeSet<(String, String)> {
    report
        .findings
        .iter()
        .map(|reported| &reported.finding)
        .filter(|finding| finding.confidence >= least)
        .map(|finding| {
            let place = finding.entry_point.as_ref().unwrap_or(&finding.title);
            (finding.rule.id.to_owned(), place.clone())
        })
        .collect()
}

fn truth(example: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(folder(example).join("entrypoints.json"))
        .expect("every example says what its entry points ask for");
    serde_json::from_str(&text).expect("it is a list")
}

/// Returns the report about an application, which is analysed once for all that is asked of it.
fn report(example: &str) -> Arc<Report> {
    static REPORTS: Mutex<BTreeMap<String, Arc<OnceLock<Arc<Report>>>>> =
        Mutex::new(BTreeMap::new());
    let mut reports = REPORTS.lock().unwrap_or_else(PoisonError::into_inner);
    let report = reports.entry(example.to_owned()).or_default().clone();
    drop(reports);
    let analysed = || {
        let mut files = Vec::new();
        collect(&folder(example), "", &mut files);
        Arc::new(analyse(&FileSet::new(files), &Options::default()))
    };
    report.get_or_init(analysed).clone()
}

fn folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(example)
}

/// Reads what the command line would read. What else lies there once the example has run (dependencies, a
/// database, a generated client) is ignored by git, and here.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Arc<str>)>) {
    for entry in std::fs::read_dir(folder).expect("the example is there") {
        let entry = entry.expect("a folder can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let is_left_out = name.starts_with('.') && name != ".env.example"
            || matches!(name.as_str(), "node_modules" | "generated" | "__pycache__");
        if is_left_out {
            continue;
        }
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push((path, text.into()));
        }
    }
}
