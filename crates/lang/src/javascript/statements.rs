//! Statements.

use firedoor_ir::{
    Block, DeclarationKind, ExpressionKind, IterationKind, NoteKind, Pattern, Statement,
    StatementKind, SwitchCase, TryHandler, UnaryOperator,
};
use oxc_ast::{ast as js, match_assignment_target, match_declaration, match_module_declaration};
use oxc_span::GetSpan;
use ustr::{Ustr, ustr};

use super::lowering::Lowering;

impl Lowering<'_> {
    /// Lowers `'use server'` and its like, which frameworks read, to expression statements.
    pub fn directives(&mut self, directives: &[js::Directive<'_>]) -> Block {
        let mut block = Block::new();
        for directive in directives {
            let text = self.string(directive.span, directive.expression.value.as_str());
            self.push(&mut block, directive.span, StatementKind::Expression(text));
        }
        block
    }

    /// Lowers the statements of a file or function body, whose function declarations are hoisted.
    pub fn scope_statements(&mut self, statements: &[js::Statement<'_>], block: &mut Block) {
        for statement in statements {
            if let Some(name) = declared_function(statement) {
                self.hoist(name);
            }
            self.statement(statement, block);
        }
    }

    /// Lowers statements.
    pub fn statements(&mut self, statements: &[js::Statement<'_>], block: &mut Block) {
        for statement in statements {
            self.statement(statement, block);
        }
    }

    /// Lowers a statement, which may become none or several.
    pub fn statement(&mut self, statement: &js::Statement<'_>, block: &mut Block) {
        self.deeper(statement.span(), |lowering| {
            lowering.statement_at_depth(statement, block);
        });
    }

    fn statement_at_depth(&mut self, statement: &js::Statement<'_>, block: &mut Block) {
        use js::Statement as S;
        let span = statement.span();
        let kind = match statement {
            S::ExpressionStatement(node) => self.expression_statement(node),
            S::ReturnStatement(node) => {
                let value = node.argument.as_ref().map(|value| self.expression(value));
                StatementKind::Return(value)
            }
            S::IfStatement(node) => StatementKind::If {
                test: self.expression(&node.test),
                then: self.body(&node.consequent),
                otherwise: node
                    .alternate
                    .as_ref()
                    .map_or_else(Block::new, |alternate| self.body(alternate)),
            },
            S::ThrowStatement(node) => StatementKind::Throw(Some(self.expression(&node.argument))),
            S::BlockStatement(node) => StatementKind::Block(self.block(&node.body)),
            S::TryStatement(node) => self.try_statement(node),
            S::SwitchStatement(node) => self.switch(node),
            S::LabeledStatement(node) => self.labeled(node),
            S::BreakStatement(node) => StatementKind::Break(label(node.label.as_ref())),
            S::ContinueStatement(node) => StatementKind::Continue(label(node.label.as_ref())),
            S::EmptyStatement(_) | S::DebuggerStatement(_) => return,
            match_declaration!(S) => return self.declaration(statement.to_declaration(), block),
            match_module_declaration!(S) => {
                return self.module_declaration(statement.to_module_declaration(), block);
            }
            _ => self.loop_statement(statement),
        };
        self.push(block, span, kind);
    }

    /// Lowers loops and `with`.
    fn loop_statement(&mut self, statement: &js::Statement<'_>) -> StatementKind {
        use js::Statement as S;
        match statement {
            S::WhileStatement(node) => StatementKind::While {
                test: self.expression(&node.test),
                body: self.body(&node.body),
                otherwise: Block::new(),
                test_last: false,
            },
            S::DoWhileStatement(node) => StatementKind::While {
                test: self.expression(&node.test),
                body: self.body(&node.body),
                otherwise: Block::new(),
                test_last: true,
            },
            S::ForStatement(node) => self.for_statement(node),
            S::ForOfStatement(node) => {
                let is_async = node.r#await;
                self.for_each(
                    &node.left,
                    &node.right,
                    &node.body,
                    IterationKind::Values,
                    is_async,
                )
            }
            S::ForInStatement(node) => self.for_each(
                &node.left,
                &node.right,
                &node.body,
                IterationKind::Keys,
                false,
            ),
            S::WithStatement(node) => {
                let span = self.span(node.span);
                self.note_at(
                    NoteKind::Unsupported,
                    span,
                    "`with` changes what names mean",
                );
                let object = self.expression(&node.object);
                let mut block = Block::new();
                self.push(
                    &mut block,
                    node.object.span(),
                    StatementKind::Expression(object),
                );
                self.statement(&node.body, &mut block);
                StatementKind::Block(block)
            }
            _ => StatementKind::Block(Block::new()),
        }
    }

    /// Lowers a statement as a body; a block is its statements.
    fn body(&mut self, statement: &js::Statement<'_>) -> Block {
        let mut block = Block::new();
        match statement {
            js::Statement::BlockStatement(node) => {
                self.deeper(node.span, |lowering| {
                    lowering.statements(&node.body, &mut block);
                });
            }
            _ => self.statement(statement, &mut block),
        }
        block
    }

    /// Lowers statements to a block.
    pub fn block(&mut self, statements: &[js::Statement<'_>]) -> Block {
        let mut block = Block::new();
        self.statements(statements, &mut block);
        block
    }

    fn expression_statement(&mut self, node: &js::ExpressionStatement<'_>) -> StatementKind {
        let value = self.expression(&node.expression);
        match self.module.expression(value).kind {
            ExpressionKind::Unary(UnaryOperator::Delete, place) => {
                StatementKind::Delete(vec![place])
            }
            _ => StatementKind::Expression(value),
        }
    }

    fn for_statement(&mut self, node: &js::ForStatement<'_>) -> StatementKind {
        let mut init = Block::new();
        match &node.init {
            Some(js::ForStatementInit::VariableDeclaration(declaration)) => {
                self.variables(declaration, &mut init);
            }
            Some(other) => {
                let value = self.expression(other.to_expression());
                self.push(&mut init, other.span(), StatementKind::Expression(value));
            }
            None => {}
        }
        StatementKind::For {
            init,
            test: node.test.as_ref().map(|test| self.expression(test)),
            update: node.update.as_ref().map(|update| self.expression(update)),
            body: self.body(&node.body),
        }
    }

    fn for_each(
        &mut self,
        left: &js::ForStatementLeft<'_>,
        right: &js::Expression<'_>,
        body: &js::Statement<'_>,
        iterates: IterationKind,
        is_async: bool,
    ) -> StatementKind {
        let (declares, target) = self.for_target(left);
        StatementKind::ForEach {
            iterates,
            declares,
            target,
            iterable: self.expression(right),
            body: self.body(body),
            otherwise: Block::new(),
            is_async,
        }
    }

    fn for_target(
        &mut self,
        left: &js::ForStatementLeft<'_>,
    ) -> (Option<DeclarationKind>, Pattern) {
        use js::ForStatementLeft as L;
        match left {
            L::VariableDeclaration(node) => {
                let kind = super::declarations::declaration_kind(node.kind);
                let target = match node.declarations.first() {
                    Some(declarator) => self.pattern(&declarator.id),
                    None => Pattern::Array(Vec::new()),
                };
                if kind == DeclarationKind::Var {
                    self.hoist_pattern(&target);
                }
                (Some(kind), target)
            }
            match_assignment_target!(L) => {
                (None, self.assignment_target(left.to_assignment_target()))
            }
        }
    }

    fn try_statement(&mut self, node: &js::TryStatement<'_>) -> StatementKind {
        let body = self.block(&node.block.body);
        let mut handlers = Vec::new();
        if let Some(handler) = &node.handler {
            let binding = handler
                .param
                .as_ref()
                .map(|parameter| self.pattern(&parameter.pattern));
            handlers.push(TryHandler {
                types: None,
                binding,
                body: self.block(&handler.body.body),
                span: self.span(handler.span),
            });
        }
        let finally = node.finalizer.as_ref();
        StatementKind::Try {
            body,
            handlers,
            otherwise: Block::new(),
            finally: finally.map_or_else(Block::new, |finally| self.block(&finally.body)),
        }
    }

    fn switch(&mut self, node: &js::SwitchStatement<'_>) -> StatementKind {
        let subject = self.expression(&node.discriminant);
        let mut cases = Vec::with_capacity(node.cases.len());
        for case in &node.cases {
            cases.push(SwitchCase {
                test: case.test.as_ref().map(|test| self.expression(test)),
                body: self.block(&case.consequent),
                span: self.span(case.span),
            });
        }
        StatementKind::Switch { subject, cases }
    }

    fn labeled(&mut self, node: &js::LabeledStatement<'_>) -> StatementKind {
        let mut block = Block::new();
        self.statement(&node.body, &mut block);
        let body = match <[Statement; 1]>::try_from(block) {
            Ok([only]) => only,
            Err(block) => Statement {
                span: self.span(node.body.span()),
                kind: StatementKind::Block(block),
            },
        };
        StatementKind::Labeled(ustr(node.label.name.as_str()), Box::new(body))
    }
}

fn label(label: Option<&js::LabelIdentifier<'_>>) -> Option<Ustr> {
    label.map(|label| ustr(label.name.as_str()))
}

/// Returns the name of the function that `statement` declares, exported or not.
fn declared_function(statement: &js::Statement<'_>) -> Option<Ustr> {
    let function = match statement {
        js::Statement::FunctionDeclaration(function) => function,
        js::Statement::ExportDeclaration(export) => match &export.declaration {
            js::Declaration::FunctionDeclaration(function) => function,
            _ => return None,
        },
        js::Statement::ExportDefaultDeclaration(export) => match &export.declaration {
            js::ExportDefaultDeclarationKind::FunctionDeclaration(function) => function,
            _ => return None,
        },
        _ => return None,
    };
    if function.body.is_none() || function.declare {
        return None;
    }
    function.id.as_ref().map(|id| ustr(id.name.as_str()))
}
