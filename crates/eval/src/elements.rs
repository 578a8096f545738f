//! The elements of things: what is known of them, and what further ones can be.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, Value};

/// Holds for keys of properties that no loop shows: getters, symbols, and what only the evaluator knows.
pub(crate) fn is_hidden(key: &str) -> bool {
    ["get:", "set:", "@@", MORE, crate::javascript::PROTOTYPE]
        .iter()
        .any(|prefix| key.starts_with(prefix))
}

/// Holds if a list may not have the element at all.
pub(crate) fn is_perhaps_missing(element: &Value) -> bool {
    element.atoms().len() > 1 && element.atoms().contains(&Atom::Undefined)
}

/// The property of an open list that holds what its further elements can be.
pub(crate) const MORE: &str = "...";

/// The property of an object of a library that holds the list of what a loop goes through.
pub const ELEMENTS: &str = "...elements";

/// The most elements of a list that are told apart.
const LONGEST: usize = 2_000;

impl Machine<'_> {
    /// Returns the known elements of `value`, and whether there may be others. An element at a place where
    /// one alternative has none is that or undefined; where it may have any, it is that or anything.
    pub fn elements_of(&mut self, value: &Value) -> (Vec<Value>, bool) {
        let (mut elements, mut is_open) = self.all_elements_of(value);
        is_open |= elements.len() > LONGEST;
        elements.truncate(LONGEST);
        self.heap.copied += elements.len() as u64;
        (elements, is_open)
    }

    fn all_elements_of(&mut self, value: &Value) -> (Vec<Value>, bool) {
        let mut is_open = false;
        let mut lists: Vec<(Atom, Vec<Value>, bool)> = Vec::new();
        for atom in value.atoms().to_vec() {
            let atom = self.iterated(atom);
            let (elements, open) = self.atom_elements(&atom).unwrap_or((Vec::new(), true));
            is_open |= open;
            lists.push((atom, elements, open));
        }
        if lists.len() == 1 {
            let elements = lists
                .pop()
                .map(|(_, elements, _)| elements)
                .unwrap_or_default();
            return (elements, is_open);
        }
        (self.joined_elements(value, lists), is_open)
    }

    fn joined_elements(
        &mut self,
        value: &Value,
        lists: Vec<(Atom, Vec<Value>, bool)>,
    ) -> Vec<Value> {
        let length = lists
            .iter()
            .map(|(_, elements, _)| elements.len())
            .max()
            .unwrap_or(0);
        let mut joined: Vec<Option<Value>> = vec![None; length];
        for (atom, elements, is_open) in lists {
            let further = if is_open && elements.len() < length {
                let mut alone = Value::atom(atom).with_origins(value.origins);
                alone.control = value.control;
                self.element_of_open(&alone)
            } else {
                Value::undefined()
            };
            for (index, place) in joined.iter_mut().enumerate() {
                let element = elements.get(index).unwrap_or(&further);
                *place = Some(match place.take() {
                    Some(earlier) => earlier.join(element, &mut self.origins),
                    None => element.clone(),
                });
            }
        }
        // What decides which of the lists it is decides what stands in each place.
        let control = value.control;
        let decided = |mut element: Value| {
            element.control = self.origins.union(element.control, control);
            element
        };
        joined.into_iter().flatten().map(decided).collect()
    }

    /// What `[Symbol.iterator]()` of an object of the program gives, instead of the object.
    fn iterated(&mut self, atom: Atom) -> Atom {
        let Atom::Object(id) = atom else {
            return atom;
        };
        if !matches!(
            self.heap.get(id).kind,
            ObjectKind::Instance { .. } | ObjectKind::Plain
        ) || self.is_python()
        {
            return atom;
        }
        let own = crate::javascript::ITERATORS.iter().find_map(|key| {
            let key = Ustr::from(key);
            match self.heap.get(id).kind {
                ObjectKind::Instance { class } => {
                    self.class_attribute(class, key).map(|(_, it)| it)
                }
                _ => self.heap.property(id, key).cloned(),
            }
        });
        let Some(method) = own else {
            return atom;
        };
        let span = self.span;
        let arguments = crate::Arguments::default();
        let (made, thrown) = self.catching(|machine| {
            machine.call_value(&method, Some(Value::object(id)), &arguments, span)
        });
        self.rethrow(thrown);
        made.ok().and_then(|made| made.only()).unwrap_or(atom)
    }

    fn atom_elements(&mut self, atom: &Atom) -> Option<(Vec<Value>, bool)> {
        match atom {
            Atom::Object(id) => self.object_elements(*id),
            Atom::String(text) if text.chars().count() <= 200 => Some((
                text.chars()
                    .map(|c| Value::string(&c.to_string()))
                    .collect(),
                false,
            )),
            Atom::Undefined | Atom::Null => Some((Vec::new(), false)),
            _ => None,
        }
    }

    fn object_elements(&mut self, id: ObjectId) -> Option<(Vec<Value>, bool)> {
        let is_python = self.is_python();
        let id = self.unproxied(id);
        let is_store = self.is_store(id);
        let object = self.heap.get(id);
        let is_open = object.is_open || is_store;
        match &object.kind {
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set => {
                Some((object.elements.clone(), is_open))
            }
            ObjectKind::Map if is_python => {
                let (entries, _) = self.dict_entries(id);
                Some((entries.into_iter().map(|(key, _)| key).collect(), is_open))
            }
            ObjectKind::Map => {
                let span = object.span;
                let pairs: Vec<Vec<Value>> =
                    object.elements.chunks(2).map(<[Value]>::to_vec).collect();
                let pairs = pairs
                    .into_iter()
                    .map(|pair| self.make_list(pair, false, span))
                    .collect();
                Some((pairs, is_open))
            }
            ObjectKind::Plain if is_python => {
                let keys = object
                    .properties
                    .keys()
                    .map(|key| Value::atom(Atom::String(*key)));
                Some((keys.collect(), is_open))
            }
            ObjectKind::Class { .. } => self.class_elements(id),
            ObjectKind::Host(path) if *path == crate::python::NAMED_TUPLE => {
                Some((object.elements.clone(), false))
            }
            ObjectKind::Instance { .. } if is_python => self.instance_elements(id),
            // What a library hands out may be gone through like a list that it keeps.
            ObjectKind::Host(_) => {
                let kept = self
                    .heap
                    .property(id, Ustr::from(ELEMENTS))?
                    .only_object()?;
                self.object_elements(kept)
            }
            _ => None,
        }
    }

    /// Returns what an element of `value` can be that is not among its known ones.
    pub fn element_of_open(&mut self, value: &Value) -> Value {
        for id in value.objects().collect::<Vec<_>>() {
            if self.is_store(id) {
                let host = self.host();
                if let Some(element) = host.stored(self, id, None, self.span) {
                    return self.stored_element(id, element);
                }
            }
            if let Some(more) = self.heap.property(id, Ustr::from(MORE)) {
                return more.clone();
            }
            if matches!(self.heap.get(id).kind, ObjectKind::Host(_)) {
                let host = self.host();
                let key = Value::unknown(Shape::Number);
                if let Some(element) = host.index(self, value, &key, self.span) {
                    return element;
                }
            }
        }
        let mut element = self.derived(Shape::Any, [value]);
        let (known, _) = self.elements_of(value);
        for known in &known {
            element = self.join(element, known);
        }
        element
    }

    /// JavaScript's maps are iterated by pairs.
    fn stored_element(&mut self, id: ObjectId, element: Value) -> Value {
        let object = self.heap.get(id);
        if self.is_python() || !matches!(object.kind, ObjectKind::Map) {
            return element;
        }
        let span = object.span;
        let key = self.derived(Shape::Any, [&element]);
        self.make_list(vec![key, element], false, span)
    }

    /// Returns the known elements, and what a further one can be if there may be any.
    pub fn elements_and_more(&mut self, value: &Value) -> (Vec<Value>, Option<Value>) {
        let (elements, is_open) = self.elements_of(value);
        let more = is_open.then(|| self.element_of_open(value));
        (elements, more)
    }

    /// Says that a list may have further elements, and what they can be.
    pub fn open_list(&mut self, id: ObjectId, more: Value) {
        let key = Ustr::from(MORE);
        let more = match self.heap.property(id, key).cloned() {
            Some(earlier) => self.join(earlier, &more),
            None => more,
        };
        self.heap.set_property(id, key, more);
        self.heap.open(id);
    }

    /// Makes a list of these elements and, perhaps, further ones like `more`.
    pub fn make_open_list(
        &mut self,
        elements: Vec<Value>,
        more: Option<Value>,
        span: Span,
    ) -> Value {
        let list = self.make_list(elements, more.is_some(), span);
        if let (Some(more), Some(id)) = (more, list.only_object()) {
            let object = self.heap.get_mut(id);
            object.properties.insert(Ustr::from(MORE), more);
        }
        list
    }

    /// Makes a list. Lists that are made of lists again and again double each time, so that what is behind
    /// the first elements is joined.
    pub fn make_list(&mut self, mut elements: Vec<Value>, is_open: bool, span: Span) -> Value {
        self.charge(elements.len() / 8);
        if elements.len() > LONGEST {
            let rest = elements.split_off(LONGEST);
            let rest = self.join_all(&rest);
            let list = self.make_list(elements, is_open, span);
            if let Some(id) = list.only_object() {
                self.open_list(id, rest);
            }
            return list;
        }
        let id = self.heap.allocate(ObjectKind::Array, span);
        let object = self.heap.get_mut(id);
        object.elements = elements;
        object.is_open = is_open;
        Value::object(id)
    }

    /// Returns the keys of an object as a list.
    pub fn keys_of(&mut self, value: &Value, span: Span) -> Value {
        let mut keys = Vec::new();
        let mut is_open = value.is_unknown();
        for id in value.objects().collect::<Vec<_>>() {
            is_open |= self.is_store(id);
            let object = self.heap.get(id);
            is_open |= object.is_open;
            match object.kind {
                ObjectKind::Array | ObjectKind::Tuple => {
                    keys.extend(
                        (0..object.elements.len()).map(|index| Value::string(&index.to_string())),
                    );
                }
                _ => keys.extend(
                    object
                        .properties
                        .keys()
                        .filter(|key| !is_hidden(key))
                        .map(|key| Value::atom(Atom::String(*key))),
                ),
            }
        }
        let list = self.make_list(keys, is_open, span);
        list.with_origins(value.origins)
    }
}
