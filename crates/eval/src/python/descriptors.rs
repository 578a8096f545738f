//! `property`, `staticmethod`, `classmethod` and `super`.

use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Machine, ObjectId, ObjectKind, Value};

/// Makes a descriptor: an object with the function as its first element.
pub(crate) fn make(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let path = Ustr::from(&format!("py:{}", call.name));
    let id = machine.heap.allocate(ObjectKind::Host(path), call.span);
    let getter = call.find(0, "fget");
    let setter = call.arguments.find(1, "fset").cloned();
    let object = machine.heap.get_mut(id);
    object.elements = vec![getter];
    if let Some(setter) = setter {
        object.properties.insert(Ustr::from("fset"), setter);
    }
    Value::object(id)
}

/// `p.setter`, `p.getter` and `p.deleter` make a new property.
pub(crate) fn property_method(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    let (Some(id), Some(function)) = (call.this.only_object(), call.at(0)) else {
        return Ok(None);
    };
    let mut copy = machine.heap.get(id).clone();
    match call.name {
        "setter" => {
            copy.properties.insert(Ustr::from("fset"), function);
        }
        "getter" => copy.elements = vec![function],
        "deleter" => {}
        _ => return Ok(None),
    }
    let new = machine.heap.allocate(copy.kind, call.span);
    let object = machine.heap.get_mut(new);
    object.elements = copy.elements;
    object.properties = copy.properties;
    Ok(Some(Value::object(new)))
}

/// `super()` stands for the instance or class that the running method belongs to.
pub(crate) fn make_super(machine: &mut Machine<'_>, call: &Use<'_>) -> Value {
    let given = (call.at(0).and_then(|class| class.only_object()), call.at(1));
    let (class, this) = match given {
        (Some(class), Some(this)) => (Some(class), this),
        _ => {
            let home = machine.frames.iter().rev().find_map(|frame| frame.home);
            (home, machine.first_parameter())
        }
    };
    match class {
        Some(class) => super_object(machine, class, this, call),
        None => this,
    }
}

fn super_object(machine: &mut Machine<'_>, class: ObjectId, this: Value, call: &Use<'_>) -> Value {
    let origins = this.origins;
    let kind = ObjectKind::Super { class, this };
    Value::object(machine.heap.allocate(kind, call.span)).with_origins(origins)
}

impl Machine<'_> {
    /// Returns what the first parameter of the running method holds.
    fn first_parameter(&mut self) -> Value {
        let Some((module, function)) = self.frames.last().and_then(|frame| frame.function) else {
            return Value::undefined();
        };
        let function = self.program.module(module).function(function);
        let name = function.parameters.first().map(|first| &first.pattern);
        match name {
            Some(firedoor_ir::Pattern::Name(name, _)) => self
                .find_variable(*name)
                .map_or_else(Value::undefined, |(_, value)| value),
            _ => Value::undefined(),
        }
    }

    /// Returns a method that the class of an instance of the program defines, bound to the instance.
    pub(crate) fn own_method(
        &mut self,
        id: ObjectId,
        name: &str,
        span: firedoor_source::Span,
    ) -> Result<Option<Value>, crate::Stop> {
        let ObjectKind::Instance { class } = self.heap.get(id).kind else {
            return Ok(None);
        };
        match self.class_attribute(class, Ustr::from(name)) {
            Some((owner, function)) => {
                let receiver = Value::object(id);
                self.bind_attribute(function, owner, &receiver, span)
                    .map(Some)
            }
            None => Ok(None),
        }
    }
}
