//! Classes of Python: what calling one gives that is no new instance.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Machine, ObjectId, ObjectKind, Stop, Value};

impl Machine<'_> {
    /// What a class of Python makes that is no new instance: a member of an enumeration, a dictionary of
    /// a typed kind, or whatever its `__new__` returns.
    pub(crate) fn made_by_class(
        &mut self,
        class: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        if let Some(value) = arguments.positional.first()
            && self.class_elements(class).is_some()
        {
            return self.member_by_value(class, value, span).map(Some);
        }
        if self.outside_bases(class).iter().any(|base| {
            matches!(
                base.as_str(),
                "py:typing.TypedDict" | "py:typing_extensions.TypedDict"
            )
        }) {
            let table = self.heap.allocate(ObjectKind::Plain, span);
            for source in &arguments.positional {
                self.dict_extend(table, source, span)?;
            }
            let object = self.heap.get_mut(table);
            for (name, value) in &arguments.keywords {
                object.properties.insert(*name, value.clone());
            }
            return Ok(Some(Value::object(table)));
        }
        let Some((_, function)) = self.class_attribute(class, Ustr::from("__new__")) else {
            return Ok(None);
        };
        let mut all = arguments.clone();
        all.positional.insert(0, Value::object(class));
        let made = self.call_value(&function, None, &all, span)?;
        if let Some((_, function)) = self.class_attribute(class, Ustr::from("__init__")) {
            all.positional[0] = made.clone();
            self.call_value(&function, None, &all, span)?;
        }
        Ok(Some(made))
    }

    /// Returns the setter of a property of Python.
    pub(crate) fn property_setter(&self, id: ObjectId, key: Ustr) -> Option<Value> {
        let ObjectKind::Instance { class } = self.heap.get(id).kind else {
            return None;
        };
        let (_, value) = self.class_attribute(class, key)?;
        let descriptor = value.only_object()?;
        match self.heap.get(descriptor).kind {
            ObjectKind::Host(path) if path == "py:property" => {
                self.heap.property(descriptor, Ustr::from("fset")).cloned()
            }
            _ => None,
        }
    }
}
