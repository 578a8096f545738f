//! Parameters: which argument goes to which, in the ways of both languages.
//!
//! Patterns, defaults, rests and keywords are bound before a body runs, in the order in which they are written.

use firedoor_ir::{Function, FunctionKind, Language, Parameter, ParameterKind, Pattern};
use firedoor_source::Span;
use ustr::Ustr;

use crate::closure::default_name;
use crate::{Arguments, Machine, ObjectKind, Properties, Shape, Slot, Stop, Value};

impl<'p> Machine<'p> {
    pub(crate) fn bind_parameters(
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
                    match (self.module_ir().language, &arguments.rest) {
                        (Language::JavaScript, more) if more.is_some() => {
                            self.make_open_list(rest, more.clone(), parameter.span)
                        }
                        (language, more) => {
                            let kind = match language {
                                Language::JavaScript => ObjectKind::Array,
                                Language::Python => ObjectKind::Tuple,
                            };
                            let is_open = more.is_some();
                            self.make_collection(kind, rest, is_open, None, parameter.span)
                        }
                    }
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
            return Value::object(id).with_origins(value.origins);
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
}
