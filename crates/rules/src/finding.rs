//! A defect with its evidence.

use firedoor_app::EntryPoint;
use firedoor_source::Span;

use crate::Rule;

/// How bad a defect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A weakness that needs others to matter.
    Low,
    /// Matters under circumstances.
    Medium,
    /// Others' data or accounts can be reached.
    High,
    /// Everything can be.
    Critical,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// A hint; not in the default output.
    Low,
    /// Likely.
    Medium,
    /// Seen in every step.
    High,
}

impl Severity {
    /// Returns the word for it in output and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl Confidence {
    /// Returns the word for it in output and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// A place that a finding rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the place is to the finding, such as `compared-with`, `guard`, `mounted`, `reads`.
    pub role: &'static str,
    /// Where.
    pub span: Span,
    /// A sentence.
    pub message: String,
}

/// One defect.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that made it.
    pub rule: &'static Rule,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// A short line.
    pub title: String,
    /// A sentence or two that say what is wrong here.
    pub message: String,
    /// The entry point it is about; its id.
    pub entry_point: Option<String>,
    /// Where it is.
    pub span: Span,
    /// What it rests on; never empty.
    pub evidence: Vec<Evidence>,
    /// The symbolic place that makes it the same finding in another commit: entry point, guard, asset,
    /// function, but no line and no file.
    pub symbol: String,
}

/// What one rule has found.
#[derive(Debug)]
pub struct Findings {
    rule: &'static Rule,
    found: Vec<Finding>,
}

impl Findings {
    /// Returns an empty collection for `rule`.
    pub fn new(rule: &'static Rule) -> Findings {
        Findings {
            rule,
            found: Vec::new(),
        }
    }

    /// Holds if there is one about `entry` already.
    pub fn tell_of(&self, entry: &EntryPoint) -> bool {
        let id = entry.id();
        let mut told = self.found.iter();
        told.any(|finding| finding.entry_point.as_ref() == Some(&id))
    }

    /// Starts a finding about `entry`, placed where it is registered.
    pub fn at_entry(&mut self, entry: &EntryPoint) -> FindingBuilder<'_> {
        let mut builder = self.at(entry.registered, &entry.id());
        builder.finding.entry_point = Some(entry.id());
        builder
    }

    /// Starts a finding at `span` whose identity is `symbol`.
    pub fn at(&mut self, span: Span, symbol: &str) -> FindingBuilder<'_> {
        let finding = Finding {
            rule: self.rule,
            severity: self.rule.severity,
            confidence: Confidence::High,
            title: self.rule.summary.to_owned(),
            message: String::new(),
            entry_point: None,
            span,
            evidence: Vec::new(),
            symbol: symbol.to_owned(),
        };
        FindingBuilder {
            findings: self,
            finding,
        }
    }

    /// Returns the findings, one for each symbolic place, ordered by place.
    pub fn finish(self) -> Vec<Finding> {
        let mut found = self.found;
        found.sort_by(|a, b| (a.span, &a.symbol).cmp(&(b.span, &b.symbol)));
        let mut seen = Vec::new();
        found.retain(|finding| {
            let is_new = !seen.contains(&finding.symbol);
            if is_new {
                seen.push(finding.symbol.clone());
            }
            is_new
        });
        crate::same_cause::told_once(found)
    }
}

/// A finding that is being made. It counts once it is [`report`](FindingBuilder::report)ed.
#[must_use = "a finding counts only when it is reported"]
#[derive(Debug)]
pub struct FindingBuilder<'a> {
    findings: &'a mut Findings,
    finding: Finding,
}

impl FindingBuilder<'_> {
    /// Sets the short line.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.finding.title = title.into();
        self
    }

    /// Sets the sentences that say what is wrong.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.finding.message = message.into();
        self
    }

    /// Sets how sure it is.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.finding.confidence = confidence;
        self
    }

    /// Sets how bad it is.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.finding.severity = severity;
        self
    }

    /// Sets where it is, where that is not the registration.
    pub fn span(mut self, span: Span) -> Self {
        self.finding.span = span;
        self
    }

    /// Adds to its identity, where one entry point can have several.
    pub fn symbol(mut self, part: &str) -> Self {
        self.finding.symbol.push('|');
        self.finding.symbol.push_str(part);
        self
    }

    /// Says which entry point it is about.
    pub fn entry_point(mut self, entry: &EntryPoint) -> Self {
        self.finding.entry_point = Some(entry.id());
        self
    }

    /// Adds a place that it rests on.
    pub fn because(mut self, role: &'static str, span: Span, message: impl Into<String>) -> Self {
        self.finding.evidence.push(Evidence {
            role,
            span,
            message: message.into(),
        });
        self
    }

    /// Adds the finding to what the rule has found. One without evidence rests on its own place.
    pub fn report(mut self) {
        if self.finding.evidence.is_empty() {
            self.finding.evidence.push(Evidence {
                role: "here",
                span: self.finding.span,
                message: self.finding.title.clone(),
            });
        }
        self.findings.found.push(self.finding);
    }
}
