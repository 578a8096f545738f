//! Statements.

use firedoor_ir::{
    Block, DeclarationKind, ExpressionId, Function, Import, Language, Pattern, Statement,
    StatementKind, SwitchCase, WithItem,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::branch::Completion;
use crate::{Machine, ObjectKind, ScopeId, Slot, Stop, Value};

impl<'p> Machine<'p> {
    /// Runs statements in the current scope. JavaScript's function declarations are bound first.
    pub(crate) fn block(&mut self, block: &'p [Statement]) -> Result<Completion, Stop> {
        if self.module_ir().language == Language::JavaScript {
            self.hoist(block);
        }
        for (number, statement) in block.iter().enumerate() {
            match self.statement_of_block(statement, number + 1 == block.len()) {
                Ok(Completion::Normal) => {}
                Ok(completion) => return Ok(completion),
                Err(Stop::Throw | Stop::Exit) => return Ok(Completion::Throw),
                Err(Stop::Budget) => return Err(Stop::Budget),
            }
        }
        Ok(Completion::Normal)
    }

    /// Runs statements in a scope of their own where the language has one.
    pub(crate) fn scoped_block(&mut self, block: &'p Block) -> Result<Completion, Stop> {
        let scope = self.enter_block();
        let completion = self.block(block);
        self.leave_block(scope);
        completion
    }

    pub(crate) fn enter_block(&mut self) -> ScopeId {
        let outer = self.current_scope();
        if self.module_ir().language == Language::JavaScript {
            let module = self.frame().module;
            let inner = self.add_scope(Some(outer), module, false);
            self.frame().scope = inner;
        }
        outer
    }

    pub(crate) fn leave_block(&mut self, outer: ScopeId) {
        self.frame().scope = outer;
    }

    pub(crate) fn hoist(&mut self, block: &'p [Statement]) {
        for statement in block {
            let declared = match &statement.kind {
                StatementKind::Export(firedoor_ir::Export::Declaration(inner)) => inner,
                _ => statement,
            };
            if let StatementKind::Function(id) = declared.kind {
                self.declare_function(id);
            }
        }
    }

    fn declare_function(&mut self, id: firedoor_ir::FunctionId) {
        let value = self.make_function(id);
        if let Some(name) = self.module_ir().function(id).name {
            let scope = self.current_scope();
            self.bind(scope, name, value);
        }
    }

    pub(crate) fn statement(&mut self, statement: &'p Statement) -> Result<Completion, Stop> {
        self.step()?;
        self.span = statement.span;
        match &statement.kind {
            StatementKind::Expression(expression) => {
                self.evaluate(*expression)?;
                Ok(Completion::Normal)
            }
            StatementKind::Declare {
                kind,
                pattern,
                value,
                annotation,
            } => self.declare(*kind, pattern, *value, *annotation, statement.span),
            StatementKind::Function(id) => self.function_statement(*id),
            StatementKind::Class(id) => {
                let class = self.make_class(*id)?;
                if let Some(name) = self.module_ir().class(*id).name {
                    self.declare_name(name, class);
                }
                Ok(Completion::Normal)
            }
            StatementKind::Return(value) => self.return_statement(*value),
            StatementKind::Throw(value) => self.throw_statement(*value, statement.span),
            StatementKind::If {
                test,
                then,
                otherwise,
            } => self.if_statement(*test, then, otherwise),
            StatementKind::Import(import) => self.import_statement(import),
            StatementKind::Export(export) => self.export_statement(export),
            _ => self.compound_statement(statement),
        }
    }

    fn compound_statement(&mut self, statement: &'p Statement) -> Result<Completion, Stop> {
        stacker::maybe_grow(512 * 1024, 8 * 1024 * 1024, || {
            self.compound_here(statement)
        })
    }

    fn compound_here(&mut self, statement: &'p Statement) -> Result<Completion, Stop> {
        match &statement.kind {
            StatementKind::While {
                test,
                body,
                otherwise,
                test_last,
            } => self.while_statement(*test, body, otherwise, *test_last, None),
            StatementKind::For {
                init,
                test,
                update,
                body,
            } => self.for_statement(init, *test, *update, body, None),
            StatementKind::ForEach { .. } => self.for_each_statement(statement, None),
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => self.execute_try(statement.span, body, handlers, otherwise, finally),
            StatementKind::Switch { subject, cases } => self.switch_statement(*subject, cases),
            StatementKind::Match { subject, cases } => self.match_statement(*subject, cases),
            StatementKind::With { items, body, .. } => self.with_statement(items, body),
            StatementKind::Block(block) => self.scoped_block(block),
            StatementKind::Labeled(label, inner) => self.labeled(*label, inner),
            StatementKind::Break(label) => Ok(self.jump(Completion::Break(*label))),
            StatementKind::Continue(label) => Ok(self.jump(Completion::Continue(*label))),
            StatementKind::Delete(places) => self.delete(places),
            StatementKind::Assert { test, .. } => self.assert_statement(*test, statement.span),
            StatementKind::Global(names) => {
                self.declare_global(names);
                Ok(Completion::Normal)
            }
            _ => Ok(Completion::Normal),
        }
    }

    fn labeled(&mut self, label: Ustr, inner: &'p Statement) -> Result<Completion, Stop> {
        let completion = match &inner.kind {
            StatementKind::While {
                test,
                body,
                otherwise,
                test_last,
            } => self.while_statement(*test, body, otherwise, *test_last, Some(label))?,
            StatementKind::For {
                init,
                test,
                update,
                body,
            } => self.for_statement(init, *test, *update, body, Some(label))?,
            StatementKind::ForEach { .. } => self.for_each_statement(inner, Some(label))?,
            _ => self.statement(inner)?,
        };
        Ok(match completion {
            Completion::Break(Some(found)) if found == label => Completion::Normal,
            other => other,
        })
    }

    fn function_statement(&mut self, id: firedoor_ir::FunctionId) -> Result<Completion, Stop> {
        let module = self.module_ir();
        if module.language == Language::JavaScript {
            return Ok(Completion::Normal);
        }
        let value = self.make_function(id);
        let function: &Function = module.function(id);
        let decorated = self.decorate(value, &function.decorators, function.span)?;
        if let Some(name) = function.name {
            self.declare_name(name, decorated);
        }
        Ok(Completion::Normal)
    }

    fn declare(
        &mut self,
        kind: DeclarationKind,
        pattern: &'p Pattern,
        value: Option<ExpressionId>,
        annotation: Option<ExpressionId>,
        span: Span,
    ) -> Result<Completion, Stop> {
        if kind == DeclarationKind::Annotated {
            return self.declare_annotated(pattern, value, annotation, span);
        }
        let value = match value {
            Some(value) => self.evaluate(value)?,
            None if kind == DeclarationKind::Var => return Ok(Completion::Normal),
            None => Value::undefined(),
        };
        match kind {
            DeclarationKind::Var => self.assign_pattern(pattern, value, span)?,
            _ => self.declare_pattern(pattern, value, span)?,
        }
        Ok(Completion::Normal)
    }

    /// In a class body annotations are kept for the host, in order (`__annotations__`).
    fn declare_annotated(
        &mut self,
        pattern: &'p Pattern,
        value: Option<ExpressionId>,
        annotation: Option<ExpressionId>,
        span: Span,
    ) -> Result<Completion, Stop> {
        let scope = self.current_scope();
        if self.scope(scope).is_class
            && let (Pattern::Name(name, _), Some(annotation)) = (pattern, annotation)
        {
            let annotation = self.annotation(annotation);
            self.annotate_class(scope, *name, annotation);
        }
        if let Some(value) = value {
            let value = self.evaluate(value)?;
            self.assign_pattern(pattern, value, span)?;
        }
        Ok(Completion::Normal)
    }

    fn return_statement(&mut self, returned: Option<ExpressionId>) -> Result<Completion, Stop> {
        let value = match returned {
            Some(value) => self.evaluate(value)?,
            None => self.nothing(),
        };
        let value = self.await_returned(value, self.span)?;
        self.note_return_of(returned, &value);
        self.return_value(value);
        Ok(Completion::Return)
    }

    /// A name may hold what a call has given; a constant is what it is.
    fn note_return_of(&mut self, returned: Option<ExpressionId>, value: &Value) {
        if self.watch.is_none() {
            return;
        }
        let Some(returned) = returned else {
            let span = self.span;
            return self.note_return(value, false, None, span);
        };
        let expression = self.module_ir().expression(returned);
        let is_call = match &expression.kind {
            firedoor_ir::ExpressionKind::Call { .. } | firedoor_ir::ExpressionKind::Await(_) => {
                true
            }
            firedoor_ir::ExpressionKind::Name(_) => value.objects().next().is_some(),
            _ => false,
        };
        let name = match &expression.kind {
            firedoor_ir::ExpressionKind::Name(name) => Some(*name),
            _ => None,
        };
        self.note_return(value, is_call, name, expression.span);
    }

    /// Notes one of the values that the running function returns, with what decided it.
    pub(crate) fn return_value(&mut self, mut value: Value) {
        let base = self.frame().decided_base.min(self.decided.len());
        let decided = self.decided[base..].to_vec();
        for step in &decided {
            let (origins, control) = {
                let decision = self.decision(step.decision);
                (decision.origins, decision.control)
            };
            value.control = self.origins.union(value.control, origins);
            value.control = self.origins.union(value.control, control);
        }
        let gives = !value.atoms().iter().all(crate::remainder::is_denial);
        let asks = value.test.filter(|_| self.truth(&value).is_none());
        let joined = match self.frame().returned.take() {
            Some(earlier) => self.join(earlier, &value),
            None => value,
        };
        let frame = self.frame();
        frame.returned = Some(joined);
        if frame.ways.len() <= crate::remainder::MOST_WAYS {
            let decided = decided.clone();
            frame.ways.push(crate::remainder::Way {
                decided,
                gives,
                asks,
            });
        }
        frame.decided_at_return = Some(match frame.decided_at_return.take() {
            Some(earlier) => earlier
                .into_iter()
                .filter(|step| decided.contains(step))
                .collect(),
            None => decided,
        });
    }

    fn throw_statement(
        &mut self,
        value: Option<ExpressionId>,
        span: Span,
    ) -> Result<Completion, Stop> {
        let value = match value {
            Some(value) => {
                let value = self.evaluate(value)?;
                self.instantiate_exception(value, span)?
            }
            None => match self.frame().handling.last() {
                Some(value) => value.clone(),
                None => self.unknown("exception"),
            },
        };
        self.throw(value, span)
    }

    fn if_statement(
        &mut self,
        test: ExpressionId,
        then: &'p Block,
        otherwise: &'p Block,
    ) -> Result<Completion, Stop> {
        let span = self.module_ir().expression(test).span;
        let value = self.evaluate(test)?;
        if value
            .as_outside()
            .is_some_and(|path| crate::operator::is_type_checking(&path))
        {
            self.import_for_types(then);
            return self.scoped_block(otherwise);
        }
        let value = self.truth_value(value, span)?;
        if let Some(truth) = self.truth(&value) {
            let untaken = if truth { otherwise } else { then };
            self.taint_untaken(untaken, &value);
        }
        self.branch(
            &value,
            span,
            |machine| {
                machine.narrow(test, &value, true);
                machine.refine(test, true);
                machine.scoped_block(then)
            },
            |machine| {
                machine.narrow(test, &value, false);
                machine.refine(test, false);
                machine.scoped_block(otherwise)
            },
        )
    }

    /// What a side that is not run would have assigned, is what it is because of the test.
    fn taint_untaken(&mut self, untaken: &'p Block, test: &Value) {
        if test.origins.is_empty() && test.control.is_empty() {
            return;
        }
        let mut names = Vec::new();
        for statement in untaken {
            if let StatementKind::Expression(expression) = &statement.kind
                && let firedoor_ir::ExpressionKind::Assign {
                    target: Pattern::Name(name, _),
                    ..
                } = &self.module_ir().expression(*expression).kind
            {
                names.push(*name);
            }
        }
        for name in names {
            if let Some((scope, value)) = self.find_variable(name) {
                let value = self.controlled(value, test);
                self.bind(scope, name, value);
            }
        }
    }

    fn switch_statement(
        &mut self,
        subject: ExpressionId,
        cases: &'p [SwitchCase],
    ) -> Result<Completion, Stop> {
        let value = self.evaluate(subject)?;
        let scope = self.enter_block();
        let before = self.frame().jumps.len();
        let completion = self.switch_from(&value, cases, 0);
        self.forget_jumps(before, |jump| jump == Completion::Break(None));
        self.leave_block(scope);
        match completion? {
            Completion::Break(None) => Ok(Completion::Normal),
            other => Ok(other),
        }
    }

    /// Tries the cases from `index` on; control falls through from a case to the next.
    fn switch_from(
        &mut self,
        subject: &Value,
        cases: &'p [SwitchCase],
        index: usize,
    ) -> Result<Completion, Stop> {
        let Some(next) = (index..cases.len()).find(|index| cases[*index].test.is_some()) else {
            return match cases.iter().position(|case| case.test.is_none()) {
                Some(default) => self.run_cases(cases, default),
                None => Ok(Completion::Normal),
            };
        };
        let case = &cases[next];
        let constant = match case.test {
            Some(test) => self.evaluate(test)?,
            None => return Ok(Completion::Normal),
        };
        let test = self.compare_equal(subject, &constant, case.span, false);
        self.branch(
            &test,
            case.span,
            |machine| machine.run_cases(cases, next),
            |machine| machine.switch_from(subject, cases, next + 1),
        )
    }

    fn run_cases(&mut self, cases: &'p [SwitchCase], from: usize) -> Result<Completion, Stop> {
        for case in &cases[from..] {
            match self.block(&case.body)? {
                Completion::Normal => {}
                Completion::Break(None) => return Ok(Completion::Normal),
                other => return Ok(other),
            }
        }
        Ok(Completion::Normal)
    }

    fn with_statement(
        &mut self,
        items: &'p [WithItem],
        body: &'p Block,
    ) -> Result<Completion, Stop> {
        let Some((item, rest)) = items.split_first() else {
            return self.block(body);
        };
        let span = self.module_ir().expression(item.context).span;
        let context = self.evaluate(item.context)?;
        let value = self.enter_context(&context, span)?;
        if let Some(target) = &item.target {
            self.assign_pattern(target, value, span)?;
        }
        if let Some(classes) = self.suppressed(&context, span) {
            return self.with_suppressed(&classes, rest, body);
        }
        let completion = match self.with_statement(rest, body) {
            Err(Stop::Throw) => Completion::Throw,
            other => other?,
        };
        self.exit_context(&context, span)?;
        Ok(completion)
    }

    /// `with contextlib.suppress(...)`: what is thrown of these classes ends the block, and no more.
    fn with_suppressed(
        &mut self,
        classes: &Value,
        rest: &'p [WithItem],
        body: &'p Block,
    ) -> Result<Completion, Stop> {
        let (result, thrown) = self.catching(|machine| machine.with_statement(rest, body));
        let completion = match result {
            Err(Stop::Throw) => Completion::Throw,
            other => other?,
        };
        let count = thrown.len();
        let left: Vec<crate::Thrown> = thrown
            .into_iter()
            .filter(|thrown| self.is_instance(&thrown.value, classes) != Some(true))
            .collect();
        let takes_some = left.len() < count;
        self.rethrow(left);
        if takes_some && completion == Completion::Throw {
            return Ok(Completion::Normal);
        }
        Ok(completion)
    }

    /// Python's `global`: the names belong to the module, also if only functions bind them.
    fn declare_global(&mut self, names: &[Ustr]) {
        let module = self.frame().module;
        if let Some(scope) = self.modules[module.0 as usize].scope {
            for name in names {
                self.scope(scope)
                    .names
                    .entry(*name)
                    .or_insert(Slot::Unbound);
            }
        }
    }

    fn delete(&mut self, places: &'p [ExpressionId]) -> Result<Completion, Stop> {
        for place in places {
            self.delete_place(*place)?;
        }
        Ok(Completion::Normal)
    }

    fn assert_statement(&mut self, test: ExpressionId, span: Span) -> Result<Completion, Stop> {
        let value = self.evaluate(test)?;
        self.branch(
            &value,
            span,
            |machine| {
                machine.narrow(test, &value, true);
                machine.refine(test, true);
                Ok(Completion::Normal)
            },
            |machine| {
                let error = Value::outside("py:builtins.AssertionError()");
                machine.throw(error, span)
            },
        )
    }

    /// Binds a name where the language puts it: in the current block, or for Python in the function.
    pub(crate) fn declare_name(&mut self, name: Ustr, value: Value) {
        if self.module_ir().language == Language::Python {
            self.assign_name(name, value);
        } else {
            let scope = self.current_scope();
            self.bind(scope, name, value);
        }
    }

    fn import_statement(&mut self, import: &'p Import) -> Result<Completion, Stop> {
        self.import(import)?;
        Ok(Completion::Normal)
    }

    /// What a function returns that returns nothing.
    pub(crate) fn nothing(&self) -> Value {
        match self.module_ir().language {
            Language::JavaScript => Value::undefined(),
            Language::Python => Value::null(),
        }
    }

    /// Returns the scope that binds `name`, and its value.
    pub(crate) fn find_variable(&mut self, name: Ustr) -> Option<(ScopeId, Value)> {
        let mut scope = Some(self.current_scope());
        let mut is_own = true;
        while let Some(id) = scope {
            let found = self.scopes.get(id.0 as usize);
            let is_visible = is_own || !found.is_class;
            if is_visible {
                match found.names.get(&name) {
                    Some(Slot::Value(value)) => return Some((id, value.clone())),
                    Some(Slot::Import(..)) => return None,
                    Some(Slot::Unbound) | None => {}
                }
            }
            is_own = false;
            scope = found.parent;
        }
        None
    }

    /// Python's `raise C` makes an instance of `C`.
    fn instantiate_exception(&mut self, value: Value, span: Span) -> Result<Value, Stop> {
        let is_class = value
            .only_object()
            .is_some_and(|id| matches!(self.heap.get(id).kind, ObjectKind::Class { .. }));
        let is_outside_class = value
            .as_outside()
            .is_some_and(|path| path.starts_with("py:") && !path.ends_with(')'));
        if is_class || is_outside_class {
            return self.call_value(&value, None, &crate::Arguments::default(), span);
        }
        Ok(value)
    }
}
