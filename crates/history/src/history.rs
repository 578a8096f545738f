//! What a line of changes did to the wiring of an application: the answer, as formats render it.

use std::collections::BTreeMap;

use firedoor_rules::{Confidence, Severity};

/// What a line of changes did.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What the user called the newest commit.
    pub branch: String,
    /// Its id.
    pub head: String,
    /// What is to be known about the answer itself.
    pub notes: Vec<String>,
    /// What went wrong with the store, which changes nothing of the answer.
    pub trouble: Option<String>,
    /// What was there before the first change; nothing if that one is the first of all.
    pub base: Option<State>,
    /// The id of the commit before the first change.
    pub base_commit: Option<String>,
    /// The changes, the oldest first.
    pub changes: Vec<Change>,
    /// The findings that were there at some time, in the order in which they came.
    pub findings: Vec<Life>,
    /// What each agent did, in the order of names, and last what people did without any.
    pub agents: Vec<Share>,
}

/// What is known of the application at one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How far authentication covers the entry points, by transport.
    pub coverage: BTreeMap<&'static str, Coverage>,
    /// How many findings are open.
    pub open: usize,
}

/// How far authentication covers entry points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many entry points there are.
    pub entry_points: usize,
    /// How many have which verdict: enforced, conditional, observed, absent, unknown.
    pub verdicts: [usize; 5],
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Its files were analysed.
    Analysed,
    /// It touches no file that is read, so that all is as it was.
    Untouched,
    /// It cannot be read; nothing is known to have changed.
    Unreadable,
}

/// A commit whose first parent is the change before it.
#[derive(Clone, Debug)]
pub struct Change {
    /// The id of the commit.
    pub commit: String,
    /// The number of its pull or merge request, with its sign; nothing if its message names none.
    pub number: Option<String>,
    /// One line about it.
    pub title: String,
    /// Seconds since 1970 at which it was committed.
    pub time: i64,
    /// How many commits were merged with it; one for a commit that merges nothing.
    pub commits: usize,
    /// The agents that wrote some of them, in alphabetical order.
    pub agents: Vec<String>,
    /// What became of it.
    pub reading: Reading,
    /// How things stand after it.
    pub state: State,
    /// The findings that it introduced, by position.
    pub introduced: Vec<usize>,
    /// The findings that it repaired, by position.
    pub repaired: Vec<usize>,
}

impl Change {
    /// Returns what it is called for short: the number of its pull request, or the start of its id.
    pub fn label(&self) -> &str {
        match &self.number {
            Some(number) => number,
            None => &self.commit[..self.commit.len().min(8)],
        }
    }
}

/// A finding from when it came to when it went.
#[derive(Clone, Debug)]
pub struct Life {
    /// The id of the rule.
    pub rule: String,
    /// The class of the defect.
    pub class: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// A short line.
    pub title: String,
    /// The id of the entry point that it is about.
    pub entry_point: Option<String>,
    /// Its identity when it was last seen.
    pub fingerprint: String,
    /// Where it was when it came.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it rested on when it came.
    pub evidence: Vec<Evidence>,
    /// The change that introduced it, by position; nothing if it was there before the first.
    pub introduced: Option<usize>,
    /// How it ended; nothing if it is open.
    pub ended: Option<End>,
    /// The changes without which it would not be there, by position, if they are several.
    pub interaction: Vec<usize>,
}

/// How a finding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The change, by position.
    pub change: usize,
    /// Holds if the entry point that it is about went too.
    pub with_entry_point: bool,
}

/// A place that a finding rested on when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What the place is to the finding.
    pub role: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// A sentence.
    pub message: String,
    /// The change that the line comes from, by position; nothing if it was there before the first.
    pub change: Option<usize>,
}

/// What one agent did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Its name; nothing for people who had no agent that shows.
    pub agent: Option<String>,
    /// The changes that it wrote some commit of.
    pub changes: usize,
    /// Those that introduced a finding.
    pub changes_with_finding: usize,
    /// The findings that they introduced.
    pub introduced: usize,
    /// The findings that it repaired and had introduced.
    pub repaired_own: usize,
    /// The findings that it repaired and others had introduced.
    pub repaired_others: usize,
    /// The findings that it introduced and that are open.
    pub left: usize,
}

impl Share {
    /// Returns how many of a hundred findings that it introduced are not open any more; nothing if it introduced none.
    pub fn repair_rate(&self) -> Option<usize> {
        let repaired = self.introduced - self.left.min(self.introduced);
        (self.introduced > 0).then(|| repaired * 100 / self.introduced)
    }

    /// Returns how many of a hundred of its changes introduced a finding.
    pub fn finding_rate(&self) -> Option<usize> {
        (self.changes > 0).then(|| self.changes_with_finding * 100 / self.changes)
    }
}

impl History {
    /// Returns how things stood before the first change.
    pub fn first(&self) -> State {
        self.base.clone().unwrap_or_default()
    }

    /// Returns how things stand after the last change.
    pub fn last(&self) -> State {
        let last = self.changes.last();
        last.map_or_else(|| self.first(), |change| change.state.clone())
    }

    /// Returns the changes that introduced a finding.
    pub fn with_finding(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| !change.introduced.is_empty())
    }

    /// Returns the findings that are open, with their positions.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Life)> {
        let all = self.findings.iter().enumerate();
        all.filter(|(_, life)| life.ended.is_none())
    }

    /// Returns the agents of the change that introduced `life`; nothing for one that was there before.
    pub fn agents_of(&self, life: &Life) -> &[String] {
        match life.introduced {
            Some(change) => &self.changes[change].agents,
            None => &[],
        }
    }
}
