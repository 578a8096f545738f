//! Statements.

use firedoor_ir::{
    Block, DeclarationKind, ExpressionId, ExpressionKind, Import, ImportName, Imported,
    IterationKind, MatchCase, NoteKind, Pattern, Statement, StatementKind, TryHandler, WithItem,
};
use firedoor_source::Span;
use ruff_python_ast::{self as ast, ElifElseClause, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;
use ustr::Ustr;

use super::{context::Context, operators::binary_operator};

/// How many targets one assignment may have, since each nests in the one before.
const TARGET_LIMIT: usize = 64;

impl Context<'_> {
    pub(super) fn block(&mut self, statements: &[Stmt]) -> Block {
        let mut block = Block::with_capacity(statements.len());
        for statement in statements {
            let span = self.span(statement.range());
            self.nested(span, |context| {
                context.statement(span, statement, &mut block)
            });
        }
        block
    }

    /// Adds what `statement` is to `block`: nothing for `pass` and docstrings, several for `import a, b`.
    fn statement(&mut self, span: Span, statement: &Stmt, block: &mut Block) {
        let kind = match statement {
            Stmt::Pass(_) => return,
            Stmt::Expr(expression) if expression.value.is_string_literal_expr() => return,
            Stmt::Import(import) => return self.import(span, import, block),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Raise(raise) => self.raise(raise, block),
            Stmt::FunctionDef(function) => StatementKind::Function(self.function(function)),
            Stmt::ClassDef(class) => StatementKind::Class(self.class(class)),
            Stmt::If(branch) => self.branch(branch),
            Stmt::For(each) => self.for_each(each),
            Stmt::While(repeat) => StatementKind::While {
                test: self.expression(&repeat.test),
                body: self.block(&repeat.body),
                otherwise: self.block(&repeat.orelse),
                test_last: false,
            },
            Stmt::With(with) => self.with(with),
            Stmt::Try(attempt) => self.attempt(attempt),
            Stmt::Match(matched) => self.matched(matched),
            _ => self.simple_statement(span, statement),
        };
        block.push(Statement { span, kind });
    }

    fn simple_statement(&mut self, span: Span, statement: &Stmt) -> StatementKind {
        match statement {
            Stmt::Expr(expression) => StatementKind::Expression(self.expression(&expression.value)),
            Stmt::Assign(assign) => StatementKind::Expression(self.assign(span, assign)),
            Stmt::AugAssign(assign) => {
                let kind = ExpressionKind::AssignBinary {
                    target: self.target(&assign.target),
                    operator: binary_operator(assign.op),
                    value: self.expression(&assign.value),
                };
                StatementKind::Expression(self.add(span, kind))
            }
            Stmt::AnnAssign(assign) => self.annotated(assign),
            Stmt::TypeAlias(alias) => StatementKind::Declare {
                kind: DeclarationKind::Annotated,
                pattern: self.target(&alias.name),
                value: Some(self.annotation(&alias.value)),
                annotation: None,
            },
            Stmt::Return(result) => StatementKind::Return(self.optional(result.value.as_deref())),
            Stmt::Delete(delete) => StatementKind::Delete(self.delete(&delete.targets)),
            Stmt::Assert(assert) => StatementKind::Assert {
                test: self.expression(&assert.test),
                message: self.optional(assert.msg.as_deref()),
            },
            Stmt::Global(global) => StatementKind::Global(self.outer_names(&global.names)),
            Stmt::Nonlocal(nonlocal) => StatementKind::Nonlocal(self.outer_names(&nonlocal.names)),
            Stmt::Break(_) => StatementKind::Break(None),
            Stmt::Continue(_) => StatementKind::Continue(None),
            _ => StatementKind::Expression(self.unsupported(span, "statement")),
        }
    }

    fn optional(&mut self, expression: Option<&Expr>) -> Option<ExpressionId> {
        expression.map(|expression| self.expression(expression))
    }

    /// `a = b = c` assigns from the left, but the targets are evaluated after the value all the same, so
    /// nesting them changes nothing that can be seen.
    fn assign(&mut self, span: Span, assign: &ast::StmtAssign) -> ExpressionId {
        let targets: Vec<Pattern> = assign
            .targets
            .iter()
            .map(|target| self.target(target))
            .collect();
        let mut value = match assign.targets.last() {
            Some(target) => self.value_for(target, &assign.value),
            None => self.expression(&assign.value),
        };
        if targets.len() > TARGET_LIMIT {
            let detail = format!("more than {TARGET_LIMIT} targets of one assignment");
            self.note(NoteKind::TooDeep, span, detail);
        }
        let targets = targets.into_iter().zip(&assign.targets);
        for (target, written) in targets.rev().take(TARGET_LIMIT) {
            let start = self.span(written.range()).start;
            let span = Span::new(span.file, start, span.end.max(start));
            value = self.add(span, ExpressionKind::Assign { target, value });
        }
        value
    }

    fn annotated(&mut self, assign: &ast::StmtAnnAssign) -> StatementKind {
        let pattern = self.target(&assign.target);
        let annotation = Some(self.annotation(&assign.annotation));
        let value = assign.value.as_deref();
        StatementKind::Declare {
            kind: DeclarationKind::Annotated,
            pattern,
            value: value.map(|value| self.value_for(&assign.target, value)),
            annotation,
        }
    }

    /// `del a, (b, c)` deletes three things, and makes its names local as an assignment does.
    fn delete(&mut self, targets: &[Expr]) -> Vec<ExpressionId> {
        let mut deleted = Vec::new();
        for target in targets {
            match target {
                Expr::Tuple(ast::ExprTuple { elts, .. })
                | Expr::List(ast::ExprList { elts, .. }) => {
                    let span = self.span(target.range());
                    let inner = self.nested(span, |context| context.delete(elts));
                    deleted.extend(inner.unwrap_or_default());
                }
                _ => {
                    if let Expr::Name(name) = target {
                        self.scopes.bind(Ustr::from(&name.id));
                    }
                    deleted.push(self.expression(target));
                }
            }
        }
        deleted
    }

    fn outer_names(&mut self, names: &[ast::Identifier]) -> Vec<Ustr> {
        let names: Vec<Ustr> = names.iter().map(|name| Ustr::from(&name.id)).collect();
        for name in &names {
            self.scopes.take_from_outside(*name);
        }
        names
    }

    fn import(&mut self, span: Span, import: &ast::StmtImport, block: &mut Block) {
        for alias in &import.names {
            let source = Ustr::from(&alias.name.id);
            let (imported, local) = match (&alias.asname, alias.name.id.split_once('.')) {
                (Some(local), _) => (Imported::Namespace, Ustr::from(&local.id)),
                (None, Some((root, _))) => (Imported::Root, Ustr::from(root)),
                (None, None) => (Imported::Namespace, source),
            };
            self.scopes.bind(local);
            let name = ImportName {
                imported,
                local,
                span: self.span(alias.range()),
            };
            let kind = StatementKind::Import(Import {
                source,
                level: 0,
                names: vec![name],
                is_type_only: false,
            });
            block.push(Statement { span, kind });
        }
    }

    fn import_from(&mut self, import: &ast::StmtImportFrom) -> StatementKind {
        let mut names = Vec::with_capacity(import.names.len());
        for alias in &import.names {
            let span = self.span(alias.range());
            let name = Ustr::from(&alias.name.id);
            if alias.name.id == "*" {
                names.push(ImportName {
                    imported: Imported::All,
                    local: name,
                    span,
                });
                continue;
            }
            names.push(ImportName {
                imported: Imported::Named(name),
                local: self.bind(alias.asname.as_ref().unwrap_or(&alias.name)),
                span,
            });
        }
        let source = import.module.as_ref().map_or("", |module| module.as_str());
        StatementKind::Import(Import {
            source: Ustr::from(source),
            level: import.level,
            names,
            is_type_only: false,
        })
    }

    /// The cause of `raise x from y` is evaluated and then only kept for a person to read.
    fn raise(&mut self, raise: &ast::StmtRaise, block: &mut Block) -> StatementKind {
        let exception = self.optional(raise.exc.as_deref());
        if let Some(cause) = raise.cause.as_deref()
            && !matches!(cause, Expr::Name(_) | Expr::NoneLiteral(_))
        {
            let span = self.span(cause.range());
            let kind = StatementKind::Expression(self.expression(cause));
            block.push(Statement { span, kind });
        }
        StatementKind::Throw(exception)
    }

    fn branch(&mut self, branch: &ast::StmtIf) -> StatementKind {
        StatementKind::If {
            test: self.expression(&branch.test),
            then: self.block(&branch.body),
            otherwise: self.otherwise(&branch.elif_else_clauses),
        }
    }

    fn otherwise(&mut self, clauses: &[ElifElseClause]) -> Block {
        let Some((clause, rest)) = clauses.split_first() else {
            return Block::new();
        };
        let Some(test) = &clause.test else {
            return self.block(&clause.body);
        };
        let mut span = self.span(clause.range());
        if let Some(last) = rest.last() {
            span.end = span.end.max(self.span(last.range()).end);
        }
        let branch = self.nested(span, |context| StatementKind::If {
            test: context.expression(test),
            then: context.block(&clause.body),
            otherwise: context.otherwise(rest),
        });
        branch
            .map(|kind| Statement { span, kind })
            .into_iter()
            .collect()
    }

    fn for_each(&mut self, each: &ast::StmtFor) -> StatementKind {
        StatementKind::ForEach {
            iterates: IterationKind::Values,
            declares: None,
            target: self.target(&each.target),
            iterable: self.expression(&each.iter),
            body: self.block(&each.body),
            otherwise: self.block(&each.orelse),
            is_async: each.is_async,
        }
    }

    fn with(&mut self, with: &ast::StmtWith) -> StatementKind {
        let mut items = Vec::with_capacity(with.items.len());
        for item in &with.items {
            items.push(WithItem {
                context: self.expression(&item.context_expr),
                target: item
                    .optional_vars
                    .as_deref()
                    .map(|target| self.target(target)),
            });
        }
        StatementKind::With {
            items,
            body: self.block(&with.body),
            is_async: with.is_async,
        }
    }

    fn attempt(&mut self, attempt: &ast::StmtTry) -> StatementKind {
        StatementKind::Try {
            body: self.block(&attempt.body),
            handlers: attempt
                .handlers
                .iter()
                .map(|handler| self.handler(handler))
                .collect(),
            otherwise: self.block(&attempt.orelse),
            finally: self.block(&attempt.finalbody),
        }
    }

    fn handler(&mut self, handler: &ExceptHandler) -> TryHandler {
        let ExceptHandler::ExceptHandler(handler) = handler;
        let types = self.optional(handler.type_.as_deref());
        let binding = handler.name.as_ref().map(|name| {
            let span = self.span(name.range());
            Pattern::Name(self.bind(name), span)
        });
        TryHandler {
            types,
            binding,
            body: self.block(&handler.body),
            span: self.span(handler.range()),
        }
    }

    fn matched(&mut self, matched: &ast::StmtMatch) -> StatementKind {
        let subject = self.expression(&matched.subject);
        let mut cases = Vec::with_capacity(matched.cases.len());
        for case in &matched.cases {
            cases.push(MatchCase {
                pattern: self.match_pattern(&case.pattern),
                guard: self.optional(case.guard.as_deref()),
                body: self.block(&case.body),
                span: self.span(case.range()),
            });
        }
        StatementKind::Match { subject, cases }
    }
}
