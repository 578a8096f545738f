//! What one side of a branch wrote: taken back, put back, and merged with what the other side wrote.
//!
//! A branch runs each side from the same state, so the journal of the heap is cut into pieces here.

use crate::heap::{Content, Delta, Location};
use crate::{Atom, Machine, ObjectKind, OriginSet, Shape, Slot, Value};

impl<'p> Machine<'p> {
    /// Undoes everything written since `mark` and returns it.
    pub(crate) fn take_delta(&mut self, mark: usize, born: (usize, usize)) -> Delta {
        let mut delta = Delta {
            born,
            ..Delta::default()
        };
        self.heap.moved += self.heap.journal.len().saturating_sub(mark) as u64;
        while self.heap.journal.len() > mark {
            let Some((location, old)) = self.heap.journal.pop() else {
                break;
            };
            // The last that was written comes first, and is what the side has made of the place.
            if delta.writes.contains_key(&location) {
                self.restore(location, old);
            } else {
                let current = self.exchange(location, old);
                delta.writes.insert(location, current);
            }
        }
        delta
    }

    pub(crate) fn content(&mut self, location: Location) -> Content {
        match location {
            Location::Variable(scope, name) => match self.scope(scope).names.get(&name) {
                Some(Slot::Value(value)) => Content::Value(value.clone()),
                _ => Content::Nothing,
            },
            Location::Property(object, key) => match self.heap.property(object, key) {
                Some(value) => Content::Value(value.clone()),
                None => Content::Nothing,
            },
            Location::Elements(object) => {
                let object = self.heap.get(object);
                Content::Elements(object.elements.clone(), object.is_open)
            }
        }
    }

    pub(crate) fn restore(&mut self, location: Location, content: Content) {
        match (location, content) {
            (Location::Variable(scope, name), Content::Value(value)) => {
                self.scope(scope).names.insert(name, Slot::Value(value));
            }
            (Location::Variable(scope, name), _) => {
                self.scope(scope).names.insert(name, Slot::Unbound);
            }
            (Location::Property(object, key), Content::Value(value)) => {
                self.heap.get_mut(object).properties.insert(key, value);
            }
            (Location::Property(object, key), _) => {
                self.heap.get_mut(object).properties.shift_remove(&key);
            }
            (Location::Elements(object), Content::Elements(elements, is_open)) => {
                let object = self.heap.get_mut(object);
                object.elements = elements;
                object.is_open = is_open;
                object.is_as_written = false;
            }
            (Location::Elements(object), Content::Length(length, is_open)) => {
                let object = self.heap.get_mut(object);
                object.elements.truncate(length);
                object.is_open = is_open;
            }
            (Location::Elements(_), _) => {}
        }
    }

    /// Writes to a place as [`Machine::restore`] does, and returns what was there: no copy is made where it can be moved.
    pub(crate) fn exchange(&mut self, location: Location, content: Content) -> Content {
        match (location, content) {
            (Location::Variable(scope, name), content) => {
                let slot = match content {
                    Content::Value(value) => Slot::Value(value),
                    _ => Slot::Unbound,
                };
                match self.scope(scope).names.insert(name, slot) {
                    Some(Slot::Value(value)) => Content::Value(value),
                    _ => Content::Nothing,
                }
            }
            (Location::Property(object, key), content) => {
                let properties = &mut self.heap.get_mut(object).properties;
                let old = match content {
                    Content::Value(value) => properties.insert(key, value),
                    _ => properties.shift_remove(&key),
                };
                old.map_or(Content::Nothing, Content::Value)
            }
            (Location::Elements(object), Content::Elements(elements, is_open)) => {
                let object = self.heap.get_mut(object);
                let old = std::mem::replace(&mut object.elements, elements);
                let was_open = std::mem::replace(&mut object.is_open, is_open);
                object.is_as_written = false;
                Content::Elements(old, was_open)
            }
            (location, content) => {
                let old = self.content(location);
                self.restore(location, content);
                old
            }
        }
    }

    pub(crate) fn apply(&mut self, delta: &Delta) {
        self.heap.moved += delta.writes.len() as u64;
        for (location, content) in &delta.writes {
            let old = self.exchange(*location, content.clone());
            self.heap.journal.push((*location, old));
        }
    }

