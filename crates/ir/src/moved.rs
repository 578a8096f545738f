//! The same program in a file of another number: numbers are positions in a set of files, so that a file that did not
//! change may have another one in the next commit.

use firedoor_source::{FileId, Span};

use crate::{
    ArrayPatternElement, Block, Body, Export, ExpressionKind, Module, Pattern, Statement,
    StatementKind,
};

impl Module {
    /// Returns the module as if it had been lowered from the file of that number.
    pub fn in_file(&self, file: FileId) -> Module {
        let mut module = self.clone();
        let mover = Mover(file);
        module.file = file;
        mover.block(&mut module.body);
        for function in &mut module.functions {
            mover.span(&mut function.span);
            for parameter in &mut function.parameters {
                mover.span(&mut parameter.span);
                mover.pattern(&mut parameter.pattern);
            }
            if let Body::Block(block) = &mut function.body {
                mover.block(block);
            }
        }
        for class in &mut module.classes {
            mover.span(&mut class.span);
            mover.block(&mut class.body);
            for member in &mut class.members {
                mover.span(&mut member.span);
            }
        }
        for expression in &mut module.expressions {
            mover.span(&mut expression.span);
            mover.expression(&mut expression.kind);
        }
        for note in &mut module.notes {
            mover.span(&mut note.span);
        }
        for (span, _) in &mut module.remarks {
            mover.span(span);
        }
        module
    }
}

/// Puts whatever it is given into the file.
struct Mover(FileId);

impl Mover {
    fn span(&self, span: &mut Span) {
        span.file = self.0;
    }

    fn block(&self, block: &mut Block) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn blocks<const COUNT: usize>(&self, blocks: [&mut Block; COUNT]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn statement(&self, statement: &mut Statement) {
        self.span(&mut statement.span);
        match &mut statement.kind {
            StatementKind::Declare { pattern, .. } => self.pattern(pattern),
            StatementKind::If {
                then, otherwise, ..
            } => self.blocks([then, otherwise]),
            StatementKind::While {
                body, otherwise, ..
            } => self.blocks([body, otherwise]),
            StatementKind::For { init, body, .. } => self.blocks([init, body]),
            StatementKind::ForEach {
                target,
                body,
                otherwise,
                ..
            } => {
                self.pattern(target);
                self.blocks([body, otherwise]);
            }
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.blocks([body, otherwise, finally]);
                for handler in handlers {
                    self.span(&mut handler.span);
                    self.block(&mut handler.body);
                    handler.binding.iter_mut().for_each(|it| self.pattern(it));
                }
            }
            StatementKind::Switch { cases, .. } => {
                for case in cases {
                    self.span(&mut case.span);
                    self.block(&mut case.body);
                }
            }
            StatementKind::Match { cases, .. } => {
                for case in cases {
                    self.span(&mut case.span);
                    self.block(&mut case.body);
                }
            }
            StatementKind::With { items, body, .. } => {
                for item in items {
                    item.target.iter_mut().for_each(|it| self.pattern(it));
                }
                self.block(body);
            }
            StatementKind::Block(block) => self.block(block),
            StatementKind::Labeled(_, inner) => self.statement(inner),
            StatementKind::Export(Export::Declaration(inner)) => self.statement(inner),
            StatementKind::Import(import) => {
                for name in &mut import.names {
                    self.span(&mut name.span);
                }
            }
            StatementKind::Expression(_)
            | StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Return(_)
            | StatementKind::Throw(_)
            | StatementKind::Break(_)
            | StatementKind::Continue(_)
            | StatementKind::Export(_)
            | StatementKind::Global(_)
            | StatementKind::Nonlocal(_)
            | StatementKind::Delete(_)
            | StatementKind::Assert { .. } => {}
        }
    }

    fn pattern(&self, pattern: &mut Pattern) {
        match pattern {
            Pattern::Name(_, span) => self.span(span),
            Pattern::Place(_) => {}
            Pattern::Array(elements) => {
                for element in elements {
                    match element {
                        ArrayPatternElement::Hole => {}
                        ArrayPatternElement::Item(inner) | ArrayPatternElement::Rest(inner) => {
                            self.pattern(inner);
                        }
                    }
                }
            }
            Pattern::Object { properties, rest } => {
                for property in properties {
                    self.pattern(&mut property.target);
                }
                rest.iter_mut().for_each(|rest| self.pattern(rest));
            }
            Pattern::Default(inner, _) => self.pattern(inner),
        }
    }

    fn expression(&self, kind: &mut ExpressionKind) {
        match kind {
            ExpressionKind::Assign { target, .. }
            | ExpressionKind::AssignBinary { target, .. }
            | ExpressionKind::AssignLogical { target, .. } => self.pattern(target),
            ExpressionKind::Comprehension { clauses, .. } => {
                for clause in clauses {
                    self.pattern(&mut clause.target);
                }
            }
            _ => {}
        }
    }
}
