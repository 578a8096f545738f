//! What decorators that nobody knows make of functions: an object of the outside that remembers the function.
//!
//! What such an object does when it is called is the host's business; here it is only told what it stands around, and who
//! calls it.

use ustr::Ustr;

use crate::scope::Slot;
use crate::{Arguments, Machine, ObjectId, ObjectKind, Value};

/// The property by which a decorated function shows the one that was given, as that of `functools.wraps` does.
pub const WRAPPED: &str = "__wrapped__";

/// The same of a method, of which a decorator may as well have made a property: only calls tell.
pub const METHOD: &str = "$method";

impl Machine<'_> {
    /// Remembers what a decorator that nobody knows has made of a function.
    pub(crate) fn remember_decorated(&mut self, given: &Value, made: &Value) {
        let Some(id) = made.only_object() else {
            return;
        };
        let is_function = given.only_object().is_some_and(|id| {
            let object = self.heap.get(id);
            let has = |name: &str| object.properties.contains_key(&Ustr::from(name));
            matches!(object.kind, ObjectKind::Function { .. }) || has(WRAPPED) || has(METHOD)
        });
        let object = self.heap.get(id);
        let is_unknown = matches!(object.kind, ObjectKind::Host(_))
            && object.is_open
            && object.elements.as_slice() == std::slice::from_ref(given);
        if !is_function || !is_unknown {
            return;
        }
        let scope = self.current_scope();
        let property = match self.scope(scope).is_class {
            true => METHOD,
            false => WRAPPED,
        };
        let name = given.only_object().and_then(|id| self.heap.get(id).name);
        self.heap
            .set_property(id, Ustr::from(property), given.clone());
        self.heap.get_mut(id).name = name;
    }

    /// Returns the arguments with the receiver before them, where what is called is a method that an unknown decorator
    /// stands around.
    pub(crate) fn with_receiver(
        &self,
        callee: &Value,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
    ) -> Option<Arguments> {
        let id = callee.only_object()?;
        let object = self.heap.get(id);
        if !object.is_open || !object.properties.contains_key(&Ustr::from(METHOD)) {
            return None;
        }
        let ObjectKind::Instance { class } = self.heap.get(receiver.only_object()?).kind else {
            return None;
        };
        // A static method has none.
        let (_, kept) = self.class_attribute(class, name)?;
        if kept.only_object() != Some(id) {
            return None;
        }
        let mut arguments = arguments.clone();
        arguments.positional.insert(0, receiver.clone());
        arguments.rest_at += 1;
        Some(arguments)
    }

    /// Holds if something is called by no function of the program, or by one that was made to call it: the wrapper of a
    /// decorator, which knows it from the function around.
    pub fn is_called_from_outside(&self, callee: ObjectId) -> bool {
        let mut frames = self.frames.iter().rev();
        let Some(frame) = frames.next().filter(|frame| frame.function.is_some()) else {
            return true;
        };
        let scope = self.scopes.get(frame.closed_over.0 as usize);
        scope.parent.is_some()
            && scope.names.values().any(
                |slot| matches!(slot, Slot::Value(value) if value.only_object() == Some(callee)),
            )
    }
}
