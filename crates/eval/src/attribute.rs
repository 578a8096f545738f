//! Attributes of instances and classes: methods that are bound, descriptors, and what an outside base adds.
//!
//! Reading an attribute may run code of the program, which is why this is more than a look-up.

use firedoor_ir::Language;
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, Closure, Machine, ObjectId, ObjectKind, Stop, Value};

impl<'p> Machine<'p> {
    pub(crate) fn instance_member(
        &mut self,
        id: ObjectId,
        class: ObjectId,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let getter = self.getter_key(key);
        if let Some((_, getter)) = self.class_attribute(class, getter) {
            return self.call_value(
                &getter,
                Some(Value::object(id)),
                &Arguments::default(),
                span,
            );
        }
        if key == "constructor" {
            return Ok(Value::object(class));
        }
        if let Some((owner, value)) = self.class_attribute(class, key) {
            if self.outside_base(id).is_some() {
                let host = self.host();
                if let Some(value) = host.class_attribute(self, id, key, &value, span) {
                    return Ok(value);
                }
            }
            let receiver = Value::object(id).with_origins(whole.origins);
            return self.bind_attribute(value, owner, &receiver, span);
        }
        if key == "__class__" {
            return Ok(Value::object(class));
        }
        if key == "__dict__" {
            let copy = self.heap.get(id).properties.clone();
            let table = self.heap.allocate(ObjectKind::Plain, span);
            self.heap.get_mut(table).properties = copy;
            // What a class from outside keeps in its instances, such as the columns of a record, is not all known.
            if self.heap.get(id).is_open || self.outside_base(id).is_some() {
                self.heap.open(table);
            }
            return Ok(Value::object(table));
        }
        if let Some((owner, function)) = self.class_attribute(class, Ustr::from("__getattr__"))
            && self.is_python()
        {
            let receiver = Value::object(id).with_origins(whole.origins);
            let getter = self.bind_attribute(function, owner, &receiver, span)?;
            let arguments = Arguments::positional([Value::atom(Atom::String(key))]);
            return self.call_value(&getter, None, &arguments, span);
        }
        for base in self.outside_bases(id) {
            let made = self.path_of_result(base);
            let path = self.path_of_member(made, key);
            let host = self.host();
            if let Some(value) = host.member(self, id, path, key, span) {
                return Ok(value);
            }
        }
        if let Some(base) = self.outside_base(id) {
            let receiver = Value::object(id).with_origins(whole.origins);
            let path = self.path_of_result(base);
            return Ok(self.outside_method(path, receiver, key, span));
        }
        if self.heap.get(id).is_open || self.has_unknown_base(class) {
            let host = self.host();
            let origins = host.member_origins(self, whole.origins, key);
            return Ok(Value::unknown(crate::Shape::Any).with_origins(origins));
        }
        let mut missing = Value::undefined().with_origins(whole.origins);
        missing.control = whole.control;
        Ok(missing)
    }

    /// A method inherited from outside: a call of it asks the host by the path of the base.
    pub(crate) fn outside_method(
        &mut self,
        base: Ustr,
        receiver: Value,
        key: Ustr,
        span: Span,
    ) -> Value {
        let target = Value::atom(Atom::Outside(self.path_of_member(base, key)));
        let origins = receiver.origins;
        let kind = ObjectKind::Bound {
            target,
            this: Some(receiver),
            arguments: Vec::new(),
            keywords: crate::Properties::default(),
        };
        Value::object(self.heap.allocate(kind, span)).with_origins(origins)
    }

    /// A function found in a class becomes a method of the instance; descriptors give their value.
    pub(crate) fn bind_attribute(
        &mut self,
        value: Value,
        owner: ObjectId,
        receiver: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let Some(id) = value.only_object() else {
            return Ok(value);
        };
        match self.heap.get(id).kind.clone() {
            ObjectKind::Function { closure, .. } if self.is_python_function(closure) => {
                Ok(self.bound(value, receiver.clone(), owner, span))
            }
            ObjectKind::Host(path) => self.bind_descriptor(id, path, owner, receiver, span),
            _ => Ok(value),
        }
    }

