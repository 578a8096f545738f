//! Classes, instances, inheritance.

use firedoor_ir::{Class, ClassId, Key, Language, Member, MemberKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{
    Arguments, Atom, Closure, Machine, ModuleId, ObjectId, ObjectKind, ScopeId, Stop, Value,
};

/// The property of a class that holds its annotated names in order, each with its type.
pub const ANNOTATIONS: &str = "__annotations__";

/// The property of a class that holds the named arguments of its bases (`metaclass=M`, `table=True`).
pub const KEYWORDS: &str = "__class_keywords__";

impl<'p> Machine<'p> {
    /// Makes a class of the running module.
    pub(crate) fn make_class(&mut self, id: ClassId) -> Result<Value, Stop> {
        let class: &'p Class = self.module_ir().class(id);
        let module = self.frame().module;
        let mut bases = Vec::new();
        let mut keywords = crate::Properties::default();
        for base in &class.bases {
            let value = self.evaluate(base.value)?;
            match base.kind {
                firedoor_ir::ArgumentKind::Positional => bases.push(value),
                firedoor_ir::ArgumentKind::Keyword(name) => {
                    keywords.insert(name, value);
                }
                _ => bases.extend(self.elements_of(&value).0),
            }
        }
        let scope = self.current_scope();
        let prototype = self
            .heap
            .allocate(ObjectKind::Prototype { class: ObjectId(0) }, class.span);
        let object = self.heap.allocate(
            ObjectKind::Class {
                module,
                class: id,
                scope,
                bases,
                prototype,
            },
            class.span,
        );
        self.heap.get_mut(prototype).kind = ObjectKind::Prototype { class: object };
        self.heap.get_mut(object).name = class.name;
        self.keep_class_keywords(object, keywords);
        self.fill_class(class, object, prototype)?;
        if self.module_ir().language == Language::Python {
            self.finish_enumeration(object, &class.declared, class.span)?;
        }
        let has_outside = self.outside_base(object).is_some() || !class.decorators.is_empty();
        if has_outside {
            let host = self.host();
            host.class_made(self, object, class.span);
        }
        self.decorate(Value::object(object), &class.decorators, class.span)
    }

    /// Keeps `metaclass=M` and its like for the host.
    fn keep_class_keywords(&mut self, class: ObjectId, keywords: crate::Properties) {
        if keywords.is_empty() {
            return;
        }
        let span = self.heap.get(class).span;
        let table = self.heap.allocate(ObjectKind::Plain, span);
        self.heap.get_mut(table).properties = keywords;
        self.heap
            .get_mut(class)
            .properties
            .insert(Ustr::from(KEYWORDS), Value::object(table));
    }

    fn fill_class(
        &mut self,
        class: &'p Class,
        object: ObjectId,
        prototype: ObjectId,
    ) -> Result<(), Stop> {
        let outer = self.current_scope();
        let module = self.frame().module;
        let scope = self.add_scope(Some(outer), module, false);
        self.scope(scope).is_class = self.module_ir().language == Language::Python;
        if let Some(name) = class.name
            && self.module_ir().language == Language::JavaScript
        {
            self.bind(scope, name, Value::object(object));
        }
        let home = self.frame().home.replace(object);
        let this = self.frame().this.clone();
        if self.module_ir().language == Language::JavaScript {
            self.frame().this = Value::object(object);
        }
        self.frame().scope = scope;
        self.frame().classes.push((scope, object));
        if self.module_ir().language == Language::Python {
            self.declare_hoisted(&class.declared);
        }
        let result = self.fill_members(class, object, prototype);
        self.frame().classes.pop();
        self.frame().scope = outer;
        self.frame().home = home;
        self.frame().this = this;
        result?;
        self.collect_class_scope(class, scope, prototype);
        Ok(())
    }

    fn fill_members(
        &mut self,
        class: &'p Class,
        object: ObjectId,
        prototype: ObjectId,
    ) -> Result<(), Stop> {
        for member in &class.members {
            self.class_element(member, object, prototype)?;
        }
        self.block(&class.body)?;
        Ok(())
    }

    /// What a Python class body binds belongs to the class, and its instances see it.
    fn collect_class_scope(&mut self, class: &'p Class, scope: ScopeId, prototype: ObjectId) {
        for name in &class.declared {
            if let Some(crate::Slot::Value(value)) = self.scope(scope).names.get(name).cloned() {
                self.heap.get_mut(prototype).properties.insert(*name, value);
            }
        }
    }

    /// Keeps the type of an annotated name of a class body.
    pub(crate) fn annotate_class(&mut self, scope: ScopeId, name: Ustr, annotation: Value) {
        let running = self.frame().classes.iter().rev();
        let Some(class) = running
            .clone()
            .find(|(found, _)| *found == scope)
            .map(|(_, class)| *class)
        else {
            return;
        };
        let key = Ustr::from(ANNOTATIONS);
        let table = match self.heap.property(class, key).and_then(Value::only_object) {
            Some(table) => table,
            None => {
                let span = self.heap.get(class).span;
                let table = self.heap.allocate(ObjectKind::Plain, span);
                self.heap.set_property(class, key, Value::object(table));
                table
            }
        };
        self.heap.get_mut(table).properties.insert(name, annotation);
    }

    /// Evaluates a type as written; one that cannot be evaluated is unknown.
    pub fn annotation(&mut self, annotation: firedoor_ir::ExpressionId) -> Value {
        let (result, _) = self.catching(|machine| machine.evaluate(annotation));
        result.unwrap_or_else(|_| self.unknown("annotation"))
    }

    fn class_element(
        &mut self,
        member: &'p Member,
        class: ObjectId,
        prototype: ObjectId,
    ) -> Result<(), Stop> {
        let name = match member.key {
            Key::Name(name) => name,
            Key::Computed(key) => {
                let key = self.evaluate(key)?;
                match crate::expression::property_name(&key) {
                    Some(name) => name,
                    None => return Ok(()),
                }
            }
        };
        let target = if member.is_static { class } else { prototype };
        let value = match (member.function, member.value) {
            (Some(function), _) => self.make_function(function),
            (None, Some(value)) if member.is_static => self.evaluate(value)?,
            _ => return self.decorate_member(member, class, prototype, name, Value::undefined()),
        };
        let key = match member.kind {
            MemberKind::Getter => Ustr::from(&format!("get:{name}")),
            MemberKind::Setter => Ustr::from(&format!("set:{name}")),
            MemberKind::Constructor => Ustr::from("constructor"),
            MemberKind::Method | MemberKind::Field => name,
        };
        self.heap
            .get_mut(target)
            .properties
            .insert(key, value.clone());
        self.decorate_member(member, class, prototype, name, value)
    }

    /// Decorators of a JavaScript member are called with the prototype and the name, as TypeScript does.
    fn decorate_member(
        &mut self,
        member: &'p Member,
        class: ObjectId,
        prototype: ObjectId,
        name: Ustr,
        value: Value,
    ) -> Result<(), Stop> {
        let target = if member.is_static { class } else { prototype };
        let mut evaluated = Vec::new();
        for decorator in &member.decorators {
            evaluated.push(self.evaluate(*decorator)?);
        }
        for decorator in evaluated.iter().rev() {
            let id = self.heap.allocate(ObjectKind::Plain, member.span);
            self.heap
                .get_mut(id)
                .properties
                .insert(Ustr::from("value"), value.clone());
            let arguments = Arguments::positional([
                Value::object(target),
                Value::atom(Atom::String(name)),
                Value::object(id),
            ]);
            self.call_value(decorator, None, &arguments, member.span)?;
        }
        Ok(())
    }

    /// Returns the class and what it inherits from, in the order of look-up.
    pub fn class_order(&self, class: ObjectId) -> Vec<ObjectId> {
        let mut order = Vec::new();
        self.collect_order(class, &mut order, 0);
        let mut unique = Vec::with_capacity(order.len());
        for (index, class) in order.iter().enumerate() {
            if !order[index + 1..].contains(class) {
                unique.push(*class);
            }
        }
        unique
    }

    fn collect_order(&self, class: ObjectId, order: &mut Vec<ObjectId>, depth: usize) {
        if depth > 30 || order.len() > 200 {
            return;
        }
        order.push(class);
        if let ObjectKind::Class { bases, .. } = &self.heap.get(class).kind {
            for base in bases.iter().flat_map(Value::objects) {
                if matches!(self.heap.get(base).kind, ObjectKind::Class { .. }) {
                    self.collect_order(base, order, depth + 1);
                }
            }
        }
    }

    /// Returns the API paths that a class (or the class of an instance) inherits from outside, in the
    /// order of look-up.
    pub fn outside_bases(&self, id: ObjectId) -> Vec<Ustr> {
        let class = match self.heap.get(id).kind {
            ObjectKind::Instance { class } | ObjectKind::Prototype { class } => class,
            _ => id,
        };
        let mut paths = Vec::new();
        for class in self.class_order(class) {
            let bases = match &self.heap.get(class).kind {
                ObjectKind::Class { bases, .. } => bases,
                // An instance of a class that a library brings.
                ObjectKind::Host(path) => {
                    paths.push(*path);
                    continue;
                }
                _ => continue,
            };
            for base in bases {
                for atom in base.atoms() {
                    match atom {
                        Atom::Outside(path) => paths.push(*path),
                        Atom::Object(base) => {
                            if let ObjectKind::Host(path) = self.heap.get(*base).kind {
                                // A generic with parameters is inherited from as without.
                                let path = path.strip_suffix("[]").map_or(path, Ustr::from);
                                paths.push(path);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        paths
    }

    /// Returns the first API path that a class or instance inherits from outside.
    pub fn outside_base(&self, id: ObjectId) -> Option<Ustr> {
        match self.heap.get(id).kind {
            ObjectKind::Instance { .. }
            | ObjectKind::Class { .. }
            | ObjectKind::Prototype { .. } => self.outside_bases(id).first().copied(),
            _ => None,
        }
    }

    /// Returns what the instances of a class share under `key`, with the class that has it.
    pub fn class_attribute(&self, class: ObjectId, key: Ustr) -> Option<(ObjectId, Value)> {
        self.class_order(class).into_iter().find_map(|owner| {
            let ObjectKind::Class { prototype, .. } = self.heap.get(owner).kind else {
                return None;
            };
            let value = self.heap.property(prototype, key)?;
            Some((owner, value.clone()))
        })
    }

    pub(crate) fn setter(&self, id: ObjectId, key: Ustr) -> Option<Value> {
        if self.is_python() {
            return None;
        }
        let key = Ustr::from(&format!("set:{key}"));
        if let Some(own) = self.heap.property(id, key) {
            return Some(own.clone());
        }
        let ObjectKind::Instance { class } = self.heap.get(id).kind else {
            return None;
        };
        self.class_attribute(class, key).map(|(_, value)| value)
    }

    pub(crate) fn instance_member(
        &mut self,
        id: ObjectId,
        class: ObjectId,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let getter = self.getter_key(key);
        if let Some((_, getter)) = self.class_attribute(class, getter) {
            return self.call_value(
                &getter,
                Some(Value::object(id)),
                &Arguments::default(),
                span,
            );
        }
        if key == "constructor" {
            return Ok(Value::object(class));
        }
        if let Some((owner, value)) = self.class_attribute(class, key) {
            if self.outside_base(id).is_some() {
                let host = self.host();
                if let Some(value) = host.class_attribute(self, id, key, &value, span) {
                    return Ok(value);
                }
            }
            let receiver = Value::object(id).with_origins(whole.origins);
            return self.bind_attribute(value, owner, &receiver, span);
        }
        if key == "__class__" {
            return Ok(Value::object(class));
        }
        if key == "__dict__" {
            let copy = self.heap.get(id).properties.clone();
            let table = self.heap.allocate(ObjectKind::Plain, span);
            self.heap.get_mut(table).properties = copy;
            return Ok(Value::object(table));
        }
        if let Some((owner, function)) = self.class_attribute(class, Ustr::from("__getattr__"))
            && self.is_python()
        {
            let receiver = Value::object(id).with_origins(whole.origins);
            let getter = self.bind_attribute(function, owner, &receiver, span)?;
            let arguments = Arguments::positional([Value::atom(Atom::String(key))]);
            return self.call_value(&getter, None, &arguments, span);
        }
        for base in self.outside_bases(id) {
            let path = Ustr::from(&format!("{base}().{key}"));
            let host = self.host();
            if let Some(value) = host.member(self, id, path, key, span) {
                return Ok(value);
            }
        }
        if let Some(base) = self.outside_base(id) {
            let receiver = Value::object(id).with_origins(whole.origins);
            let path = Ustr::from(&format!("{base}()"));
            return Ok(self.outside_method(path, receiver, key, span));
        }
        if self.heap.get(id).is_open || self.has_unknown_base(class) {
            let host = self.host();
            let origins = host.member_origins(self, whole.origins, key);
            return Ok(Value::unknown(crate::Shape::Any).with_origins(origins));
        }
        let mut missing = Value::undefined().with_origins(whole.origins);
        missing.control = whole.control;
        Ok(missing)
    }

    /// Holds if it is not known what a class inherits from.
    pub(crate) fn has_unknown_base(&self, class: ObjectId) -> bool {
        self.class_order(class).into_iter().any(|class| {
            let ObjectKind::Class { bases, .. } = &self.heap.get(class).kind else {
                return false;
            };
            bases.iter().any(Value::is_unknown)
        })
    }

    /// A method inherited from outside: a call of it asks the host by the path of the base.
    fn outside_method(&mut self, base: Ustr, receiver: Value, key: Ustr, span: Span) -> Value {
        let target = Value::atom(Atom::Outside(Ustr::from(&format!("{base}.{key}"))));
        let origins = receiver.origins;
        let kind = ObjectKind::Bound {
            target,
            this: Some(receiver),
            arguments: Vec::new(),
            keywords: crate::Properties::default(),
        };
        Value::object(self.heap.allocate(kind, span)).with_origins(origins)
    }

    /// A function found in a class becomes a method of the instance; descriptors give their value.
    pub(crate) fn bind_attribute(
        &mut self,
        value: Value,
        owner: ObjectId,
        receiver: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let Some(id) = value.only_object() else {
            return Ok(value);
        };
        match self.heap.get(id).kind.clone() {
            ObjectKind::Function { closure, .. } if self.is_python_function(closure) => {
                Ok(self.bound(value, receiver.clone(), owner, span))
            }
            ObjectKind::Host(path) => self.bind_descriptor(id, path, owner, receiver, span),
            _ => Ok(value),
        }
    }

    fn bind_descriptor(
        &mut self,
        id: ObjectId,
        path: Ustr,
        owner: ObjectId,
        receiver: &Value,
        span: Span,
    ) -> Result<Value, Stop> {
        let inner = self.heap.get(id).elements.first().cloned();
        match (path.as_str(), inner) {
            ("py:property", Some(inner)) => {
                let arguments = Arguments::positional([receiver.clone()]);
                self.call_value(&inner, None, &arguments, span)
            }
            ("py:staticmethod", Some(inner)) => Ok(inner),
            ("py:classmethod", Some(inner)) => {
                let class = match receiver.only_object().map(|id| &self.heap.get(id).kind) {
                    Some(ObjectKind::Instance { class }) => Value::object(*class),
                    _ => receiver.clone(),
                };
                Ok(self.bound(inner, class, owner, span))
            }
            _ => Ok(Value::object(id)),
        }
    }

    fn is_python_function(&self, closure: Closure) -> bool {
        self.program.module(closure.module).language == Language::Python
    }

    /// Returns `function` with its first argument given.
    fn bound(&mut self, function: Value, first: Value, _owner: ObjectId, span: Span) -> Value {
        let kind = ObjectKind::Bound {
            target: function,
            this: None,
            arguments: vec![first],
            keywords: crate::Properties::default(),
        };
        Value::object(self.heap.allocate(kind, span))
    }

    /// An own property that is a descriptor of a class.
    pub(crate) fn descriptor(
        &mut self,
        value: Value,
        _id: ObjectId,
        _span: Span,
    ) -> Result<Value, Stop> {
        Ok(value)
    }

    pub(crate) fn class_member(
        &mut self,
        id: ObjectId,
        whole: &Value,
        key: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let getter = self.getter_key(key);
        for owner in self.class_order(id) {
            if let Some(value) = self.heap.property(owner, key) {
                return Ok(value.clone());
            }
            if let Some(getter) = self.heap.property(owner, getter).cloned() {
                let this = Some(Value::object(id));
                return self.call_value(&getter, this, &Arguments::default(), span);
            }
        }
        if let Some((owner, value)) = self.class_attribute(id, key) {
            let is_descriptor = value
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Host(path) if path == "py:classmethod" || path == "py:staticmethod"));
            if is_descriptor {
                return self.bind_attribute(value, owner, &Value::object(id), span);
            }
            if self.outside_base(id).is_some() {
                let host = self.host();
                if let Some(value) = host.class_attribute(self, id, key, &value, span) {
                    return Ok(value);
                }
            }
            return Ok(value);
        }
        if key == "prototype"
            && let ObjectKind::Class { prototype, .. } = self.heap.get(id).kind
        {
            return Ok(Value::object(prototype));
        }
        if key == "__mro__" {
            let order = self
                .class_order(id)
                .into_iter()
                .map(Value::object)
                .collect();
            return Ok(self.make_tuple(order, span));
        }
        if (key == "name" && !self.is_python()) || key == "__name__" || key == "__qualname__" {
            let name = self.heap.get(id).name;
            return Ok(name.map_or_else(Value::undefined, |name| Value::atom(Atom::String(name))));
        }
        for base in self.outside_bases(id) {
            let path = Ustr::from(&format!("{base}.{key}"));
            let host = self.host();
            if let Some(value) = host.member(self, id, path, key, span) {
                return Ok(value);
            }
        }
        if key == "_value2member_map_"
            && let Some((members, _)) = self.class_elements(id)
        {
            let table = self.heap.allocate(ObjectKind::Plain, span);
            for member in members {
                let value = self.member(&member, Ustr::from("value"), span)?;
                self.dict_set(table, &value, member);
            }
            return Ok(Value::object(table));
        }
        if let Some(base) = self.outside_base(id) {
            let receiver = Value::object(id).with_origins(whole.origins);
            return Ok(self.outside_method(base, receiver, key, span));
        }
        if self.has_unknown_base(id) {
            return Ok(Value::unknown(crate::Shape::Any).with_origins(whole.origins));
        }
        Ok(Value::undefined().with_origins(whole.origins))
    }

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
        self.initialize_fields(class, &this)?;
        let is_python = self.class_language(class) == Language::Python;
        let constructor = if is_python { "__init__" } else { "constructor" };
        match self.class_attribute(class, Ustr::from(constructor)) {
            Some((_, function)) if is_python => {
                let mut all = arguments.clone();
                all.positional.insert(0, this.clone());
                self.call_value(&function, None, &all, span)?;
            }
            Some((_, function)) => {
                self.call_value(&function, Some(this.clone()), arguments, span)?;
            }
            None if is_python => {
                self.initialize_by_annotations(class, instance, arguments);
                self.finish_fields(class, instance, span)?;
            }
            None => crate::javascript::construct_base(self, class, &this, arguments, span),
        }
        Ok(this)
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
    ) {
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
            if let Some(value) = arguments.find(index, name) {
                self.heap
                    .get_mut(instance)
                    .properties
                    .insert(*name, value.clone());
            }
        }
        for (name, value) in &arguments.keywords {
            self.heap
                .get_mut(instance)
                .properties
                .insert(*name, value.clone());
        }
    }

    /// Fields of JavaScript classes get their values before the constructor runs, the base's first.
    fn initialize_fields(&mut self, class: ObjectId, this: &Value) -> Result<(), Stop> {
        for owner in self.class_order(class).into_iter().rev() {
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

    /// `super(...)`.
    pub(crate) fn call_super(&mut self, arguments: &Arguments, span: Span) -> Result<Value, Stop> {
        let this = self.frame().this.clone();
        let Some(home) = self.frame().home else {
            return Ok(this);
        };
        let constructor = Ustr::from("constructor");
        for base in self.bases_behind(home, &this) {
            let ObjectKind::Class { prototype, .. } = self.heap.get(base).kind else {
                continue;
            };
            if let Some(function) = self.heap.property(prototype, constructor).cloned() {
                self.call_value(&function, Some(this.clone()), arguments, span)?;
                return Ok(this);
            }
        }
        crate::javascript::construct_base(self, home, &this, arguments, span);
        Ok(this)
    }

    /// The classes behind `home` in the order of the instance.
    fn bases_behind(&self, home: ObjectId, this: &Value) -> Vec<ObjectId> {
        let class = match this.only_object().map(|id| &self.heap.get(id).kind) {
            Some(ObjectKind::Instance { class }) => *class,
            Some(ObjectKind::Class { .. }) => this.only_object().unwrap_or(home),
            _ => home,
        };
        let order = self.class_order(class);
        match order.iter().position(|found| *found == home) {
            Some(position) => order[position + 1..].to_vec(),
            None => self.class_order(home).into_iter().skip(1).collect(),
        }
    }

    /// `super.name`.
    pub(crate) fn super_member(&mut self, name: Ustr, span: Span) -> Result<Value, Stop> {
        let this = self.frame().this.clone();
        match self.frame().home {
            Some(home) => self.super_of(home, &this, name, span),
            None => Ok(Value::undefined()),
        }
    }

    pub(crate) fn super_of(
        &mut self,
        home: ObjectId,
        this: &Value,
        name: Ustr,
        span: Span,
    ) -> Result<Value, Stop> {
        let is_static = !self.is_python()
            && this
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Class { .. }));
        for base in self.bases_behind(home, this) {
            let ObjectKind::Class { prototype, .. } = self.heap.get(base).kind else {
                continue;
            };
            let prototype = if is_static { base } else { prototype };
            if let Some(value) = self.heap.property(prototype, name).cloned() {
                if name == "__new__" {
                    return Ok(value);
                }
                return self.bind_attribute(value, base, this, span);
            }
            let getter = self.getter_key(name);
            if let Some(getter) = self.heap.property(prototype, getter).cloned() {
                let this = Some(this.clone());
                return self.call_value(&getter, this, &Arguments::default(), span);
            }
        }
        // A mixin without a base of its own stands before one from outside.
        let behind = this.objects().next();
        let behind = behind.and_then(|id| self.outside_base(id));
        match self.outside_base(home).or(behind) {
            Some(path) => {
                let base = Ustr::from(&format!("{path}()"));
                Ok(self.outside_method(base, this.clone(), name, span))
            }
            None if !self.is_python() => Ok(Value::undefined()),
            None => Ok(self.outside_method(
                Ustr::from("py:builtins.object()"),
                this.clone(),
                name,
                span,
            )),
        }
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
