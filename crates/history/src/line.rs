//! The line of changes that led to a commit: what each first parent is followed by, and what was merged with it.

use std::collections::BTreeSet;

use gix::ObjectId;

use crate::agents::Signs;
use crate::{Commit, HistoryError, Repository};

/// Which changes of the line count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// All.
    All,
    /// Those after a commit.
    Since(Commit),
    /// The newest ones, this many.
    Newest(usize),
}

/// A commit of the line.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its id.
    pub commit: ObjectId,
    /// Its root tree.
    pub tree: ObjectId,
    /// All its parents.
    pub parents: Vec<ObjectId>,
    /// Seconds since 1970 at which it was committed.
    pub time: i64,
    /// Who wrote it.
    pub signs: Signs,
}

/// The line of changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// The commit before the first change; nothing if that one is the first of all.
    pub base: Option<Step>,
    /// The changes, the oldest first.
    pub steps: Vec<Step>,
    /// What is to be known about it.
    pub notes: Vec<String>,
}

/// Returns the line of changes that led to `head`.
pub(crate) fn line(
    repository: &Repository,
    head: Commit,
    range: Range,
) -> Result<Line, HistoryError> {
    let mut notes = Vec::new();
    let shallow = shallow_commits(repository);
    let mut steps = vec![step(repository, head.0)?];
    let since = match range {
        Range::Since(commit) => Some(ancestors_of(repository, commit)),
        _ => None,
    };
    let is_end = |steps: &[Step]| {
        let last = steps.last().map(|step| step.commit);
        match range {
            Range::Newest(number) => steps.len() > number,
            Range::Since(_) => since
                .as_ref()
                .zip(last)
                .is_some_and(|(known, last)| known.contains(&last)),
            Range::All => false,
        }
    };
    let mut has_base = is_end(&steps);
    while !has_base {
        let last = steps.last().map(|step| (step.commit, step.parents.first()));
        let Some((commit, Some(parent))) = last else {
            break;
        };
        // What lies behind the first commit of a shallow clone is not there.
        if shallow.contains(&commit) {
            has_base = true;
            notes.push(format!(
                "the clone is shallow: its first commit, {}, counts as what was there before",
                Commit(commit).short()
            ));
            break;
        }
        match step(repository, *parent) {
            Ok(step) => steps.push(step),
            Err(error) => {
                has_base = true;
                notes.push(format!(
                    "what led to {} cannot be read, so that it counts as what was there before: {error}",
                    Commit(commit).short()
                ));
                break;
            }
        }
        has_base = is_end(&steps);
    }
    if matches!(range, Range::Since(_)) && !has_base {
        notes.push(String::from(
            "the commit to start after is no ancestor, so that all changes are told",
        ));
    }
    let base = match has_base {
        true => steps.pop(),
        false => None,
    };
    steps.reverse();
    Ok(Line { base, steps, notes })
}

fn shallow_commits(repository: &Repository) -> BTreeSet<ObjectId> {
    let commits = repository.inner.shallow_commits().ok().flatten();
    commits.map_or_else(BTreeSet::new, |commits| commits.iter().copied().collect())
}

/// Returns everything that led to `commit`, itself among it, as far as it can be read.
fn ancestors_of(repository: &Repository, commit: Commit) -> BTreeSet<ObjectId> {
    let mut seen = BTreeSet::new();
    new_ancestors(repository, vec![commit.0], &mut seen);
    seen
}

/// Returns what leads to `tips` and is not in `seen` yet, the tips first, and adds it there.
fn new_ancestors(
    repository: &Repository,
    tips: Vec<ObjectId>,
    seen: &mut BTreeSet<ObjectId>,
) -> Vec<ObjectId> {
    let mut found = Vec::new();
    let mut waiting = tips;
    while let Some(id) = waiting.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.insert(id);
        // What is missing has no more to tell.
        if let Ok(commit) = repository.inner.find_commit(id) {
            found.push(id);
            waiting.extend(commit.parent_ids().map(|id| id.detach()));
        }
    }
    found
}

/// Returns for each change of `line` who wrote the commits that were merged with it; a change that merges nothing has
/// only itself.
pub(crate) fn merged(repository: &Repository, line: &Line) -> Vec<Vec<Signs>> {
    let has_merges = line.steps.iter().any(|step| step.parents.len() > 1);
    let mut seen = BTreeSet::new();
    if let Some(base) = line.base.as_ref().filter(|_| has_merges) {
        new_ancestors(repository, vec![base.commit], &mut seen);
    }
    let mut all = Vec::with_capacity(line.steps.len());
    for step in &line.steps {
        seen.insert(step.commit);
        let others = step.parents.iter().skip(1).copied().collect();
        let found = new_ancestors(repository, others, &mut seen);
        let signs: Vec<Signs> = found
            .into_iter()
            .filter_map(|id| self::step(repository, id).ok())
            // The merge of the branch's base into the branch brings nothing of its own.
            .filter(|step| step.parents.len() < 2)
            .map(|step| step.signs)
            .collect();
        all.push(match signs.is_empty() {
            true => vec![step.signs.clone()],
            false => signs,
        });
    }
    all
}

fn step(repository: &Repository, id: ObjectId) -> Result<Step, HistoryError> {
    let commit = repository
        .inner
        .find_commit(id)
        .map_err(HistoryError::broken)?;
    let decoded = commit.decode().map_err(HistoryError::broken)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // A name or time that cannot be read must not cost the commit.
    let person = |signature: Option<gix::actor::SignatureRef<'_>>| {
        signature.map_or_else(Default::default, |it| {
            let it = it.trim();
            (text(it.name), text(it.email))
        })
    };
    let author = decoded.author().ok();
    let committer = decoded.committer().ok();
    Ok(Step {
        commit: id,
        tree: decoded.tree(),
        parents: decoded.parents().collect(),
        time: committer
            .and_then(|it| it.time().ok())
            .map_or(0, |time| time.seconds),
        signs: Signs {
            author: person(author),
            committer: person(committer),
            message: text(decoded.message),
        },
    })
}
