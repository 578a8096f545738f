//! `enum`: the names of the class body become instances with `name` and `value`.

use firedoor_source::Span;
use ustr::Ustr;

use crate::python::Use;
use crate::{Answer, Arguments, Atom, Machine, ObjectId, ObjectKind, Stop, Value};

/// The property of a class that has members, by name.
const MEMBERS: &str = "__members__";

/// Calls a function of `enum`.
pub(crate) fn call(machine: &mut Machine<'_>, call: &Use<'_>) -> Answer {
    Ok(match call.name {
        "auto" => {
            let kind = ObjectKind::Host(Ustr::from("py:enum.auto()"));
            Some(Value::object(machine.heap.allocate(kind, call.span)))
        }
        "unique" | "member" | "nonmember" | "global_enum" | "verify" => call.at(0),
        _ => None,
    })
}

/// Returns the dictionary of the members of an enumeration.
pub(crate) fn members(machine: &Machine<'_>, class: ObjectId) -> Option<ObjectId> {
    machine
        .heap
        .property(class, Ustr::from(MEMBERS))
        .and_then(Value::only_object)
}

/// Returns the value of a member of an enumeration, and whether the member equals it.
pub(crate) fn member_value(machine: &Machine<'_>, id: ObjectId) -> Option<(Value, bool)> {
    let ObjectKind::Instance { class } = machine.heap.get(id).kind else {
        return None;
    };
    members(machine, class)?;
    let value = machine.heap.property(id, Ustr::from("value"))?.clone();
    let bases = machine.outside_bases(class);
    let is_mixed = bases.iter().any(|base| {
        matches!(base.as_str(), "py:builtins.str" | "py:builtins.int")
            || is_kind(machine, base, &["IntEnum", "StrEnum", "IntFlag"])
    });
    Some((value, is_mixed))
}

/// Holds for these classes of `enum`, and for those of libraries that inherit them.
fn is_kind(machine: &Machine<'_>, base: &str, kinds: &[&str]) -> bool {
    let host = machine.host();
    match base.strip_prefix("py:enum.") {
        Some(name) => kinds.contains(&name),
        None => kinds
            .iter()
            .any(|kind| host.is_subclass(base, &format!("py:enum.{kind}")) == Some(true)),
    }
}

