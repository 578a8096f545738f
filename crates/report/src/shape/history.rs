//! `firedoor.history/1` and `firedoor.study/1`: what lines of changes did.

use std::collections::BTreeMap;

use firedoor_history::{Change, Coverage, History, Life, Reading, Share, State};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::map::{CountShape, CoverageShape};
use crate::history::{Classes, Totals, days, instant};
use crate::{HistoryContext, StudyContext};

/// What a line of changes did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.history/1")]
pub(crate) struct HistoryShape {
    /// Always `firedoor.history/1`.
    pub schema: &'static str,
    /// What it did.
    #[serde(flatten)]
    pub line: LineShape,
}

/// A line of changes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LineShape {
    /// What the user called the newest commit.
    pub branch: String,
    /// Its id.
    pub head: String,
    /// What is to be known about the answer itself.
    pub notes: Vec<String>,
    /// What was there before the first change; null if that one is the first of all.
    pub base: Option<BaseShape>,
    /// The numbers of all changes together.
    pub totals: TotalsShape,
    /// The changes, the oldest first.
    pub changes: Vec<ChangeShape>,
    /// The findings that were there at some time, in the order in which they came.
    pub findings: Vec<LifeShape>,
    /// What each agent did.
    pub agents: Vec<AgentShape>,
}

/// What was there before the first change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BaseShape {
    /// The commit.
    pub commit: String,
    /// How things stood.
    #[serde(flatten)]
    pub state: StateShape,
}

/// How things stand at a commit.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StateShape {
    /// How far authentication covers the entry points, by transport.
    #[schemars(with = "BTreeMap<String, CoverageShape>")]
    pub coverage: IndexMap<&'static str, CoverageShape>,
    /// How many findings are open.
    pub open: usize,
}

/// The numbers of all changes together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TotalsShape {
    /// The changes.
    pub changes: usize,
    /// Those whose message names a pull or merge request.
    pub pull_requests: usize,
    /// Those that introduced a finding.
    pub changes_with_finding: usize,
    /// How many of a hundred changes introduced a finding, rounded down; null if there are none.
    pub finding_rate: Option<usize>,
    /// The findings that were introduced.
    pub introduced: usize,
    /// The findings that ended.
    pub repaired: usize,
    /// The findings that need several changes.
    pub interactions: usize,
    /// The findings that were there before the first change.
    pub open_before: usize,
    /// The findings that are there after the last change.
    pub open_after: usize,
}

/// A change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeShape {
    /// The id of the commit.
    pub commit: String,
    /// The number of its pull or merge request, with its sign (`#12`, `!12`); null if its message names none.
    pub number: Option<String>,
    /// One line about it.
    pub title: String,
    /// When it was committed, in universal time.
    pub date: String,
    /// How many commits were merged with it.
    pub commits: usize,
    /// The agents that wrote some of them.
    pub agents: Vec<String>,
    /// `analysed`, `untouched` (it touches no file that is read) or `unreadable`.
    pub reading: &'static str,
    /// How things stand after it.
    #[serde(flatten)]
    pub state: StateShape,
    /// The findings that it introduced: positions in `findings`, from 0.
    pub introduced: Vec<usize>,
    /// The findings that it ended.
    pub repaired: Vec<usize>,
}

/// A change, as a finding names it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ChangeName {
    /// The id of the commit.
    pub commit: String,
    /// The number of its pull or merge request; null if its message names none.
    pub number: Option<String>,
    /// When it was committed.
    pub date: String,
}

/// A finding from when it came to when it went.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct LifeShape {
    /// The id of the rule.
    pub rule: String,
    /// The class of the defect.
    pub class: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// `low`, `medium` or `high`.
    pub confidence: &'static str,
    /// A short line.
    pub title: String,
    /// The id of the entry point that it is about.
    pub entry_point: Option<String>,
    /// Its identity when it was last seen.
    pub fingerprint: String,
    /// Where it was when it came.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The change that introduced it; null if it was there before the first.
    pub introduced: Option<ChangeName>,
    /// The change that ended it; null if it is open.
    pub repaired: Option<ChangeName>,
    /// Holds if it ended because its entry point is gone.
    pub gone_with_entry_point: bool,
    /// How many days it was there, until the last change if it is open; null if it was there before the first.
    pub days: Option<i64>,
    /// What it rested on when it came.
    pub evidence: Vec<OriginShape>,
    /// The changes without which it would not be there, if they are several.
    pub interaction: Vec<ChangeName>,
}

/// A place that a finding rested on, and where the line comes from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct OriginShape {
    /// What the place is to the finding.
    pub role: String,
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// A sentence.
    pub message: String,
    /// The change that the line comes from; null if it was there before the first.
    pub change: Option<ChangeName>,
}

/// What an agent did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AgentShape {
    /// Its name; null for people who had no agent that shows.
    pub agent: Option<String>,
    /// The changes that it wrote some commit of.
    pub changes: usize,
    /// Those that introduced a finding.
    pub changes_with_finding: usize,
    /// How many of a hundred of its changes introduced a finding, rounded down.
    pub finding_rate: Option<usize>,
    /// The findings that they introduced.
    pub introduced: usize,
    /// The findings that it ended and had introduced.
    pub repaired_own: usize,
    /// The findings that it ended and others had introduced.
    pub repaired_others: usize,
    /// The findings that it introduced and that are open.
    pub left: usize,
    /// How many of a hundred findings that it introduced are not open any more, rounded down; null if it introduced
    /// none.
    pub repair_rate: Option<usize>,
}

