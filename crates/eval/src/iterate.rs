//! Loops, comprehensions, and the elements of things.

use firedoor_ir::{
    Block, ComprehensionClause, ComprehensionKind, ExpressionId, IterationKind, Pattern, Statement,
    StatementKind,
};
use firedoor_source::Span;
use smallvec::SmallVec;
use ustr::Ustr;

use crate::branch::Completion;
use crate::names::names_of;
use crate::rounds::is_own;
use crate::{
    Atom, Decided, Decision, DecisionId, Machine, ObjectKind, SideEnd, Stop, Test, TestKind, Value,
};

/// What follows one round of a loop.
enum Round {
    Next,
    Leave,
    End(Completion),
}

impl<'p> Machine<'p> {
    pub(crate) fn while_statement(
        &mut self,
        test: ExpressionId,
        body: &'p Block,
        otherwise: &'p Block,
        test_last: bool,
        label: Option<Ustr>,
    ) -> Result<Completion, Stop> {
        let left = self.frame().left.len();
        let jumps = self.frame().jumps.len();
        let base = self.decided.len();
        let completion = self.while_rounds(test, body, test_last, label, left);
        let breaks = self.leave_loop(left, (jumps, base), label);
        match completion? {
            Completion::Break(found) if is_own(found, label) => Ok(Completion::Normal),
            Completion::Normal if !otherwise.is_empty() => {
                let span = self.module_ir().expression(test).span;
                self.behind_loop(&breaks, span, |machine| machine.block(otherwise))
            }
            other => Ok(other),
        }
    }

    /// A loop that ends because its test no longer holds ends normally, and one that is left by `break`.
    fn while_rounds(
        &mut self,
        test: ExpressionId,
        body: &'p Block,
        test_last: bool,
        label: Option<Ustr>,
        left: usize,
    ) -> Result<Completion, Stop> {
        let span = self.module_ir().expression(test).span;
        let is_constant = matches!(
            self.module_ir().expression(test).kind,
            firedoor_ir::ExpressionKind::Literal(_)
        );
        for round in 0..self.limits.rounds {
            if round > 0 || !test_last {
                let value = self.evaluate(test)?;
                match self.truth(&value) {
                    Some(false) => return Ok(Completion::Normal),
                    Some(true) => {}
                    None => {
                        let decision = self.decide(&value, span, false);
                        self.perhaps(decision, |machine| {
                            machine.refine(test, true);
                            let ended =
                                machine.one_round(label, |machine| machine.scoped_block(body))?;
                            Ok(absorb(ended, label))
                        })?;
                        return Ok(Completion::Normal);
                    }
                }
            }
            // What a second round does is what every further round does.
            if is_constant && round == 2 {
                return Ok(match self.frame().left.len() == left {
                    true => Completion::Throw,
                    false => Completion::Break(None),
                });
            }
            match self.round(body, label)? {
                Round::Next => {}
                Round::Leave => return Ok(Completion::Break(None)),
                Round::End(completion) => return Ok(completion),
            }
        }
        Ok(Completion::Normal)
    }

    pub(crate) fn for_statement(
        &mut self,
        init: &'p Block,
        test: Option<ExpressionId>,
        update: Option<ExpressionId>,
        body: &'p Block,
        label: Option<Ustr>,
    ) -> Result<Completion, Stop> {
        let outer = self.enter_block();
        let left = self.frame().left.len();
        let jumps = self.frame().jumps.len();
        let base = self.decided.len();
        let completion = self.for_rounds(init, test, update, body, label);
        self.leave_loop(left, (jumps, base), label);
        self.leave_block(outer);
        completion
    }

