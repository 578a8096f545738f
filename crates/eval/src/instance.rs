//! Instances: made from a class, with fields, constructor and annotations, and called as functions.
//!
//! What a constructor does is wiring like any other, so it runs in full.

use firedoor_ir::{Class, Key, Language, MemberKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, Machine, ModuleId, ObjectId, ObjectKind, ScopeId, Stop, Value};

impl<'p> Machine<'p> {
    /// Makes an instance: `new C(...)`, `C(...)` of Python.
    pub fn construct(
        &mut self,
        class: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let mut result: Option<Value> = None;
        for atom in class.atoms().to_vec() {
            let value = match atom {
                Atom::Object(id) => self.construct_object(id, class, arguments, span)?,
                Atom::Outside(path) => self.call_outside(path, None, arguments, span, true)?,
                _ => self.derived(crate::Shape::Object, arguments.all()),
            };
            result = Some(match result {
                Some(earlier) => self.join(earlier, &value),
                None => value,
            });
        }
        Ok(result.unwrap_or_else(Value::undefined))
    }

    fn construct_object(
        &mut self,
        id: ObjectId,
        class: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        match self.heap.get(id).kind.clone() {
            ObjectKind::Class { .. } => self.instantiate(id, arguments, span),
            ObjectKind::Proxy { .. } => self.proxy_construct(id, arguments, span),
            ObjectKind::Function { closure, .. } if !self.is_python_function(closure) => {
                let instance = self.heap.allocate(ObjectKind::Plain, span);
                let prototype = crate::javascript::prototype_of(self, id);
                let key = Ustr::from(crate::javascript::PROTOTYPE);
                self.heap
                    .get_mut(instance)
                    .properties
                    .insert(key, prototype);
                let this = Value::object(instance);
                let returned = self.call_closure(closure, Some(this.clone()), arguments, span)?;
                Ok(match returned.only_object() {
                    Some(_) => returned,
                    None => this,
                })
            }
            ObjectKind::Host(path) => {
                let answer = self.ask_host(path, Some(id), class.clone(), arguments, span, true)?;
                match answer {
                    Some(value) => Ok(value),
                    None => self.call_unknown_outside(path, class, arguments, span),
                }
            }
            _ => self.call_value(class, None, arguments, span),
        }
    }

    /// Makes an instance of a class of the program.
    pub fn instantiate(
        &mut self,
        class: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if self.class_language(class) == Language::Python
            && let Some(made) = self.made_by_class(class, arguments, span)?
        {
            return Ok(made);
        }
        let instance = self.heap.allocate(ObjectKind::Instance { class }, span);
        let this = Value::object(instance);
        if self.outside_base(class).is_some() {
            let host = self.host();
            if host.instance_made(self, class, instance, arguments, span)? {
                return Ok(this);
            }
        }
        if self.class_language(class) == Language::JavaScript {
            let order = self.class_order(class);
            self.construct_in_order(&order, &this, arguments, span)?;
            return Ok(this);
        }
        self.initialize_fields(&self.class_order(class), &this)?;
        let is_dict = self.make_entries(instance, span);
        match self.class_attribute(class, Ustr::from("__init__")) {
            Some((_, function)) => {
                let mut all = arguments.clone();
                all.positional.insert(0, this.clone());
                self.call_value(&function, None, &all, span)?;
            }
            None if is_dict => {
                if let Some(entries) = self.entries_of(instance) {
                    self.fill_entries(entries, arguments, span)?;
                }
            }
            None => {
                self.initialize_by_annotations(class, instance, arguments, span)?;
                self.finish_fields(class, instance, span)?;
            }
        }
        Ok(this)
    }

    /// Runs the constructors of JavaScript classes, the most derived first in `order`. A class that inherits
    /// gets its fields once `super` has returned, and one without a constructor passes the arguments on.
    pub(crate) fn construct_in_order(
        &mut self,
        order: &[ObjectId],
        this: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        let key = Ustr::from("constructor");
        let found = order.iter().enumerate().find_map(|(place, class)| {
            let ObjectKind::Class {
                prototype, bases, ..
            } = &self.heap.get(*class).kind
            else {
                return None;
            };
            let function = self.heap.property(*prototype, key)?.clone();
            Some((place, function, bases.is_empty()))
        });
        let Some((place, function, is_base)) = found else {
            if let Some(class) = order.last() {
                crate::javascript::construct_base(self, *class, this, arguments, span);
            }
            return self.initialize_fields(order, this);
        };
        if is_base {
            self.initialize_fields(&order[place..=place], this)?;
        }
        self.call_value(&function, Some(this.clone()), arguments, span)?;
        self.initialize_fields(&order[..place], this)
    }

