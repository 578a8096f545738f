//! Reading members: of primitives, objects, outside code and what the host knows.
//!
//! Elements are read in `index`, both are written in `writing`, and methods are called in `method`.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, Machine, ObjectId, ObjectKind, OriginSet, Shape, Stop, Value};

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

    pub(crate) fn atom_member(
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

    pub(crate) fn outside_member(&mut self, path: Ustr, whole: &Value, key: Ustr) -> Value {
        let path = self.path_of_member(path, key);
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
            let value = self.perhaps_unwritten(id, key, value);
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
        if let Some(value) = self.proxy_get(id, &Value::atom(Atom::String(key)), span)? {
            return Ok(value);
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

    /// A member that was written on one path only may be missing: where the object stands for something stored, it is
    /// what is stored then.
    fn perhaps_unwritten(&mut self, id: ObjectId, key: Ustr, written: Value) -> Value {
        let is_outside = matches!(
            self.heap.get(id).kind,
            ObjectKind::Host(_) | ObjectKind::Instance { .. }
        );
        let is_missing = |atom: &Atom| matches!(atom, Atom::Undefined);
        if !is_outside || written.atoms().len() < 2 || !written.atoms().iter().any(is_missing) {
            return written;
        }
        let host = self.host();
        let kept = written.filter(|atom| !is_missing(atom));
        match (kept, host.unwritten(self, id, key)) {
            (Some(kept), Some(stored)) => self.join(kept, &stored),
            _ => written,
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
        let path = self.path_of_member(path, key);
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
    pub(crate) fn read_member(&mut self, id: ObjectId) -> Option<ObjectId> {
        let ObjectKind::Method { receiver, name } = &self.heap.get(id).kind else {
            return None;
        };
        let owner = self.heap.get(receiver.only_object()?);
        let ObjectKind::Host(path) = owner.kind else {
            return None;
        };
        let (name, is_open, span) = (*name, owner.is_open, owner.span);
        let path = self.path_of_member(path, name);
        let made = self.heap.allocate(ObjectKind::Host(path), span);
        self.heap.get_mut(made).is_open = is_open;
        Some(made)
    }

    /// The entries of a dictionary are no attributes, whatever their keys.
    pub(crate) fn is_method_of_dict(&self, id: ObjectId, key: Ustr) -> bool {
        let is_dict = matches!(self.heap.get(id).kind, ObjectKind::Plain | ObjectKind::Map);
        is_dict && self.is_python() && crate::python::has_method(self, id, key)
    }

    /// The number of elements of a list. What only some paths have added at its end may not be there, so that it
    /// is one of several numbers.
    pub(crate) fn list_length(&mut self, id: ObjectId, whole: &Value) -> Value {
        let elements = &self.heap.get(id).elements;
        let is_missing = |element: &Value| {
            element.atoms().len() > 1 && element.atoms().contains(&Atom::Undefined)
        };
        let most = elements.len();
        let optional: Vec<OriginSet> = elements
            .iter()
            .rev()
            .take_while(|element| is_missing(element))
            .map(|element| element.control)
            .collect();
        let least = most - optional.len();
        let mut length = match optional.len() {
            0..=8 => Value::atoms_of((least..=most).map(|number| Atom::Number(number as f64))),
            _ => Value::unknown(Shape::Number),
        };
        for control in optional {
            length.control = self.origins.union(length.control, control);
        }
        length.with_origins(whole.origins)
    }

    fn plain_member(&mut self, id: ObjectId, whole: &Value, key: Ustr, span: Span) -> Value {
        let is_store = self.is_store(id);
        let object = self.heap.get(id);
        if key == "length" && matches!(object.kind, ObjectKind::Array | ObjectKind::Tuple) {
            return match object.is_open || is_store {
                true => self.derived(Shape::Number, [whole]),
                false => self.list_length(id, whole),
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
        let elements = self.heap.get(id).elements.iter();
        let mut sources: smallvec::SmallVec<[crate::OriginSet; 8]> = smallvec::SmallVec::new();
        for origins in elements.map(|source| source.origins) {
            // A list that was read often has the same sources over and over.
            if sources.last() != Some(&origins) {
                sources.push(origins);
            }
        }
        let mut origins = crate::OriginSet::EMPTY;
        let host = self.host();
        for source in sources {
            let part = host.member_origins(self, source, key);
            origins = self.origins.union(origins, part);
        }
        let chosen = host.chosen(self, origins);
        let value = chosen.unwrap_or_else(|| Value::unknown(Shape::Any));
        value.with_origins(origins)
    }

    /// Holds if the object is a container that was empty once the application was wired, and so is
    /// filled by requests.
    pub fn is_store(&self, id: ObjectId) -> bool {
        self.heap.is_wired && self.heap.get(id).is_store
    }

    /// Holds if the object is such a container, and something is put into it now.
    pub(crate) fn fills_store(&mut self, id: ObjectId) -> bool {
        self.heap.fills_store(id)
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
        self.open_late_variables();
        self.heap.is_wired = true;
        // Nothing that was written until now is ever taken back.
        self.heap.journal = Vec::new();
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
        for id in self.heap.empty_rows() {
            self.heap.get_mut(id).is_store = false;
        }
        self.heap.remember_stores();
    }
}

fn object_is_open(machine: &Machine<'_>, id: ObjectId) -> bool {
    machine.heap.get(id).is_open
}
