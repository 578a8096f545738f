//! Functions that run once: a cache keeps what they gave, and every later call gets that.
//!
//! Settings are read like this (`@lru_cache def settings()`). Run at each call, what they ask of the environment
//! would stand among the checks of every request.

use ustr::Ustr;

use crate::{Atom, Machine, ObjectId, ObjectKind, Stop, Value};

/// The property of a function under which its cache keeps what it gave. No program can write it.
const KEPT: &str = "(kept)";

impl Machine<'_> {
    /// From now on a function without parameters runs once. With parameters there are as many results as arguments, so
    /// it runs as before.
    pub(crate) fn run_once(&mut self, function: &Value) {
        let Some(id) = function.only_object() else {
            return;
        };
        let ObjectKind::Function { closure, .. } = self.heap.get(id).kind else {
            return;
        };
        let function = self
            .program
            .module(closure.module)
            .function(closure.function);
        if function.parameters.is_empty() && !function.is_async && !function.is_generator {
            self.heap
                .set_property(id, Ustr::from(KEPT), Value::undefined());
        }
    }

    /// Calls a function, or gives what its cache has kept of an earlier call.
    pub(crate) fn calling_once(
        &mut self,
        function: ObjectId,
        call: impl FnOnce(&mut Self) -> Result<Value, Stop>,
    ) -> Result<Value, Stop> {
        let key = Ustr::from(KEPT);
        let Some(kept) = self.heap.get(function).properties.get(&key).cloned() else {
            return call(self);
        };
        // What only some ways have called is not surely there.
        if !kept.atoms().contains(&Atom::Undefined) {
            return Ok(kept);
        }
        let mut value = call(self)?;
        value.test = None;
        self.heap.set_property(function, key, value.clone());
        Ok(value)
    }
}
