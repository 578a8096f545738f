//! Writes to values that are not known.
//!
//! What a request sends is not known, and yet it is one object: what the program writes on it is seen by everybody
//! who holds it, however he got it. So the first write makes an object that stands for the value from then on, whose
//! other properties are those of the value. The host says which values are one object by their origins alone.

use firedoor_source::Span;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, Value};

/// The objects that stand for unknown values, by the origins of those.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overlays {
    by_origins: FxHashMap<OriginSet, ObjectId>,
    objects: FxHashSet<ObjectId>,
}

impl Overlays {
    /// Holds for an object that stands for an unknown value: it is there on both sides of a branch, whichever of
    /// them has written to it first.
    pub(crate) fn contains(&self, object: ObjectId) -> bool {
        self.objects.contains(&object)
    }
}

impl<'p> Machine<'p> {
    /// Returns the value with the object that stands for its unknown part, if something was written on it.
    pub(crate) fn overlaid(&self, value: Value) -> Value {
        if self.overlays.objects.is_empty() || !value.atoms().iter().any(is_unknown) {
            return value;
        }
        match self.overlays.by_origins.get(&value.origins) {
            Some(object) => standing_for(&value, *object),
            None => value,
        }
    }

    /// Returns the value as something that can be written on.
    pub(crate) fn writable(&mut self, value: &Value, span: Span) -> Value {
        let host = self.host();
        if !value.atoms().iter().any(is_unknown) || !host.is_one(self, value.origins) {
            return value.clone();
        }
        let object = match self.overlays.by_origins.get(&value.origins) {
            Some(object) => *object,
            None => self.overlay(value, span),
        };
        standing_for(value, object)
    }

    fn overlay(&mut self, value: &Value, span: Span) -> ObjectId {
        let object = self.heap.allocate(ObjectKind::Plain, span);
        let made = self.heap.get_mut(object);
        made.is_open = true;
        made.elements
            .push(Value::unknown(Shape::Object).with_origins(value.origins));
        self.overlays.by_origins.insert(value.origins, object);
        self.overlays.objects.insert(object);
        object
    }
}

fn is_unknown(atom: &Atom) -> bool {
    matches!(atom, Atom::Unknown(Shape::Any | Shape::Object))
}

fn standing_for(value: &Value, object: ObjectId) -> Value {
    let atoms = value.atoms().iter().map(|atom| match is_unknown(atom) {
        true => Atom::Object(object),
        false => *atom,
    });
    let mut standing = Value::atoms_of(atoms).with_origins(value.origins);
    standing.control = value.control;
    standing
}
