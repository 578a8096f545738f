//! Which change a line of code comes from: lines are followed back from change to change, through files that were
//! renamed, until one change brought them.
//!
//! Lines are compared without the space around them, so that code which was only indented anew is not new.

use std::collections::BTreeMap;

use gix::ObjectId;
use imara_diff::{Algorithm, Diff, InternedInput};
use rustc_hash::FxHashMap;

use crate::snapshot::Spot;
use crate::tree_diff::{FileChange, TreeDiff};

/// A file that is gone and a new one are the same if so many hundredths of the longer one's lines are in both.
const ALIKE: usize = 50;
/// With more pairs than this, renamed files are found only if their texts are the same.
const MOST_PAIRS: usize = 400;
/// A text with more lines than this is not compared.
const MOST_LINES: usize = 60_000;

/// Stands for a line that was not there.
pub const NEW: u32 = u32::MAX;

/// Where a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// It was there before the first change.
    Before,
    /// The change of that number brought it.
    Change(usize),
}

/// Follows lines back.
pub(crate) struct Tracer<'a> {
    repository: &'a gix::Repository,
    /// What each change did to files, the oldest first.
    diffs: &'a [TreeDiff],
    /// For each pair of texts, the old line of each new one, both from 0.
    maps: FxHashMap<(ObjectId, ObjectId), Vec<u32>>,
    /// The files that new ones were before, by change and path.
    renamed: FxHashMap<(usize, String), Option<(String, ObjectId)>>,
}

impl<'a> Tracer<'a> {
    /// Returns a tracer for the changes that did `diffs`.
    pub fn new(repository: &'a gix::Repository, diffs: &'a [TreeDiff]) -> Tracer<'a> {
        Tracer {
            repository,
            diffs,
            maps: FxHashMap::default(),
            renamed: FxHashMap::default(),
        }
    }

    /// Returns where the line at `spot` comes from, as it is after the change of number `last`.
    pub fn origin(&mut self, last: usize, spot: &Spot) -> Origin {
        let mut path = spot.file.clone();
        let mut line = spot.line.saturating_sub(1);
        for number in (0..=last).rev() {
            let Some(change) = self.diffs[number].files.get(&path).copied() else {
                continue;
            };
            let before = match change.old {
                Some(old) => Some((path.clone(), old)),
                None => self.former(number, &path, change),
            };
            let (Some((former, old)), Some(new)) = (before, change.new) else {
                return Origin::Change(number);
            };
            match self.old_line(old, new, line) {
                Some(old_line) => {
                    line = old_line;
                    path = former;
                }
                None => return Origin::Change(number),
            }
        }
        Origin::Before
    }

    fn old_line(&mut self, old: ObjectId, new: ObjectId, line: u32) -> Option<u32> {
        if old == new {
            return Some(line);
        }
        if !self.maps.contains_key(&(old, new)) {
            let map = line_map(&self.text(old), &self.text(new));
            self.maps.insert((old, new), map);
        }
        let map = self.maps.get(&(old, new))?;
        map.get(line as usize).copied().filter(|line| *line != NEW)
    }

    /// Returns the file that the new one at `path` was before the change.
    fn former(
        &mut self,
        number: usize,
        path: &str,
        change: FileChange,
    ) -> Option<(String, ObjectId)> {
        let key = (number, path.to_owned());
        if let Some(known) = self.renamed.get(&key) {
            return known.clone();
        }
        let found = self.find_former(number, path, change);
        self.renamed.insert(key, found.clone());
        found
    }

    fn find_former(
        &self,
        number: usize,
        path: &str,
        change: FileChange,
    ) -> Option<(String, ObjectId)> {
        let new = change.new?;
        let files: &BTreeMap<String, FileChange> = &self.diffs[number].files;
        let gone: Vec<(&String, ObjectId)> = files
            .iter()
            .filter(|(_, change)| change.new.is_none())
            .filter_map(|(path, change)| Some((path, change.old?)))
            .collect();
        if let Some((path, old)) = gone.iter().find(|(_, old)| *old == new) {
            return Some(((*path).clone(), *old));
        }
        let added = files.values().filter(|change| change.old.is_none()).count();
        if gone.len() * added > MOST_PAIRS {
            return None;
        }
        let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_owned());
        let text = self.text(new);
        let alike = |old: ObjectId| {
            let before = self.text(old);
            let map = line_map(&before, &text);
            let same = map.iter().filter(|line| **line != NEW).count();
            let longest = before.lines().count().max(map.len()).max(1);
            same * 100 / longest
        };
        gone.into_iter()
            .filter(|(old, _)| ending(old) == ending(path))
            .map(|(path, old)| (alike(old), path, old))
            .filter(|(alike, ..)| *alike >= ALIKE)
            .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(a.1)))
            .map(|(_, path, old)| (path.clone(), old))
    }

    fn text(&self, id: ObjectId) -> String {
        let blob = self.repository.find_blob(id).ok();
        blob.map_or_else(String::new, |blob| {
            String::from_utf8_lossy(&blob.data).into_owned()
        })
    }
}

/// Returns for each line of `new` the line of `old` that it was, both from 0.
pub fn line_map(old: &str, new: &str) -> Vec<u32> {
    let before: Vec<&str> = old.lines().map(str::trim).collect();
    let after: Vec<&str> = new.lines().map(str::trim).collect();
    if before.len().max(after.len()) > MOST_LINES {
        return Vec::new();
    }
    let mut input = InternedInput::default();
    input.update_before(before.into_iter());
    input.update_after(after.iter().copied());
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let mut map = vec![NEW; after.len()];
    let (mut old_line, mut new_line) = (0, 0);
    for hunk in diff.hunks() {
        while new_line < hunk.after.start {
            map[new_line as usize] = old_line;
            (old_line, new_line) = (old_line + 1, new_line + 1);
        }
        (old_line, new_line) = (hunk.before.end, hunk.after.end);
    }
    for place in map.iter_mut().skip(new_line as usize) {
        *place = old_line;
        old_line += 1;
    }
    map
}
