//! Assignment: variables, members, destructuring.

use firedoor_ir::{
    ArrayPatternElement, ExpressionId, ExpressionKind, Key, Language, ObjectPatternProperty,
    Pattern,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Machine, ObjectKind, Slot, Stop, Value};

/// How a name is bound by a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Binding {
    /// A new name of the current block.
    Declare,
    /// A name that exists somewhere.
    Assign,
}

impl<'p> Machine<'p> {
    /// Binds new names of the current block.
    pub(crate) fn declare_pattern(
        &mut self,
        pattern: &'p Pattern,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        self.bind_pattern(pattern, value, Binding::Declare, span)
    }

    /// Assigns to existing names and places.
    pub(crate) fn assign_pattern(
        &mut self,
        pattern: &'p Pattern,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        self.bind_pattern(pattern, value, Binding::Assign, span)
    }

    fn bind_pattern(
        &mut self,
        pattern: &'p Pattern,
        value: Value,
        binding: Binding,
        span: Span,
    ) -> Result<(), Stop> {
        match pattern {
            Pattern::Name(name, _) => {
                match binding {
                    Binding::Declare => {
                        if self.watch.is_some() && !self.is_python() {
                            self.note_assignment(*name, &value);
                        }
                        self.declare_name(*name, value);
                    }
                    Binding::Assign => self.assign_name(*name, value),
                }
                Ok(())
            }
            Pattern::Place(place) => self.assign_place(*place, value, span),
            Pattern::Default(inner, default) => {
                let value = self.or_default(value, *default, span)?;
                self.bind_pattern(inner, value, binding, span)
            }
            Pattern::Array(elements) => self.bind_elements(elements, &value, binding, span),
            Pattern::Object { properties, rest } => {
                self.bind_properties(properties, rest.as_deref(), &value, binding, span)
            }
        }
    }

    /// Returns `value`, with the default where it is or may be undefined.
    pub(crate) fn or_default(
        &mut self,
        value: Value,
        default: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let is_undefined = |atom: &crate::Atom| *atom == crate::Atom::Undefined;
        if value.atoms().iter().all(is_undefined) {
            return self.evaluate(default);
        }
        let is_uncertain = value.objects().any(|id| self.is_uncertain(id));
        if !value.atoms().iter().any(is_undefined) && !value.is_unknown() && !is_uncertain {
            return Ok(value);
        }
        let test = self.nothing_test(&value, span);
        let present = value.filter(|atom| !is_undefined(atom)).unwrap_or(value);
        match self.truth(&test) {
            Some(_) => Ok(present),
            None => self.choose(
                &test,
                span,
                |machine| machine.evaluate(default),
                |_| Ok(present),
            ),
        }
    }

    fn bind_elements(
        &mut self,
        patterns: &'p [ArrayPatternElement],
        value: &Value,
        binding: Binding,
        span: Span,
    ) -> Result<(), Stop> {
        let (elements, is_open) = self.elements_of(value);
        let further = is_open.then(|| self.element_of_open(value));
        let more = further.clone().unwrap_or_else(Value::undefined);
        let after_rest = patterns
            .iter()
            .position(|pattern| matches!(pattern, ArrayPatternElement::Rest(_)))
            .map_or(0, |position| patterns.len() - position - 1);
        let mut next = 0;
        for pattern in patterns {
            match pattern {
                ArrayPatternElement::Hole => next += 1,
                ArrayPatternElement::Item(pattern) => {
                    let mut element = elements.get(next).unwrap_or(&more).clone();
                    element.control = self.origins.union(element.control, value.control);
                    next += 1;
                    self.bind_pattern(pattern, element, binding, span)?;
                }
                ArrayPatternElement::Rest(pattern) => {
                    let end = elements.len().saturating_sub(after_rest).max(next);
                    let rest = elements.get(next..end).unwrap_or(&[]).to_vec();
                    next = end;
                    // `const [name, ...rest] = pair.split('=')`: what is left is of the same kind.
                    let list = self.make_open_list(rest, further.clone(), span);
                    let list = list.with_origins(value.origins);
                    self.bind_pattern(pattern, list, binding, span)?;
                }
            }
        }
        Ok(())
    }

    fn bind_properties(
        &mut self,
        properties: &'p [ObjectPatternProperty],
        rest: Option<&'p Pattern>,
        value: &Value,
        binding: Binding,
        span: Span,
    ) -> Result<(), Stop> {
        let present = value
            .filter(|atom| !atom.is_nothing())
            .unwrap_or_else(|| value.clone());
        let mut taken = Vec::new();
        for property in properties {
            let element = match property.key {
                Key::Name(name) => {
                    taken.push(name);
                    self.member(&present, name, span)?
                }
                Key::Computed(key) => {
                    let key = self.evaluate(key)?;
                    self.index(&present, &key, span)?
                }
            };
            self.bind_pattern(&property.target, element, binding, span)?;
        }
        let Some(rest) = rest else {
            return Ok(());
        };
        let left = self.rest_of(&present, &taken, span);
        let left = left.with_origins(value.origins);
        self.bind_pattern(rest, left, binding, span)
    }

