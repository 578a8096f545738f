//! Elements of Python's containers by key: reading, writing, deleting, membership, iteration.

use firedoor_source::Span;

use crate::python::collections::NAMED_TUPLE;
use crate::{Arguments, Machine, ObjectId, ObjectKind, Stop, StoreOperation, Value};

impl Machine<'_> {
    /// Reads `object[key]`; nothing if it is as in every language.
    pub(crate) fn python_index(
        &mut self,
        id: ObjectId,
        whole: &Value,
        key: &Value,
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        Ok(match self.heap.get(id).kind {
            ObjectKind::Plain | ObjectKind::Map => {
                let value = self.dict_item(id, key, span)?;
                let origins = self.origins.union(value.origins, whole.origins);
                Some(value.with_origins(origins))
            }
            ObjectKind::Array | ObjectKind::Tuple => match self.slice_of(key) {
                Some(slice) => Some(self.list_slice(id, whole, &slice)),
                None => self.failing_index(id, key, span)?,
            },
            ObjectKind::Host(path) if path == NAMED_TUPLE => Some(self.list_index(id, whole, key)),
            ObjectKind::Instance { .. } => match self.own_method(id, "__getitem__", span)? {
                Some(method) => {
                    let arguments = Arguments::positional([key.clone()]);
                    Some(self.call_value(&method, None, &arguments, span)?)
                }
                None => match self.entries_of(id) {
                    Some(entries) => self.python_index(entries, whole, key, span)?,
                    None => None,
                },
            },
            _ => None,
        })
    }

    /// A position that a list certainly does not have fails.
    fn failing_index(
        &mut self,
        id: ObjectId,
        key: &Value,
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        let object = self.heap.get(id);
        let length = object.elements.len() as f64;
        let is_closed = !object.is_open && !self.is_store(id) && length > 0.0;
        match key.as_number() {
            Some(position) if is_closed && (position >= length || position < -length) => {
                let error = self.exception("IndexError", Vec::new(), span);
                self.throw(error, span)
            }
            _ => Ok(None),
        }
    }

    /// Writes `object[key]`; returns whether it has.
    pub(crate) fn set_python_index(
        &mut self,
        id: ObjectId,
        key: &Value,
        value: &Value,
        span: Span,
    ) -> Result<bool, Stop> {
        match self.heap.get(id).kind {
            ObjectKind::Plain | ObjectKind::Map => {
                if let Some(name) = key.text() {
                    self.name_objects(name, value);
                }
                self.dict_set(id, key, value.clone());
                Ok(true)
            }
            ObjectKind::Instance { .. } => match self.own_method(id, "__setitem__", span)? {
                Some(method) => {
                    let arguments = Arguments::positional([key.clone(), value.clone()]);
                    self.call_value(&method, None, &arguments, span)?;
                    Ok(true)
                }
                None => match self.entries_of(id) {
                    Some(entries) => {
                        let entries = Value::object(entries);
                        self.set_index(&entries, key, value.clone(), span)?;
                        Ok(true)
                    }
                    None => Ok(false),
                },
            },
            _ => Ok(false),
        }
    }

    /// `del object[key]`, `del object.key`; returns whether it has.
    pub(crate) fn delete_item(
        &mut self,
        id: ObjectId,
        key: &Value,
        span: Span,
    ) -> Result<bool, Stop> {
        if self.is_store(id) {
            let remove = StoreOperation::Remove;
            self.note_store_change(id, remove, Some(key), None, span);
            return Ok(true);
        }
        match self.heap.get(id).kind {
            ObjectKind::Plain | ObjectKind::Map => {
                self.dict_remove(id, key);
                Ok(true)
            }
            ObjectKind::Array => {
                let length = self.heap.get(id).elements.len();
                let position = key
                    .as_number()
                    .map(|at| if at < 0.0 { at + length as f64 } else { at })
                    .filter(|at| *at >= 0.0 && (*at as usize) < length);
                if let Some(position) = position {
                    self.heap.elements_mut(id).remove(position as usize);
                } else if let Some(slice) = self.slice_of(key)
                    && let Some(positions) = slice.apply(length)
                {
                    let gone: Vec<usize> = positions.collect();
                    let mut position = 0;
                    self.heap.elements_mut(id).retain(|_| {
                        position += 1;
                        !gone.contains(&(position - 1))
                    });
                }
                Ok(true)
            }
            ObjectKind::Instance { .. } => match self.own_method(id, "__delitem__", span)? {
                Some(method) => {
                    let arguments = Arguments::positional([key.clone()]);
                    self.call_value(&method, None, &arguments, span)?;
                    Ok(true)
                }
                None => match self.entries_of(id) {
                    Some(entries) => self.delete_item(entries, key, span),
                    None => Ok(false),
                },
            },
            _ => Ok(false),
        }
    }

    /// Returns whether a container has an element or key, if that is decided.
    pub(crate) fn python_contains(&self, id: ObjectId, element: &Value) -> Option<bool> {
        let id = self.entries_of(id).unwrap_or(id);
        let object = self.heap.get(id);
        let mut undecided = object.is_open || self.is_store(id);
        let keys: Vec<Value>;
        let candidates: &[Value] = match object.kind {
            ObjectKind::Plain | ObjectKind::Map => {
                if let Some(name) = element.text()
                    && let Some(held) = self.heap.property(id, name)
                {
                    // What may be undefined may not be there at all.
                    return (!held.atoms().contains(&crate::Atom::Undefined)).then_some(true);
                }
                let is_plain = matches!(object.kind, ObjectKind::Plain);
                if is_plain && element.text().is_some() {
                    return (!undecided).then_some(false);
                }
                let (entries, _) = self.dict_entries(id);
                keys = entries.into_iter().map(|(key, _)| key).collect();
                &keys
            }
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set => &object.elements,
            ObjectKind::Class { .. } => {
                let table = self
                    .heap
                    .property(id, ustr::Ustr::from("__members__"))
                    .and_then(Value::only_object)?;
                keys = self.heap.get(table).properties.values().cloned().collect();
                &keys
            }
            _ => return None,
        };
        // Every alternative of the element is there, or none is.
        let mut outcome: Option<bool> = None;
        for atom in element.atoms() {
            let one = Value::atom(*atom);
            let found = self.among(&one, candidates);
            undecided |= found.is_none();
            match (outcome, found) {
                (None, found) => outcome = found,
                (Some(earlier), Some(found)) if earlier == found => {}
                _ => return None,
            }
        }
        match outcome {
            Some(true) if element.atoms().len() == 1 => Some(true),
            outcome if !undecided => outcome,
            _ => None,
        }
    }

    /// Whether the host says that none of the known elements, or keys, is this one.
    pub(crate) fn python_excludes(&mut self, id: ObjectId, element: &Value) -> Option<bool> {
        let object = self.heap.get(id);
        if object.is_open || self.is_store(id) || element.origins.is_empty() {
            return None;
        }
        let candidates: Vec<Value> = match object.kind {
            ObjectKind::Plain | ObjectKind::Map => {
                let (entries, _) = self.dict_entries(id);
                entries.into_iter().map(|(key, _)| key).collect()
            }
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set => object.elements.clone(),
            _ => return None,
        };
        let differs =
            |candidate: &Value| self.decide_equality(candidate, element, false) == Some(false);
        candidates.iter().all(differs).then_some(false)
    }

    /// What iterating an instance of the program gives.
    pub(crate) fn instance_elements(&mut self, id: ObjectId) -> Option<(Vec<Value>, bool)> {
        let span = self.place();
        for name in ["__iter__", "__aiter__"] {
            let Ok(Some(method)) = self.own_method(id, name, span) else {
                continue;
            };
            let result = self
                .call_value(&method, None, &Arguments::default(), span)
                .ok()?;
            if result.only_object() == Some(id) {
                return None;
            }
            return Some(self.elements_of(&result));
        }
        if let Some(entries) = self.entries_of(id) {
            return Some(self.elements_of(&Value::object(entries)));
        }
        let elements = self.heap.get(id).elements.clone();
        (!elements.is_empty()).then_some((elements, false))
    }
}
