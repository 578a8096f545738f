//! Functions of the program: made where they are written, and run where they are called.
//!
//! This is the only place that pushes a frame, so recursion and budgets are looked after here.

use firedoor_ir::{Body, ExpressionId, Function, FunctionKind, Language, Pattern};
use firedoor_source::Span;
use smallvec::SmallVec;
use ustr::Ustr;

use crate::branch::Completion;
use crate::machine::Frame;
use crate::{Arguments, Closure, Machine, ObjectId, ObjectKind, Shape, Slot, Stop, Thrown, Value};

impl<'p> Machine<'p> {
    /// Calls a function of the program.
    pub(crate) fn call_closure(
        &mut self,
        closure: Closure,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let key = (closure.module, closure.function);
        let names = names_in(arguments);
        let mut running = 0;
        let mut alike = 0;
        for frame in self.frames.iter().filter(|it| it.function == Some(key)) {
            running += 1;
            alike += usize::from(frame.closed_over == closure.scope && frame.names == names);
        }
        let is_worn_out = running > 0 && {
            let count = self.recursions.entry(key).or_insert(0);
            *count += 1;
            *count > self.limits.recursions
        };
        // One that walks through a tree that is not known would walk for ever, whatever its depth.
        let is_too_deep = running >= self.limits.nesting || alike >= self.limits.recursion;
        if self.frames.len() >= self.limits.depth || is_too_deep || is_worn_out {
            let mut value = self.derived(Shape::Any, arguments.all());
            let reason = self
                .origins
                .single(crate::Origin::Unknown(Ustr::from("recursion")));
            value.origins = self.origins.union(value.origins, reason);
            return Ok(value);
        }
        self.step()?;
        *self.called.entry(key).or_insert(0) += 1;
        let function: &'p Function = self
            .program
            .module(closure.module)
            .function(closure.function);
        let scope = self.add_scope(Some(closure.scope), closure.module, true);
        self.push_frame(closure, function, scope, this);
        self.frame().called_at = Some(span);
        self.frame().names = names;
        let (result, thrown) = if function.is_async {
            self.catching(|machine| machine.run_function(function, arguments))
        } else {
            (self.run_function(function, arguments), Vec::new())
        };
        self.finish_call(function, result, thrown, span)
    }

    fn push_frame(
        &mut self,
        closure: Closure,
        function: &'p Function,
        scope: crate::ScopeId,
        this: Option<Value>,
    ) {
        let mut frame = Frame::new(closure.module, scope, self.decided.len());
        frame.function = Some((closure.module, closure.function));
        frame.closed_over = closure.scope;
        frame.name = function.name.unwrap_or_else(|| Ustr::from("(anonymous)"));
        frame.this = this.unwrap_or_else(Value::undefined);
        frame.home = closure.home;
        self.frames.push(frame);
    }

    /// Returns where a text was first handed over that has come to `span`: through functions that do nothing but take it
    /// as a parameter, as helpers do through which all queries of an application go.
    pub fn place_of_text(&self, text: &str, span: Span) -> Span {
        let mut place = span;
        for frame in self.frames.iter().rev() {
            let (Some((module, function)), Some(called_at)) = (frame.function, frame.called_at)
            else {
                break;
            };
            let names = &self.scopes.get(frame.scope.0 as usize).names;
            let is_it = |name: &Ustr| match names.get(name) {
                Some(Slot::Value(value)) => value.text_pattern().is_some_and(|own| own == *text),
                _ => false,
            };
            let function = self.program.module(module).function(function);
            let mut parameters = function.parameters.iter();
            let is_handed_on =
                parameters.any(|it| matches!(&it.pattern, Pattern::Name(name, _) if is_it(name)));
            if !is_handed_on {
                break;
            }
            place = called_at;
        }
        place
    }

    fn run_function(&mut self, function: &'p Function, arguments: &Arguments) -> Result<(), Stop> {
        self.declare_hoisted(&function.declared);
        self.bind_parameters(function, arguments)?;
        match &function.body {
            Body::Expression(expression) => {
                let value = self.evaluate(*expression)?;
                let value = self.await_returned(value, function.span)?;
                self.note_return(&value, true, None, function.span);
                self.return_value(value);
            }
            Body::Block(block) => {
                let completion = self.block(block)?;
                self.frame().ends_by_throwing = completion == Completion::Throw;
                if completion == Completion::Normal {
                    let value = self.nothing();
                    self.note_return(&value, false, None, function.span);
                    self.return_value(value);
                }
            }
        }
        Ok(())
    }

