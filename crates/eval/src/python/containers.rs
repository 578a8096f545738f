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
        let key = ustr::Ustr::from(crate::elements::MORE);
        let more = source
            .filter(|_| is_open)
            .and_then(Value::only_object)
            .and_then(|source| self.heap.property(source, key).cloned());
        let id = self.heap.allocate(kind, span);
        let object = self.heap.get_mut(id);
        object.elements = elements;
        object.is_open = is_open;
        object
            .properties
            .extend(more.into_iter().map(|more| (key, more)));
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
    pub(crate) fn list_with_more(
        &mut self,
        elements: Vec<Value>,
        more: Value,
        source: &Value,
        span: Span,
    ) -> Value {
        let origins = self.deep_origins(source);
        let mut list = self.make_open_list(elements, Some(more), span);
        list.origins = origins;
        list.control = source.control;
        list
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
