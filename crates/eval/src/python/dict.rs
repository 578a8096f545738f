//! Dictionaries: entries with string keys are properties; other keys and their values are elements, by turns.

use firedoor_source::Span;
use ustr::Ustr;

use crate::names::names_of;
use crate::python::Use;
use crate::{Answer, Atom, Machine, ObjectId, ObjectKind, Shape, Stop, StoreOperation, Value};

/// Methods of dictionaries.
pub(crate) const METHODS: &[&str] = &[
    "clear",
    "copy",
    "elements",
    "fromkeys",
    "get",
    "items",
    "keys",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
    "__contains__",
    "__getitem__",
    "__setitem__",
];

/// What a look-up gave.
pub(crate) struct Found {
    /// What may be under the key; nothing if nothing can be.
    pub(crate) value: Option<Value>,
    /// Holds if there may be nothing under it.
    pub(crate) may_miss: bool,
}

/// Calls a method of a dictionary.
pub(crate) fn method(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Answer {
    let key = call.at(0);
    let value = match (call.name, key) {
        ("get", Some(key)) => machine.dict_get(id, &key, &call.find(1, "default"), call.span),
        ("pop", Some(key)) => return pop(machine, id, &key, call).map(Some),
        ("setdefault", Some(key)) => set_default(machine, id, &key, call)?,
        ("items", _) => items(machine, id, call),
        ("keys", _) => {
            let (entries, is_open) = machine.dict_entries(id);
            let keys = entries.into_iter().map(|(key, _)| key).collect();
            machine.view(id, keys, is_open, call)
        }
        ("values", _) => {
            let (entries, is_open) = machine.dict_entries(id);
            let values = entries.into_iter().map(|(_, value)| value).collect();
            machine.view(id, values, is_open, call)
        }
        ("update", _) => {
            update(machine, id, call)?;
            Value::null()
        }
        ("copy", _) => machine
            .copy_dict(id, call.span)
            .with_origins(call.this.origins),
        ("clear", _) => {
            clear(machine, id, call);
            Value::null()
        }
        ("popitem", _) => machine.derived(Shape::Any, [call.this]),
        ("move_to_end", _) => Value::null(),
        ("__contains__", Some(key)) => machine.contains(call.this, &key, call.span),
        ("__getitem__", Some(key)) => return machine.index(call.this, &key, call.span).map(Some),
        ("__setitem__", Some(key)) => {
            let value = call.find(1, "value");
            machine.set_index(call.this, &key, value, call.span)?;
            Value::null()
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// `get` of a value of which nothing is known reads the member of that name.
pub(crate) fn unknown(machine: &mut Machine<'_>, call: &Use<'_>) -> Option<Value> {
    if !matches!(call.name, "get" | "pop") {
        return None;
    }
    let key = call.at(0)?.text()?;
    let host = machine.host();
    let origins = host.member_origins(machine, call.this.origins, key);
    if let Some(chosen) = host.chosen(machine, origins) {
        return Some(chosen.with_origins(origins));
    }
    let mut value = Value::unknown(Shape::Any).with_origins(origins);
    value.control = call.this.control;
    match call.arguments.find(1, "default") {
        Some(default) => {
            // A value that is not known may be anything already; the default is told by its origins alone.
            value.origins = machine.origins.union(value.origins, default.origins);
            Some(value)
        }
        None => Some(value),
    }
}

fn items(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Value {
    let (entries, is_open) = machine.dict_entries(id);
    let mut pairs = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        pairs.push(machine.make_tuple(vec![key, value], call.span));
    }
    if machine.is_store(id) {
        let key = Value::unknown(Shape::Any);
        let value = machine.read_store(id, None, call.span);
        let pair = machine.make_tuple(vec![key, value], call.span);
        return machine.list_with_more(Vec::new(), pair, call.this, call.span);
    }
    for value in spread_into(machine, id) {
        let key = machine.derived(Shape::String, [&value]);
        pairs.push(machine.make_tuple(vec![key, value], call.span));
    }
    machine.view(id, pairs, is_open, call)
}

/// What a plain dictionary was filled from without its names being known.
fn spread_into(machine: &Machine<'_>, id: ObjectId) -> Vec<Value> {
    let object = machine.heap.get(id);
    match object.kind {
        ObjectKind::Plain if object.is_open => object.elements.clone(),
        _ => Vec::new(),
    }
}

fn pop(
    machine: &mut Machine<'_>,
    id: ObjectId,
    key: &Value,
    call: &Use<'_>,
) -> Result<Value, Stop> {
    let default = call.arguments.find(1, "default").cloned();
    if machine.is_store(id) {
        let value = machine.read_store(id, Some(key), call.span);
        machine.note_store_change(id, StoreOperation::Remove, Some(key), None, call.span);
        return Ok(match default {
            Some(default) => machine.join(value, &default),
            None => value,
        });
    }
    let value = match default {
        Some(default) => machine.dict_get(id, key, &default, call.span),
        None => machine.dict_item(id, key, call.span)?,
    };
    machine.dict_remove(id, key);
    Ok(value)
}

fn set_default(
    machine: &mut Machine<'_>,
    id: ObjectId,
    key: &Value,
    call: &Use<'_>,
) -> Result<Value, Stop> {
    let default = call.find(1, "default");
    if machine.is_store(id) {
        let value = machine.read_store(id, Some(key), call.span);
        let set = StoreOperation::Set;
        machine.note_store_change(id, set, Some(key), Some(&default), call.span);
        return Ok(machine.join(value, &default));
    }
    let found = machine.dict_lookup(id, key, call.span);
    if !found.may_miss {
        return Ok(found.value.unwrap_or(default));
    }
    let value = match found.value {
        Some(value) => machine.join(value, &default),
        None => default,
    };
    machine.set_index(call.this, key, value.clone(), call.span)?;
    Ok(value)
}

fn update(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) -> Result<(), Stop> {
    let is_store = machine.is_store(id);
    for source in call.arguments.positional.clone() {
        if is_store {
            let set = StoreOperation::Set;
            machine.note_store_change(id, set, None, Some(&source), call.span);
            continue;
        }
        machine.dict_extend(id, &source, call.span)?;
    }
    let this = Value::object(id);
    for (name, value) in call.arguments.keywords.clone() {
        let key = Value::atom(Atom::String(name));
        machine.set_index(&this, &key, value, call.span)?;
    }
    if let Some(rest) = &call.arguments.rest
        && !is_store
    {
        machine.dict_extend(id, rest, call.span)?;
    }
    Ok(())
}

fn clear(machine: &mut Machine<'_>, id: ObjectId, call: &Use<'_>) {
    if machine.is_store(id) {
        machine.note_store_change(id, StoreOperation::Remove, None, None, call.span);
        return;
    }
    let names: Vec<Ustr> = machine.heap.get(id).properties.keys().copied().collect();
    for name in names {
        machine.heap.remove_property(id, name);
    }
    machine.heap.elements_mut(id).clear();
    machine.heap.get_mut(id).is_open = false;
}

/// `dict.fromkeys(keys, value)`.
pub(crate) fn from_keys(machine: &mut Machine<'_>, call: &Use<'_>) -> Result<Value, Stop> {
    let id = machine.heap.allocate(ObjectKind::Plain, call.span);
    let source = call.find(0, "iterable");
    let value = call.find(1, "value");
    let (keys, is_open) = machine.elements_of(&source);
    for key in keys {
        machine.dict_set(id, &key, value.clone());
    }
    if is_open {
        machine.open_dict(id, &source);
    }
    Ok(Value::object(id).with_origins(source.origins))
}

impl Machine<'_> {
    /// `dict(...)`.
    pub(crate) fn make_dict(&mut self, call: &Use<'_>) -> Result<Value, Stop> {
        if let Some(record) = self.copied_record(call) {
            return Ok(record);
        }
        let id = self.heap.allocate(ObjectKind::Plain, call.span);
        let first = call.at(0);
        if let Some(source) = &first {
            self.dict_extend(id, source, call.span)?;
        }
        let object = self.heap.get_mut(id);
        for (name, value) in &call.arguments.keywords {
            object.properties.insert(*name, value.clone());
        }
        let origins = match &first {
            // Which keys it has is for whoever sent what it is made of.
            Some(source) if source.origins.is_empty() && self.heap.get(id).is_open => {
                self.deep_origins(source)
            }
            Some(source) => source.origins,
            None => crate::OriginSet::EMPTY,
        };
        Ok(Value::object(id).with_origins(origins))
    }

    /// A copy of something outside that has fields, such as a row of a table, has the same.
    fn copied_record(&self, call: &Use<'_>) -> Option<Value> {
        let first = call.at(0)?;
        let is_record = match first.atoms() {
            [Atom::Unknown(_)] => self.origins.members(first.origins).len() == 1,
            [Atom::Object(id)] => matches!(self.heap.get(*id).kind, ObjectKind::Host(_)),
            _ => false,
        };
        (is_record && call.arguments.keywords.is_empty()).then_some(first)
    }

    /// Puts the entries of a dictionary, or of a sequence of pairs, into another.
    pub(crate) fn dict_extend(
        &mut self,
        id: ObjectId,
        source: &Value,
        span: Span,
    ) -> Result<(), Stop> {
        let this = Value::object(id);
        let is_dict = source.only_object().is_some_and(|source| {
            matches!(
                self.heap.get(source).kind,
                ObjectKind::Plain | ObjectKind::Map
            )
        });
        if is_dict {
            let other = source.only_object().unwrap_or(id);
            let (entries, is_open) = self.dict_entries(other);
            if !self.is_store(id) {
                self.overwrite_with_unknown(id, source)?;
            }
            for (key, value) in entries {
                self.set_index(&this, &key, value, span)?;
            }
            if is_open {
                self.open_dict(id, source);
            }
            return Ok(());
        }
        // What a client sends as a whole is another dictionary, and no list of pairs.
        if source.is_unknown() && matches!(self.heap.get(id).kind, ObjectKind::Plain) {
            self.overwrite_with_unknown(id, source)?;
            self.open_dict(id, source);
            return Ok(());
        }
        let (pairs, more) = self.elements_and_more(source);
        for pair in pairs {
            self.dict_enter(&this, &pair, span)?;
        }
        if let Some(more) = more {
            let (parts, _) = self.elements_of(&more);
            match parts.as_slice() {
                [key, _] if names_of(key).is_some() => self.dict_enter(&this, &more, span)?,
                _ => self.open_dict(id, source),
            }
        }
        Ok(())
    }

    /// Puts a pair of key and value into a dictionary.
    fn dict_enter(&mut self, dict: &Value, pair: &Value, span: Span) -> Result<(), Stop> {
        let (parts, is_open) = self.elements_of(pair);
        if let [key, value] = parts.as_slice() {
            return self.set_index(dict, key, value.clone(), span);
        }
        // What a text was split into: any part of it may be the key, and any the value.
        if is_open || pair.is_unknown() {
            let part = self.derived(Shape::Any, [pair]);
            let origins = self.deep_origins(pair);
            let part = part.with_origins(origins);
            self.set_index(dict, &part.clone(), part, span)?;
        }
        Ok(())
    }

    /// Says that a dictionary may have further entries that come from `source`.
    fn open_dict(&mut self, id: ObjectId, source: &Value) {
        self.heap.open(id);
        if matches!(self.heap.get(id).kind, ObjectKind::Plain) {
            self.heap.elements_mut(id).push(source.clone());
        }
    }

    /// Returns the known entries of a dictionary, and whether there may be others.
    pub(crate) fn dict_entries(&self, id: ObjectId) -> (Vec<(Value, Value)>, bool) {
        let object = self.heap.get(id);
        let mut entries: Vec<(Value, Value)> = object
            .properties
            .iter()
            .map(|(key, value)| (Value::atom(Atom::String(*key)), value.clone()))
            .collect();
        if matches!(object.kind, ObjectKind::Map) {
            let pairs = object.elements.chunks(2).filter(|pair| pair.len() == 2);
            entries.extend(pairs.map(|pair| (pair[0].clone(), pair[1].clone())));
        }
        (entries, object.is_open || self.is_store(id))
    }

    /// A list of what is in a dictionary.
    fn view(&mut self, id: ObjectId, mut all: Vec<Value>, is_open: bool, call: &Use<'_>) -> Value {
        if self.is_store(id) {
            all.push(self.read_store(id, None, call.span));
        }
        self.make_collection(ObjectKind::Array, all, is_open, Some(call.this), call.span)
    }

    /// Looks a key up.
    pub(crate) fn dict_lookup(&mut self, id: ObjectId, key: &Value, span: Span) -> Found {
        if let Some(name) = key.text()
            && key.origins.is_empty()
            && let Some(value) = self.heap.property(id, name)
        {
            // What may be undefined may not be there at all.
            let there = value.filter(|atom| !matches!(atom, Atom::Undefined));
            let may_miss = there.is_some() && value.atoms().contains(&Atom::Undefined);
            return Found {
                value: Some(there.unwrap_or_else(|| value.clone())),
                may_miss,
            };
        }
        let is_open = self.heap.get(id).is_open || self.is_store(id);
        // A known text is among the properties or nowhere, and need not be compared with each.
        let is_plain = matches!(self.heap.get(id).kind, ObjectKind::Plain);
        let entries = match is_plain && key.texts().is_some() && key.origins.is_empty() {
            true => Vec::new(),
            false => self.dict_entries(id).0,
        };
        self.report_entries(&entries, key, span);
        let mut value: Option<Value> = None;
        let mut may_miss = false;
        for atom in key.atoms().to_vec() {
            if let Atom::String(name) = atom
                && let Some(found) = self.heap.property(id, name).cloned()
            {
                value = Some(self.or_else_value(value, &found));
                continue;
            }
            let one = Value::atom(atom);
            let mut is_certain = false;
            for (candidate, held) in &entries {
                match self.equal_values(candidate, &one) {
                    Some(true) => {
                        value = Some(self.or_else_value(value, held));
                        is_certain = true;
                        break;
                    }
                    Some(false) => {}
                    None if self.is_denied(candidate, &one, key) => {}
                    None => {
                        if let Some(name) = candidate.text() {
                            self.note_row(name, key, held);
                        }
                        value = Some(self.or_else_value(value, held));
                    }
                }
            }
            may_miss |= !is_certain;
        }
        if may_miss && is_open {
            let more = match key.text() {
                Some(name) => self.open_property(id, name),
                None => self.derived(Shape::Any, [&Value::object(id), key]),
            };
            value = Some(self.or_else_value(value, &more));
        }
        let value = value.map(|value| self.controlled(value, key));
        Found { value, may_miss }
    }

    /// Holds if the host says that one alternative of a key is not this one.
    fn is_denied(&mut self, candidate: &Value, one: &Value, key: &Value) -> bool {
        if key.origins.is_empty() {
            return false;
        }
        let one = one.clone().with_origins(key.origins);
        let host = self.host();
        host.equal(self, candidate, &one) == Some(false)
    }

    fn or_else_value(&mut self, value: Option<Value>, other: &Value) -> Value {
        match value {
            Some(value) => self.join(value, other),
            None => other.clone(),
        }
    }

    fn report_entries(&mut self, entries: &[(Value, Value)], key: &Value, span: Span) {
        if key.origins.is_empty() {
            return;
        }
        let constants: Vec<Ustr> = entries.iter().filter_map(|(key, _)| key.text()).collect();
        if !constants.is_empty() {
            let host = self.host();
            host.compared(self, key, &constants, span);
        }
    }

    /// `d.get(key, default)`.
    fn dict_get(&mut self, id: ObjectId, key: &Value, default: &Value, span: Span) -> Value {
        if self.is_store(id) {
            let value = self.read_store(id, Some(key), span);
            return match default.is_nothing() {
                true => value,
                false => self.join(value, default),
            };
        }
        let found = self.dict_lookup(id, key, span);
        let mut default = default.clone();
        default.control = self.origins.union(default.control, key.origins);
        match (found.value, found.may_miss) {
            (Some(value), true) => self.join(value, &default),
            (Some(value), false) => value,
            (None, _) => default,
        }
    }

    /// `d[key]`: what may be missing may fail, and what certainly is missing fails.
    pub(crate) fn dict_item(
        &mut self,
        id: ObjectId,
        key: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let found = self.dict_lookup(id, key, span);
        if !found.may_miss {
            return Ok(found.value.unwrap_or_else(Value::undefined));
        }
        if let Some(factory) = self.factories.get(&id).cloned() {
            return self.default_item(id, key, found, &factory, span);
        }
        let is_empty = {
            let object = self.heap.get(id);
            object.properties.is_empty() && object.elements.is_empty()
        };
        if !self.heap.get(id).is_open {
            let error = self.exception("KeyError", vec![key.clone()], span);
            let error = self.controlled(error, key);
            if found.value.is_none() && !is_empty {
                return self.throw(error, span);
            }
            self.may_throw(error, span);
        }
        Ok(match found.value {
            Some(value) => value,
            // Whoever filled the empty dictionary was not seen.
            None => self.derived(Shape::Any, [&Value::object(id), key]),
        })
    }

    /// A `defaultdict` makes what is missing.
    fn default_item(
        &mut self,
        id: ObjectId,
        key: &Value,
        found: Found,
        factory: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let made = self.call_value(factory, None, &crate::Arguments::default(), span)?;
        let value = match found.value {
            Some(value) => self.join(value, &made),
            None => made,
        };
        self.set_index(&Value::object(id), key, value.clone(), span)?;
        Ok(value)
    }

    /// Writes an entry.
    pub(crate) fn dict_set(&mut self, id: ObjectId, key: &Value, value: Value) {
        if let Some(name) = key.text() {
            self.heap.set_property(id, name, value);
            return;
        }
        let is_plain = matches!(self.heap.get(id).kind, ObjectKind::Plain);
        if is_plain && let Some(names) = names_of(key) {
            return self.set_one_of(id, key, &names, &value);
        }
        if key.is_unknown() || key.atoms().len() > 1 || (is_plain && self.heap.get(id).is_open) {
            self.heap.open(id);
            if is_plain {
                self.heap.elements_mut(id).push(value);
            } else {
                self.put_pair(id, key, value);
            }
            return;
        }
        self.heap.get_mut(id).kind = ObjectKind::Map;
        self.put_pair(id, key, value);
    }

    /// Writes an entry whose key is no string; one of an equal key is replaced.
    fn put_pair(&mut self, id: ObjectId, key: &Value, value: Value) {
        let pairs = self.heap.get(id).elements.chunks(2);
        let position = pairs
            .enumerate()
            .find(|(_, pair)| self.equal_values(&pair[0], key) == Some(true))
            .map(|(position, _)| position);
        match position {
            Some(position) => self.heap.elements_mut(id)[position * 2 + 1] = value,
            None => {
                self.heap.push_element(id, key.clone());
                self.heap.push_element(id, value);
            }
        }
    }

    /// Takes an entry out; where it is not known which, all may still be there.
    pub(crate) fn dict_remove(&mut self, id: ObjectId, key: &Value) {
        if let Some(name) = key.text() {
            self.heap.remove_property(id, name);
            return;
        }
        if !matches!(self.heap.get(id).kind, ObjectKind::Map) {
            return;
        }
        let elements = self.heap.get(id).elements.clone();
        let position = elements
            .chunks(2)
            .position(|pair| self.equal_values(&pair[0], key) == Some(true));
        if let Some(position) = position {
            self.heap
                .elements_mut(id)
                .drain(position * 2..position * 2 + 2);
        }
    }

    /// Returns a dictionary with the same entries.
    pub(crate) fn copy_dict(&mut self, id: ObjectId, span: Span) -> Value {
        let old = self.heap.get(id).clone();
        let new = self.heap.allocate(old.kind, span);
        if let Some(factory) = self.factories.get(&id).cloned() {
            self.factories.insert(new, factory);
        }
        let object = self.heap.get_mut(new);
        object.properties = old.properties;
        object.elements = old.elements;
        object.is_open = old.is_open || old.is_store;
        Value::object(new)
    }
}
