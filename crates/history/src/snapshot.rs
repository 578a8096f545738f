//! What is kept of the analysis of one commit: enough to compare it with another one, and to tell about it later.

use std::sync::Arc;

use firedoor_analysis::{Mark, Report, ReportedFinding};
use firedoor_app::diff::Identity;
use firedoor_app::{Control, EntryPoint, Transport};
use firedoor_rules::{Confidence, Finding, Severity};
use firedoor_source::{FileSet, Span};
use serde::{Deserialize, Serialize};

/// The analysis of one commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// The entry points.
    pub doors: Arc<Vec<Door>>,
    /// The findings, in the order of the report.
    pub findings: Vec<Arc<Known>>,
    /// What is wrong with the configuration in the commit, which is left out then.
    pub fault: Option<String>,
}

/// An entry point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Door {
    pub id: String,
    pub app: String,
    pub transport: String,
    pub method: String,
    pub handler: String,
    /// The verdict about authentication; nothing where it does not apply.
    pub authentication: Option<String>,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Known {
    pub rule: String,
    pub fingerprint: String,
    pub symbol: String,
    pub severity: String,
    pub confidence: String,
    pub title: String,
    pub entry_point: Option<String>,
    pub is_allowed: bool,
    pub place: Spot,
    pub evidence: Vec<Proof>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Spot {
    pub file: String,
    pub line: u32,
}

/// A place that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub role: String,
    pub message: String,
    pub place: Spot,
}

impl Snapshot {
    /// Returns what is kept of `report`.
    pub fn new(files: &FileSet, report: &Report) -> Snapshot {
        let doors = report.map.entry_points.iter().map(door).collect();
        let findings = report
            .findings
            .iter()
            .map(|reported| Arc::new(Known::new(files, reported)))
            .collect();
        Snapshot {
            doors: Arc::new(doors),
            findings,
            fault: None,
        }
    }
}

fn door(entry: &EntryPoint) -> Door {
    let applies = entry.transport != Transport::Job;
    Door {
        id: entry.id(),
        app: entry.app.to_string(),
        transport: entry.transport.as_str().to_owned(),
        method: entry.method.to_string(),
        handler: entry.handler.name.to_string(),
        authentication: applies.then(|| {
            let verdict = entry.verdict(Control::Authentication);
            verdict.as_str().to_owned()
        }),
    }
}

impl Door {
    /// Returns what makes it the same in another snapshot.
    pub fn identity(&self) -> Identity {
        let transport = Transport::ALL
            .into_iter()
            .find(|transport| transport.as_str() == self.transport);
        Identity {
            id: self.id.clone(),
            app: self.app.as_str().into(),
            transport: transport.unwrap_or(Transport::Http),
            method: self.method.as_str().into(),
            handler: self.handler.as_str().into(),
        }
    }
}

impl Known {
    fn new(files: &FileSet, reported: &ReportedFinding) -> Known {
        let finding: &Finding = &reported.finding;
        let spot = |span: Span| Spot {
            file: files.path(span).to_owned(),
            line: files.start(span).line,
        };
        Known {
            rule: finding.rule.id.to_owned(),
            fingerprint: reported.fingerprint.clone(),
            symbol: finding.symbol.clone(),
            severity: finding.severity.as_str().to_owned(),
            confidence: finding.confidence.as_str().to_owned(),
            title: finding.title.clone(),
            entry_point: finding.entry_point.clone(),
            is_allowed: reported.suppressed.is_some(),
            place: spot(finding.span),
            evidence: finding
                .evidence
                .iter()
                .map(|evidence| Proof {
                    role: evidence.role.to_owned(),
                    message: evidence.message.clone(),
                    place: spot(evidence.span),
                })
                .collect(),
        }
    }

    /// Returns what makes it the same in another snapshot.
    pub fn mark(&self) -> Mark<'_> {
        Mark {
            rule: &self.rule,
            fingerprint: &self.fingerprint,
            symbol: &self.symbol,
            entry_point: self.entry_point.as_deref(),
        }
    }

    /// Returns how bad it is.
    pub fn severity(&self) -> Severity {
        let all = [
            Severity::Critical,
            Severity::High,
            Severity::Medium,
            Severity::Low,
        ];
        let found = all.into_iter().find(|it| it.as_str() == self.severity);
        found.unwrap_or(Severity::Low)
    }

    /// Returns how sure it is.
    pub fn confidence(&self) -> Confidence {
        let all = [Confidence::High, Confidence::Medium, Confidence::Low];
        let found = all.into_iter().find(|it| it.as_str() == self.confidence);
        found.unwrap_or(Confidence::Low)
    }
}
