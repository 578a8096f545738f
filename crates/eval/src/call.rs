//! Calls: who is called, and what the answer is where that is not the program itself.
//!
//! Functions of the program are run in `closure`.

use firedoor_ir::{Expression, ExpressionId, ExpressionKind};
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::machine::Frame;
use crate::{
    Arguments, Atom, Machine, ModuleId, ObjectId, ObjectKind, OriginSet, Shape, Stop, Value,
};

impl<'p> Machine<'p> {
    pub(crate) fn call_expression(&mut self, expression: &'p Expression) -> Result<Value, Stop> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::New { callee, arguments } => {
                let callee = self.evaluate(*callee)?;
                let arguments = self.arguments(arguments)?;
                self.span = span;
                self.construct(&callee, &arguments, span)
            }
            ExpressionKind::Call {
                callee,
                arguments,
                is_optional,
            } => self.plain_call(*callee, arguments, *is_optional, span),
            _ => Ok(Value::undefined()),
        }
    }

    fn plain_call(
        &mut self,
        callee: ExpressionId,
        arguments: &'p [firedoor_ir::Argument],
        is_optional: bool,
        span: Span,
    ) -> Result<Value, Stop> {
        match &self.module_ir().expression(callee).kind {
            ExpressionKind::Super => {
                let arguments = self.arguments(arguments)?;
                self.call_super(&arguments, span)
            }
            ExpressionKind::Member {
                object,
                property,
                is_optional: is_member_optional,
            } => {
                if let ExpressionKind::Super = self.module_ir().expression(*object).kind {
                    let arguments = self.arguments(arguments)?;
                    let method = self.super_member(*property, span)?;
                    let this = self.frame().this.clone();
                    return self.call_value(&method, Some(this), &arguments, span);
                }
                let receiver = self.evaluate(*object)?;
                let is_loose = *is_member_optional
                    || is_optional
                    || is_partly_nothing(&receiver)
                    || self.is_optional_chain(*object);
                if is_loose && receiver.is_nothing() {
                    return self.optionally(&receiver, |_, _| Ok(Value::undefined()));
                }
                let arguments = self.arguments(arguments)?;
                self.span = span;
                if let Some(found) = self.row_method(&receiver, *property, &arguments, span) {
                    return Ok(found);
                }
                if is_loose {
                    return self.optionally(&receiver, |machine, receiver| {
                        if is_optional && machine.member(receiver, *property, span)?.is_nothing() {
                            return Ok(Value::undefined());
                        }
                        machine.call_member(receiver, *property, &arguments, span)
                    });
                }
                self.call_member(&receiver, *property, &arguments, span)
            }
            _ => {
                let function = self.evaluate(callee)?;
                if is_optional && function.is_nothing() {
                    return Ok(Value::undefined());
                }
                if let Some(split) = self.split_argument(&function, arguments) {
                    return self.call_on_both_sides(&function, arguments, split, span);
                }
                let arguments = self.arguments(arguments)?;
                self.span = span;
                self.call_value(&function, None, &arguments, span)
            }
        }
    }

    /// Calls a value: each of its alternatives that can be called.
    pub fn call_value(
        &mut self,
        callee: &Value,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let mut result: Option<Value> = None;
        let mut stopped = false;
        let atoms: Vec<Atom> = callee
            .atoms()
            .iter()
            .copied()
            .filter(|atom| !atom.is_nothing())
            .collect();
        let is_only = atoms.len() == 1;
        for atom in atoms {
            let called = if is_only {
                self.call_atom(callee, &atom, this.clone(), arguments, span)
            } else {
                self.call_one_of(callee, &atom, this.clone(), arguments, span)
            };
            let value = match called {
                Err(Stop::Throw) if !is_only => {
                    stopped = true;
                    continue;
                }
                other => other?,
            };
            result = Some(match result {
                Some(earlier) => self.join_answers(earlier, &value, span),
                None => value,
            });
        }
        match result {
            Some(mut value) => {
                value.control = self.origins.union(value.control, callee.control);
                Ok(value)
            }
            None if stopped => Err(Stop::Throw),
            None if callee.is_nothing() => self.call_nothing(callee, span),
            None => Ok(Value::undefined()),
        }
    }

    fn call_nothing(&mut self, callee: &Value, span: Span) -> Result<Value, Stop> {
        if callee.origins.is_empty() {
            return Ok(self.unknown("not-a-function"));
        }
        self.throw_nothing(callee, "TypeError", span)
    }

    /// One of several functions may be the one that is called.
    fn call_one_of(
        &mut self,
        callee: &Value,
        atom: &Atom,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let decision = self.loop_decision(callee, span);
        let mut value = Err(Stop::Throw);
        self.perhaps(decision, |machine| {
            value = machine.call_atom(callee, atom, this, arguments, span);
            match &value {
                Ok(_) => Ok(Completion::Normal),
                Err(Stop::Budget) => Err(Stop::Budget),
                Err(_) => Ok(Completion::Throw),
            }
        })?;
        value
    }

    fn call_atom(
        &mut self,
        callee: &Value,
        atom: &Atom,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        match atom {
            Atom::Object(id) => self.call_object(*id, callee, this, arguments, span),
            Atom::Outside(path) => self.call_outside(*path, this, arguments, span, false),
            _ => {
                let all: Vec<&Value> = std::iter::once(callee).chain(arguments.all()).collect();
                Ok(self.derived(Shape::Any, all))
            }
        }
    }

    fn call_object(
        &mut self,
        id: ObjectId,
        callee: &Value,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        match self.heap.get(id).kind.clone() {
            ObjectKind::Function {
                closure,
                bound_this,
            } => {
                let this = bound_this.or(this);
                self.calling_once(id, |machine| {
                    machine.call_closure(closure, this, arguments, span)
                })
            }
            ObjectKind::Bound {
                target,
                this: own,
                arguments: first,
                keywords,
            } => {
                let rest_at = first.len() + arguments.rest_at;
                let mut all = Arguments {
                    positional: first,
                    keywords,
                    rest: arguments.rest.clone(),
                    rest_at,
                };
                all.positional.extend(arguments.positional.iter().cloned());
                all.keywords.extend(
                    arguments
                        .keywords
                        .iter()
                        .map(|(key, value)| (*key, value.clone())),
                );
                self.call_value(&target, own.or(this), &all, span)
            }
            ObjectKind::Method { receiver, name } => {
                self.call_method(&receiver, name, arguments, span)
            }
            ObjectKind::Class { .. } => self.construct(&Value::object(id), arguments, span),
            ObjectKind::Instance { .. } => self.call_instance(id, callee, arguments, span),
            ObjectKind::Host(path) => {
                let answer =
                    self.ask_host(path, Some(id), Value::object(id), arguments, span, false)?;
                let answer = match answer {
                    None => crate::python::call(self, path, &Value::object(id), arguments, span)?,
                    answer => answer,
                };
                if let Some(value) = answer {
                    return Ok(value);
                }
                let this = Value::object(id);
                if is_javascript_path(path)
                    && let Some(value) =
                        crate::javascript::call(self, path, &this, arguments, span, false)?
                {
                    return Ok(value);
                }
                self.call_unknown_outside(path, callee, arguments, span)
            }
            ObjectKind::Proxy { .. } => self.proxy_call(id, this, arguments, span),
            _ => {
                let all: Vec<&Value> = std::iter::once(callee).chain(arguments.all()).collect();
                Ok(self.derived(Shape::Any, all))
            }
        }
    }

    /// Calls outside code: first the languages' own, then what the host knows.
    pub(crate) fn call_outside(
        &mut self,
        path: Ustr,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
        is_new: bool,
    ) -> Result<Value, Stop> {
        let this = this.unwrap_or_else(Value::undefined);
        let answer = self.ask_host(path, None, this.clone(), arguments, span, is_new)?;
        if let Some(value) = answer {
            return Ok(value);
        }
        let own = if path.starts_with("py:") {
            crate::python::call(self, path, &this, arguments, span)?
        } else {
            crate::javascript::call(self, path, &this, arguments, span, is_new)?
        };
        match own {
            Some(value) => {
                // `super()` only says where to look, and cannot fail.
                if path == "py:builtins.super" {
                    self.uncertain = self.uncertain.saturating_sub(1);
                }
                Ok(value)
            }
            None => self.call_unknown_outside(path, &this, arguments, span),
        }
    }

    /// The result of unknown outside code is an object that remembers its arguments. Whether it is
    /// anything at all is not known.
    pub(crate) fn call_unknown_outside(
        &mut self,
        path: Ustr,
        this: &Value,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let made = self.path_of_result(path);
        let id = self.heap.allocate(ObjectKind::Host(made), span);
        let mut origins = self.origins.single(crate::Origin::Outside(path));
        let mut control = OriginSet::EMPTY;
        for value in arguments.all().chain(std::iter::once(this)) {
            let deep = self.deep_origins(value);
            origins = self.origins.union(origins, deep);
            control = self.origins.union(control, value.control);
        }
        let origins = self.origins.worked_out(origins);
        let object = self.heap.get_mut(id);
        object.elements = arguments.positional.clone();
        object.is_open = true;
        let mut value = Value::object(id).with_origins(origins);
        value.control = control;
        self.call_back(path, &value, arguments, span)?;
        Ok(value)
    }

    /// Calls a method that the language gives to values of a kind.
    pub(crate) fn call_builtin_method(
        &mut self,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        if receiver.is_unknown() {
            let host = self.host();
            host.method_called(self, receiver, name, arguments, span);
        }
        let answer = if self.is_python() {
            crate::python::method(self, receiver, name, arguments, span)?
        } else {
            crate::javascript::method(self, receiver, name, arguments, span)?
        };
        if let Some(value) = answer {
            return Ok(value);
        }
        let all: Vec<&Value> = std::iter::once(receiver).chain(arguments.all()).collect();
        let mut value = self.derived(Shape::Any, all);
        value.origins = {
            let host = self.host();
            host.method_origins(self, receiver.origins, value.origins, name)
        };
        let is_outside = |atom: &Atom| matches!(atom, Atom::Unknown(Shape::Any | Shape::Object));
        if receiver.atoms().iter().any(is_outside) {
            let path = Ustr::from(&format!("?().{name}"));
            self.call_back(path, &value, arguments, span)?;
        }
        Ok(value)
    }

    /// Runs something within a frame of a module, such as a request to a handler.
    pub fn in_module<T>(&mut self, module: ModuleId, body: impl FnOnce(&mut Self) -> T) -> T {
        let scope = match self.modules[module.0 as usize].scope {
            Some(scope) => scope,
            None => self.add_scope(None, module, true),
        };
        let frame = Frame::new(module, scope, self.decided.len());
        self.frames.push(frame);
        let result = body(self);
        if let Some(frame) = self.frames.pop() {
            self.join_left_paths(frame.left, usize::MAX);
        }
        result
    }

    /// Runs `body` and takes back everything that it has written and decided.
    pub fn trial<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        let decided = std::mem::take(&mut self.decided);
        let overlays = self.overlays.clone();
        let result = body(self);
        self.take_delta(mark, born);
        self.decided = decided;
        self.overlays = overlays;
        result
    }
}

/// Holds for what JavaScript or Node brings.
pub(crate) fn is_javascript_path(path: Ustr) -> bool {
    path.starts_with("js:") || path.starts_with("node:")
}

fn is_partly_nothing(value: &Value) -> bool {
    value.atoms().len() > 1 && value.atoms().iter().any(Atom::is_nothing)
}

/// Holds if `name` is a method that the language gives to this kind of object.
pub(crate) fn is_builtin_method(machine: &Machine<'_>, id: ObjectId, name: Ustr) -> bool {
    if machine.is_python() {
        crate::python::has_method(machine, id, name)
    } else {
        crate::javascript::has_method(machine, id, name)
    }
}