    fn for_rounds(
        &mut self,
        init: &'p Block,
        test: Option<ExpressionId>,
        update: Option<ExpressionId>,
        body: &'p Block,
        label: Option<Ustr>,
    ) -> Result<Completion, Stop> {
        self.block(init)?;
        let variables = self.current_scope();
        self.renew_scope(variables);
        for _ in 0..self.limits.rounds {
            let value = match test {
                Some(test) => self.evaluate(test)?,
                None => Value::bool(true),
            };
            match self.truth(&value) {
                Some(false) => return Ok(Completion::Normal),
                Some(true) => {}
                None => {
                    let decision = self.decide(&value, self.span, false);
                    self.perhaps(decision, |machine| {
                        let ended =
                            machine.one_round(label, |machine| machine.scoped_block(body))?;
                        Ok(absorb(ended, label))
                    })?;
                    return Ok(Completion::Normal);
                }
            }
            match self.round(body, label)? {
                Round::Next => {}
                Round::Leave => return Ok(Completion::Normal),
                Round::End(completion) => return Ok(completion),
            }
            if test.is_none() {
                return Ok(Completion::Normal);
            }
            self.renew_scope(variables);
            if let Some(update) = update {
                self.evaluate(update)?;
            }
        }
        Ok(Completion::Normal)
    }

    /// Each round of a loop has variables of its own, which closures made in it keep.
    fn renew_scope(&mut self, variables: crate::ScopeId) {
        if self.scopes.get(variables.0 as usize).names.is_empty() || self.is_python() {
            return;
        }
        let last = self.current_scope();
        let names = self.scopes.get(last.0 as usize).names.clone();
        let parent = self.scopes.get(variables.0 as usize).parent;
        let module = self.frame().module;
        let scope = self.add_scope(parent, module, false);
        self.scope(scope).names = names;
        self.frame().scope = scope;
    }

    fn round(&mut self, body: &'p Block, label: Option<Ustr>) -> Result<Round, Stop> {
        let completion = self.one_round(label, |machine| machine.scoped_block(body))?;
        Ok(match completion {
            Completion::Normal => Round::Next,
            Completion::Continue(found) if found.is_none() || found == label => Round::Next,
            Completion::Break(found) if found.is_none() || found == label => Round::Leave,
            other => Round::End(other),
        })
    }

    /// What paths that left the loop have written may hold behind it. Returns what was decided in the loop on the way to
    /// each `break` that a path has come to.
    fn leave_loop(
        &mut self,
        from: usize,
        (jumps, base): (usize, usize),
        label: Option<Ustr>,
    ) -> Vec<Vec<Decided>> {
        let from = from.min(self.frame().left.len());
        let left = self.frame().left.split_off(from);
        self.join_left_paths(left, usize::MAX);
        let ends = |to| matches!(to, Completion::Break(found) if is_own(found, label));
        let breaks = self.forget_jumps(jumps, ends).into_iter();
        breaks
            .map(|decided| decided.into_iter().skip(base).collect())
            .collect()
    }

    pub(crate) fn for_each_statement(
        &mut self,
        statement: &'p Statement,
        label: Option<Ustr>,
    ) -> Result<Completion, Stop> {
        let StatementKind::ForEach {
            iterates,
            declares,
            target,
            iterable,
            body,
            otherwise,
            is_async,
        } = &statement.kind
        else {
            return Ok(Completion::Normal);
        };
        let value = self.evaluate(*iterable)?;
        let value = match iterates {
            IterationKind::Values => value,
            IterationKind::Keys => self.keys_of(&value, statement.span),
        };
        let left = self.frame().left.len();
        let jumps = self.frame().jumps.len();
        let base = self.decided.len();
        let completion = self.each(&value, statement.span, |machine, element| {
            let element = match is_async {
                true => machine.await_value(&element, statement.span)?,
                false => element,
            };
            let completion = machine.one_round(label, |machine| {
                let outer = machine.enter_block();
                machine.bind_target(target, declares.is_some(), element, statement.span)?;
                let completion = machine.block(body);
                machine.leave_block(outer);
                completion
            });
            completion.map(|completion| absorb_continue(completion, label))
        })?;
        let breaks = self.leave_loop(left, (jumps, base), label);
        match completion {
            Completion::Break(found) if found.is_none() || found == label => Ok(Completion::Normal),
            Completion::Normal => {
                self.behind_loop(&breaks, statement.span, |machine| machine.block(otherwise))
            }
            other => Ok(other),
        }
    }

    fn bind_target(
        &mut self,
        target: &'p Pattern,
        declares: bool,
        element: Value,
        span: Span,
    ) -> Result<(), Stop> {
        if declares {
            self.declare_pattern(target, element, span)
        } else {
            self.assign_pattern(target, element, span)
        }
    }

