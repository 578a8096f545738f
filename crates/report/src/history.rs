//! What every format of a history starts from, and what a study adds up.

use std::collections::{BTreeMap, BTreeSet};

use firedoor_history::{Change, Coverage, History, Life, State};

use crate::View;

/// What a line of changes did, and how it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct HistoryContext<'a> {
    /// What the changes did.
    pub history: &'a History,
    /// How it is looked at.
    pub view: View,
}

/// One repository of a study.
#[derive(Clone, Debug)]
pub struct Studied {
    /// What the user called it.
    pub name: String,
    /// What its changes did.
    pub history: History,
}

/// Several repositories side by side, and how they are looked at.
#[derive(Clone, Copy, Debug)]
pub struct StudyContext<'a> {
    /// The repositories, in the order of the user.
    pub studied: &'a [Studied],
    /// How they are looked at.
    pub view: View,
}

/// What a row for people without an agent is called.
pub(crate) const PEOPLE: &str = "people";

/// The numbers of a line of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub changes: usize,
    pub pull_requests: usize,
    pub with_finding: usize,
    pub introduced: usize,
    pub repaired: usize,
    pub interactions: usize,
    pub base: usize,
    pub last: usize,
}

impl Totals {
    /// Returns the numbers of `history`.
    pub fn of(history: &History) -> Totals {
        let introduced = history.changes.iter().map(|change| change.introduced.len());
        let repaired = history.changes.iter().map(|change| change.repaired.len());
        let has_number = |change: &&Change| change.number.is_some();
        let interacts = |life: &&Life| !life.interaction.is_empty();
        Totals {
            changes: history.changes.len(),
            pull_requests: history.changes.iter().filter(has_number).count(),
            with_finding: history.with_finding().count(),
            introduced: introduced.sum(),
            repaired: repaired.sum(),
            interactions: history.findings.iter().filter(interacts).count(),
            base: history.first().open,
            last: history.last().open,
        }
    }

    /// Returns the sum of both.
    pub fn plus(self, other: Totals) -> Totals {
        Totals {
            changes: self.changes + other.changes,
            pull_requests: self.pull_requests + other.pull_requests,
            with_finding: self.with_finding + other.with_finding,
            introduced: self.introduced + other.introduced,
            repaired: self.repaired + other.repaired,
            interactions: self.interactions + other.interactions,
            base: self.base + other.base,
            last: self.last + other.last,
        }
    }

    /// Returns how many of a hundred changes introduced a finding.
    pub fn finding_rate(self) -> Option<usize> {
        (self.changes > 0).then(|| self.with_finding * 100 / self.changes)
    }
}

/// How many findings of which class were introduced by whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Classes<'a> {
    /// The agents, in the order of names, and people last.
    pub agents: Vec<&'a str>,
    /// The classes in the order of names, each with the number of every agent, and of all: a finding that several
    /// agents introduced together counts for each, and once in all.
    pub rows: Vec<(&'a str, Vec<usize>, usize)>,
}

impl<'a> Classes<'a> {
    /// Returns the table of all `histories`.
    pub fn of(histories: impl Iterator<Item = &'a History> + Clone) -> Classes<'a> {
        let mut agents: BTreeSet<&str> = BTreeSet::new();
        let mut has_people = false;
        let mut cells: BTreeMap<&str, (BTreeMap<&str, usize>, usize)> = BTreeMap::new();
        for history in histories.clone() {
            for change in &history.changes {
                agents.extend(change.agents.iter().map(String::as_str));
                has_people |= change.agents.is_empty();
            }
        }
        for history in histories {
            for life in history.findings.iter().filter(|it| it.introduced.is_some()) {
                let (row, all) = cells.entry(life.class.as_str()).or_default();
                *all += 1;
                let names: Vec<&str> = match history.agents_of(life) {
                    [] => vec![PEOPLE],
                    names => names.iter().map(String::as_str).collect(),
                };
                for name in names {
                    *row.entry(name).or_default() += 1;
                }
            }
        }
        let mut agents: Vec<&str> = agents.into_iter().filter(|it| *it != PEOPLE).collect();
        agents.extend(has_people.then_some(PEOPLE));
        let rows = cells
            .into_iter()
            .map(|(class, (row, all))| {
                let numbers = agents
                    .iter()
                    .map(|agent| row.get(agent).copied().unwrap_or(0))
                    .collect();
                (class, numbers, all)
            })
            .collect();
        Classes { agents, rows }
    }
}

/// Returns how far authentication covers the entry points of all transports.
pub(crate) fn all_transports(state: &State) -> Coverage {
    let mut all = Coverage::default();
    for coverage in state.coverage.values() {
        all.entry_points += coverage.entry_points;
        for (sum, number) in all.verdicts.iter_mut().zip(coverage.verdicts) {
            *sum += number;
        }
    }
    all
}

/// Returns how many days a finding was there, until it ended or until the last change.
pub(crate) fn days(history: &History, life: &Life) -> Option<i64> {
    let start = history.changes.get(life.introduced?)?.time;
    let end = match life.ended {
        Some(end) => history.changes.get(end.change)?.time,
        None => history.changes.last()?.time,
    };
    Some((end - start).max(0) / 86_400)
}

/// Returns the date of a number of seconds since 1970, such as `2026-01-31`.
pub fn date(seconds: i64) -> String {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the date with the time, such as `2026-01-31T12:00:00Z`.
pub fn instant(seconds: i64) -> String {
    let rest = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(seconds))
}

/// Returns year, month and day of a number of days since 1970, by the rules of the Gregorian calendar: years are
/// counted from March on, so that the odd day is the last of a year.
fn civil(days: i64) -> (i64, i64, i64) {
    // Nothing that is no time at all may overflow.
    let days = days.clamp(-700_000, 2_932_896) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