    /// Names hoisted to a function are undefined (JavaScript) or not bound yet (Python).
    pub(crate) fn declare_hoisted(&mut self, names: &[Ustr]) {
        let scope = self.current_scope();
        let is_javascript = self.module_ir().language == Language::JavaScript;
        for name in names {
            let slot = if is_javascript {
                Slot::Value(Value::undefined())
            } else {
                Slot::Unbound
            };
            self.scope(scope).names.entry(*name).or_insert(slot);
        }
    }

    /// Takes the frame off and makes the result of what it noted.
    fn finish_call(
        &mut self,
        function: &'p Function,
        result: Result<(), Stop>,
        thrown: Vec<Thrown>,
        span: Span,
    ) -> Result<Value, Stop> {
        let Some(frame) = self.frames.pop() else {
            return Ok(Value::undefined());
        };
        let base = frame.decided_base.min(self.decided.len());
        self.decided.truncate(base);
        self.join_left_paths(frame.left, frame.scopes_before);
        let mut thrown = thrown;
        thrown.extend(frame.failed_late);
        if let Err(stop @ (Stop::Budget | Stop::Exit)) = result {
            return Err(stop);
        }
        let mut decided = frame.decided_at_return.unwrap_or_default();
        let ends_by_throwing = frame.ends_by_throwing || result.is_err();
        let mut returned = frame.returned;
        if let Some(value) = &mut returned {
            value.test = self
                .test_of_ways(&decided, &frame.ways, value, span)
                .or(value.test);
        }
        let left = self.remainder_of_ways(&decided, &frame.ways, ends_by_throwing, span);
        decided.extend(left);
        let returned = match (frame.yielded, function.is_generator) {
            (Some(yielded), true) => Some(Value::object(yielded)),
            (None, true) => Some(self.make_list(Vec::new(), false, span)),
            (_, false) => returned,
        };
        if self.watch.is_some() {
            self.keep_paths(frame.paths, returned.as_ref());
        }
        if function.is_async && !function.is_generator {
            return Ok(self.make_promise(returned, thrown, decided, span));
        }
        self.rethrow(thrown);
        match returned {
            Some(value) => {
                self.decided.extend(decided);
                Ok(value)
            }
            None => Err(Stop::Throw),
        }
    }

    /// Something is done with nothing that only works with something.
    pub(crate) fn throw_nothing<T>(
        &mut self,
        nothing: &Value,
        name: &str,
        span: Span,
    ) -> Result<T, Stop> {
        let path = match self.is_python() {
            true => format!("py:builtins.{name}()"),
            false => "js:TypeError()".to_owned(),
        };
        let mut error = Value::outside(&path).with_origins(nothing.origins);
        error.control = nothing.control;
        self.throw(error, span)
    }

    /// Makes a function of the running module.
    pub(crate) fn make_function(&mut self, id: firedoor_ir::FunctionId) -> Value {
        let function: &'p Function = self.module_ir().function(id);
        let closure = Closure {
            module: self.frame().module,
            function: id,
            scope: self.scope_of_defaults(function),
            home: self.frame().home,
        };
        let bound_this = match function.kind {
            FunctionKind::Arrow => Some(self.frame().this.clone()),
            _ => None,
        };
        let object = self.heap.allocate(
            ObjectKind::Function {
                closure,
                bound_this,
            },
            function.span,
        );
        self.heap.get_mut(object).name = function.name;
        Value::object(object)
    }

    /// Python evaluates the defaults of parameters once, where the function is made. They are kept in a scope
    /// of their own, under names that no program can write.
    fn scope_of_defaults(&mut self, function: &'p Function) -> crate::ScopeId {
        let outer = self.current_scope();
        let has_defaults = function
            .parameters
            .iter()
            .any(|parameter| parameter.default.is_some());
        if !has_defaults || self.module_ir().language != Language::Python {
            return outer;
        }
        let mut defaults = Vec::new();
        for parameter in &function.parameters {
            if let (Some(default), Pattern::Name(name, _)) = (parameter.default, &parameter.pattern)
            {
                let value = match self.evaluate(default) {
                    Ok(value) => value,
                    Err(_) => self.unknown("default"),
                };
                defaults.push((default_name(*name), Slot::Value(value)));
            }
        }
        let module = self.frame().module;
        let scope = self.add_scope(Some(outer), module, false);
        // A function made in a class body does not see the names of the class through this scope either.
        self.scope(scope).names.extend(defaults);
        scope
    }

