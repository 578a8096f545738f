//! Paths that leave a loop or a function before its end: what each leaves behind.
//!
//! Where one side of a branch returns and the other goes on, the other's state is the machine's. What the side
//! that left would have found is what had been written until then: `if (!id) return; request.user = load(id);`
//! leaves a request without a user too.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::heap::{Content, Delta, Location};
use crate::{Machine, OriginSet};

/// How many paths are kept of one function; further ones are taken for those.
const KEPT: usize = 64;

/// Where in the journal places were written.
type Writes = FxHashMap<Location, SmallVec<[usize; 4]>>;

/// A path that left before the end.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    /// What it has written on its own.
    delta: Delta,
    /// How long the journal was where it parted from the path that goes on.
    mark: usize,
}

impl Machine<'_> {
    /// Keeps a path that leaves the loop or the function here.
    pub(crate) fn keep_left_path(&mut self, delta: &Delta) {
        let mark = self.heap.journal.len();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let is_known = frame.left.last().is_some_and(|last| {
            last.mark == mark && last.delta.writes.is_empty() && delta.writes.is_empty()
        });
        if !is_known && frame.left.len() < KEPT {
            self.heap.moved += delta.writes.len() as u64;
            let delta = delta.clone();
            frame.left.push(Left { delta, mark });
        }
    }

    /// The side of a branch that began at `mark` is about to be taken back: what it had written before one of
    /// its paths left, from the one numbered `from` on, belongs to that path.
    pub(crate) fn carry_left_paths(&mut self, from: usize, mark: usize, born: (usize, usize)) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let mut paths = frame.left.split_off(from.min(frame.left.len()));
        let Some(first) = paths.iter().map(|path| path.mark).min() else {
            return;
        };
        let later = self.writes_since(first);
        self.heap.moved += self.heap.journal.len().saturating_sub(first) as u64;
        for path in &mut paths {
            let until = path.mark.min(self.heap.journal.len());
            let before = self.heap.journal.get(mark..until).unwrap_or_default();
            let places: Vec<Location> = before.iter().map(|(place, _)| *place).collect();
            self.heap.moved += places.len() as u64;
            for place in places {
                if path.delta.writes.contains_key(&place) {
                    continue;
                }
                let content = self.content_at(place, until, &later);
                if !is_undeclared(&place, &content) {
                    path.delta.writes.insert(place, content);
                }
            }
            path.delta.born = born;
            path.mark = mark;
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.left.append(&mut paths);
        }
    }

    /// Takes back the only path that has left since there were `from` of them; nothing if there are several.
    pub(crate) fn only_left_path(&mut self, from: usize) -> Option<Delta> {
        let left = &mut self.frames.last_mut()?.left;
        match left.len() == from + 1 {
            true => left.pop().map(|path| path.delta),
            false => None,
        }
    }

    /// Returns where in the journal each place was written from `first` on.
    fn writes_since(&self, first: usize) -> Writes {
        let mut writes = Writes::default();
        let journal = self.heap.journal.iter().enumerate().skip(first);
        for (at, (place, _)) in journal {
            writes.entry(*place).or_default().push(at);
        }
        writes
    }

    /// Returns what was at a place when the journal was `mark` long; `writes` says where it was written since.
    fn content_at(&mut self, place: Location, mark: usize, writes: &Writes) -> Content {
        let written = writes
            .get(&place)
            .map_or(&[][..], |written| written.as_slice());
        let written = &written[written.partition_point(|at| *at < mark)..];
        let mut later = written.iter().map(|at| &self.heap.journal[*at].1);
        let length = match later.next() {
            None => return self.content(place),
            Some(Content::Length(length, is_open)) => (*length, *is_open),
            Some(old) => return old.clone(),
        };
        let whole = later.find(|old| !matches!(old, Content::Length(..)));
        let whole = whole.cloned().unwrap_or_else(|| self.content(place));
        match whole {
            Content::Elements(mut elements, _) => {
                elements.truncate(length.0);
                Content::Elements(elements, length.1)
            }
            other => other,
        }
    }

    /// Joins what paths that left have left behind with what the path to the end has made. What comes later to
    /// variables of scopes from `own` on is not for them: only closures that are made later see it.
    pub(crate) fn join_left_paths(&mut self, paths: Vec<Left>, own: usize) {
        let Some(first) = paths.iter().map(|path| path.mark).min() else {
            return;
        };
        let written = self.heap.journal.len().saturating_sub(first);
        self.heap.moved += (written * paths.len()) as u64;
        let missed = self.missed_writes(&paths, first, own);
        for path in paths {
            let Delta { writes, born } = path.delta;
            self.heap.moved += writes.len() as u64;
            for (place, content) in writes {
                self.join_left(place, content, place.is_born_since(born));
            }
        }
        for (place, content) in missed {
            self.join_left(place, content, false);
        }
    }

    /// Returns what was at each place that was written after a path had left, as that path knows it.
    fn missed_writes(
        &mut self,
        paths: &[Left],
        first: usize,
        own: usize,
    ) -> Vec<(Location, Content)> {
        let mut written: FxHashMap<Location, usize> = FxHashMap::default();
        let mut missed = Vec::new();
        for at in first..self.heap.journal.len() {
            let place = self.heap.journal[at].0;
            let since = written.insert(place, at).map_or(first, |last| last + 1);
            let knows = |path: &Left| {
                (since..=at).contains(&path.mark)
                    && !path.delta.is_new(&place)
                    && !path.delta.writes.contains_key(&place)
            };
            if !is_of_scopes(&place, own) && paths.iter().any(knows) {
                missed.push((place, at));
            }
        }
        if missed.is_empty() {
            return Vec::new();
        }
        let writes = self.writes_since(first);
        let missed = missed.into_iter();
        missed
            .map(|(place, at)| (place, self.content_at(place, at, &writes)))
            .filter(|(place, old)| !is_undeclared(place, old))
            .collect()
    }

    fn join_left(&mut self, place: Location, content: Content, is_new: bool) {
        let current = self.content(place);
        let is_overlaid = self.is_overlaid(&place);
        let is_missing = match &current {
            Content::Nothing => true,
            Content::Elements(elements, _) => elements.is_empty(),
            Content::Value(_) | Content::Length(..) => false,
        };
        let joined = if is_new && is_missing && !is_overlaid {
            content
        } else {
            let left = self.filled(place, content);
            let here = self.filled(place, current);
            self.merge_content(left, here, OriginSet::EMPTY)
        };
        let old = self.exchange(place, joined);
        self.heap.journal.push((place, old));
    }
}

/// Holds for a variable that is not declared yet: whoever leaves before knows nothing of it.
fn is_undeclared(place: &Location, content: &Content) -> bool {
    matches!((place, content), (Location::Variable(..), Content::Nothing))
}

/// Holds for a variable of a scope from `first` on.
fn is_of_scopes(place: &Location, first: usize) -> bool {
    matches!(place, Location::Variable(scope, _) if scope.0 as usize >= first)
}
