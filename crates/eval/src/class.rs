//! Classes: made where they are written, with their members, annotations and decorators.

use firedoor_ir::{Class, ClassId, Key, Language, Member, MemberKind};
use ustr::Ustr;

use crate::{Arguments, Atom, Machine, ObjectId, ObjectKind, ScopeId, Stop, Value};

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
            let value = self.evaluate_or_unknown(base.value)?;
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
            self.tell_base(object, class.span)?;
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
        self.wiring_block(&class.body)?;
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
                match crate::display::property_name(&key) {
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
}
