//! Reading and writing members and elements.

use firedoor_source::Span;
use ustr::Ustr;

use crate::expression::property_name;
use crate::{
    Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, StoreOperation, Value,
};

impl<'p> Machine<'p> {
    /// Reads `object.key`. Alternatives that are nothing are passed over; if there is no other, it fails.
    pub fn member(&mut self, object: &Value, key: Ustr, span: Span) -> Result<Value, Stop> {
        if object.is_nothing() {
            return self.throw_nothing(object, "AttributeError", span);
        }
        let mut result: Option<Value> = None;
        for atom in object.atoms().to_vec() {
            if atom.is_nothing() {
                continue;
            }
            let value = self.atom_member(object, &atom, key, span)?;
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        let mut value = result.unwrap_or_else(Value::undefined);
        value.control = self.origins.union(value.control, object.control);
        Ok(value)
    }

    fn atom_member(
        &mut self,
        whole: &Value,
        atom: &Atom,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        match atom {
            Atom::Object(id) => self.object_member(*id, whole, key, span),
            Atom::Outside(path) => Ok(self.outside_member(*path, whole, key)),
            Atom::Unknown(Shape::Any | Shape::Object) => {
                self.uncertain += 1;
                let host = self.host();
                let origins = host.member_origins(self, whole.origins, key);
                let chosen = host.chosen(self, origins);
                let value = chosen.unwrap_or_else(|| Value::unknown(Shape::Any));
                Ok(value.with_origins(origins))
            }
            _ => Ok(self.primitive_member(whole, atom, key, span)),
        }
    }

    fn outside_member(&mut self, path: Ustr, whole: &Value, key: Ustr) -> Value {
        let path = Ustr::from(&format!("{path}.{key}"));
        let host = self.host();
        if let Some(value) = host.outside_member(self, path) {
            return value;
        }
        if key == "__name__" && path.starts_with("py:") {
            let owner = path.as_str().trim_end_matches(".__name__");
            let name = owner.rsplit(['.', ':']).next().unwrap_or("");
            return Value::string(name);
        }
        if let Some(value) = crate::javascript::outside_member(self, path) {
            return value;
        }
        Value::atom(Atom::Outside(path)).with_origins(whole.origins)
    }

    fn primitive_member(&mut self, whole: &Value, atom: &Atom, key: Ustr, span: Span) -> Value {
        if key == "length" {
            let length = match atom {
                Atom::String(text) => Value::number(text.encode_utf16().count() as f64),
                _ => Value::unknown(Shape::Number),
            };
            return length.with_origins(whole.origins);
        }
        self.method_value(&Value::atom(*atom).with_origins(whole.origins), key, span)
    }

    fn method_value(&mut self, receiver: &Value, name: Ustr, span: Span) -> Value {
        let kind = ObjectKind::Method {
            receiver: receiver.clone(),
            name,
        };
        Value::object(self.heap.allocate(kind, span)).with_origins(receiver.origins)
    }

    /// Reads a member of one object.
    pub(crate) fn object_member(
        &mut self,
        id: ObjectId,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        if self.is_python() {
            if let Some(value) = crate::python::special_attribute(self, id, key, span) {
                return Ok(value);
            }
            if self.is_method_of_dict(id, key) {
                let receiver = Value::object(id).with_origins(whole.origins);
                return Ok(self.method_value(&receiver, key, span));
            }
        }
        if let Some(value) = self.heap.property(id, key) {
            let value = value.clone();
            return self.descriptor(value, id, span);
        }
        let getter = self.getter_key(key);
        if let Some(getter) = self.heap.property(id, getter).cloned() {
            return self.call_value(
                &getter,
                Some(Value::object(id)),
                &Arguments::default(),
                span,
            );
        }
        match &self.heap.get(id).kind {
            ObjectKind::Namespace(module) => Ok(self.exported(*module, key, span)),
            ObjectKind::Instance { class } => self.instance_member(id, *class, whole, key, span),
            ObjectKind::Class { .. } => self.class_member(id, whole, key, span),
            ObjectKind::Super { class, this } => {
                let (class, this) = (*class, this.clone());
                self.super_of(class, &this, key, span)
            }
            ObjectKind::Host(path) => Ok(self.host_member(id, *path, whole, key, span)),
            ObjectKind::Promise { value, .. } if self.is_python() => {
                let value = value.clone();
                self.member(&value, key, span)
            }
            ObjectKind::Method { .. } if !crate::call::is_builtin_method(self, id, key) => {
                match self.read_member(id) {
                    Some(read) => self.object_member(read, whole, key, span),
                    None => Ok(self.plain_member(id, whole, key, span)),
                }
            }
            _ => Ok(self.plain_member(id, whole, key, span)),
        }
    }

    /// Reads a member of a host object.
    fn host_member(
        &mut self,
        id: ObjectId,
        path: Ustr,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Value {
        let path = Ustr::from(&format!("{path}.{key}"));
        let host = self.host();
        if let Some(value) = host.member(self, id, path, key, span) {
            return value;
        }
        let owner = path
            .as_str()
            .rsplit_once('.')
            .map_or("", |(owner, _)| owner);
        if let Some(value) = crate::python::host_attribute(self, id, owner, key) {
            return value.with_origins(whole.origins);
        }
        if crate::call::is_javascript_path(path)
            && let Some(value) = crate::javascript::host_member(self, id, whole, path, key)
        {
            return value;
        }
        let mut receiver = Value::object(id).with_origins(whole.origins);
        if self.heap.get(id).is_open {
            receiver.origins = host.member_origins(self, whole.origins, key);
        }
        self.method_value(&receiver, key, span)
    }

    /// What was read from an outside object and not called is an object of its own once more is read from it.
    fn read_member(&mut self, id: ObjectId) -> Option<ObjectId> {
        let ObjectKind::Method { receiver, name } = &self.heap.get(id).kind else {
            return None;
        };
        let owner = self.heap.get(receiver.only_object()?);
        let ObjectKind::Host(path) = owner.kind else {
            return None;
        };
        let path = Ustr::from(&format!("{path}.{name}"));
        let (is_open, span) = (owner.is_open, owner.span);
        let made = self.heap.allocate(ObjectKind::Host(path), span);
        self.heap.get_mut(made).is_open = is_open;
        Some(made)
    }

    /// The entries of a dictionary are no attributes, whatever their keys.
    fn is_method_of_dict(&self, id: ObjectId, key: Ustr) -> bool {
        let is_dict = matches!(self.heap.get(id).kind, ObjectKind::Plain | ObjectKind::Map);
        is_dict && self.is_python() && crate::python::has_method(self, id, key)
    }

    fn plain_member(&mut self, id: ObjectId, whole: &Value, key: Ustr, span: Span) -> Value {
        let is_store = self.is_store(id);
        let object = self.heap.get(id);
        if key == "length" && matches!(object.kind, ObjectKind::Array | ObjectKind::Tuple) {
            return match object.is_open || is_store {
                true => self.derived(Shape::Number, [whole]),
                false => Value::number(object.elements.len() as f64).with_origins(whole.origins),
            };
        }
        if key == "size" && matches!(object.kind, ObjectKind::Map | ObjectKind::Set) {
            let step = if matches!(object.kind, ObjectKind::Map) {
                2
            } else {
                1
            };
            return match object.is_open || is_store {
                true => self.derived(Shape::Number, [whole]),
                false => Value::number((object.elements.len() / step) as f64),
            };
        }
        let is_dictionary = matches!(object.kind, ObjectKind::Plain);
        let receiver = Value::object(id).with_origins(whole.origins);
        if crate::call::is_builtin_method(self, id, key) {
            return self.method_value(&receiver, key, span);
        }
        if let Some(value) = crate::javascript::inherited(self, id, key) {
            return value;
        }
        if is_dictionary && is_store {
            let host = self.host();
            let key = Value::atom(Atom::String(key));
            if let Some(value) = host.stored(self, id, Some(&key), span) {
                return value;
            }
        }
        if object_is_open(self, id) {
            return self.open_property(id, key);
        }
        if let Some(value) = crate::javascript::function_member(self, id, key, span) {
            return value;
        }
        let mut missing = Value::undefined();
        missing.origins = whole.origins;
        missing.control = whole.control;
        missing
    }

    /// What a property of an object can be that has unknown ones: what was spread into it.
    pub(crate) fn open_property(&mut self, id: ObjectId, key: Ustr) -> Value {
        let sources = self.heap.get(id).elements.clone();
        let mut origins = crate::OriginSet::EMPTY;
        for source in &sources {
            let host = self.host();
            let part = host.member_origins(self, source.origins, key);
            origins = self.origins.union(origins, part);
        }
        let host = self.host();
        let chosen = host.chosen(self, origins);
        let value = chosen.unwrap_or_else(|| Value::unknown(Shape::Any));
        value.with_origins(origins)
    }

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
        Ok(self.derived(Shape::Any, [whole]))
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
        self.element_of_open(whole)
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
            result = if is_first && self.is_python() {
                value
            } else {
                self.join(value, &result)
            };
            is_first = false;
        }
        Ok(result)
    }

