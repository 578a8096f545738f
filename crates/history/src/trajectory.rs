//! From the snapshots of a line of changes to what the changes did: which findings came and went, and by whom.

use std::collections::{BTreeMap, BTreeSet};

use firedoor_analysis::partners;
use firedoor_app::diff::{Identity, pairs};
use firedoor_rules::Confidence;

use crate::history::{Change, Coverage, End, Evidence, Life, Share, State};
use crate::snapshot::{Door, Known, Snapshot};

/// The verdicts in the order of output.
const VERDICTS: [&str; 5] = ["enforced", "conditional", "observed", "absent", "unknown"];

/// What is open at one commit, and where that is told.
pub(crate) struct Trajectory {
    least: Confidence,
    doors: Vec<Door>,
    /// The findings that count, with the position of their life.
    open: Vec<(std::sync::Arc<Known>, usize)>,
    /// All findings so far.
    pub lives: Vec<Life>,
}

/// What one step did.
pub(crate) struct Step {
    pub introduced: Vec<usize>,
    pub repaired: Vec<usize>,
}

impl Trajectory {
    /// Returns the beginning: what was there before the first change, of what is at least so sure.
    pub fn new(base: &Snapshot, least: Confidence) -> Trajectory {
        let mut trajectory = Trajectory {
            least,
            doors: Vec::new(),
            open: Vec::new(),
            lives: Vec::new(),
        };
        trajectory.step(base, None);
        trajectory
    }

    /// Goes on to `next`, which the change of that number made.
    pub fn step(&mut self, next: &Snapshot, change: Option<usize>) -> Step {
        let counting: Vec<_> = next
            .findings
            .iter()
            .filter(|it| !it.is_allowed && it.confidence() >= self.least)
            .cloned()
            .collect();
        let before: Vec<_> = self.open.iter().map(|(known, _)| known.mark()).collect();
        let after: Vec<_> = counting.iter().map(|known| known.mark()).collect();
        let moved = moved(&self.doors, &next.doors);
        let partners = partners(&before, &after, |id| moved.get(id).cloned());
        let seen: BTreeSet<usize> = partners.iter().copied().flatten().collect();
        let gone: Vec<usize> = (0..self.open.len())
            .filter(|place| !seen.contains(place))
            .map(|place| self.open[place].1)
            .collect();
        let mut step = Step {
            introduced: Vec::new(),
            repaired: gone,
        };
        let mut open = Vec::with_capacity(counting.len());
        for (known, partner) in counting.into_iter().zip(partners) {
            let life = match partner {
                Some(place) => self.open[place].1,
                None => {
                    self.lives.push(life(&known, change));
                    step.introduced.push(self.lives.len() - 1);
                    self.lives.len() - 1
                }
            };
            self.lives[life].fingerprint.clone_from(&known.fingerprint);
            open.push((known, life));
        }
        if let Some(change) = change {
            self.end(&step.repaired, &next.doors, &moved, change);
        }
        self.open = open;
        self.doors.clone_from(&next.doors);
        step
    }

    fn end(
        &mut self,
        lives: &[usize],
        doors: &[Door],
        moved: &BTreeMap<String, String>,
        change: usize,
    ) {
        let is_there = |id: &String| {
            doors.iter().any(|door| door.id == *id) || moved.values().any(|former| former == id)
        };
        for life in lives {
            let life = &mut self.lives[*life];
            let with_entry_point = life.entry_point.as_ref().is_some_and(|id| !is_there(id));
            life.ended = Some(End {
                change,
                with_entry_point,
            });
        }
    }

    /// Returns how things stand.
    pub fn state(&self) -> State {
        State {
            coverage: coverage(&self.doors),
            open: self.open.len(),
        }
    }
}

/// Returns the former ids of the entry points whose path is another one now.
fn moved(before: &[Door], after: &[Door]) -> BTreeMap<String, String> {
    let identities = |doors: &[Door]| doors.iter().map(Door::identity).collect::<Vec<Identity>>();
    let (before, after) = (identities(before), identities(after));
    pairs(&before, &after)
        .into_iter()
        .map(|(old, new)| (after[new].id.clone(), before[old].id.clone()))
        .filter(|(after, before)| after != before)
        .collect()
}

fn life(known: &Known, introduced: Option<usize>) -> Life {
    let rule = firedoor_rules::rule(&known.rule);
    Life {
        rule: known.rule.clone(),
        class: rule.map_or_else(String::new, |rule| rule.class.to_owned()),
        severity: known.severity(),
        confidence: known.confidence(),
        title: known.title.clone(),
        entry_point: known.entry_point.clone(),
        fingerprint: known.fingerprint.clone(),
        file: known.place.file.clone(),
        line: known.place.line,
        evidence: known
            .evidence
            .iter()
            .map(|proof| Evidence {
                role: proof.role.clone(),
                file: proof.place.file.clone(),
                line: proof.place.line,
                message: proof.message.clone(),
                change: None,
            })
            .collect(),
        introduced,
        ended: None,
        interaction: Vec::new(),
    }
}

fn coverage(doors: &[Door]) -> BTreeMap<&'static str, Coverage> {
    let mut all: BTreeMap<&'static str, Coverage> = BTreeMap::new();
    for door in doors {
        let transport = door.identity().transport.as_str();
        let coverage = all.entry(transport).or_default();
        coverage.entry_points += 1;
        let verdict = door.authentication.as_deref();
        let place = VERDICTS.iter().position(|it| Some(*it) == verdict);
        if let Some(place) = place {
            coverage.verdicts[place] += 1;
        }
    }
    all
}

/// Returns what each agent did, in the order of names, and last what people did without any.
pub(crate) fn shares(changes: &[Change], lives: &[Life]) -> Vec<Share> {
    let mut names: Vec<Option<String>> = changes
        .iter()
        .flat_map(|change| authors(change))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // People come last: `None` is the least.
    let has_people = names.first() == Some(&None);
    names.rotate_left(usize::from(has_people));
    names
        .into_iter()
        .map(|name| share(name, changes, lives))
        .collect()
}

/// Returns who wrote a change: its agents, or nobody for people.
fn authors(change: &Change) -> Vec<Option<String>> {
    match change.agents.as_slice() {
        [] => vec![None],
        agents => agents.iter().cloned().map(Some).collect(),
    }
}

fn share(name: Option<String>, changes: &[Change], lives: &[Life]) -> Share {
    let wrote = |change: usize| authors(&changes[change]).contains(&name);
    let mut share = Share::default();
    for (number, change) in changes.iter().enumerate() {
        if wrote(number) {
            share.changes += 1;
            share.changes_with_finding += usize::from(!change.introduced.is_empty());
        }
    }
    for life in lives {
        let is_own = life.introduced.is_some_and(wrote);
        let has_repaired = life.ended.is_some_and(|end| wrote(end.change));
        share.introduced += usize::from(is_own);
        share.left += usize::from(is_own && life.ended.is_none());
        share.repaired_own += usize::from(is_own && has_repaired);
        share.repaired_others += usize::from(!is_own && has_repaired);
    }
    share.agent = name;
    share
}