    /// Returns the default of a parameter of a function of Python, as evaluated where the function was made.
    pub fn parameter_default(&self, closure: Closure, parameter: Ustr) -> Option<Value> {
        let scope = self.scopes.get(closure.scope.0 as usize);
        match scope.names.get(&default_name(parameter))? {
            Slot::Value(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// Applies decorators, the lowest first.
    pub(crate) fn decorate(
        &mut self,
        value: Value,
        decorators: &'p [ExpressionId],
        span: Span,
    ) -> Result<Value, Stop> {
        let mut evaluated = Vec::with_capacity(decorators.len());
        for decorator in decorators {
            evaluated.push(self.evaluate_or_unknown(*decorator)?);
        }
        let mut value = value;
        let mut before = Vec::new();
        for decorator in evaluated.iter().rev() {
            before.extend(value.only_object());
            let made = self.call_decorator(decorator, &value, span)?;
            // In JavaScript a decorator that returns no other class has looked at the class only.
            let is_class = made
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Class { .. }));
            if is_class || self.is_python() && !self.is_kept_class(&value, &made) {
                self.remember_decorated(&value, &made);
                value = made;
            }
        }
        if let Some(last) = value.only_object() {
            before.retain(|id| *id != last);
            self.decorated
                .extend(before.into_iter().map(|id| (id, last)));
        }
        Ok(value)
    }

    /// Holds if nobody knows what a decorator makes of a class: those of libraries give back the class.
    fn is_kept_class(&self, class: &Value, made: &Value) -> bool {
        let Some(made) = made.only_object().map(|id| self.heap.get(id)) else {
            return false;
        };
        let is_class = |id: ObjectId| matches!(self.heap.get(id).kind, ObjectKind::Class { .. });
        let is_unknown = matches!(made.kind, ObjectKind::Host(_)) && made.is_open;
        class.only_object().is_some_and(is_class)
            && is_unknown
            && made.elements.as_slice() == std::slice::from_ref(class)
    }

    /// Returns the functions of the program that the function around a closure was given or has made: what
    /// a wrapper wraps. Empty for a function of the top level of a module.
    pub fn captured_functions(&self, closure: Closure) -> Vec<Value> {
        let scope = self.scopes.get(closure.scope.0 as usize);
        if scope.parent.is_none() {
            return Vec::new();
        }
        let mut functions: Vec<(Ustr, Value)> = scope
            .names
            .iter()
            .filter_map(|(name, slot)| match slot {
                Slot::Value(value) if self.is_function(value) => Some((*name, value.clone())),
                _ => None,
            })
            .collect();
        functions.sort_by_key(|(name, _)| name.as_str());
        functions.into_iter().map(|(_, value)| value).collect()
    }

    /// Returns what the function around a closure was given or has made, in the order of names.
    pub fn captured_values(&self, closure: Closure) -> Vec<Value> {
        let scope = self.scopes.get(closure.scope.0 as usize);
        if scope.parent.is_none() {
            return Vec::new();
        }
        let named = scope.names.iter().filter_map(|(name, slot)| match slot {
            Slot::Value(value) => Some((*name, value.clone())),
            _ => None,
        });
        let mut values: Vec<(Ustr, Value)> = named.collect();
        values.sort_by_key(|(name, _)| name.as_str());
        values.into_iter().map(|(_, value)| value).collect()
    }

    fn is_function(&self, value: &Value) -> bool {
        value.only_object().is_some_and(|id| {
            matches!(
                self.heap.get(id).kind,
                ObjectKind::Function { .. } | ObjectKind::Bound { .. }
            )
        })
    }
}

/// The name that keeps the default of a parameter.
pub(crate) fn default_name(parameter: Ustr) -> Ustr {
    Ustr::from(&format!("{parameter}="))
}

/// The texts that are among the arguments. A container that is asked for one service asks itself for others by their
/// names, and comes to an end.
fn names_in(arguments: &Arguments) -> SmallVec<[Ustr; 2]> {
    let positional = arguments.positional.iter();
    positional.filter_map(Value::text).collect()
}
