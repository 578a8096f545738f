//! Reading elements: `list[0]`, `map[key]`, `object[name]`.
//!
//! A key is often not known, so the answer is what may be there, and the host hears which keys were possible.

use firedoor_source::Span;
use ustr::Ustr;

use crate::display::property_name;
use crate::{Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Value};

impl<'p> Machine<'p> {
    /// Reads `object[key]`.
    pub fn index(&mut self, object: &Value, key: &Value, span: Span) -> Result<Value, Stop> {
        if object.is_nothing() {
            return self.throw_nothing(object, "TypeError", span);
        }
        let mut result: Option<Value> = None;
        for atom in object.atoms().to_vec() {
            if atom.is_nothing() {
                continue;
            }
            let value = self.atom_index(object, &atom, key, span)?;
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        let mut value = result.unwrap_or_else(Value::undefined);
        let by = self.origins.union(key.origins, key.control);
        value.control = self.origins.union(value.control, by);
        Ok(value)
    }

    fn atom_index(
        &mut self,
        whole: &Value,
        atom: &Atom,
        key: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let Atom::Object(id) = atom else {
            return self.other_index(whole, atom, key, span);
        };
        let id = *id;
        let host = self.host();
        if matches!(
            self.heap.get(id).kind,
            ObjectKind::Host(_) | ObjectKind::Instance { .. }
        ) {
            let receiver = Value::object(id).with_origins(whole.origins);
            if let Some(value) = host.index(self, &receiver, key, span) {
                return Ok(value);
            }
        }
        if self.is_store(id)
            && let Some(value) = host.stored(self, id, Some(key), span)
        {
            return Ok(value);
        }
        if self.is_python()
            && let Some(value) = self.python_index(id, whole, key, span)?
        {
            return Ok(value);
        }
        match self.heap.get(id).kind {
            ObjectKind::Array | ObjectKind::Tuple => Ok(self.list_index(id, whole, key)),
            ObjectKind::Map => Ok(self.map_get(id, key, span)),
            ObjectKind::Class { .. } if self.is_python() => self.subscript_class(id, key, span),
            _ => self.named_index(id, whole, key, span),
        }
    }

    fn other_index(
        &mut self,
        whole: &Value,
        atom: &Atom,
        key: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let host = self.host();
        if let Atom::Outside(_) = atom {
            if let Some(value) = host.index(self, whole, key, span) {
                return Ok(value);
            }
            return Ok(match self.subscript_outside(whole, key, span) {
                Some(value) => value,
                None => self.derived(Shape::Any, [whole, key]),
            });
        }
        if self.is_python()
            && let Some(value) = crate::python::index_text(self, whole, atom, key)
        {
            return Ok(value);
        }
        if let Some(name) = property_name(key)
            && matches!(atom, Atom::Unknown(Shape::Any | Shape::Object))
        {
            return self.atom_member(whole, atom, name, span);
        }
        let value = self.derived(Shape::Any, [whole]);
        Ok(match atom {
            Atom::String(_) | Atom::Pattern(_) => self.picked(value, key),
            _ => host.picked(self, key, value),
        })
    }

    /// What chance picks out of constants is as random as the choice.
    fn picked(&mut self, mut value: Value, key: &Value) -> Value {
        if !key.origins.is_empty() {
            let host = self.host();
            let chance = host.chance_of(self, key);
            value.origins = self.origins.union(value.origins, chance);
        }
        value
    }

    pub(crate) fn list_index(&mut self, id: ObjectId, whole: &Value, key: &Value) -> Value {
        let object = self.heap.get(id);
        let length = object.elements.len() as f64;
        if let Some(position) = key.as_number() {
            let position = if position < 0.0 && self.is_python() {
                position + length
            } else {
                position
            };
            if position >= 0.0
                && position.fract() == 0.0
                && let Some(element) = object.elements.get(position as usize)
            {
                return element.clone();
            }
            if !object.is_open {
                return Value::undefined().with_origins(whole.origins);
            }
        }
        let is_constant = |element: &Value| {
            let mut atoms = element.atoms().iter();
            atoms.all(|atom| matches!(atom, Atom::String(_) | Atom::Number(_)))
        };
        let is_choice = !object.is_open && object.elements.iter().all(is_constant);
        let mut element = self.element_of_open(whole);
        if is_choice {
            element = self.picked(element, key);
        }
        // A text that was not sent is a constant, and what is cut out of it stands for what would be sent.
        let host = self.host();
        host.picked(self, key, element)
    }

    /// Reads the value under `key` of a map; every value that may be under it, if that is undecided.
    pub(crate) fn map_get(&mut self, id: ObjectId, key: &Value, span: Span) -> Value {
        let pairs: Vec<(Value, Value)> = self
            .heap
            .get(id)
            .elements
            .chunks(2)
            .filter(|pair| pair.len() == 2)
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect();
        let mut result: Option<Value> = None;
        let mut may_miss = true;
        for (candidate, value) in &pairs {
            match self.decide_equality(candidate, key, false) {
                Some(true) => return value.clone(),
                Some(false) => {}
                None => {
                    let joined = match result.take() {
                        Some(earlier) => self.join(earlier, value),
                        None => value.clone(),
                    };
                    if let Some(name) = candidate.text() {
                        self.note_row(name, key, value);
                    }
                    result = Some(joined);
                    may_miss &= !covers(key, candidate);
                }
            }
        }
        self.report_keys(&pairs, key, span);
        let missing = Value::undefined().with_origins(key.origins);
        match result {
            Some(value) if may_miss && !self.is_python() => self.join(value, &missing),
            Some(value) => value,
            None if self.heap.get(id).is_open => self.derived(Shape::Any, [key]),
            None => missing,
        }
    }

    fn report_keys(&mut self, pairs: &[(Value, Value)], key: &Value, span: Span) {
        let constants: Vec<Ustr> = pairs.iter().filter_map(|(key, _)| key.text()).collect();
        if !constants.is_empty() && !key.origins.is_empty() {
            let host = self.host();
            host.compared(self, key, &constants, span);
        }
    }

    /// Reads a property by a computed name.
    fn named_index(
        &mut self,
        id: ObjectId,
        whole: &Value,
        key: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Some(name) = property_name(key) {
            return self.object_member(id, whole, name, span);
        }
        if let Some(value) = self.proxy_get(id, key, span)? {
            return Ok(value);
        }
        let is_any = key.as_outside().is_some() || key.objects().any(|id| self.is_uncertain(id));
        let object = self.heap.get(id);
        let names: Vec<Ustr> = object
            .properties
            .keys()
            .copied()
            .filter(|name| !crate::elements::is_hidden(name))
            .filter(|name| is_any || may_be_name(key, *name))
            .collect();
        let names: Vec<Ustr> = names
            .into_iter()
            .filter(|name| {
                let name = Value::atom(Atom::String(*name));
                self.decide_equality(&name, key, false) != Some(false)
            })
            .collect();
        let object = self.heap.get(id);
        let is_open = object.is_open || matches!(object.kind, ObjectKind::Host(_));
        // Each text that the key may be names something.
        let is_there = key
            .texts()
            .is_some_and(|texts| !names.is_empty() && texts.iter().all(|it| names.contains(it)));
        if !names.is_empty() && !key.origins.is_empty() {
            let host = self.host();
            host.compared(self, key, &names, span);
        }
        let mut result = if is_open {
            self.derived(Shape::Any, [whole])
        } else {
            Value::undefined()
        };
        let mut is_first = !is_open;
        for name in names {
            let value = self.object_member(id, whole, name, span)?;
            self.note_row(name, key, &value);
            result = if is_first && (is_there || self.is_python()) {
                value
            } else {
                self.join(value, &result)
            };
            is_first = false;
        }
        // What stands in a table under a name that is not known hangs on the name.
        let by = self.origins.union(key.origins, key.control);
        result.control = self.origins.union(result.control, by);
        Ok(result)
    }
}

fn covers(_key: &Value, _candidate: &Value) -> bool {
    false
}

/// Holds if a computed key may be this name.
fn may_be_name(key: &Value, name: Ustr) -> bool {
    key.atoms().iter().any(|atom| match atom {
        Atom::String(text) => *text == name,
        Atom::Pattern(pattern) => crate::comparison::pattern_may_be(pattern, &name),
        Atom::Unknown(_) => true,
        _ => false,
    })
}