    fn class_language(&self, class: ObjectId) -> Language {
        match self.heap.get(class).kind {
            ObjectKind::Class { module, .. } => self.program.module(module).language,
            _ => Language::JavaScript,
        }
    }

    /// A Python class without a constructor takes its annotated fields in order, as dataclasses and
    /// their like do.
    pub fn initialize_by_annotations(
        &mut self,
        class: ObjectId,
        instance: ObjectId,
        arguments: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        if self
            .outside_bases(class)
            .iter()
            .any(|base| crate::python::exceptions::is_exception(base))
        {
            self.set_exception_arguments(instance, &arguments.positional);
        }
        let names: Vec<Ustr> = self
            .annotated_fields(class)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        for (index, name) in names.iter().enumerate() {
            let value = match arguments.find(index, name) {
                Some(value) => value.clone(),
                None => match &arguments.rest {
                    Some(rest) => self.entry_or_part(rest, *name, span)?,
                    None => continue,
                },
            };
            let object = self.heap.get_mut(instance);
            object.properties.insert(*name, value);
        }
        for (name, value) in &arguments.keywords {
            self.heap
                .get_mut(instance)
                .properties
                .insert(*name, value.clone());
        }
        Ok(())
    }

    /// What a mapping of unknown names, whose entries are given as arguments, has under a name.
    fn entry_or_part(&mut self, rest: &Value, name: Ustr, span: Span) -> Result<Value, Stop> {
        let entry = self.index(rest, &Value::string(&name), span)?;
        match entry.is_unknown() {
            true => Ok(entry),
            false => Ok(self.derived(crate::Shape::Any, [rest])),
        }
    }

    /// Gives the fields of these classes their values, the base's first.
    pub(crate) fn initialize_fields(
        &mut self,
        order: &[ObjectId],
        this: &Value,
    ) -> Result<(), Stop> {
        for owner in order.iter().rev().copied() {
            let ObjectKind::Class {
                module,
                class: id,
                scope,
                ..
            } = self.heap.get(owner).kind
            else {
                continue;
            };
            let definition: &'p Class = self.program.module(module).class(id);
            let has_fields = definition
                .members
                .iter()
                .any(|member| member.kind == MemberKind::Field && !member.is_static);
            if has_fields {
                self.initialize_own_fields(module, scope, owner, definition, this)?;
            }
        }
        Ok(())
    }

    fn initialize_own_fields(
        &mut self,
        module: ModuleId,
        scope: ScopeId,
        owner: ObjectId,
        class: &'p Class,
        this: &Value,
    ) -> Result<(), Stop> {
        self.in_module(module, |machine| {
            let frame = machine.frame();
            frame.scope = scope;
            frame.this = this.clone();
            frame.home = Some(owner);
            for member in &class.members {
                let (MemberKind::Field, false, Key::Name(name)) =
                    (member.kind, member.is_static, member.key)
                else {
                    continue;
                };
                let value = match member.value {
                    Some(value) => machine.evaluate(value)?,
                    None => continue,
                };
                machine.set_member(this, name, value, member.span)?;
            }
            Ok(())
        })
    }

    /// Calls an instance: `__call__`, or what the host knows of its base.
    pub(crate) fn call_instance(
        &mut self,
        id: ObjectId,
        callee: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let ObjectKind::Instance { class } = self.heap.get(id).kind else {
            return Ok(Value::undefined());
        };
        if let Some((_, function)) = self.class_attribute(class, Ustr::from("__call__")) {
            let mut all = arguments.clone();
            all.positional.insert(0, Value::object(id));
            return self.call_value(&function, None, &all, span);
        }
        match self.outside_base(id) {
            Some(base) => {
                let path = Ustr::from(&format!("{base}()()"));
                let answer =
                    self.ask_host(path, Some(id), Value::object(id), arguments, span, false)?;
                match answer {
                    Some(value) => Ok(value),
                    None => self.call_unknown_outside(path, callee, arguments, span),
                }
            }
            None => Ok(self.derived(crate::Shape::Any, arguments.all())),
        }
    }
}
