//! Going on from chosen paths: what each had written where it left, without what the others did.
//!
//! A layer lets a request on from some of its paths and ends it on others; what comes next finds only what
//! the first have written.

use ustr::Ustr;

use crate::heap::{Content, Delta, Location};
use crate::{Machine, ObjectId, OriginSet, Value};

/// What a path has written, to be gone on with later.
#[derive(Clone, Debug, Default)]
pub struct Written(Delta);

impl Written {
    /// Returns what the path has made of a property, if it has written it.
    pub fn property(&self, object: ObjectId, name: Ustr) -> Option<&Value> {
        match self.0.writes.get(&Location::Property(object, name))? {
            Content::Value(value) => Some(value),
            _ => None,
        }
    }
}

/// A point in time of the heap.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    journal: usize,
    born: (usize, usize),
}

impl Machine<'_> {
    /// Returns a mark for [`Machine::written_since`] and [`Machine::go_on_with`].
    pub fn mark(&self) -> Mark {
        Mark {
            journal: self.heap.journal.len(),
            born: (self.heap.len(), self.scopes.len()),
        }
    }

    /// Returns what the current path has written since `mark`.
    pub fn written_since(&mut self, mark: Mark) -> Written {
        let start = mark.journal.min(self.heap.journal.len());
        let written = self.heap.journal[start..].iter();
        let locations: Vec<Location> = written.map(|(location, _)| *location).collect();
        let mut delta = Delta {
            born: mark.born,
            ..Delta::default()
        };
        for location in locations {
            let content = self.content(location);
            delta.writes.insert(location, content);
        }
        Written(delta)
    }

    /// Takes back everything written since `mark`, and goes on with what any of these paths had written
    /// where it left.
    pub fn go_on_with(&mut self, mark: Mark, paths: Vec<Written>) {
        self.take_delta(mark.journal, mark.born);
        let mut paths = paths.into_iter();
        let Some(Written(mut joined)) = paths.next() else {
            return;
        };
        for Written(other) in paths {
            let start = self.heap.journal.len();
            self.merge(&joined, &other, (OriginSet::EMPTY, OriginSet::EMPTY));
            joined = self.take_delta(start, mark.born);
        }
        self.apply(&joined);
    }
}