    /// Runs `body` for each element: the known ones one after the other, then perhaps another.
    pub(crate) fn each(
        &mut self,
        iterable: &Value,
        span: Span,
        mut body: impl FnMut(&mut Self, Value) -> Result<Completion, Stop>,
    ) -> Result<Completion, Stop> {
        let (mut elements, mut is_open) = self.elements_of(iterable);
        if elements.len() > self.limits.rounds {
            elements.truncate(self.limits.rounds);
            is_open = true;
        }
        if is_open && !elements.is_empty() && iterable.atoms().len() > 1 {
            elements.clear();
        }
        let is_as_written = self.heap.is_as_written(iterable);
        for element in elements {
            let element = self.controlled_element(element, iterable);
            if !is_as_written && crate::elements::is_perhaps_missing(&element) {
                self.perhaps_element(element, span, &mut body)?;
                continue;
            }
            match body(self, element)? {
                Completion::Normal => {}
                other => return Ok(other),
            }
        }
        if !is_open {
            return Ok(Completion::Normal);
        }
        let element = self.element_of_open(iterable);
        if self.is_missing_element(&element) {
            return Ok(Completion::Normal);
        }
        let decision = self.loop_decision(iterable, span);
        self.perhaps(decision, |machine| body(machine, element))?;
        Ok(Completion::Normal)
    }

    /// An element that may be missing, since it was added on one side of a branch only.
    pub(crate) fn perhaps_element(
        &mut self,
        element: Value,
        span: Span,
        body: &mut dyn FnMut(&mut Self, Value) -> Result<Completion, Stop>,
    ) -> Result<(), Stop> {
        let missing = self.nothing_test(&element, span);
        let present = self.negate(&missing);
        let decision = self.decide(&present, span, false);
        let element = element
            .filter(|atom| *atom != Atom::Undefined)
            .unwrap_or(element);
        let mut own = Vec::new();
        self.perhaps(decision, |machine| {
            let base = machine.decided.len();
            let completion = body(machine, element);
            own.extend(machine.decided.iter().skip(base).copied());
            completion
        })?;
        self.keep_failures(decision, &own);
        Ok(())
    }

    fn controlled_element(&mut self, mut element: Value, iterable: &Value) -> Value {
        element.origins = self.origins.union(element.origins, iterable.origins);
        element
    }

    pub(crate) fn loop_decision(&mut self, iterable: &Value, span: Span) -> DecisionId {
        let test = self.add_test(Test {
            kind: TestKind::Loop,
            operands: SmallVec::from_iter([iterable.clone()]),
            parts: Vec::new(),
            is_conjunction: false,
            span,
        });
        self.add_decision(Decision {
            test: Some((test, false)),
            origins: iterable.origins,
            control: iterable.control,
            span,
            is_certain: false,
            ends: [SideEnd::NotRun; 2],
            label: None,
            remainder: smallvec::SmallVec::new(),
            is_of_branch: false,
            caught: Vec::new(),
        })
    }

