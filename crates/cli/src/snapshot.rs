//! What hooks need to know of an analysis, small enough to be kept between two of their runs.

use std::collections::BTreeSet;

use firedoor_analysis::{Report, ReportedFinding, fingerprint, signature};
use firedoor_app::{Control, EntryPoint};
use firedoor_mcp::{entry_text, finding_text};
use firedoor_report::clean;
use firedoor_rules::{Confidence, Severity};
use firedoor_source::FileSet;
use serde::{Deserialize, Serialize};

/// What was found in one state of the tree.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Snapshot {
    /// What identifies the state.
    pub digest: String,
    /// The findings that count, worst first.
    pub findings: Vec<KnownFinding>,
    /// The entry points.
    pub entries: Vec<KnownEntry>,
    /// The guards that cover nothing, each with its place.
    pub idle_guards: Vec<(String, String)>,
    /// The judgements that have fallen.
    pub fallen: Vec<String>,
    /// The decisions of the plan that the code breaks or does not show yet, each with the word for it.
    pub owed: Vec<String>,
    /// What is known of the wiring of each entry point.
    pub signatures: BTreeSet<String>,
}

/// A finding that counts.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct KnownFinding {
    /// Its identity.
    pub fingerprint: String,
    /// The rule.
    pub rule: String,
    /// What the identity hangs on, besides the rule.
    pub symbol: String,
    /// How bad it is, as a word.
    pub severity: String,
    /// The short line.
    pub title: String,
    /// All about it, in some lines.
    pub text: String,
    /// The file where it is.
    pub place: String,
    /// The files it rests on.
    pub files: Vec<String>,
    /// The entry point it is about.
    pub entry_point: Option<String>,
}

/// An entry point.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct KnownEntry {
    /// Its id.
    pub id: String,
    /// Transport, method and handler, if the handler has a name: what stays when the path changes.
    pub handler: Option<String>,
    /// The verdict of each control, as words.
    pub verdicts: Vec<(String, String)>,
    /// All about it, in some lines.
    pub text: String,
}

impl KnownFinding {
    /// Holds if it rests on one of `files`.
    pub fn touches(&self, files: &[String]) -> bool {
        self.files.iter().any(|file| files.contains(file))
    }

    /// Holds if it is at least as bad as `least`.
    pub fn is_at_least(&self, least: Severity) -> bool {
        let severities = [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ];
        let own = severities
            .into_iter()
            .find(|severity| severity.as_str() == self.severity);
        own.is_some_and(|own| own >= least)
    }
}

impl KnownFinding {
    /// Holds if a look at what edits of `files` can have changed may tell it: it stands in one of them, or is about an
    /// entry point that rests on one. That a guard is mounted nowhere is no news from where little is looked at.
    pub fn is_told_by_part(&self, files: &[String]) -> bool {
        let is_about_entry = self.entry_point.is_some() && self.rule != "unmounted-guard";
        files.contains(&self.place) || (is_about_entry && self.touches(files))
    }
}

impl Snapshot {
    /// Returns what `report` tells.
    pub fn new(digest: String, files: &FileSet, report: &Report) -> Snapshot {
        let counted = report.findings.iter().filter(|it| counts(it));
        let guards = report.map.guards.iter();
        Snapshot {
            digest,
            findings: counted.map(|it| known_finding(files, it)).collect(),
            entries: report
                .map
                .entry_points
                .iter()
                .map(|entry| known_entry(files, entry))
                .collect(),
            owed: owed(report),
            signatures: report.map.entry_points.iter().map(signature).collect(),
            idle_guards: guards
                .filter(|guard| guard.covers.is_empty())
                .map(|guard| {
                    let place = format!(
                        "{}:{}",
                        clean(files.path(guard.span)),
                        files.start(guard.span).line
                    );
                    (clean(&guard.name).into_owned(), place)
                })
                .collect(),
            fallen: report
                .judgements
                .fallen
                .iter()
                .map(|fallen| {
                    let judgement = &fallen.judgement;
                    format!("{} ({})", judgement.judged.name(), judgement.heading())
                })
                .collect(),
        }
    }

