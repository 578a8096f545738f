//! Making lists, tuples and sets.

use firedoor_source::Span;

use crate::{Machine, ObjectKind, Value};

impl Machine<'_> {
    /// Makes a tuple.
    pub fn make_tuple(&mut self, elements: Vec<Value>, span: Span) -> Value {
        let id = self.heap.allocate(ObjectKind::Tuple, span);
        self.heap.get_mut(id).elements = elements;
        Value::object(id)
    }

    /// Makes a collection of elements that come from `source`.
    pub(crate) fn make_collection(
        &mut self,
        kind: ObjectKind,
        elements: Vec<Value>,
        is_open: bool,
        source: Option<&Value>,
        span: Span,
    ) -> Value {
        let id = self.heap.allocate(kind, span);
        let object = self.heap.get_mut(id);
        object.elements = elements;
        object.is_open = is_open;
        let mut value = Value::object(id);
        if let Some(source) = source {
            value.origins = match is_open {
                true => self.deep_origins(source),
                false => source.origins,
            };
            value.control = source.control;
        }
        value
    }

    /// Makes a list that may have further elements like `more`.
    pub(crate) fn open_list(
        &mut self,
        mut elements: Vec<Value>,
        more: Value,
        source: &Value,
        span: Span,
    ) -> Value {
        elements.push(more);
        self.make_collection(ObjectKind::Array, elements, true, Some(source), span)
    }

    /// Says that a store is changed for a request.
    pub(crate) fn note_store_change(
        &mut self,
        id: crate::ObjectId,
        operation: crate::StoreOperation,
        key: Option<&Value>,
        value: Option<&Value>,
        span: Span,
    ) {
        let host = self.host();
        host.store_changed(self, id, operation, key, value, span);
    }

    /// Reads from a store; what the host does not know is unknown.
    pub(crate) fn read_store(
        &mut self,
        id: crate::ObjectId,
        key: Option<&Value>,
        span: Span,
    ) -> Value {
        let host = self.host();
        match host.stored(self, id, key, span) {
            Some(value) => value,
            None => {
                let origins = key.map_or(crate::OriginSet::EMPTY, |key| key.origins);
                Value::unknown(crate::Shape::Any).with_origins(origins)
            }
        }
    }
}