    pub(crate) fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: ExpressionId,
        value: Option<ExpressionId>,
        clauses: &'p [ComprehensionClause],
        span: Span,
    ) -> Result<Value, Stop> {
        let outer = self.current_scope();
        // The first sequence belongs to the code around, which in a class sees the names of the class.
        let first = match clauses.first() {
            Some(clause) => Some(self.evaluate(clause.iterable)?),
            None => None,
        };
        let module = self.frame().module;
        let scope = self.add_scope(Some(outer), module, false);
        self.frame().scope = scope;
        let mut made: Vec<(Value, Option<Value>)> = Vec::new();
        let mut is_open = false;
        let result = self.comprehend(clauses, first, span, &mut is_open, &mut |machine| {
            let element = machine.evaluate(element)?;
            let value = match value {
                Some(value) => Some(machine.evaluate(value)?),
                None => None,
            };
            made.push((element, value));
            Ok(())
        });
        self.frame().scope = outer;
        result?;
        Ok(self.comprehended(kind, made, is_open, span))
    }

    fn comprehended(
        &mut self,
        kind: ComprehensionKind,
        made: Vec<(Value, Option<Value>)>,
        is_open: bool,
        span: Span,
    ) -> Value {
        let object_kind = match kind {
            ComprehensionKind::List | ComprehensionKind::Generator => ObjectKind::Array,
            ComprehensionKind::Set => ObjectKind::Set,
            ComprehensionKind::Dict => ObjectKind::Plain,
        };
        let id = self.heap.allocate(object_kind, span);
        // A dictionary whose keys have names is one of those alone, though perhaps not of each.
        let is_named = kind == ComprehensionKind::Dict
            && !made.is_empty()
            && made.iter().all(|(key, _)| names_of(key).is_some());
        for (key, value) in made {
            let value = match value {
                None => {
                    self.heap.get_mut(id).elements.push(key);
                    continue;
                }
                Some(value) if is_open && is_named => self.join(value, &Value::undefined()),
                Some(value) => value,
            };
            self.dict_set(id, &key, value);
        }
        if is_open && !is_named {
            self.heap.get_mut(id).is_open = true;
            // There may be as many of those that were made as there are things to make them of.
            let made = self.heap.get(id).elements.clone();
            if kind != ComprehensionKind::Dict && !made.is_empty() {
                let more = self.join_all(&made);
                let properties = &mut self.heap.get_mut(id).properties;
                properties.insert(Ustr::from(crate::elements::MORE), more);
            }
        }
        Value::object(id)
    }

    fn comprehend(
        &mut self,
        clauses: &'p [ComprehensionClause],
        first: Option<Value>,
        span: Span,
        is_open: &mut bool,
        make: &mut dyn FnMut(&mut Self) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let Some((clause, rest)) = clauses.split_first() else {
            return make(self);
        };
        let iterable = match first {
            Some(iterable) => iterable,
            None => self.evaluate(clause.iterable)?,
        };
        *is_open |= self.elements_of(&iterable).1;
        self.each(&iterable, span, |machine, element| {
            let scope = machine.current_scope();
            machine.bind_comprehension(scope, &clause.target, element, span)?;
            for condition in &clause.conditions {
                let value = machine.evaluate(*condition)?;
                match machine.truth(&value) {
                    Some(true) => {}
                    Some(false) => return Ok(Completion::Normal),
                    None => *is_open = true,
                }
                machine.narrow(*condition, &value, true);
            }
            machine.comprehend(rest, None, span, is_open, make)?;
            Ok(Completion::Normal)
        })?;
        Ok(())
    }

    fn bind_comprehension(
        &mut self,
        scope: crate::ScopeId,
        target: &'p Pattern,
        element: Value,
        span: Span,
    ) -> Result<(), Stop> {
        match target {
            Pattern::Name(name, _) => {
                self.bind(scope, *name, element);
                Ok(())
            }
            Pattern::Array(elements) => {
                let mut names = Vec::new();
                comprehension_names(elements, &mut names);
                for name in names {
                    self.bind(scope, name, Value::undefined());
                }
                self.assign_pattern(target, element, span)
            }
            _ => self.assign_pattern(target, element, span),
        }
    }
}

/// The names that the target of a comprehension binds in its own scope.
fn comprehension_names(elements: &[firedoor_ir::ArrayPatternElement], names: &mut Vec<Ustr>) {
    use firedoor_ir::ArrayPatternElement::{Item, Rest};
    for element in elements {
        match element {
            Item(Pattern::Name(name, _)) | Rest(Pattern::Name(name, _)) => names.push(*name),
            Item(Pattern::Array(inner)) => comprehension_names(inner, names),
            _ => {}
        }
    }
}

/// What a round of a loop means for what follows the loop.
fn absorb(completion: Completion, label: Option<Ustr>) -> Completion {
    match completion {
        Completion::Break(found) | Completion::Continue(found)
            if found.is_none() || found == label =>
        {
            Completion::Normal
        }
        other => other,
    }
}

fn absorb_continue(completion: Completion, label: Option<Ustr>) -> Completion {
    match completion {
        Completion::Continue(found) if found.is_none() || found == label => Completion::Normal,
        other => other,
    }
}
