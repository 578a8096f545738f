//! Instances of classes of the program that inherit from `dict`.
//!
//! What such an instance holds is kept apart from its attributes, in a dictionary of its own, so that
//! `super().__getitem__(key)` and the methods that it inherits are those of any dictionary.

use firedoor_source::Span;
use ustr::Ustr;

use crate::python::{Use, dict};
use crate::{Answer, Arguments, Machine, ObjectId, ObjectKind, Stop, Value};

/// The property that holds the dictionary.
const ENTRIES: &str = "@@entries";

/// The classes of the language that are dictionaries.
const BASES: &[&str] = &[
    "builtins.dict()",
    "collections.OrderedDict()",
    "collections.UserDict()",
];

/// Calls a method that an instance inherits from a dictionary.
pub(crate) fn inherited(machine: &mut Machine<'_>, module: &str, call: &Use<'_>) -> Answer {
    let Some(id) = call.this.only_object().filter(|_| BASES.contains(&module)) else {
        return Ok(None);
    };
    let Some(entries) = machine.entries_of(id) else {
        return Ok(None);
    };
    // What a dictionary answers is as certain as if it were asked itself.
    machine.uncertain = machine.uncertain.saturating_sub(1);
    if call.name == "__init__" {
        machine.fill_entries(entries, call.arguments, call.span)?;
        return Ok(Some(Value::null()));
    }
    let this = Value::object(entries).with_origins(call.this.origins);
    let inner = Use {
        name: call.name,
        this: &this,
        arguments: call.arguments,
        span: call.span,
    };
    dict::method(machine, entries, &inner)
}

impl Machine<'_> {
    /// Gives an instance that is a dictionary its entries, before its constructor runs.
    pub(crate) fn make_entries(&mut self, instance: ObjectId, span: Span) -> bool {
        let is_dict = self.outside_bases(instance).iter().any(|base| {
            let base = base.strip_prefix("py:").unwrap_or_default();
            BASES
                .iter()
                .any(|known| known.strip_suffix("()") == Some(base))
        });
        if is_dict {
            let entries = self.heap.allocate(ObjectKind::Plain, span);
            let key = Ustr::from(ENTRIES);
            self.heap
                .set_property(instance, key, Value::object(entries));
        }
        is_dict
    }

    /// Returns the dictionary of an instance that is one.
    pub(crate) fn entries_of(&self, id: ObjectId) -> Option<ObjectId> {
        if !matches!(self.heap.get(id).kind, ObjectKind::Instance { .. }) {
            return None;
        }
        self.heap.property(id, Ustr::from(ENTRIES))?.only_object()
    }

    /// Puts into a dictionary what its constructor is called with.
    pub(crate) fn fill_entries(
        &mut self,
        entries: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        let this = Value::object(entries);
        let call = Use {
            name: "update",
            this: &this,
            arguments,
            span,
        };
        dict::method(self, entries, &call).map(|_| ())
    }
}