    /// Returns the findings that `before` does not have, worst first. One about an entry point whose path has changed
    /// is the same.
    pub fn introduced<'a>(&'a self, before: &Snapshot) -> Vec<&'a KnownFinding> {
        let known: BTreeSet<&str> = before
            .findings
            .iter()
            .map(|finding| finding.fingerprint.as_str())
            .collect();
        self.findings
            .iter()
            .filter(|finding| !known.contains(finding.fingerprint.as_str()))
            .filter(|finding| {
                let former = self.former_fingerprint(before, finding);
                former.is_none_or(|former| !known.contains(former.as_str()))
            })
            .collect()
    }

    /// Returns the entry points that `before` does not have.
    pub fn added<'a>(&'a self, before: &Snapshot) -> Vec<&'a KnownEntry> {
        self.entries
            .iter()
            .filter(|entry| before.entry(&entry.id).is_none())
            .filter(|entry| self.former(before, entry).is_none())
            .collect()
    }

    /// Returns the entry point with that id.
    pub fn entry(&self, id: &str) -> Option<&KnownEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    fn former_fingerprint(&self, before: &Snapshot, finding: &KnownFinding) -> Option<String> {
        let entry = self.entry(finding.entry_point.as_deref()?)?;
        if before.entry(&entry.id).is_some() {
            return None;
        }
        let former = self.former(before, entry)?;
        let symbol = finding.symbol.replace(&entry.id, &former.id);
        Some(fingerprint(&finding.rule, &symbol))
    }

    /// Returns what `entry` was before its path changed: the only one with its handler that is there no more.
    fn former<'b>(&self, before: &'b Snapshot, entry: &KnownEntry) -> Option<&'b KnownEntry> {
        let handler = entry.handler.as_deref()?;
        let has_handler = |other: &&KnownEntry| other.handler.as_deref() == Some(handler);
        let new = self.entries.iter().filter(has_handler);
        let new = new.filter(|other| before.entry(&other.id).is_none());
        let mut old = before.entries.iter().filter(has_handler);
        let mut old = old.by_ref().filter(|other| self.entry(&other.id).is_none());
        let first = old.next()?;
        (old.next().is_none() && new.count() == 1).then_some(first)
    }
}

fn owed(report: &Report) -> Vec<String> {
    use firedoor_plan::Status;
    let standing = report.plan.iter();
    standing
        .flat_map(|standing| &standing.owed)
        .filter(|owed| matches!(owed.status, Status::Broken | Status::NotVisible))
        .map(|owed| {
            format!(
                "{} {}: {}",
                owed.status.as_str(),
                owed.kept.id,
                owed.because
            )
        })
        .collect()
}

fn counts(reported: &ReportedFinding) -> bool {
    reported.suppressed.is_none()
        && !reported.in_baseline
        && reported.finding.confidence >= Confidence::Medium
}

fn known_finding(files: &FileSet, reported: &ReportedFinding) -> KnownFinding {
    let finding = &reported.finding;
    let spans = std::iter::once(finding.span).chain(finding.evidence.iter().map(|it| it.span));
    let paths: BTreeSet<String> = spans.map(|span| files.path(span).to_owned()).collect();
    KnownFinding {
        fingerprint: reported.fingerprint.clone(),
        rule: finding.rule.id.to_owned(),
        symbol: finding.symbol.clone(),
        severity: finding.severity.as_str().to_owned(),
        title: clean(&finding.title).into_owned(),
        text: finding_text(files, reported),
        place: files.path(finding.span).to_owned(),
        files: paths.into_iter().collect(),
        entry_point: finding.entry_point.clone(),
    }
}

fn known_entry(files: &FileSet, entry: &EntryPoint) -> KnownEntry {
    let is_named = !entry.handler.name.starts_with('(');
    KnownEntry {
        id: entry.id(),
        handler: is_named.then(|| {
            format!(
                "{} {} {}",
                entry.transport.as_str(),
                entry.method,
                entry.handler.name
            )
        }),
        verdicts: entry
            .controls
            .iter()
            .map(|(control, verdict)| (control.as_str().to_owned(), verdict.as_str().to_owned()))
            .collect(),
        text: entry_text(files, entry, Control::Authentication),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, handler: Option<&str>) -> KnownEntry {
        KnownEntry {
            id: id.to_owned(),
            handler: handler.map(str::to_owned),
            verdicts: Vec::new(),
            text: String::new(),
        }
    }

    fn finding(id: &str) -> KnownFinding {
        KnownFinding {
            fingerprint: fingerprint("rule", id),
            rule: String::from("rule"),
            symbol: id.to_owned(),
            severity: String::from("high"),
            title: String::new(),
            text: String::new(),
            place: String::new(),
            files: Vec::new(),
            entry_point: Some(id.to_owned()),
        }
    }

    fn snapshot(entries: &[(&str, Option<&str>)]) -> Snapshot {
        Snapshot {
            findings: entries.iter().map(|(id, _)| finding(id)).collect(),
            entries: entries.iter().map(|(id, it)| entry(id, *it)).collect(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn another_path_of_a_handler_is_nothing_new() {
        let before = snapshot(&[("GET /a", Some("a")), ("GET /b", None)]);
        let moved = snapshot(&[("GET /x", Some("a")), ("GET /b", None)]);
        assert!(moved.introduced(&before).is_empty());
        assert!(moved.added(&before).is_empty());
        let nameless = snapshot(&[("GET /a", Some("a")), ("GET /y", None)]);
        assert_eq!(nameless.introduced(&before).len(), 1);
        assert_eq!(nameless.added(&before).len(), 1);
        let twice = snapshot(&[("GET /x", Some("a")), ("GET /y", Some("a"))]);
        assert_eq!(twice.added(&before).len(), 2);
    }

    #[test]
    fn severities_are_compared_as_such() {
        assert!(finding("GET /a").is_at_least(Severity::High));
        assert!(!finding("GET /a").is_at_least(Severity::Critical));
    }
}
