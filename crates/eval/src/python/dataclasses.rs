//! `dataclasses`: fields with defaults, and what is made of instances.

use firedoor_source::Span;
use ustr::Ustr;

use crate::class::ANNOTATIONS;
use crate::python::Use;
use crate::{Answer, Arguments, Machine, ObjectId, ObjectKind, Stop, Value};

/// The property of a class that is a dataclass.
const MARK: &str = "__dataclass_fields__";

/// The object that `field(...)` makes.
const FIELD: &str = "py:dataclasses.field()";

/// Calls a function of `dataclasses`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let value = match call.name {
        "dataclass" => match call.at(0) {
            Some(class) => {
                for id in class.objects().collect::<Vec<_>>() {
                    mark(machine, id);
                }
                class
            }
            None => Value::outside("py:dataclasses.dataclass"),
        },
        "field" => {
            let id = machine
                .heap
                .allocate(ObjectKind::Host(Ustr::from(FIELD)), call.span);
            machine.heap.get_mut(id).properties = call.arguments.keywords.clone();
            Value::object(id)
        }
        "asdict" => match call.at(0).and_then(|instance| instance.only_object()) {
            Some(id) => as_dict(machine, id, call.span),
            None => return Ok(None),
        },
        "replace" => match call.at(0).and_then(|instance| instance.only_object()) {
            Some(id) => replace(machine, id, call),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn mark(machine: &mut Machine<'_>, id: ObjectId) {
    if matches!(machine.heap.get(id).kind, ObjectKind::Class { .. }) {
        machine
            .heap
            .set_property(id, Ustr::from(MARK), Value::bool(true));
    }
}

fn as_dict(machine: &mut Machine<'_>, id: ObjectId, span: Span) -> Value {
    let old = machine.heap.get(id);
    let (properties, is_open) = (old.properties.clone(), old.is_open);
    let new = machine.heap.allocate(ObjectKind::Plain, span);
    let object = machine.heap.get_mut(new);
    object.properties = properties;
    object.is_open = is_open;
    Value::object(new)
}

fn replace(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Value {
    let old = machine.heap.get(id).clone();
    let new = machine.heap.allocate(old.kind, call.span);
    let object = machine.heap.get_mut(new);
    object.properties = old.properties;
    object.elements = old.elements;
    object.is_open = old.is_open;
    object.properties.extend(
        call.arguments
            .keywords
            .iter()
            .map(|(name, value)| (*name, value.clone())),
    );
    Value::object(new)
}

impl Machine<'_> {
    /// Holds if two instances of the class are equal when their fields are.
    pub(crate) fn is_dataclass(&self, class: ObjectId) -> bool {
        let mark = Ustr::from(MARK);
        self.class_order(class)
            .into_iter()
            .any(|class| self.heap.property(class, mark).is_some())
    }

    /// Returns the annotated names of a class and its bases in order, with their types; without those
    /// that belong to the class alone.
    pub fn annotated_fields(&self, class: ObjectId) -> Vec<(Ustr, Value)> {
        let mut fields: indexmap::IndexMap<Ustr, Value> = indexmap::IndexMap::new();
        for owner in self.class_order(class).into_iter().rev() {
            let table = self
                .heap
                .property(owner, Ustr::from(ANNOTATIONS))
                .and_then(Value::only_object);
            if let Some(table) = table {
                for (name, annotation) in &self.heap.get(table).properties {
                    if !self.is_class_variable(annotation) {
                        fields.insert(*name, annotation.clone());
                    }
                }
            }
        }
        fields.into_iter().collect()
    }

    fn is_class_variable(&self, annotation: &Value) -> bool {
        let path = match annotation.only() {
            Some(crate::Atom::Outside(path)) => path,
            Some(crate::Atom::Object(id)) => match self.heap.get(id).kind {
                ObjectKind::Host(path) => path,
                _ => return false,
            },
            _ => return false,
        };
        matches!(
            path.as_str(),
            "py:typing.ClassVar" | "py:typing.ClassVar[]" | "py:dataclasses.KW_ONLY"
        )
    }

    /// Gives the fields that no argument was given for what `field(...)` says, and runs `__post_init__`.
    pub(crate) fn finish_fields(
        &mut self,
        class: ObjectId,
        instance: ObjectId,
        span: Span,
    ) -> Result<(), Stop> {
        let has_defaults = self.is_dataclass(class)
            || self
                .outside_bases(class)
                .iter()
                .any(|base| base == "py:typing.NamedTuple");
        for (name, _) in self.annotated_fields(class) {
            let given = self.heap.property(instance, name).is_some();
            let Some((_, default)) = self.class_attribute(class, name) else {
                continue;
            };
            if given {
                continue;
            }
            let field = default.only_object().filter(
                |id| matches!(self.heap.get(*id).kind, ObjectKind::Host(path) if path == FIELD),
            );
            let value = match field {
                Some(field) => match self.field_default(field, span)? {
                    Some(value) => value,
                    None => continue,
                },
                None if has_defaults => default,
                None => continue,
            };
            self.name_objects(name, &value);
            self.heap.get_mut(instance).properties.insert(name, value);
        }
        if let Some((_, function)) = self.class_attribute(class, Ustr::from("__post_init__")) {
            let arguments = Arguments::positional([Value::object(instance)]);
            self.call_value(&function, None, &arguments, span)?;
        }
        Ok(())
    }

    fn field_default(&mut self, field: ObjectId, span: Span) -> Result<Option<Value>, Stop> {
        if let Some(default) = self.heap.property(field, Ustr::from("default")) {
            return Ok(Some(default.clone()));
        }
        match self
            .heap
            .property(field, Ustr::from("default_factory"))
            .cloned()
        {
            Some(factory) => self
                .call_value(&factory, None, &Arguments::default(), span)
                .map(Some),
            None => Ok(None),
        }
    }
}
