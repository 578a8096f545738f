//! What every format of a comparison starts from.

use firedoor_analysis::{Comparison, Report};
use firedoor_app::diff::{Direction, EntryChange};
use firedoor_source::FileSet;

use crate::{Context, View};

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// The identity of the commit; nothing for files that are in none.
    pub commit: Option<&'a str>,
    /// Its files.
    pub files: &'a FileSet,
    /// What the analysis told.
    pub report: &'a Report,
}

/// Two commits, and what changed from one to the other.
#[derive(Clone, Copy, Debug)]
pub struct DiffContext<'a> {
    /// Where the change starts.
    pub before: Side<'a>,
    /// Where it ends.
    pub after: Side<'a>,
    /// What changed; only of findings that are shown and that nobody has allowed.
    pub comparison: &'a Comparison<'a>,
    /// What is to be known about the comparison itself.
    pub notes: &'a [String],
    /// How it is looked at.
    pub view: View,
}

impl<'a> Side<'a> {
    /// Returns the name with the start of the commit's identity, for a person.
    pub fn label(&self) -> String {
        let name = crate::clean(self.name);
        match self.commit {
            Some(commit) if !commit.starts_with(self.name) => {
                format!("{name} ({})", &commit[..commit.len().min(12)])
            }
            _ => name.into_owned(),
        }
    }

    /// Returns the side as a report of its own.
    pub(crate) fn context(&self, view: View) -> Context<'a> {
        Context {
            files: self.files,
            report: self.report,
            view,
        }
    }
}

impl<'a> DiffContext<'a> {
    /// Returns the entry points of which some verdict went this way, without those that are worse off elsewhere.
    pub(crate) fn going(&self, direction: Direction) -> Vec<&'a EntryChange<'a>> {
        let worse = [Direction::Weakened, Direction::Obscured];
        self.comparison
            .map
            .changed
            .iter()
            .filter(|change| {
                let worst = worse.into_iter().find(|worst| change.goes(*worst));
                change.goes(direction) && worst.is_none_or(|worst| worst >= direction)
            })
            .collect()
    }

    /// Returns the entry points whose verdicts are what they were, and whose path or guards are not.
    pub(crate) fn rearranged(&self) -> Vec<&'a EntryChange<'a>> {
        self.comparison
            .map
            .changed
            .iter()
            .filter(|change| change.verdicts.is_empty())
            .collect()
    }

    /// Holds if the wiring is what it was, and so are the findings.
    pub(crate) fn is_empty(&self) -> bool {
        let map = &self.comparison.map;
        map.added.is_empty()
            && map.removed.is_empty()
            && map.changed.is_empty()
            && map.guards_added.is_empty()
            && map.guards_removed.is_empty()
            && self.comparison.introduced.is_empty()
            && self.comparison.fixed.is_empty()
    }
}