    pub(crate) fn merge(&mut self, yes: &Delta, no: &Delta, control: (OriginSet, OriginSet)) {
        let by = self.origins.union(control.0, control.1);
        let only_no = no
            .writes
            .keys()
            .filter(|location| !yes.writes.contains_key(*location));
        let locations: Vec<Location> = yes.writes.keys().chain(only_no).copied().collect();
        self.heap.moved += 2 * locations.len() as u64;
        for location in locations {
            let (a, b) = (yes.writes.get(&location), no.writes.get(&location));
            // The other side knows nothing of what one side has made.
            let is_new = !self.is_overlaid(&location)
                && (a.is_some() && b.is_none() && yes.is_new(&location)
                    || a.is_none() && b.is_some() && no.is_new(&location));
            let merged = match (is_new, a.or(b)) {
                (true, Some(own)) => own.clone(),
                _ => {
                    let a = a.cloned().unwrap_or_else(|| self.content(location));
                    let b = b.cloned().unwrap_or_else(|| self.content(location));
                    let (a, b) = (self.filled(location, a), self.filled(location, b));
                    self.merge_content(a, b, by)
                }
            };
            let old = self.exchange(location, merged);
            self.heap.journal.push((location, old));
        }
    }

    pub(crate) fn is_overlaid(&self, location: &Location) -> bool {
        matches!(location, Location::Property(object, _) if self.overlays.contains(*object))
    }

    /// Where a side has written nothing on a value that is not known, its property is that of the value. What a
    /// library has handed out is no better known.
    pub(crate) fn filled(&mut self, location: Location, content: Content) -> Content {
        let Location::Property(object, key) = location else {
            return content;
        };
        let found = self.heap.get(object);
        let is_handed_out = found.is_open && matches!(found.kind, ObjectKind::Host(_));
        match content {
            Content::Nothing if is_handed_out || self.is_overlaid(&location) => {
                Content::Value(self.open_property(object, key))
            }
            content => content,
        }
    }

    pub(crate) fn merge_content(&mut self, a: Content, b: Content, by: OriginSet) -> Content {
        match (a, b) {
            (Content::Value(a), Content::Value(b)) => {
                let mut value = self.join(a, &b);
                value.control = self.origins.union(value.control, by);
                Content::Value(value)
            }
            (Content::Value(value), Content::Nothing)
            | (Content::Nothing, Content::Value(value)) => {
                let mut value = self.or_missing(value);
                value.control = self.origins.union(value.control, by);
                Content::Value(value)
            }
            (Content::Elements(a, a_open), Content::Elements(b, b_open)) => {
                Content::Elements(self.merge_elements(a, b, by), a_open || b_open)
            }
            (a, _) => a,
        }
    }

    /// Returns a value that may be missing as well. What is not known takes nothing beside it, so that in JavaScript,
    /// where a property that is missing is read all the same, `undefined` comes first.
    pub(crate) fn or_missing(&mut self, value: Value) -> Value {
        let is_open = value.atoms().contains(&Atom::Unknown(Shape::Any));
        match is_open && !self.is_python() {
            true => self.join(Value::undefined(), &value),
            false => self.join(value, &Value::undefined()),
        }
    }

    /// An element that only one side has may be missing: `undefined` is among its alternatives then.
    fn merge_elements(&mut self, a: Vec<Value>, b: Vec<Value>, by: OriginSet) -> Vec<Value> {
        let (mut long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let missing = Value::undefined();
        for (index, element) in long.iter_mut().enumerate() {
            let other = short.get(index).unwrap_or(&missing);
            if element == other {
                continue;
            }
            // Each alternative of the one is looked for among those of the other.
            self.heap.moved += (element.atoms().len() * other.atoms().len()) as u64 / 4 + 1;
            let mut joined = element.clone().join(other, &mut self.origins);
            joined.control = self.origins.union(joined.control, by);
            *element = joined;
        }
        long
    }

    /// A list that grew in a loop whose rounds are not known may have grown more than once.
    pub(crate) fn open_grown(&mut self, delta: &Delta) {
        for (location, content) in &delta.writes {
            let (Location::Elements(id), Content::Elements(elements, _)) = (location, content)
            else {
                continue;
            };
            let is_grown = elements
                .last()
                .is_some_and(|last| self.heap.get(*id).elements.last() != Some(last));
            if is_grown {
                self.heap.open(*id);
            }
        }
    }
}