    /// Writes `object.key = value`.
    pub fn set_member(
        &mut self,
        object: &Value,
        key: Ustr,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
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
        self.name_objects(key, &value);
        let path = match &self.heap.get(id).kind {
            ObjectKind::Host(path) => Some(*path),
            ObjectKind::Instance { .. } | ObjectKind::Class { .. } => self.outside_base(id),
            _ => None,
        };
        if let Some(path) = path {
            let path = Ustr::from(&format!("{path}.{key}"));
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
        for id in object.objects().collect::<Vec<_>>() {
            if self.is_store(id) {
                let host = self.host();
                host.store_changed(self, id, StoreOperation::Set, Some(key), Some(&value), span);
                continue;
            }
            if self.is_python() && self.set_python_index(id, key, &value, span)? {
                continue;
            }
            let kind = &self.heap.get(id).kind;
            match kind {
                ObjectKind::Map => self.map_set(id, key.clone(), value.clone()),
                ObjectKind::Array => self.list_set(id, key, value.clone()),
                _ => match property_name(key) {
                    Some(name) => self.set_object_member(id, name, value.clone(), true, span)?,
                    None => self.set_unknown_property(id, key, &value, span),
                },
            }
        }
        Ok(())
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

    /// Calls `object.name(arguments)`.
    pub fn call_member(
        &mut self,
        object: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if object.is_nothing() {
            return self.throw_nothing(object, "AttributeError", span);
        }
        let mut result: Option<Value> = None;
        let mut stopped = false;
        let atoms: Vec<Atom> = object
            .atoms()
            .iter()
            .copied()
            .filter(|atom| !atom.is_nothing())
            .collect();
        let is_only = atoms.len() == 1;
        for atom in atoms {
            let mut receiver = Value::atom(atom).with_origins(object.origins);
            receiver.control = object.control;
            let value = match self.call_atom_member(&receiver, &atom, name, arguments, span) {
                Err(Stop::Throw) if !is_only => {
                    stopped = true;
                    continue;
                }
                other => other?,
            };
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        match result {
            Some(mut value) => {
                value.control = self.origins.union(value.control, object.control);
                Ok(value)
            }
            None if stopped => Err(Stop::Throw),
            None => Ok(Value::undefined()),
        }
    }

    fn call_atom_member(
        &mut self,
        receiver: &Value,
        atom: &Atom,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Atom::Object(id) = atom {
            let object = self.heap.get(*id);
            let is_method = matches!(object.kind, ObjectKind::Method { .. });
            let host_path = match object.kind {
                ObjectKind::Host(path) => Some(path),
                _ => None,
            };
            let has_own =
                object.properties.contains_key(&name) && !self.is_method_of_dict(*id, name);
            let is_read = is_method && !crate::call::is_builtin_method(self, *id, name);
            if is_read && let Some(read) = self.read_member(*id) {
                let receiver = Value::object(read).with_origins(receiver.origins);
                let atom = Atom::Object(read);
                return self.call_atom_member(&receiver, &atom, name, arguments, span);
            }
            if !has_own && let Some(path) = host_path {
                return self.call_host_member(*id, path, receiver, name, arguments, span);
            }
            if has_own || !crate::call::is_builtin_method(self, *id, name) {
                let callee = self.object_member(*id, receiver, name, span)?;
                return self.call_value(&callee, Some(receiver.clone()), arguments, span);
            }
        }
        if let Atom::Outside(path) = atom {
            let callee = self.outside_member(*path, receiver, name);
            return self.call_value(&callee, Some(receiver.clone()), arguments, span);
        }
        self.call_builtin_method(receiver, name, arguments, span)
    }

    /// Calls a method that was taken from its object, whatever the object holds under its name by now.
    pub(crate) fn call_method(
        &mut self,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if let Some(id) = receiver.only_object()
            && let ObjectKind::Host(path) = self.heap.get(id).kind
        {
            return self.call_host_member(id, path, receiver, name, arguments, span);
        }
        self.call_builtin_method(receiver, name, arguments, span)
    }

    fn call_host_member(
        &mut self,
        id: ObjectId,
        path: Ustr,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let path = Ustr::from(&format!("{path}.{name}"));
        let answer = self.ask_host(path, Some(id), receiver.clone(), arguments, span, false)?;
        if let Some(value) = answer {
            return Ok(value);
        }
        let host = self.host();
        if let Some(callee) = host.member(self, id, path, name, span) {
            return self.call_value(&callee, Some(receiver.clone()), arguments, span);
        }
        let own = match path.starts_with("py:") {
            true => crate::python::call(self, path, receiver, arguments, span)?,
            false => crate::javascript::host_method(self, path, receiver, name, arguments, span)?,
        };
        if let Some(value) = own {
            return Ok(value);
        }
        self.call_unknown_outside(path, receiver, arguments, span)
    }

    /// Asks the host about a call of outside code.
    pub(crate) fn ask_host(
        &mut self,
        path: Ustr,
        receiver: Option<ObjectId>,
        this: Value,
        arguments: &Arguments,
        span: Span,
        is_new: bool,
    ) -> Answer {
        self.uncertain += 1;
        let host = self.host();
        let call = crate::Call {
            path,
            receiver,
            this,
            arguments,
            span,
            is_new,
        };
        host.call(self, &call)
    }

    /// Holds if the object is a container that was empty once the application was wired, and so is
    /// filled by requests.
    pub fn is_store(&self, id: ObjectId) -> bool {
        self.heap.is_wired && self.heap.get(id).is_store
    }

    /// Returns the classes of the program that have an instance, or that another inherits from.
    pub fn used_classes(&self) -> rustc_hash::FxHashSet<ObjectId> {
        let mut used = rustc_hash::FxHashSet::default();
        for index in 0..self.heap.len() {
            match &self.heap.get(ObjectId(index as u32)).kind {
                ObjectKind::Instance { class } => {
                    used.insert(*class);
                }
                ObjectKind::Class { bases, .. } => {
                    used.extend(bases.iter().flat_map(Value::objects))
                }
                _ => {}
            }
        }
        used
    }

    /// Ends the wiring: from now on objects belong to requests, and empty containers are stores.
    pub fn finish_wiring(&mut self) {
        self.heap.is_wired = true;
        for index in 0..self.heap.len() {
            let object = self.heap.get_mut(ObjectId(index as u32));
            let is_container = matches!(
                object.kind,
                ObjectKind::Plain | ObjectKind::Array | ObjectKind::Set | ObjectKind::Map
            );
            object.is_store = is_container
                && object.name.is_some()
                && object.elements.is_empty()
                && object.properties.is_empty();
        }
    }
}

fn object_is_open(machine: &Machine<'_>, id: ObjectId) -> bool {
    machine.heap.get(id).is_open
}

fn covers(_key: &Value, _candidate: &Value) -> bool {
    false
}

/// Holds if a computed key may be this name.
fn may_be_name(key: &Value, name: Ustr) -> bool {
    key.atoms().iter().any(|atom| match atom {
        Atom::String(text) => *text == name,
        Atom::Pattern(pattern) => crate::operator::pattern_may_be(pattern, &name),
        Atom::Unknown(_) => true,
        _ => false,
    })
}
