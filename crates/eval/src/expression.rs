//! Expressions: one function for each kind, or the file that has it.

use firedoor_ir::{
    Argument, ArgumentKind, Expression, ExpressionId, ExpressionKind, Language, Literal, Module,
};
use firedoor_source::Span;
use ustr::Ustr;

use smallvec::smallvec;

use crate::{
    Arguments, Atom, Machine, ObjectKind, OriginSet, Shape, Slot, Stop, Test, TestId, TestKind,
    Value,
};

impl<'p> Machine<'p> {
    /// Returns the module whose code is running.
    pub(crate) fn module_ir(&self) -> &'p Module {
        let module = self
            .frames
            .last()
            .expect("a frame is pushed before anything is evaluated")
            .module;
        self.program.module(module)
    }

    /// Evaluates an expression of the running module. Programs nest as deep as they like, so the stack grows
    /// where it has to.
    pub(crate) fn evaluate(&mut self, id: ExpressionId) -> Result<Value, Stop> {
        let value = stacker::maybe_grow(512 * 1024, 8 * 1024 * 1024, || self.evaluate_here(id))?;
        Ok(self.overlaid(value))
    }

    fn evaluate_here(&mut self, id: ExpressionId) -> Result<Value, Stop> {
        self.step()?;
        let expression: &'p Expression = self.module_ir().expression(id);
        let span = expression.span;
        self.span = span;
        match &expression.kind {
            ExpressionKind::Literal(literal) => Ok(self.literal(literal, span)),
            ExpressionKind::Name(name) => self.name(*name, span),
            ExpressionKind::This => Ok(self.frame().this.clone()),
            ExpressionKind::NewTarget => Ok(self.new_target()),
            ExpressionKind::Template(parts) => self.template(parts),
            ExpressionKind::Collection { kind, elements } => self.collection(*kind, elements, span),
            ExpressionKind::Object(properties) => self.object_display(properties, span),
            ExpressionKind::Member {
                object,
                property,
                is_optional,
            } => self.member_expression(*object, *property, *is_optional, span),
            ExpressionKind::Index {
                object,
                index,
                is_optional,
            } => self.index_expression(*object, *index, *is_optional, span),
            ExpressionKind::Call { .. } | ExpressionKind::New { .. } => {
                self.call_expression(expression)
            }
            ExpressionKind::Function(function) => Ok(self.function_expression(*function)),
            ExpressionKind::Class(class) => self.make_class(*class),
            ExpressionKind::Unary(operator, operand) => self.unary(*operator, *operand, span),
            ExpressionKind::Binary(operator, left, right) => {
                let left = self.evaluate(*left)?;
                let right = self.evaluate(*right)?;
                self.binary(*operator, &left, &right, span)
            }
            ExpressionKind::Logical(operator, left, right) => {
                self.logical(*operator, *left, *right, span)
            }
            ExpressionKind::Conditional {
                test,
                then,
                otherwise,
            } => self.conditional(*test, *then, *otherwise, span),
            ExpressionKind::Await(inner) => {
                let value = self.evaluate(*inner)?;
                self.await_value(&value, span)
            }
            _ => self.rare_expression(expression),
        }
    }

    /// A function expression knows itself by its name.
    fn function_expression(&mut self, id: firedoor_ir::FunctionId) -> Value {
        let function = self.module_ir().function(id);
        let outer = self.current_scope();
        let name = match function.name {
            Some(name)
                if function.kind == firedoor_ir::FunctionKind::Function
                    && self.find_variable(name).is_none() =>
            {
                name
            }
            _ => return self.make_function(id),
        };
        let module = self.frame().module;
        let scope = self.add_scope(Some(outer), module, false);
        self.frame().scope = scope;
        let value = self.make_function(id);
        self.frame().scope = outer;
        self.scope(scope)
            .names
            .insert(name, Slot::Value(value.clone()));
        value
    }

    fn rare_expression(&mut self, expression: &'p Expression) -> Result<Value, Stop> {
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Assign { target, value } => {
                let value = self.evaluate(*value)?;
                self.assign_pattern(target, value.clone(), span)?;
                Ok(value)
            }
            ExpressionKind::AssignBinary {
                target,
                operator,
                value,
            } => {
                let old = self.read_pattern(target, span)?;
                let right = self.evaluate(*value)?;
                let mut value = self.binary(*operator, &old, &right, span)?;
                if self.is_count(target, *operator, &value) {
                    value = self.counted(&value);
                }
                self.assign_pattern(target, value.clone(), span)?;
                Ok(value)
            }
            ExpressionKind::AssignLogical {
                target,
                operator,
                value,
            } => self.assign_logical(target, *operator, *value, span),
            ExpressionKind::Sequence(expressions) => {
                let mut value = Value::undefined();
                for expression in expressions {
                    value = self.evaluate(*expression)?;
                }
                Ok(value)
            }
            ExpressionKind::Yield { value, is_delegate } => {
                let value = match value {
                    Some(value) => self.evaluate(*value)?,
                    None => self.nothing(),
                };
                self.yield_value(value, *is_delegate, span);
                Ok(Value::unknown(Shape::Any))
            }
            ExpressionKind::Comprehension {
                kind,
                element,
                value,
                clauses,
            } => self.comprehension(*kind, *element, *value, clauses, span),
            ExpressionKind::TaggedTemplate { tag, parts } => {
                self.tagged_template(*tag, parts, span)
            }
            ExpressionKind::ImportCall(specifier) => self.import_call(*specifier, span),
            ExpressionKind::Slice { start, end, step } => {
                let mut parts = Vec::with_capacity(3);
                for part in [start, end, step] {
                    parts.push(match part {
                        Some(part) => self.evaluate(*part)?,
                        None => Value::null(),
                    });
                }
                Ok(self.make_slice(parts, span))
            }
            ExpressionKind::ImportMeta => Ok(Value::outside("js:import.meta")),
            ExpressionKind::Jsx {
                attributes,
                children,
                ..
            } => {
                // What an element is given is shown, or handed to a component that shows it.
                let given = self.object_display(attributes, span)?;
                let mut shown = self.deep_origins(&given);
                for child in children {
                    let child = self.evaluate(*child)?;
                    let own = self.deep_origins(&child);
                    shown = self.origins.union(shown, own);
                }
                Ok(Value::outside("js:jsx").with_origins(shown))
            }
            ExpressionKind::Super => Ok(self.frame().this.clone()),
            _ => Ok(self.unknown("unsupported")),
        }
    }

    /// A number kept in an object that requests count up or down is not the one that a single request sees.
    fn is_count(
        &self,
        target: &firedoor_ir::Pattern,
        operator: firedoor_ir::BinaryOperator,
        value: &Value,
    ) -> bool {
        use firedoor_ir::BinaryOperator as Op;
        self.heap.is_wired
            && matches!(target, firedoor_ir::Pattern::Place(_))
            && matches!(operator, Op::Add | Op::Subtract)
            && value.as_number().is_some()
    }

    fn counted(&mut self, value: &Value) -> Value {
        let count = self
            .origins
            .single(crate::Origin::Unknown(Ustr::from(crate::operator::COUNT)));
        let origins = self.origins.union(value.origins, count);
        Value::unknown(Shape::Number).with_origins(origins)
    }

    fn literal(&mut self, literal: &Literal, span: Span) -> Value {
        match literal {
            Literal::Null => Value::null(),
            Literal::Undefined => Value::undefined(),
            Literal::Bool(value) => Value::bool(*value),
            Literal::Number(value) => Value::number(*value),
            Literal::String(text) | Literal::Bytes(text) => Value::atom(Atom::String(*text)),
            Literal::Regex(pattern, flags) => {
                let id = self.heap.allocate(ObjectKind::Regex(*pattern), span);
                let flags = Value::atom(Atom::String(*flags));
                let object = self.heap.get_mut(id);
                object.properties.insert(Ustr::from("flags"), flags);
                Value::object(id)
            }
            Literal::Ellipsis => Value::outside("py:builtins.Ellipsis"),
        }
    }

    /// Reads a variable.
    fn name(&mut self, name: Ustr, span: Span) -> Result<Value, Stop> {
        let mut scope = Some(self.current_scope());
        let mut is_own = true;
        while let Some(id) = scope {
            let found = self.scopes.get(id.0 as usize);
            if is_own || !found.is_class {
                match found.names.get(&name) {
                    Some(Slot::Value(value)) => return Ok(value.clone()),
                    Some(Slot::Import(module, export)) => {
                        let (module, export) = (*module, *export);
                        return Ok(self.exported(module, export, span));
                    }
                    Some(Slot::Unbound) | None => {}
                }
            }
            is_own = false;
            scope = found.parent;
        }
        Ok(self.global(name))
    }

    fn global(&mut self, name: Ustr) -> Value {
        match self.module_ir().language {
            Language::JavaScript => crate::javascript::global(name),
            Language::Python => self.python_global(name),
        }
    }

    fn member_expression(
        &mut self,
        object: ExpressionId,
        property: Ustr,
        is_optional: bool,
        span: Span,
    ) -> Result<Value, Stop> {
        if let ExpressionKind::Super = self.module_ir().expression(object).kind {
            return self.super_member(property, span);
        }
        let is_optional = is_optional || self.is_optional_chain(object);
        let object = self.evaluate(object)?;
        if is_optional {
            return self.optionally(&object, |machine, object| {
                machine.member(object, property, span)
            });
        }
        self.member(&object, property, span)
    }

    /// Holds if something before in the chain is optional, so that the rest is not read where it is missing.
    pub(crate) fn is_optional_chain(&self, expression: ExpressionId) -> bool {
        match &self.module_ir().expression(expression).kind {
            ExpressionKind::Member {
                object,
                is_optional,
                ..
            }
            | ExpressionKind::Index {
                object,
                is_optional,
                ..
            } => *is_optional || self.is_optional_chain(*object),
            ExpressionKind::Call {
                callee,
                is_optional,
                ..
            } => *is_optional || self.is_optional_chain(*callee),
            _ => false,
        }
    }

    /// Does something with what `value` is when it is not nothing; otherwise gives undefined.
    pub(crate) fn optionally(
        &mut self,
        value: &Value,
        something: impl FnOnce(&mut Self, &Value) -> Result<Value, Stop>,
    ) -> Result<Value, Stop> {
        let mut nothing = Value::undefined().with_origins(value.origins);
        nothing.control = value.control;
        let Some(present) = value.filter(|atom| !atom.is_nothing()) else {
            return Ok(nothing);
        };
        let result = something(self, &present)?;
        if present.atoms().len() == value.atoms().len() {
            return Ok(result);
        }
        // What was read says where it is from; that it may be missing only hangs on the whole.
        if !result.origins.is_empty() {
            nothing.control = self.origins.union(nothing.control, nothing.origins);
            nothing.origins = OriginSet::EMPTY;
        }
        let part = result.test;
        let mut joined = self.join(result, &nothing);
        // What is missing is not true, so that the outcome of a test also says that it is there.
        if let Some(part) = part {
            joined.test = self.there_and(value, part, &joined);
        }
        Ok(joined)
    }

    fn there_and(
        &mut self,
        value: &Value,
        part: (TestId, bool),
        joined: &Value,
    ) -> Option<(TestId, bool)> {
        let span = self.span;
        let there = self.nothing_test(value, span).test?;
        let test = self.add_test(Test {
            kind: TestKind::Truth,
            operands: smallvec![value.clone(), joined.clone()],
            parts: vec![(there.0, !there.1), part],
            is_conjunction: true,
            span,
        });
        Some((test, false))
    }

    fn index_expression(
        &mut self,
        object: ExpressionId,
        index: ExpressionId,
        is_optional: bool,
        span: Span,
    ) -> Result<Value, Stop> {
        let is_optional = is_optional || self.is_optional_chain(object);
        let object = self.evaluate(object)?;
        let index = self.evaluate(index)?;
        if is_optional {
            return self.optionally(&object, |machine, object| {
                machine.index(object, &index, span)
            });
        }
        self.index(&object, &index, span)
    }

    /// Evaluates the arguments of a call.
    pub(crate) fn arguments(&mut self, arguments: &'p [Argument]) -> Result<Arguments, Stop> {
        let mut result = Arguments::default();
        for argument in arguments {
            let value = self.evaluate(argument.value)?;
            match argument.kind {
                ArgumentKind::Positional => result.positional.push(value),
                ArgumentKind::Keyword(name) => {
                    result.keywords.insert(name, value);
                }
                ArgumentKind::Spread => {
                    let (elements, is_open) = self.elements_of(&value);
                    result.positional.extend(elements);
                    if is_open {
                        let rest = self.element_of_open(&value);
                        result.rest_at = result.positional.len();
                        result.rest = Some(rest);
                    }
                }
                ArgumentKind::KeywordSpread => self.spread_keywords(&mut result, &value),
            }
        }
        Ok(result)
    }

    fn spread_keywords(&mut self, result: &mut Arguments, value: &Value) {
        for id in value.objects().collect::<Vec<_>>() {
            let object = self.heap.get(id);
            for (key, value) in &object.properties {
                result.keywords.insert(*key, value.clone());
            }
            // A part of what a library gave is called a method of it as long as nothing else is known.
            let is_outside = matches!(object.kind, ObjectKind::Method { .. } | ObjectKind::Host(_));
            if object.is_open || is_outside {
                // What it was filled from since tells where the rest comes from.
                let parts = match object.kind {
                    ObjectKind::Plain => object.elements.clone(),
                    _ => Vec::new(),
                };
                let mut rest = value.clone();
                for part in &parts {
                    rest.origins = self.origins.union(rest.origins, part.origins);
                }
                result.rest = Some(rest);
            }
        }
        if value.is_unknown() || value.as_outside().is_some() {
            result.rest = Some(value.clone());
        }
    }

    /// The class that an instance is being made of.
    fn new_target(&mut self) -> Value {
        let made = self.frame().this.only_object();
        match made.map(|id| &self.heap.get(id).kind) {
            Some(ObjectKind::Instance { class }) => Value::object(*class),
            _ => self.unknown("unsupported"),
        }
    }
}
