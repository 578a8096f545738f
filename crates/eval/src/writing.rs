//! Writing members and elements.
//!
//! A write to what is not known exactly must not forget what was there, so each of these adds where it cannot replace.

use firedoor_source::Span;
use ustr::Ustr;

use crate::display::property_name;
use crate::names::names_of;
use crate::{Arguments, Machine, ObjectId, ObjectKind, Stop, StoreOperation, Value};

impl<'p> Machine<'p> {
    /// Writes `object.key = value`.
    pub fn set_member(
        &mut self,
        object: &Value,
        key: Ustr,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        let object = &self.writable(object, span);
        let objects: Vec<ObjectId> = object.objects().collect();
        let is_certain = objects.len() == 1 && object.atoms().len() == 1;
        for id in objects {
            self.set_object_member(id, key, value.clone(), is_certain, span)?;
        }
        if let Some(path) = object.as_outside() {
            if path == "js:globalThis" {
                self.builtins.insert(key, value.clone());
            }
            let host = self.host();
            host.outside_set(self, path, key, &value, span);
        }
        Ok(())
    }

    fn set_object_member(
        &mut self,
        id: ObjectId,
        key: Ustr,
        value: Value,
        is_certain: bool,
        span: Span,
    ) -> Result<(), Stop> {
        if self.proxy_set(id, &Value::atom(crate::Atom::String(key)), &value, span)? {
            return Ok(());
        }
        self.name_objects(key, &value);
        let path = match &self.heap.get(id).kind {
            ObjectKind::Host(path) => Some(*path),
            ObjectKind::Instance { .. } | ObjectKind::Class { .. } => self.outside_base(id),
            _ => None,
        };
        if let Some(path) = path {
            let path = self.path_of_member(path, key);
            let host = self.host();
            if host.set_member(self, id, path, key, &value, span) {
                return Ok(());
            }
        }
        if let Some(setter) = self.property_setter(id, key) {
            let arguments = Arguments::positional([Value::object(id), value]);
            self.call_value(&setter, None, &arguments, span)?;
            return Ok(());
        }
        if let Some(setter) = self.setter(id, key) {
            let arguments = Arguments::positional([value]);
            self.call_value(&setter, Some(Value::object(id)), &arguments, span)?;
            return Ok(());
        }
        if let ObjectKind::Namespace(module) = self.heap.get(id).kind {
            self.set_export(module, key, value);
            return Ok(());
        }
        // What a class of Python has, its instances see.
        let id = match self.heap.get(id).kind {
            ObjectKind::Class { prototype, .. } if self.is_python() => prototype,
            _ => id,
        };
        let value = match self.heap.property(id, key).cloned() {
            Some(old) if !is_certain => self.join(value, &old),
            _ => value,
        };
        self.heap.set_property(id, key, value);
        Ok(())
    }

    /// Writes `object[key] = value`.
    pub(crate) fn set_index(
        &mut self,
        object: &Value,
        key: &Value,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        let object = &match property_name(key) {
            Some(_) => self.writable(object, span),
            None => object.clone(),
        };
        if object.is_unknown() {
            let host = self.host();
            let given = Arguments::positional([key.clone(), value.clone()]);
            host.method_called(self, object, Ustr::from("set"), &given, span);
        }
        for id in object.objects().collect::<Vec<_>>() {
            if self.fills_store(id) {
                let host = self.host();
                host.store_changed(self, id, StoreOperation::Set, Some(key), Some(&value), span);
                continue;
            }
            let host = self.host();
            host.added(self, id, &value, span);
            if self.is_python() && self.set_python_index(id, key, &value, span)? {
                continue;
            }
            let kind = &self.heap.get(id).kind;
            match kind {
                ObjectKind::Map => self.map_set(id, key.clone(), value.clone()),
                ObjectKind::Array => self.list_set(id, key, value.clone()),
                ObjectKind::Proxy { .. } => drop(self.proxy_set(id, key, &value, span)?),
                _ => match (property_name(key), names_of(key)) {
                    (Some(name), _) => {
                        self.set_object_member(id, name, value.clone(), true, span)?;
                    }
                    (None, Some(names)) if matches!(kind, ObjectKind::Plain) => {
                        self.set_one_of(id, key, &names, &value);
                    }
                    (None, Some(names)) => {
                        for name in names {
                            let value = self.value_under(key, name, &value);
                            self.set_object_member(id, name, value, false, span)?;
                        }
                    }
                    (None, None) => self.set_unknown_property(id, key, &value, span),
                },
            }
        }
        Ok(())
    }

    /// Writes one of the properties that a key names: each of them may be what it was.
    pub(crate) fn set_one_of(&mut self, id: ObjectId, key: &Value, names: &[Ustr], value: &Value) {
        for name in names {
            let before = self.heap.property(id, *name).cloned();
            let before = before.unwrap_or_else(Value::undefined);
            let value = self.value_under(key, *name, value);
            let either = self.join(value, &before);
            self.heap.set_property(id, *name, either);
        }
    }

    fn set_unknown_property(&mut self, id: ObjectId, key: &Value, value: &Value, span: Span) {
        if let ObjectKind::Host(path) = self.heap.get(id).kind {
            let host = self.host();
            host.set_index(self, id, path, key, value, span);
            return;
        }
        if self.outside_base(id).is_some() {
            let path = self.outside_base(id).unwrap_or_default();
            let host = self.host();
            host.set_index(self, id, path, key, value, span);
        }
        if key.only_object().is_some()
            && matches!(self.heap.get(id).kind, ObjectKind::Plain)
            && self.heap.get(id).properties.is_empty()
        {
            self.heap.get_mut(id).kind = ObjectKind::Map;
            self.map_set(id, key.clone(), value.clone());
            return;
        }
        self.heap.open(id);
        self.heap.elements_mut(id).push(value.clone());
    }

    fn list_set(&mut self, id: ObjectId, key: &Value, value: Value) {
        let position = key.as_number().filter(|number| *number >= 0.0);
        let elements = self.heap.elements_mut(id);
        match position {
            Some(position) if (position as usize) < elements.len() => {
                elements[position as usize] = value
            }
            Some(position) if position as usize == elements.len() => elements.push(value),
            _ => {
                elements.push(value);
                self.heap.open(id);
            }
        }
    }

    /// Writes into a map; an equal key is replaced.
    pub(crate) fn map_set(&mut self, id: ObjectId, key: Value, value: Value) {
        if self.heap.get(id).elements.len() >= 2 * crate::javascript::MOST_ELEMENTS {
            return self.open_list(id, value);
        }
        let position = self
            .heap
            .get(id)
            .elements
            .chunks(2)
            .position(|pair| self.equality(&pair[0], &key, false) == Some(true));
        match position {
            Some(position) => self.heap.elements_mut(id)[position * 2 + 1] = value,
            None => {
                self.heap.push_element(id, key);
                self.heap.push_element(id, value);
            }
        }
    }
}