    /// Returns a copy of an object without the properties of these names. Where it is not known which others it has, it
    /// is known of these that they are not there.
    pub fn rest_of(&mut self, value: &Value, taken: &[Ustr], span: Span) -> Value {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        self.spread_into(id, value);
        let is_open = self.heap.get(id).is_open;
        for name in taken {
            let properties = &mut self.heap.get_mut(id).properties;
            match is_open {
                true => drop(properties.insert(*name, Value::undefined())),
                false => drop(properties.shift_remove(name)),
            }
        }
        Value::object(id).with_origins(value.origins)
    }

    /// Assigns to the nearest variable of that name. A name that nobody declared becomes one of the
    /// function (Python) or of the module (JavaScript).
    pub(crate) fn assign_name(&mut self, name: Ustr, value: Value) {
        if self.watch.is_some() {
            self.note_assignment(name, &value);
        }
        let mut scope = Some(self.current_scope());
        while let Some(id) = scope {
            let found = self.scopes.get(id.0 as usize);
            match found.names.get(&name) {
                Some(Slot::Value(_) | Slot::Unbound) => {
                    self.bind(id, name, value);
                    return;
                }
                Some(Slot::Import(..)) => {
                    self.scope(id).names.insert(name, Slot::Value(value));
                    return;
                }
                None => {}
            }
            if self.module_ir().language == Language::Python
                && (found.is_function || found.is_class)
                && !self.is_outer_name(id, name)
            {
                self.bind(id, name, value);
                return;
            }
            if found.parent.is_none() {
                self.bind(id, name, value);
                return;
            }
            scope = found.parent;
        }
    }

    /// Python's `global` and `nonlocal` leave a name out of the function's own.
    fn is_outer_name(&self, scope: crate::ScopeId, name: Ustr) -> bool {
        let mut parent = self.scopes.get(scope.0 as usize).parent;
        while let Some(id) = parent {
            let found = self.scopes.get(id.0 as usize);
            if found.names.contains_key(&name) {
                return true;
            }
            parent = found.parent;
        }
        false
    }

    /// Reads what a pattern of one name or place holds now.
    pub(crate) fn read_pattern(&mut self, pattern: &'p Pattern, span: Span) -> Result<Value, Stop> {
        match pattern {
            Pattern::Name(name, _) => Ok(self
                .find_variable(*name)
                .map_or_else(Value::undefined, |(_, value)| value)),
            Pattern::Place(place) => self.evaluate(*place),
            _ => {
                let _ = span;
                Ok(self.unknown("pattern"))
            }
        }
    }

    fn assign_place(&mut self, place: ExpressionId, value: Value, span: Span) -> Result<(), Stop> {
        let module = self.module_ir();
        match &module.expression(place).kind {
            ExpressionKind::Member {
                object, property, ..
            } => {
                let object = self.evaluate(*object)?;
                self.set_member(&object, *property, value, span)
            }
            ExpressionKind::Index { object, index, .. } => {
                let object = self.evaluate(*object)?;
                let index = self.evaluate(*index)?;
                self.set_index(&object, &index, value, span)
            }
            ExpressionKind::Name(name) => {
                self.assign_name(*name, value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn delete_place(&mut self, place: ExpressionId) -> Result<(), Stop> {
        let module = self.module_ir();
        let span = module.expression(place).span;
        let (object, key) = match &module.expression(place).kind {
            ExpressionKind::Member {
                object, property, ..
            } => (
                self.evaluate(*object)?,
                Value::atom(crate::Atom::String(*property)),
            ),
            ExpressionKind::Index { object, index, .. } => {
                let object = self.evaluate(*object)?;
                (object, self.evaluate(*index)?)
            }
            ExpressionKind::Name(name) => {
                let scope = self.current_scope();
                if matches!(self.scope(scope).names.get(name), Some(Slot::Value(_))) {
                    self.bind(scope, *name, Value::undefined());
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let object = match crate::display::property_name(&key) {
            Some(_) => self.writable(&object, span),
            None => object,
        };
        for id in object.objects().collect::<Vec<_>>() {
            if self.is_python() && self.delete_item(id, &key, span)? {
                continue;
            }
            if self.is_store(id) {
                let host = self.host();
                host.store_changed(
                    self,
                    id,
                    crate::StoreOperation::Remove,
                    Some(&key),
                    None,
                    span,
                );
            }
            match crate::display::property_name(&key) {
                // Of an object with unknown properties, it is known that this one is gone.
                Some(name) if self.heap.get(id).is_open => {
                    self.heap.set_property(id, name, Value::undefined());
                }
                Some(name) => self.heap.remove_property(id, name),
                None => {}
            }
        }
        Ok(())
    }
}
