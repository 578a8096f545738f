//! Collections as they are written: lists, tuples, sets, dictionaries and objects, with what is spread into them.
//!
//! Most settings of an application are such displays, so their keys and places are kept.

use firedoor_ir::{CollectionKind, Element, Key, Property, PropertyKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::names::names_of;
use crate::{Atom, Machine, ObjectKind, Stop, Value};

impl<'p> Machine<'p> {
    pub(crate) fn collection(
        &mut self,
        kind: CollectionKind,
        elements: &'p [Element],
        span: Span,
    ) -> Result<Value, Stop> {
        let mut values = Vec::with_capacity(elements.len());
        let mut further: Option<Value> = None;
        for element in elements {
            let value = self.evaluate(element.value)?;
            if element.is_spread {
                let (spread, more) = self.elements_and_more(&value);
                values.extend(spread);
                further = match (further, more) {
                    (Some(further), Some(more)) => Some(self.join(further, &more)),
                    (further, more) => further.or(more),
                };
            } else {
                values.push(value);
            }
        }
        let kind = match kind {
            CollectionKind::List => ObjectKind::Array,
            CollectionKind::Tuple => ObjectKind::Tuple,
            CollectionKind::Set => ObjectKind::Set,
        };
        if values.is_empty() && matches!(kind, ObjectKind::Array) {
            self.heap.is_made_again(span);
        }
        let id = self.heap.allocate(kind, span);
        let object = self.heap.get_mut(id);
        object.elements = values;
        object.is_as_written = elements.iter().all(|element| !element.is_spread);
        if let Some(more) = further {
            object.is_open = true;
            object
                .properties
                .insert(Ustr::from(crate::elements::MORE), more);
        }
        Ok(Value::object(id))
    }

    pub(crate) fn object_display(
        &mut self,
        properties: &'p [Property],
        span: Span,
    ) -> Result<Value, Stop> {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        let mut origins = crate::OriginSet::EMPTY;
        for property in properties {
            let value = match property.kind {
                PropertyKind::Spread => self.spread_operand(property.value)?,
                _ => self.evaluate(property.value)?,
            };
            match property.kind {
                PropertyKind::Spread => {
                    origins = self.origins.union(origins, value.origins);
                    self.overwrite_with_unknown(id, &value)?;
                    self.spread_into(id, &value);
                }
                PropertyKind::Value => self.display_property(id, property.key, value)?,
                PropertyKind::Getter | PropertyKind::Setter => {
                    if let Key::Name(name) = property.key {
                        let word = match property.kind {
                            PropertyKind::Getter => "get",
                            _ => "set",
                        };
                        let key = Ustr::from(&format!("{word}:{name}"));
                        self.heap.get_mut(id).properties.insert(key, value);
                    }
                }
            }
        }
        Ok(Value::object(id).with_origins(origins))
    }

    /// What comes from outside may have any key, so that what was written before it may not be what is left.
    pub(crate) fn overwrite_with_unknown(
        &mut self,
        id: crate::ObjectId,
        value: &Value,
    ) -> Result<(), Stop> {
        let is_unknown = value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Unknown(_)));
        let is_from_outside = |machine: &Self, origins: crate::OriginSet| {
            let mut members = machine.origins.members(origins).iter();
            members.any(|origin| matches!(origin, crate::Origin::Host(_)))
        };
        let is_unknown = is_unknown && is_from_outside(self, value.origins);
        // An object to which something was added since may have any other key still.
        let open: Vec<crate::ObjectId> = value
            .objects()
            .filter(|source| {
                let object = self.heap.get(*source);
                object.is_open && matches!(object.kind, ObjectKind::Plain)
            })
            .collect();
        if !is_unknown && open.is_empty() {
            return Ok(());
        }
        let written: Vec<(Ustr, Value)> = self
            .heap
            .get(id)
            .properties
            .iter()
            .filter(|(name, _)| !name.contains(':') && !name.starts_with('$'))
            .map(|(name, old)| (*name, old.clone()))
            .collect();
        for (name, old) in written {
            let mut either = old;
            if is_unknown {
                let new = self.member(value, name, self.span)?;
                either = self.join(either, &new);
            }
            for source in &open {
                if self.heap.get(*source).properties.contains_key(&name) {
                    continue;
                }
                let new = self.open_property(*source, name);
                if is_from_outside(self, new.origins) {
                    either = self.join(either, &new);
                }
            }
            self.heap.get_mut(id).properties.insert(name, either);
        }
        Ok(())
    }

    fn display_property(
        &mut self,
        id: crate::ObjectId,
        key: Key,
        value: Value,
    ) -> Result<(), Stop> {
        let key = match key {
            Key::Name(name) => Value::atom(Atom::String(name)),
            Key::Computed(expression) => self.evaluate(expression)?,
        };
        if self.is_python() {
            if let Some(name) = key.text() {
                self.name_objects(name, &value);
            }
            self.dict_set(id, &key, value);
            return Ok(());
        }
        if let Some(name) = property_name(&key) {
            self.name_objects(name, &value);
            let object = self.heap.get_mut(id);
            object.properties.insert(name, value);
            return Ok(());
        }
        if let Some(names) = names_of(&key) {
            self.set_one_of(id, &key, &names, &value);
            return Ok(());
        }
        let object = self.heap.get_mut(id);
        if key.only_object().is_some() || key.as_outside().is_some() {
            object.kind = ObjectKind::Map;
            object.elements.push(key);
            object.elements.push(value);
        } else {
            object.is_open = true;
            object.elements.push(value);
        }
        Ok(())
    }

    /// Copies the own properties of each object that `value` can be into `id`.
    pub(crate) fn spread_into(&mut self, id: crate::ObjectId, value: &Value) {
        if self.is_python()
            && let Some(source) = value.only_object()
            && matches!(self.heap.get(source).kind, ObjectKind::Map)
        {
            let span = self.span;
            let _ = self.dict_extend(id, value, span);
            return;
        }
        let objects: Vec<_> = value.objects().collect();
        let is_certain = value.atoms().len() == 1;
        let has_everywhere = |machine: &Self, key: Ustr| {
            let mut atoms = value.atoms().iter();
            atoms.all(|atom| match atom {
                Atom::Object(source) => {
                    let source = machine.heap.get(*source);
                    source.is_open
                        || !matches!(source.kind, ObjectKind::Plain)
                        || source.properties.contains_key(&key)
                }
                atom => atom.truth() != Some(false),
            })
        };
        for source in objects {
            let object = self.heap.get(source);
            let is_open = object.is_open || matches!(object.kind, ObjectKind::Host(_));
            let copies: Vec<(Ustr, Value)> = object
                .properties
                .iter()
                .filter(|(key, _)| {
                    **key != crate::elements::MORE && **key != crate::javascript::PROTOTYPE
                })
                .map(|(key, value)| (*key, value.clone()))
                .collect();
            for (key, copy) in copies {
                let (key, copy) = match key.split_once(':') {
                    Some(("set", _)) => continue,
                    Some(("get", name)) => {
                        let name = Ustr::from(name);
                        let span = self.span;
                        let read = self.object_member(source, value, name, span);
                        (name, read.unwrap_or_else(|_| Value::undefined()))
                    }
                    _ => (key, copy),
                };
                let copy = match self.heap.property(id, key).cloned() {
                    Some(old) if !is_certain => self.join(copy, &old),
                    // `...(all ? {} : { owner })` leaves it out on one side, and what chose the side decides that.
                    None if !is_certain && !has_everywhere(self, key) => {
                        let mut copy = self.or_missing(copy);
                        copy.control = self.origins.union(copy.control, value.control);
                        copy
                    }
                    _ => copy,
                };
                self.heap.get_mut(id).properties.insert(key, copy);
            }
            if is_open {
                // What is not known of the source is not known of the copy, and comes from where that comes from.
                let source = self.heap.get(source);
                let parts = match (&source.kind, source.elements.is_empty()) {
                    (ObjectKind::Plain, false) => source.elements.clone(),
                    _ => vec![value.clone()],
                };
                self.hold_parts(id, parts);
            }
        }
        if value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Unknown(_) | Atom::Outside(_)))
        {
            self.hold_parts(id, vec![value.clone()]);
        }
    }

    /// Notes what an object holds of which the names are not known, each thing once. An object that is copied into
    /// itself in a loop would double otherwise.
    fn hold_parts(&mut self, id: crate::ObjectId, parts: Vec<Value>) {
        let mut known = std::mem::take(&mut self.heap.get_mut(id).elements);
        for part in parts {
            if known.contains(&part) {
                continue;
            }
            match known.len() < MOST_PARTS {
                true => known.push(part),
                false => {
                    let last = known.pop().unwrap_or_else(Value::undefined);
                    known.push(self.join(last, &part));
                }
            }
        }
        let object = self.heap.get_mut(id);
        object.is_open = true;
        object.elements = known;
    }
}

/// How many things of unknown names an object holds apart; the others are one of them.
const MOST_PARTS: usize = 24;

/// Returns the name of the property that a computed key stands for, if it is known.
pub(crate) fn property_name(key: &Value) -> Option<Ustr> {
    match key.only()? {
        Atom::String(text) => Some(text),
        Atom::Number(number) => Some(Ustr::from(&crate::operator::number_text(number))),
        Atom::Bool(value) => Some(Ustr::from(if value { "true" } else { "false" })),
        _ => None,
    }
}
