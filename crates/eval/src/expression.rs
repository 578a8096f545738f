//! Expressions.

use firedoor_ir::{
    Argument, ArgumentKind, CollectionKind, Element, Expression, ExpressionId, ExpressionKind, Key,
    Language, Literal, LogicalOperator, Module, Property, PropertyKind, TemplatePart,
    UnaryOperator,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, HOLE, Machine, ObjectKind, Shape, Slot, Stop, Value};

/// The longest text that is put together.
const LONGEST_TEXT: usize = 20_000;

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
        stacker::maybe_grow(512 * 1024, 8 * 1024 * 1024, || self.evaluate_here(id))
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
                self.object_display(attributes, span)?;
                for child in children {
                    self.evaluate(*child)?;
                }
                Ok(Value::outside("js:jsx"))
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
            let found = &self.scopes[id.0 as usize];
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

    fn template(&mut self, parts: &'p [TemplatePart]) -> Result<Value, Stop> {
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            values.push(match part {
                TemplatePart::Text(text) => Value::atom(Atom::String(*text)),
                TemplatePart::Value(value) => self.evaluate(*value)?,
            });
        }
        Ok(self.concatenate(&values))
    }

    /// Returns the text made of these values one after the other.
    pub fn concatenate(&mut self, values: &[Value]) -> Value {
        let mut texts = vec![String::new()];
        for value in values {
            let parts = self.text_parts(value);
            let parts = match texts.len() * parts.len() > 12 {
                true => vec![HOLE.to_string()],
                false => parts,
            };
            if let ([text], [part]) = (texts.as_mut_slice(), parts.as_slice()) {
                text.push_str(part);
            } else {
                let longer = texts
                    .iter()
                    .flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")));
                texts = longer.collect();
            }
            if texts.iter().any(|text| text.len() > LONGEST_TEXT) {
                texts = vec![HOLE.to_string()];
                break;
            }
        }
        self.heap.copied += texts.iter().map(|text| text.len() as u64 / 16).sum::<u64>();
        let atoms = texts.iter().flat_map(|text| Value::pattern(text).only());
        let mut joined = Value::atoms_of(atoms);
        joined.origins = self.origins_of(values);
        for value in values {
            joined.control = self.origins.union(joined.control, value.control);
            if value.only_object().is_some() {
                let deep = self.deep_origins(value);
                joined.origins = self.origins.union(joined.origins, deep);
            }
        }
        joined
    }

    /// Returns the texts that a value may be, with holes for what is not known, each once.
    fn text_parts(&mut self, value: &Value) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for atom in value.atoms() {
            let part = match atom {
                Atom::String(part) | Atom::Pattern(part) => Some(part.to_string()),
                Atom::Number(number) => Some(crate::operator::number_text(*number)),
                Atom::Bool(value) => Some(self.bool_text(*value).to_owned()),
                Atom::Null if self.is_python() => Some("None".to_owned()),
                Atom::Object(id) => self.object_text(*id).map(|text| text.to_string()),
                _ => None,
            };
            let part = part.unwrap_or_else(|| HOLE.to_string());
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
        parts
    }

    fn collection(
        &mut self,
        kind: CollectionKind,
        elements: &'p [Element],
        span: Span,
    ) -> Result<Value, Stop> {
        let mut values = Vec::with_capacity(elements.len());
        let mut further: Option<Value> = None;
        for element in elements {
            let value = self.evaluate(element.value)?;
            if element.is_spread {
                let (spread, more) = self.elements_and_more(&value);
                values.extend(spread);
                further = match (further, more) {
                    (Some(further), Some(more)) => Some(self.join(further, &more)),
                    (further, more) => further.or(more),
                };
            } else {
                values.push(value);
            }
        }
        let kind = match kind {
            CollectionKind::List => ObjectKind::Array,
            CollectionKind::Tuple => ObjectKind::Tuple,
            CollectionKind::Set => ObjectKind::Set,
        };
        let id = self.heap.allocate(kind, span);
        let object = self.heap.get_mut(id);
        object.elements = values;
        if let Some(more) = further {
            object.is_open = true;
            object
                .properties
                .insert(Ustr::from(crate::elements::MORE), more);
        }
        Ok(Value::object(id))
    }

    fn object_display(&mut self, properties: &'p [Property], span: Span) -> Result<Value, Stop> {
        let id = self.heap.allocate(ObjectKind::Plain, span);
        let mut origins = crate::OriginSet::EMPTY;
        for property in properties {
            let value = self.evaluate(property.value)?;
            match property.kind {
                PropertyKind::Spread => {
                    origins = self.origins.union(origins, value.origins);
                    self.spread_into(id, &value);
                }
                PropertyKind::Value => self.display_property(id, property.key, value)?,
                PropertyKind::Getter | PropertyKind::Setter => {
                    if let Key::Name(name) = property.key {
                        let word = match property.kind {
                            PropertyKind::Getter => "get",
                            _ => "set",
                        };
                        let key = Ustr::from(&format!("{word}:{name}"));
                        self.heap.get_mut(id).properties.insert(key, value);
                    }
                }
            }
        }
        Ok(Value::object(id).with_origins(origins))
    }

    fn display_property(
        &mut self,
        id: crate::ObjectId,
        key: Key,
        value: Value,
    ) -> Result<(), Stop> {
        let key = match key {
            Key::Name(name) => Value::atom(Atom::String(name)),
            Key::Computed(expression) => self.evaluate(expression)?,
        };
        if self.is_python() {
            if let Some(name) = key.text() {
                self.name_objects(name, &value);
            }
            self.dict_set(id, &key, value);
            return Ok(());
        }
        if let Some(name) = property_name(&key) {
            self.name_objects(name, &value);
            let object = self.heap.get_mut(id);
            object.properties.insert(name, value);
            return Ok(());
        }
        let object = self.heap.get_mut(id);
        if key.only_object().is_some() || key.as_outside().is_some() {
            object.kind = ObjectKind::Map;
            object.elements.push(key);
            object.elements.push(value);
        } else {
            object.is_open = true;
            object.elements.push(value);
        }
        Ok(())
    }

    /// Copies the own properties of each object that `value` can be into `id`.
    pub(crate) fn spread_into(&mut self, id: crate::ObjectId, value: &Value) {
        if self.is_python()
            && let Some(source) = value.only_object()
            && matches!(self.heap.get(source).kind, ObjectKind::Map)
        {
            let span = self.span;
            let _ = self.dict_extend(id, value, span);
            return;
        }
        let objects: Vec<_> = value.objects().collect();
        let is_certain = value.atoms().len() == 1;
        for source in objects {
            let object = self.heap.get(source);
            let is_open = object.is_open || matches!(object.kind, ObjectKind::Host(_));
            let copies: Vec<(Ustr, Value)> = object
                .properties
                .iter()
                .filter(|(key, _)| {
                    **key != crate::elements::MORE && **key != crate::javascript::PROTOTYPE
                })
                .map(|(key, value)| (*key, value.clone()))
                .collect();
            for (key, copy) in copies {
                let (key, copy) = match key.split_once(':') {
                    Some(("set", _)) => continue,
                    Some(("get", name)) => {
                        let name = Ustr::from(name);
                        let span = self.span;
                        let read = self.object_member(source, value, name, span);
                        (name, read.unwrap_or_else(|_| Value::undefined()))
                    }
                    _ => (key, copy),
                };
                let copy = match self.heap.property(id, key).cloned() {
                    Some(old) if !is_certain => self.join(copy, &old),
                    _ => copy,
                };
                self.heap.get_mut(id).properties.insert(key, copy);
            }
            if is_open {
                self.heap.get_mut(id).is_open = true;
                self.heap.get_mut(id).elements.push(value.clone());
            }
        }
        if value
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Unknown(_) | Atom::Outside(_)))
        {
            let object = self.heap.get_mut(id);
            object.is_open = true;
            object.elements.push(value.clone());
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
        if is_optional || self.is_optional_result(&object) {
            return self.optionally(&object, |machine, object| {
                machine.member(object, property, span)
            });
        }
        self.member(&object, property, span)
    }

    /// `a?.b.c`: once a part of a chain is missing the rest is not read. Missing values flow on as
    /// undefined alternatives, which later members of the chain must not fail on.
    fn is_optional_result(&self, value: &Value) -> bool {
        value.atoms().len() > 1 && value.atoms().iter().any(Atom::is_nothing)
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
        Ok(self.join(result, &nothing))
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
        if is_optional || self.is_optional_result(&object) {
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
            if object.is_open {
                result.rest = Some(value.clone());
            }
        }
        if value.is_unknown() || value.as_outside().is_some() {
            result.rest = Some(value.clone());
        }
    }

    fn unary(
        &mut self,
        operator: UnaryOperator,
        operand: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        match operator {
            UnaryOperator::Delete => {
                self.delete_place(operand)?;
                Ok(Value::bool(true))
            }
            UnaryOperator::TypeOf => {
                let value = self.evaluate(operand)?;
                Ok(self.type_of(&value))
            }
            UnaryOperator::Void => {
                self.evaluate(operand)?;
                Ok(Value::undefined())
            }
            UnaryOperator::Not => {
                let value = self.evaluate(operand)?;
                let value = self.truth_value(value, span)?;
                Ok(self.negate(&value))
            }
            UnaryOperator::Minus | UnaryOperator::Plus | UnaryOperator::BitNot => {
                let value = self.evaluate(operand)?;
                if let Some(value) = self.overloaded_inversion(operator, &value, span) {
                    return Ok(value);
                }
                Ok(self.arithmetic_unary(operator, &value, span))
            }
        }
    }

    /// Returns the negation of a truth value.
    pub fn negate(&mut self, value: &Value) -> Value {
        let mut negated = match self.truth(value) {
            Some(truth) => Value::bool(!truth),
            None => Value::unknown(Shape::Bool),
        };
        negated.origins = value.origins;
        negated.control = value.control;
        negated.test = Some(match value.test {
            Some((test, is_negated)) => (test, !is_negated),
            None => (self.truth_test(value), true),
        });
        negated
    }

    fn logical(
        &mut self,
        operator: LogicalOperator,
        left: ExpressionId,
        right: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let value = self.evaluate(left)?;
        let truth = self.truth_value(value.clone(), span)?;
        let test = match operator {
            LogicalOperator::Nullish => self.nothing_test(&value, span),
            _ => truth,
        };
        let takes_right = match (operator, self.truth(&test)) {
            (LogicalOperator::And | LogicalOperator::Nullish, Some(truth)) => Some(truth),
            (LogicalOperator::Or, Some(truth)) => Some(!truth),
            (_, None) => None,
        };
        match takes_right {
            Some(false) => return Ok(value),
            Some(true) => {
                let other = self.evaluate(right)?;
                let part = other.test;
                let combined = self.combine_tests(operator, &value, part, other, span);
                return Ok(combined);
            }
            None => {}
        }
        let kept = self.kept_side(operator, &value);
        // What the right side tests must be taken before it is joined with the left, which tests another.
        let mut part = None;
        let other = match operator {
            LogicalOperator::Or => self.choose(
                &test,
                span,
                |_| Ok(kept.clone()),
                |machine| {
                    machine.refine(left, false);
                    let other = machine.evaluate(right)?;
                    part = Some(machine.test_of(&other));
                    Ok(other)
                },
            ),
            LogicalOperator::And => self.choose(
                &test,
                span,
                |machine| {
                    machine.refine(left, true);
                    let other = machine.evaluate(right)?;
                    part = Some(machine.test_of(&other));
                    Ok(other)
                },
                |_| Ok(kept.clone()),
            ),
            LogicalOperator::Nullish => self.choose(
                &test,
                span,
                |machine| machine.evaluate(right),
                |_| Ok(kept.clone()),
            ),
        }?;
        Ok(self.combine_tests(operator, &value, part, other, span))
    }

    /// What of the left value can be the result, without the right side.
    fn kept_side(&mut self, operator: LogicalOperator, value: &Value) -> Value {
        let kept = match operator {
            LogicalOperator::Or => value.filter(|atom| atom.truth() != Some(false)),
            LogicalOperator::And => value.filter(|atom| atom.truth() != Some(true)),
            LogicalOperator::Nullish => value.filter(|atom| !atom.is_nothing()),
        };
        let kept = kept.unwrap_or_else(|| value.clone());
        // Of an unknown truth value the operator says which it is.
        if kept.only() == Some(Atom::Unknown(Shape::Bool)) && operator != LogicalOperator::Nullish {
            let mut known = Value::bool(operator == LogicalOperator::Or);
            known.origins = kept.origins;
            known.control = kept.control;
            known.test = kept.test;
            return known;
        }
        kept
    }

    /// The outcome of `a && b` hangs on the tests of both.
    /// What a value tests: the comparison that it is the outcome of, or its own truth.
    fn test_of(&mut self, value: &Value) -> (crate::TestId, bool) {
        value
            .test
            .unwrap_or_else(|| (self.truth_test(value), false))
    }

    fn combine_tests(
        &mut self,
        operator: LogicalOperator,
        left: &Value,
        right: Option<(crate::TestId, bool)>,
        mut result: Value,
        span: Span,
    ) -> Value {
        let by = self.origins.union(left.origins, left.control);
        result.control = self.origins.union(result.control, by);
        if operator == LogicalOperator::Nullish {
            return result;
        }
        let left_part = self.test_of(left);
        let parts = [Some(left_part), right].into_iter().flatten().collect();
        let test = self.add_test(crate::Test {
            kind: crate::TestKind::Truth,
            operands: smallvec::smallvec![left.clone(), result.clone()],
            parts,
            is_conjunction: operator == LogicalOperator::And,
            span,
        });
        result.test = Some((test, false));
        result
    }

    fn conditional(
        &mut self,
        test: ExpressionId,
        then: ExpressionId,
        otherwise: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let value = self.evaluate(test)?;
        let value = self.truth_value(value, span)?;
        self.choose(
            &value,
            span,
            |machine| {
                machine.refine(test, true);
                machine.evaluate(then)
            },
            |machine| {
                machine.refine(test, false);
                machine.evaluate(otherwise)
            },
        )
    }

    fn assign_logical(
        &mut self,
        target: &'p firedoor_ir::Pattern,
        operator: LogicalOperator,
        value: ExpressionId,
        span: Span,
    ) -> Result<Value, Stop> {
        let old = self.read_pattern(target, span)?;
        let test = match operator {
            LogicalOperator::Nullish => self.nothing_test(&old, span),
            LogicalOperator::And => old.clone(),
            LogicalOperator::Or => self.negate(&old),
        };
        let kept = old.clone();
        let new = self.choose(&test, span, |machine| machine.evaluate(value), |_| Ok(kept))?;
        self.assign_pattern(target, new.clone(), span)?;
        Ok(new)
    }

    fn tagged_template(
        &mut self,
        tag: ExpressionId,
        parts: &'p [TemplatePart],
        span: Span,
    ) -> Result<Value, Stop> {
        let tag = self.evaluate(tag)?;
        let mut strings = vec![String::new()];
        let mut values = Vec::new();
        for part in parts {
            match part {
                TemplatePart::Text(text) => {
                    if let Some(last) = strings.last_mut() {
                        last.push_str(text);
                    }
                }
                TemplatePart::Value(value) => {
                    values.push(self.evaluate(*value)?);
                    strings.push(String::new());
                }
            }
        }
        let strings: Vec<Value> = strings.iter().map(|text| Value::string(text)).collect();
        let raw = self.make_list(strings.clone(), false, span);
        let strings = self.make_list(strings, false, span);
        if let Some(id) = strings.only_object() {
            let properties = &mut self.heap.get_mut(id).properties;
            properties.insert(Ustr::from("raw"), raw);
        }
        let mut arguments = Arguments::positional([strings]);
        arguments.positional.extend(values);
        self.span = span;
        self.call_value(&tag, None, &arguments, span)
    }
}

/// Returns the name of the property that a computed key stands for, if it is known.
pub(crate) fn property_name(key: &Value) -> Option<Ustr> {
    match key.only()? {
        Atom::String(text) => Some(text),
        Atom::Number(number) => Some(Ustr::from(&crate::operator::number_text(number))),
        Atom::Bool(value) => Some(Ustr::from(if value { "true" } else { "false" })),
        _ => None,
    }
}