impl Machine<'_> {
    /// Returns the constant that a member of an enumeration stands for.
    pub fn enumerated(&self, id: ObjectId) -> Option<Value> {
        member_value(self, id).map(|(value, _)| value)
    }

    /// Turns the names that the body of an enumeration binds into members.
    pub(crate) fn finish_enumeration(
        &mut self,
        class: ObjectId,
        names: &[Ustr],
        span: Span,
    ) -> Result<(), Stop> {
        let bases = self.outside_bases(class);
        let kinds = ["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"];
        let is_enumeration = bases.iter().any(|base| is_kind(self, base, &kinds));
        let ObjectKind::Class { prototype, .. } = self.heap.get(class).kind else {
            return Ok(());
        };
        if !is_enumeration {
            return Ok(());
        }
        let is_text = bases.iter().any(|base| is_kind(self, base, &["StrEnum"]));
        let table = self.heap.allocate(ObjectKind::Plain, span);
        let mut last = 0.0;
        let mut values = Vec::new();
        for name in names {
            let Some(value) = self.heap.property(prototype, *name).cloned() else {
                continue;
            };
            if name.starts_with('_') || self.is_no_member(&value) {
                continue;
            }
            let value = match self.is_auto(&value) {
                true => match self.own_next_value(class, *name, &values, span)? {
                    Some(next) => next,
                    None if is_text => Value::string(&name.to_lowercase()),
                    None => Value::number(last + 1.0),
                },
                false => value,
            };
            last = value.as_number().unwrap_or(last);
            values.push(value.clone());
            let member = self.make_member(class, table, *name, value, span)?;
            self.heap
                .get_mut(prototype)
                .properties
                .insert(*name, member.clone());
            self.heap.get_mut(table).properties.insert(*name, member);
        }
        if !self.heap.get(table).properties.is_empty() {
            self.heap
                .get_mut(class)
                .properties
                .insert(Ustr::from(MEMBERS), Value::object(table));
        }
        Ok(())
    }

    /// Returns what the program itself makes of `auto()`: `_generate_next_value_(name, start, count, last_values)`,
    /// which belongs to no instance whether it is decorated or not.
    fn own_next_value(
        &mut self,
        class: ObjectId,
        name: Ustr,
        values: &[Value],
        span: Span,
    ) -> Result<Option<Value>, Stop> {
        let key = Ustr::from("_generate_next_value_");
        let Some((owner, mut function)) = self.class_attribute(class, key) else {
            return Ok(None);
        };
        let held = function.only_object().map(|id| &self.heap.get(id).kind);
        if matches!(held, Some(ObjectKind::Host(_))) {
            function = self.bind_attribute(function, owner, &Value::object(class), span)?;
        }
        let list = self.make_list(values.to_vec(), false, span);
        let positional = vec![
            Value::atom(Atom::String(name)),
            Value::number(1.0),
            Value::number(values.len() as f64),
            list,
        ];
        let arguments = Arguments::positional(positional);
        self.call_value(&function, None, &arguments, span).map(Some)
    }

    fn is_auto(&self, value: &Value) -> bool {
        value.only_object().is_some_and(
            |id| matches!(self.heap.get(id).kind, ObjectKind::Host(path) if path == "py:enum.auto()"),
        )
    }

    /// Functions, classes and descriptors in the body are no members.
    fn is_no_member(&self, value: &Value) -> bool {
        value
            .only_object()
            .is_some_and(|id| match &self.heap.get(id).kind {
                ObjectKind::Function { .. }
                | ObjectKind::Class { .. }
                | ObjectKind::Bound { .. } => true,
                ObjectKind::Host(path) => matches!(
                    path.as_str(),
                    "py:property" | "py:staticmethod" | "py:classmethod"
                ),
                _ => false,
            })
    }

    /// A second name for a value is another name of the first member.
    fn make_member(
        &mut self,
        class: ObjectId,
        table: ObjectId,
        name: Ustr,
        value: Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let key = Ustr::from("value");
        let mut known = self.heap.get(table).properties.values();
        let same = known.find(|member| {
            let held = member
                .only_object()
                .and_then(|id| self.heap.property(id, key));
            held.is_some_and(|held| self.equal_values(held, &value) == Some(true))
        });
        if let Some(same) = same {
            return Ok(same.clone());
        }
        let id = self.heap.allocate(ObjectKind::Instance { class }, span);
        let text = Value::atom(Atom::String(name));
        let object = self.heap.get_mut(id);
        object.name = Some(name);
        object.properties.insert(Ustr::from("name"), text);
        object.properties.insert(Ustr::from("value"), value.clone());
        if let Some((_, function)) = self.class_attribute(class, Ustr::from("__init__")) {
            let is_tuple = value
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Tuple));
            let mut positional = vec![Value::object(id)];
            match is_tuple {
                true => positional.extend(self.elements_of(&value).0),
                false => positional.push(value),
            }
            self.call_value(&function, None, &Arguments::positional(positional), span)?;
        }
        Ok(Value::object(id))
    }

    /// `Role(value)`: the member of that value, or a failure.
    pub(crate) fn member_by_value(
        &mut self,
        class: ObjectId,
        value: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let members: Vec<Value> = members(self, class)
            .map(|table| self.heap.get(table).properties.values().cloned().collect())
            .unwrap_or_default();
        let mut found: Option<Value> = None;
        let mut constants = Vec::new();
        for member in members {
            let held = member
                .only_object()
                .and_then(|id| self.heap.property(id, Ustr::from("value")).cloned())
                .unwrap_or_else(Value::undefined);
            constants.extend(held.text());
            let same = match value == &member {
                true => Some(true),
                false => self.equal_values(&held, value),
            };
            match same {
                Some(true) => return Ok(self.controlled(member, value)),
                Some(false) => {}
                None => {
                    found = Some(match found {
                        Some(earlier) => self.join(earlier, &member),
                        None => member,
                    });
                }
            }
        }
        if !constants.is_empty() && !value.origins.is_empty() {
            let host = self.host();
            host.compared(self, value, &constants, span);
        }
        let error = self.exception("ValueError", vec![value.clone()], span);
        let error = self.controlled(error, value);
        match found {
            Some(found) => {
                self.may_throw(error, span);
                let origins = value.origins;
                Ok(self.controlled(found, value).with_origins(origins))
            }
            None => self.throw(error, span),
        }
    }

    /// The members of an enumeration.
    pub(crate) fn class_elements(&mut self, id: ObjectId) -> Option<(Vec<Value>, bool)> {
        let table = members(self, id)?;
        let mut distinct: Vec<Value> = Vec::new();
        for member in self.heap.get(table).properties.values() {
            if !distinct.contains(member) {
                distinct.push(member.clone());
            }
        }
        Some((distinct, false))
    }
}