/// Several repositories side by side.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "firedoor.study/1")]
pub(crate) struct StudyShape {
    /// Always `firedoor.study/1`.
    pub schema: &'static str,
    /// The numbers of all repositories together.
    pub totals: TotalsShape,
    /// How many findings of which class were introduced by whom; a finding that several agents introduced together
    /// counts for each.
    pub classes: BTreeMap<String, BTreeMap<String, usize>>,
    /// The repositories, in the order of the user.
    pub repositories: Vec<RepositoryShape>,
}

/// One repository.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RepositoryShape {
    /// What the user called it.
    pub name: String,
    /// What its changes did.
    #[serde(flatten)]
    pub line: LineShape,
}

impl HistoryShape {
    /// Returns the shape of `context`.
    pub fn new(context: &HistoryContext) -> HistoryShape {
        HistoryShape {
            schema: "firedoor.history/1",
            line: line(context.history),
        }
    }
}

impl StudyShape {
    /// Returns the shape of `context`.
    pub fn new(context: &StudyContext) -> StudyShape {
        let histories = || context.studied.iter().map(|it| &it.history);
        let classes = Classes::of(histories());
        let row = |numbers: &[usize]| {
            let pairs = classes.agents.iter().zip(numbers);
            let pairs = pairs.filter(|(_, number)| **number > 0);
            pairs
                .map(|(name, number)| ((*name).to_owned(), *number))
                .collect()
        };
        StudyShape {
            schema: "firedoor.study/1",
            totals: totals(
                histories()
                    .map(Totals::of)
                    .fold(Totals::default(), Totals::plus),
            ),
            classes: classes
                .rows
                .iter()
                .map(|(class, numbers, _)| ((*class).to_owned(), row(numbers)))
                .collect(),
            repositories: context
                .studied
                .iter()
                .map(|studied| RepositoryShape {
                    name: studied.name.clone(),
                    line: line(&studied.history),
                })
                .collect(),
        }
    }
}

fn line(history: &History) -> LineShape {
    LineShape {
        branch: history.branch.clone(),
        head: history.head.clone(),
        notes: history.notes.clone(),
        base: history.base.as_ref().map(|base| BaseShape {
            commit: history.base_commit.clone().unwrap_or_default(),
            state: state(base),
        }),
        totals: totals(Totals::of(history)),
        changes: history.changes.iter().map(change).collect(),
        findings: history
            .findings
            .iter()
            .map(|it| life(history, it))
            .collect(),
        agents: history.agents.iter().map(agent).collect(),
    }
}

fn totals(totals: Totals) -> TotalsShape {
    TotalsShape {
        changes: totals.changes,
        pull_requests: totals.pull_requests,
        changes_with_finding: totals.with_finding,
        finding_rate: totals.finding_rate(),
        introduced: totals.introduced,
        repaired: totals.repaired,
        interactions: totals.interactions,
        open_before: totals.base,
        open_after: totals.last,
    }
}

fn state(state: &State) -> StateShape {
    StateShape {
        coverage: state
            .coverage
            .iter()
            .map(|(transport, coverage)| (*transport, coverage_shape(*coverage)))
            .collect(),
        open: state.open,
    }
}

fn coverage_shape(coverage: Coverage) -> CoverageShape {
    let [enforced, conditional, observed, absent, unknown] = coverage.verdicts;
    let count = CountShape {
        enforced,
        conditional,
        observed,
        absent,
        unknown,
    };
    CoverageShape {
        entry_points: coverage.entry_points,
        controls: IndexMap::from([("authentication", count)]),
    }
}

fn change(change: &Change) -> ChangeShape {
    ChangeShape {
        commit: change.commit.clone(),
        number: change.number.clone(),
        title: change.title.clone(),
        date: instant(change.time),
        commits: change.commits,
        agents: change.agents.clone(),
        reading: match change.reading {
            Reading::Analysed => "analysed",
            Reading::Untouched => "untouched",
            Reading::Unreadable => "unreadable",
        },
        state: state(&change.state),
        introduced: change.introduced.clone(),
        repaired: change.repaired.clone(),
    }
}

fn life(history: &History, life: &Life) -> LifeShape {
    let name = |position: usize| {
        let change = &history.changes[position];
        ChangeName {
            commit: change.commit.clone(),
            number: change.number.clone(),
            date: instant(change.time),
        }
    };
    LifeShape {
        rule: life.rule.clone(),
        class: life.class.clone(),
        severity: life.severity.as_str(),
        confidence: life.confidence.as_str(),
        title: life.title.clone(),
        entry_point: life.entry_point.clone(),
        fingerprint: life.fingerprint.clone(),
        file: life.file.clone(),
        line: life.line,
        introduced: life.introduced.map(name),
        repaired: life.ended.map(|end| name(end.change)),
        gone_with_entry_point: life.ended.is_some_and(|end| end.with_entry_point),
        days: days(history, life),
        evidence: life
            .evidence
            .iter()
            .map(|evidence| OriginShape {
                role: evidence.role.clone(),
                file: evidence.file.clone(),
                line: evidence.line,
                message: evidence.message.clone(),
                change: evidence.change.map(name),
            })
            .collect(),
        interaction: life.interaction.iter().copied().map(name).collect(),
    }
}

fn agent(share: &Share) -> AgentShape {
    AgentShape {
        agent: share.agent.clone(),
        changes: share.changes,
        changes_with_finding: share.changes_with_finding,
        finding_rate: share.finding_rate(),
        introduced: share.introduced,
        repaired_own: share.repaired_own,
        repaired_others: share.repaired_others,
        left: share.left,
        repair_rate: share.repair_rate(),
    }
}
