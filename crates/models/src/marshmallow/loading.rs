//! Letting input through a schema: what is left of it, and what was asked on the way.

use firedoor_eval::{Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::fields::{fields_of, given, hooks, is_on, is_schema, kind, meta, named, nested};
use crate::ModelHost;
use crate::python_support::{exception, last_name};
use crate::zod_passage::{chosen, narrowed, test_of};

/// What is met while input is let through.
pub(super) struct Passage<'h> {
    host: &'h ModelHost,
    span: Span,
    depth: usize,
    bounds: Vec<(Value, Value)>,
    /// What the call or the instance says of fields that the schema does not declare.
    pub(super) unknown: Value,
    /// Holds if required fields may be missing.
    pub(super) is_partial: bool,
}

impl<'h> Passage<'h> {
    pub(super) fn new(host: &'h ModelHost, span: Span) -> Passage<'h> {
        Passage {
            host,
            span,
            depth: 0,
            bounds: Vec::new(),
            unknown: Value::undefined(),
            is_partial: false,
        }
    }

    /// The test that the input is right.
    pub(super) fn test(&self, machine: &mut Machine<'_>, input: &Value) -> Value {
        test_of(self.host, machine, &self.bounds, input, self.span)
    }

    /// Refuses input that is not right.
    pub(super) fn refuse(&self, machine: &mut Machine<'_>, input: &Value) -> Result<(), Stop> {
        let test = self.test(machine, input);
        let path = "py:marshmallow.exceptions.ValidationError";
        let error = exception(machine, path, &[input]);
        machine.when(
            &test,
            self.span,
            |_| Ok(()),
            |machine| machine.throw(error, self.span),
        )
    }

    /// What is left of a list of inputs.
    pub(super) fn list(
        &mut self,
        machine: &mut Machine<'_>,
        schema: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        let element = machine.element_of_open(input);
        let one = self.whole(machine, schema, &element)?;
        let list = machine.make_list(vec![one], true, self.span);
        Ok(list.with_origins(input.origins))
    }

    /// What is left of the input of a schema, as its hooks leave it.
    pub(super) fn whole(
        &mut self,
        machine: &mut Machine<'_>,
        schema: ObjectId,
        input: &Value,
    ) -> Result<Value, Stop> {
        if self.depth > 5 || !is_schema(machine, schema) {
            return Ok(input.shaped(Shape::Any));
        }
        self.depth += 1;
        let mut data = input.clone();
        for (name, _) in hooks(machine, schema, "pre_load") {
            data = self.hooked(machine, schema, name, data)?;
        }
        let table = machine.heap.allocate(ObjectKind::Plain, self.span);
        for (name, field) in fields_of(machine, schema) {
            if is_on(machine, field, "dump_only") {
                continue;
            }
            let key = named(machine, field, "data_key").and_then(|it| it.text());
            let sent = self.sent(machine, &data, key.unwrap_or(name));
            let value = self.field(machine, field, &sent)?;
            let attribute = named(machine, field, "attribute").and_then(|it| it.text());
            let properties = &mut machine.heap.get_mut(table).properties;
            properties.insert(attribute.unwrap_or(name), value);
        }
        if self.keeps_others(machine, schema) {
            let object = machine.heap.get_mut(table);
            object.is_open = true;
            object.elements.push(data.clone());
        }
        let mut whole = Value::object(table);
        for (name, fields) in hooks(machine, schema, "validates") {
            for field in fields {
                let value = machine.heap.property(table, field).cloned();
                let value = value.unwrap_or_else(Value::undefined);
                self.hooked(machine, schema, name, value)?;
            }
        }
        for (name, _) in hooks(machine, schema, "validates_schema") {
            self.hooked(machine, schema, name, whole.clone())?;
        }
        for (name, _) in hooks(machine, schema, "post_load") {
            whole = self.hooked(machine, schema, name, whole)?;
        }
        self.depth -= 1;
        Ok(whole)
    }

    /// Calls a hook with the data. It is told more than that by keywords.
    fn hooked(
        &self,
        machine: &mut Machine<'_>,
        schema: ObjectId,
        name: Ustr,
        data: Value,
    ) -> Result<Value, Stop> {
        if !matches!(machine.heap.get(schema).kind, ObjectKind::Instance { .. }) {
            return Ok(data);
        }
        let mut arguments = Arguments::positional([data]);
        for (name, value) in [
            ("many", Value::unknown(Shape::Bool)),
            ("partial", Value::unknown(Shape::Bool)),
        ] {
            arguments.keywords.insert(Ustr::from(name), value);
        }
        machine.call_member(&Value::object(schema), name, &arguments, self.span)
    }

    /// What the input has under a name.
    fn sent(&self, machine: &mut Machine<'_>, data: &Value, name: Ustr) -> Value {
        if data.is_unknown() || data.is_nothing() {
            let origins =
                firedoor_eval::Host::member_origins(self.host, machine, data.origins, name);
            let mut value = Value::unknown(Shape::Any).with_origins(origins);
            value.control = data.control;
            return value;
        }
        // What hooks make of the input often is a copy of it in which a field is another.
        if let Some(id) = data.only_object() {
            let object = machine.heap.get(id);
            let copied = match (&object.kind, object.elements.as_slice()) {
                (ObjectKind::Plain, [copied]) if object.is_open => Some(copied.clone()),
                _ => None,
            };
            if let Some(copied) = copied.filter(|_| !object.properties.contains_key(&name)) {
                return self.sent(machine, &copied, name);
            }
        }
        let key = Value::string(&name);
        let (read, _) = machine.catching(|machine| machine.index(data, &key, self.span));
        read.unwrap_or_else(|_| data.shaped(Shape::Any))
    }

    /// Holds if fields that the schema does not declare are kept.
    fn keeps_others(&self, machine: &Machine<'_>, schema: ObjectId) -> bool {
        let own = || meta(machine, schema, "unknown");
        // What the call says holds for the whole, not for schemas within it.
        let said = match self.depth == 1 && !self.unknown.is_nothing() {
            true => Some(self.unknown.clone()),
            false => own(),
        };
        said.is_some_and(|said| match said.as_outside() {
            Some(path) => last_name(&path) == "INCLUDE",
            None => said.text().as_deref() == Some("include"),
        })
    }

    /// What is left of the value of a field.
    fn field(
        &mut self,
        machine: &mut Machine<'_>,
        field: ObjectId,
        sent: &Value,
    ) -> Result<Value, Stop> {
        let mut value = self.by_kind(machine, field, sent)?;
        for validator in self.validators(machine, field) {
            self.validated(machine, &validator, &mut value)?;
        }
        if is_on(machine, field, "allow_none") {
            value.add(Atom::Null);
        }
        let default = ["load_default", "missing"]
            .iter()
            .find_map(|name| named(machine, field, name));
        match default {
            Some(default) => {
                let default = match default.only_object().is_some()
                    && crate::tools::is_function(machine, &default)
                {
                    true => machine.call_value(&default, None, &Arguments::default(), self.span)?,
                    false => default,
                };
                let origins = value.origins;
                value = machine.join(value, &default).with_origins(origins);
            }
            None if self.is_partial || !is_on(machine, field, "required") => {
                value.add(Atom::Undefined);
            }
            None => {}
        }
        Ok(value)
    }

    fn by_kind(
        &mut self,
        machine: &mut Machine<'_>,
        field: ObjectId,
        sent: &Value,
    ) -> Result<Value, Stop> {
        Ok(match kind(machine, field).as_str() {
            "Str" | "String" | "Email" | "Url" | "URL" | "UUID" | "IP" => {
                narrowed(sent, Shape::String)
            }
            "Int" | "Integer" | "Float" | "Number" | "Decimal" => narrowed(sent, Shape::Number),
            "Bool" | "Boolean" => narrowed(sent, Shape::Bool),
            "Constant" => given(machine, field, 0, "constant").unwrap_or_else(Value::null),
            "Nested" => match nested(machine, field, self.span) {
                Some(schema) if is_on(machine, field, "many") => {
                    self.list(machine, schema, sent)?
                }
                Some(schema) => self.whole(machine, schema, sent)?,
                None => sent.shaped(Shape::Any),
            },
            "List" => {
                let element = machine.element_of_open(sent);
                let inner = given(machine, field, 0, "cls_or_instance");
                let element = match inner.and_then(|inner| inner.only_object()) {
                    Some(inner) => self.field(machine, inner, &element)?,
                    None => element,
                };
                let element = element
                    .filter(|atom| !matches!(atom, Atom::Undefined))
                    .unwrap_or(element);
                let list = machine.make_list(vec![element], true, self.span);
                list.with_origins(sent.origins)
            }
            _ => sent.shaped(Shape::Any),
        })
    }

    /// `validate=Range(1, 9)`, or several in a list.
    fn validators(&self, machine: &mut Machine<'_>, field: ObjectId) -> Vec<Value> {
        let Some(given) = named(machine, field, "validate") else {
            return Vec::new();
        };
        let is_list = given.only_object().is_some_and(|id| {
            matches!(
                machine.heap.get(id).kind,
                ObjectKind::Array | ObjectKind::Tuple
            )
        });
        match is_list {
            true => machine.elements_of(&given).0,
            false => vec![given],
        }
    }

    fn validated(
        &mut self,
        machine: &mut Machine<'_>,
        validator: &Value,
        value: &mut Value,
    ) -> Result<(), Stop> {
        let Some(id) = validator.only_object() else {
            return Ok(());
        };
        let path = match machine.heap.get(id).kind {
            ObjectKind::Host(path) if path.starts_with("py:marshmallow.validate.") => path,
            _ if crate::tools::is_function(machine, validator) => {
                let arguments = Arguments::positional([value.clone()]);
                machine.call_value(validator, None, &arguments, self.span)?;
                return Ok(());
            }
            _ => return Ok(()),
        };
        match last_name(path.trim_end_matches("()")) {
            "Range" => {
                for (index, name) in ["min", "max"].iter().enumerate() {
                    if let Some(limit) = given(machine, id, index, name) {
                        self.bounds.push((value.clone(), limit));
                    }
                }
            }
            "OneOf" => {
                if let Some(choices) = given(machine, id, 0, "choices") {
                    let (elements, is_open) = machine.elements_of(&choices);
                    if !is_open {
                        let list = machine.make_list(elements, false, self.span);
                        *value = chosen(machine, &list, value);
                    }
                }
            }
            "Equal" => {
                if let Some(constant) = given(machine, id, 0, "comparable") {
                    *value = constant.with_origins(value.origins);
                }
            }
            "And" => {
                for part in machine.heap.get(id).elements.clone() {
                    self.validated(machine, &part, value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
