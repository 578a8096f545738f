//! Calls: functions of the program, built-in methods, outside code.

use firedoor_ir::{
    Body, Expression, ExpressionId, ExpressionKind, Function, FunctionKind, Language, Parameter,
    ParameterKind, Pattern,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::machine::Frame;
use crate::{
    Arguments, Atom, Closure, Decided, Machine, ModuleId, ObjectId, ObjectKind, OriginSet,
    Properties, Shape, Slot, Stop, Thrown, Value,
};

impl<'p> Machine<'p> {
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
        let scope = &self.scopes[closure.scope.0 as usize];
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
            evaluated.push(self.evaluate(*decorator)?);
        }
        let mut value = value;
        for decorator in evaluated.iter().rev() {
            let arguments = Arguments::positional([value.clone()]);
            let made = self.call_value(decorator, None, &arguments, span)?;
            // In JavaScript a decorator that returns no other class has looked at the class only.
            let is_class = made
                .only_object()
                .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Class { .. }));
            if is_class || self.is_python() {
                value = made;
            }
        }
        Ok(value)
    }

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
                Some(earlier) => self.join(earlier, &value),
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
            } => self.call_closure(closure, bound_this.or(this), arguments, span),
            ObjectKind::Bound {
                target,
                this: own,
                arguments: first,
                keywords,
            } => {
                let mut all = Arguments {
                    positional: first,
                    keywords,
                    rest: arguments.rest.clone(),
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
            Some(value) => Ok(value),
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
        let made = Ustr::from(&format!("{path}()"));
        let id = self.heap.allocate(ObjectKind::Host(made), span);
        let mut origins = self.origins.single(crate::Origin::Outside(path));
        let mut control = OriginSet::EMPTY;
        for value in arguments.all().chain(std::iter::once(this)) {
            let deep = self.deep_origins(value);
            origins = self.origins.union(origins, deep);
            control = self.origins.union(control, value.control);
        }
        let object = self.heap.get_mut(id);
        object.elements = arguments.positional.clone();
        object.is_open = true;
        let mut value = Value::object(id).with_origins(origins);
        value.control = control;
        self.call_back(path, &value, arguments, span)?;
        Ok(value)
    }

    /// Calls a function of the program.
    pub(crate) fn call_closure(
        &mut self,
        closure: Closure,
        this: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let key = (closure.module, closure.function);
        let running = self
            .frames
            .iter()
            .filter(|frame| frame.function == Some(key))
            .count();
        if self.frames.len() >= self.limits.depth || running >= self.limits.recursion {
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
        frame.name = function.name.unwrap_or_else(|| Ustr::from("(anonymous)"));
        frame.this = this.unwrap_or_else(Value::undefined);
        frame.home = closure.home;
        self.frames.push(frame);
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
                if self.block(block)? == Completion::Normal {
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
        self.apply_weakly(frame.left);
        let mut thrown = thrown;
        thrown.extend(frame.failed_late);
        if let Err(stop @ (Stop::Budget | Stop::Exit)) = result {
            return Err(stop);
        }
        let decided = frame.decided_at_return.unwrap_or_default();
        let returned = match (frame.yielded, function.is_generator) {
            (Some(yielded), true) => Some(Value::object(yielded)),
            (None, true) => Some(self.make_list(Vec::new(), false, span)),
            (_, false) => frame.returned,
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

    /// Holds if a function of the program is `async`.
    pub(crate) fn is_async_function(&self, function: &Value) -> Option<bool> {
        match &self.heap.get(function.only_object()?).kind {
            ObjectKind::Function { closure, .. } => {
                let module = self.program.module(closure.module);
                Some(module.function(closure.function).is_async)
            }
            ObjectKind::Bound { target, .. } => self.is_async_function(target),
            _ => None,
        }
    }

    /// A generator is the list of what it yields, in order; what only some paths yield may be missing.
    pub(crate) fn yield_value(&mut self, value: Value, is_delegate: bool, span: Span) {
        let list = match self.frame().yielded {
            Some(list) => list,
            None => {
                let list = self.heap.allocate(ObjectKind::Array, span);
                self.frame().yielded = Some(list);
                list
            }
        };
        if !is_delegate {
            self.heap.push_element(list, value);
            return;
        }
        let (elements, more) = self.elements_and_more(&value);
        for element in elements {
            self.heap.push_element(list, element);
        }
        if let Some(more) = more {
            self.open_list(list, more);
        }
    }

    /// Makes a promise; without a value it always fails.
    pub fn make_promise(
        &mut self,
        value: Option<Value>,
        thrown: Vec<Thrown>,
        decided: Vec<Decided>,
        span: Span,
    ) -> Value {
        let resolves = value.is_some();
        let kind = ObjectKind::Promise {
            value: value.unwrap_or_else(Value::undefined),
            resolves,
            thrown,
            decided,
        };
        Value::object(self.heap.allocate(kind, span))
    }

    /// Waits for a promise: gives its value and throws its failures.
    pub fn await_value(&mut self, value: &Value, _span: Span) -> Result<Value, Stop> {
        let mut result: Option<Value> = None;
        let mut fails = false;
        for atom in value.atoms().to_vec() {
            let settled = match self.promise_of(&atom) {
                None => self.other_awaited(value, atom).map(Some).or_else(|stop| {
                    fails = true;
                    match stop {
                        Stop::Throw => Ok(None),
                        stop => Err(stop),
                    }
                })?,
                Some((settled, resolves, thrown, decided)) => {
                    self.rethrow(thrown);
                    let is_only = value.atoms().len() == 1;
                    if is_only {
                        self.decided.extend(decided);
                    }
                    fails |= !resolves;
                    resolves.then_some(settled)
                }
            };
            if let Some(settled) = settled {
                result = Some(match result {
                    Some(earlier) => self.join(earlier, &settled),
                    None => settled,
                });
            }
        }
        match result {
            Some(result) => Ok(result),
            None if fails => Err(Stop::Throw),
            None => Ok(Value::undefined()),
        }
    }

    fn promise_of(&self, atom: &Atom) -> Option<(Value, bool, Vec<Thrown>, Vec<Decided>)> {
        let Atom::Object(id) = atom else {
            return None;
        };
        match &self.heap.get(*id).kind {
            ObjectKind::Promise {
                value,
                resolves,
                thrown,
                decided,
            } => Some((value.clone(), *resolves, thrown.clone(), decided.clone())),
            _ => None,
        }
    }

    fn other_awaited(&mut self, whole: &Value, atom: Atom) -> Result<Value, Stop> {
        let mut value = Value::atom(atom).with_origins(whole.origins);
        value.control = whole.control;
        if let Atom::Object(id) = atom {
            let host = self.host();
            if let Some(awaited) = host.awaited(self, id)? {
                return Ok(awaited);
            }
        }
        Ok(value)
    }

    /// What an async function of JavaScript returns is waited for, be it a promise or a library's query.
    /// What fails only then is beyond the reach of a `try` around the `return`.
    pub(crate) fn await_returned(&mut self, value: Value, span: Span) -> Result<Value, Stop> {
        let is_waiting = value.objects().any(|id| {
            matches!(
                self.heap.get(id).kind,
                ObjectKind::Promise { .. } | ObjectKind::Host(_)
            )
        });
        if !is_waiting || self.is_python() || !self.is_in_async() {
            return Ok(value);
        }
        let (awaited, thrown) = self.catching(|machine| machine.await_value(&value, span));
        self.frame().failed_late.extend(thrown);
        awaited
    }

    /// Holds if the running function is async and no generator.
    fn is_in_async(&self) -> bool {
        let function = self.frames.last().and_then(|frame| frame.function);
        function.is_some_and(|(module, id)| {
            let function = self.program.module(module).function(id);
            function.is_async && !function.is_generator
        })
    }

    fn bind_parameters(
        &mut self,
        function: &'p Function,
        arguments: &Arguments,
    ) -> Result<(), Stop> {
        let mut next = 0;
        let mut taken: Vec<Ustr> = Vec::new();
        for parameter in &function.parameters {
            let value = match parameter.kind {
                ParameterKind::Rest => {
                    let rest = arguments.positional.get(next..).unwrap_or(&[]).to_vec();
                    next = arguments.positional.len();
                    let is_open = arguments.rest.is_some();
                    let kind = match self.module_ir().language {
                        Language::JavaScript => ObjectKind::Array,
                        Language::Python => ObjectKind::Tuple,
                    };
                    self.make_collection(kind, rest, is_open, None, parameter.span)
                }
                ParameterKind::KeywordRest => self.keyword_rest(arguments, &taken, parameter.span),
                ParameterKind::KeywordOnly => {
                    self.keyword_argument(parameter, arguments, &mut taken)?
                }
                ParameterKind::Normal | ParameterKind::PositionalOnly => {
                    let value = arguments.positional.get(next).cloned();
                    next += 1;
                    match value {
                        Some(value) => self.given_argument(parameter, value)?,
                        None => self.keyword_argument(parameter, arguments, &mut taken)?,
                    }
                }
            };
            self.declare_parameter(parameter, value)?;
        }
        self.bind_arguments_object(function, arguments);
        Ok(())
    }

    /// JavaScript's `arguments`.
    fn bind_arguments_object(&mut self, function: &'p Function, arguments: &Arguments) {
        if self.module_ir().language != Language::JavaScript || function.kind == FunctionKind::Arrow
        {
            return;
        }
        let list = self.make_list(
            arguments.positional.clone(),
            arguments.rest.is_some(),
            function.span,
        );
        let scope = self.current_scope();
        self.scope(scope)
            .names
            .entry(Ustr::from("arguments"))
            .or_insert(Slot::Value(list));
    }

    fn given_argument(&mut self, parameter: &'p Parameter, value: Value) -> Result<Value, Stop> {
        match parameter.default {
            Some(default) if self.module_ir().language == Language::JavaScript => {
                self.or_default(value, default, parameter.span)
            }
            _ => Ok(value),
        }
    }

    fn keyword_argument(
        &mut self,
        parameter: &'p Parameter,
        arguments: &Arguments,
        taken: &mut Vec<Ustr>,
    ) -> Result<Value, Stop> {
        if let Pattern::Name(name, _) = &parameter.pattern {
            taken.push(*name);
            if let Some(value) = arguments.keywords.get(name) {
                return Ok(value.clone());
            }
        }
        if let Some(rest) = &arguments.rest {
            return Ok(self.derived(Shape::Any, [rest]));
        }
        if let Pattern::Name(name, _) = &parameter.pattern
            && let Some(value) = self.own_default(*name)
        {
            return Ok(value);
        }
        match parameter.default {
            Some(default) => self.evaluate(default),
            None => Ok(self.nothing_given()),
        }
    }

    /// The default of a parameter of the function whose arguments are being bound.
    fn own_default(&mut self, name: Ustr) -> Option<Value> {
        if self.module_ir().language != Language::Python {
            return None;
        }
        let scope = self.current_scope();
        let around = self.scope(scope).parent?;
        match self.scope(around).names.get(&default_name(name))? {
            Slot::Value(value) => Some(value.clone()),
            _ => None,
        }
    }

    fn nothing_given(&mut self) -> Value {
        match self.module_ir().language {
            Language::JavaScript => Value::undefined(),
            Language::Python => self.unknown("missing-argument"),
        }
    }

    fn keyword_rest(&mut self, arguments: &Arguments, taken: &[Ustr], span: Span) -> Value {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        let rest: Properties = arguments
            .keywords
            .iter()
            .filter(|(name, _)| !taken.contains(name))
            .map(|(name, value)| (*name, value.clone()))
            .collect();
        let object = self.heap.get_mut(id);
        object.properties = rest;
        if let Some(value) = &arguments.rest {
            object.is_open = true;
            object.elements.push(value.clone());
        }
        Value::object(id)
    }

    fn declare_parameter(&mut self, parameter: &'p Parameter, value: Value) -> Result<(), Stop> {
        if let Pattern::Name(name, _) = &parameter.pattern {
            let scope = self.current_scope();
            self.scope(scope)
                .names
                .insert(*name, Slot::Value(value.clone()));
            if parameter.is_property {
                let this = self.frame().this.clone();
                self.set_member(&this, *name, value, parameter.span)?;
            }
            return Ok(());
        }
        self.declare_pattern(&parameter.pattern, value, parameter.span)
    }

    /// Calls a method that the language gives to values of a kind.
    pub(crate) fn call_builtin_method(
        &mut self,
        receiver: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
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
            self.apply_weakly(frame.left);
        }
        result
    }

    /// Returns the functions of the program that the function around a closure was given or has made: what
    /// a wrapper wraps. Empty for a function of the top level of a module.
    pub fn captured_functions(&self, closure: Closure) -> Vec<Value> {
        let scope = &self.scopes[closure.scope.0 as usize];
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
        let scope = &self.scopes[closure.scope.0 as usize];
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

    /// Runs `body` and takes back everything that it has written and decided.
    pub fn trial<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.heap.journal.len();
        let born = (self.heap.len(), self.scopes.len());
        let decided = std::mem::take(&mut self.decided);
        let result = body(self);
        self.take_delta(mark, born);
        self.decided = decided;
        result
    }
}

/// The name that keeps the default of a parameter.
fn default_name(parameter: Ustr) -> Ustr {
    Ustr::from(&format!("{parameter}="))
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