    fn bind_descriptor(
        &mut self,
        id: ObjectId,
        path: Ustr,
        owner: ObjectId,
        receiver: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let inner = self.heap.get(id).elements.first().cloned();
        match (path.as_str(), inner) {
            ("py:property", Some(inner)) => {
                let arguments = Arguments::positional([receiver.clone()]);
                self.call_value(&inner, None, &arguments, span)
            }
            ("py:staticmethod", Some(inner)) => Ok(inner),
            ("py:classmethod", Some(inner)) => {
                let class = match receiver.only_object().map(|id| &self.heap.get(id).kind) {
                    Some(ObjectKind::Instance { class }) => Value::object(*class),
                    _ => receiver.clone(),
                };
                Ok(self.bound(inner, class, owner, span))
            }
            _ => Ok(Value::object(id)),
        }
    }

    pub(crate) fn is_python_function(&self, closure: Closure) -> bool {
        self.program.module(closure.module).language == Language::Python
    }

    /// Returns `function` with its first argument given.
    fn bound(&mut self, function: Value, first: Value, _owner: ObjectId, span: Span) -> Value {
        let kind = ObjectKind::Bound {
            target: function,
            this: None,
            arguments: vec![first],
            keywords: crate::Properties::default(),
        };
        Value::object(self.heap.allocate(kind, span))
    }

    /// An own property that is a descriptor of a class.
    pub(crate) fn descriptor(
        &mut self,
        value: Value,
        _id: ObjectId,
        _span: Span,
    ) -> Result<Value, Stop> {
        Ok(value)
    }

    pub(crate) fn class_member(
        &mut self,
        id: ObjectId,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let getter = self.getter_key(key);
        for owner in self.class_order(id) {
            if let Some(value) = self.heap.property(owner, key) {
                return Ok(value.clone());
            }
            if let Some(getter) = self.heap.property(owner, getter).cloned() {
                let this = Some(Value::object(id));
                return self.call_value(&getter, this, &Arguments::default(), span);
            }
        }
        if let Some((owner, value)) = self.class_attribute(id, key) {
            let is_descriptor = value
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Host(path) if path == "py:classmethod" || path == "py:staticmethod"));
            if is_descriptor {
                return self.bind_attribute(value, owner, &Value::object(id), span);
            }
            if self.outside_base(id).is_some() {
                let host = self.host();
                if let Some(value) = host.class_attribute(self, id, key, &value, span) {
                    return Ok(value);
                }
            }
            return Ok(value);
        }
        if key == "prototype"
            && let ObjectKind::Class { prototype, .. } = self.heap.get(id).kind
        {
            return Ok(Value::object(prototype));
        }
        if key == "__mro__" {
            let order = self
                .class_order(id)
                .into_iter()
                .map(Value::object)
                .collect();
            return Ok(self.make_tuple(order, span));
        }
        if (key == "name" && !self.is_python()) || key == "__name__" || key == "__qualname__" {
            let name = self.heap.get(id).name;
            return Ok(name.map_or_else(Value::undefined, |name| Value::atom(Atom::String(name))));
        }
        for base in self.outside_bases(id) {
            let path = self.path_of_member(base, key);
            let host = self.host();
            if let Some(value) = host.member(self, id, path, key, span) {
                return Ok(value);
            }
        }
        if key == "_value2member_map_"
            && let Some((members, _)) = self.class_elements(id)
        {
            let table = self.heap.allocate(ObjectKind::Plain, span);
            for member in members {
                let value = self.member(&member, Ustr::from("value"), span)?;
                self.dict_set(table, &value, member);
            }
            return Ok(Value::object(table));
        }
        if let Some(base) = self.outside_base(id) {
            let receiver = Value::object(id).with_origins(whole.origins);
            return Ok(self.outside_method(base, receiver, key, span));
        }
        if self.has_unknown_base(id) {
            return Ok(Value::unknown(crate::Shape::Any).with_origins(whole.origins));
        }
        Ok(Value::undefined().with_origins(whole.origins))
    }
}
