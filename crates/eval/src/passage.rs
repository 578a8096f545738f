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

/// What there was before a request was sent.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    objects: usize,
    scopes: usize,
    tests: usize,
    decisions: usize,
    text_tests: usize,
    modules: u32,
    builtins: usize,
}

impl Before {
    /// Returns the number that the first object which is made from now on has.
    pub fn first_object(&self) -> crate::ObjectId {
        crate::ObjectId(self.objects as u32)
    }
}

impl Machine<'_> {
    /// Returns what there is before a request, for [`Machine::forget_since`].
    pub fn before(&self) -> Before {
        Before {
            objects: self.heap.len(),
            scopes: self.scopes.len(),
            tests: self.tests.len(),
            decisions: self.decisions.len(),
            text_tests: self.text_tests.len(),
            modules: self.loaded,
            builtins: self.builtins.len(),
        }
    }

    /// Gives up what requests have made since, once all of it has been put into other words. Where a module was run
    /// meanwhile, what it has made stays, and so does everything else: then it is false that all was given up.
    pub fn forget_since(&mut self, before: Before) -> bool {
        if before.modules != self.loaded || before.builtins != self.builtins.len() {
            return false;
        }
        self.heap.objects.give_up(before.objects);
        self.scopes.give_up(before.scopes);
        self.tests.give_up(before.tests);
        self.decisions.give_up(before.decisions);
        self.text_tests.truncate(before.text_tests);
        let is_older = |id: &ObjectId| (id.0 as usize) < before.objects;
        // An exception that the program keeps for all requests is thrown anew by each.
        self.first_thrown.clear();
        self.rows.retain(|id, _| is_older(id));
        self.factories.retain(|id, _| is_older(id));
        self.decorated.retain(|id, _| is_older(id));
        self.lineages.borrow_mut().retain(|id, _| is_older(id));
        true
    }

    /// Holds if something that was there before keeps `id`, which was made since: it lives on.
    pub fn is_kept_beyond(&mut self, before: Before, id: ObjectId) -> bool {
        let born = (before.objects, before.scopes);
        let written = self.heap.journal.iter().map(|(place, _)| *place);
        let older: Vec<Location> = written.filter(|it| !it.is_born_since(born)).collect();
        older.into_iter().any(|place| match self.content(place) {
            Content::Value(value) => value.objects().any(|found| found == id),
            Content::Elements(elements, _) => {
                let mut objects = elements.iter().flat_map(Value::objects);
                objects.any(|found| found == id)
            }
            Content::Nothing | Content::Length(..) => false,
        })
    }

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
            // What was written often is read once.
            if !delta.writes.contains_key(&location) {
                let content = self.content(location);
                delta.writes.insert(location, content);
            }
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
